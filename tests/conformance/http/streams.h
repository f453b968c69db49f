/* SPDX-License-Identifier: Apache-2.0 */

/* Bytes as clients and servers send them, and as attackers do: messages, put together and mutated. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STREAM_MAX 4096u

struct stream {
	size_t len;
	uint8_t bytes[STREAM_MAX];
};

/** stream_number() - the next of a fixed sequence, below @below. @state: not 0. */
uint32_t stream_number(uint64_t *state, uint32_t below);

/** stream_make() - one to four messages; in most of them a few bytes, lines or pieces are changed. */
void stream_make(struct stream *ret, uint64_t *state, bool responses);
