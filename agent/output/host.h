/* SPDX-License-Identifier: Apache-2.0 */

/* The machine that starts were measured on, as far as it decides how long they take. Not its name. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct cs_host {
	char kernel[128];    /* release */
	char machine[64];    /* x86_64 */
	char processor[128]; /* model; "" not told */
	uint32_t cpus;       /* that this process may run on */
	uint64_t memory_bytes;
};

/** cs_host_look() - at this machine. Context: startup. */
void cs_host_look(struct cs_host *ret);

/** cs_host_same() - may samples of both be counted together? Context: any-thread. */
bool cs_host_same(const struct cs_host *a, const struct cs_host *b);
