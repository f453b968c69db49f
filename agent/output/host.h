/* SPDX-License-Identifier: Apache-2.0 */

/* The machine that starts were measured on, as far as it decides how long they take. Not its name. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct cs_host {
	char kernel[128];     /* release */
	char machine[64];     /* x86_64 */
	char processor[128];  /* model; "" not told */
	uint32_t cpus;        /* that this process may run on */
	uint32_t cpus_online; /* fewer may run us: it is pinned; 0: not told */
	uint64_t memory_bytes;
	char governor
		[32]; /* of these CPUs' frequency, "mixed" where they differ; "" there is none, or not told */
	char huge_pages[32]; /* transparent ones: "always", "madvise", "never"; "" not told */
	char aslr[32]; /* what of addresses is random: "full", "partial", "off"; "" not told */
};

/** cs_host_same_memory() - as far as machines of one kind have it: kernels keep a little, not always as much. */
bool cs_host_same_memory(const struct cs_host *a, const struct cs_host *b);

/** cs_host_look() - at this machine. Context: startup. */
void cs_host_look(struct cs_host *ret);

/** cs_host_same() - may samples of both be counted together? What one does not tell is no difference. */
bool cs_host_same(const struct cs_host *a, const struct cs_host *b);
