/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Handing trace contexts on, where the operator asks for it: COLDSPAN_PROPAGATE, a list of
 *
 *   inbound  the parent id inside a request's traceparent becomes our span's, in the function's own
 *            buffer, before the function sees it: what an SDK in the function makes then stands below
 *            our span. Same length, nothing else changes. A request without a good traceparent, or whose
 *            head did not come with one read into one buffer, is left alone.
 *
 * Only then does the shim make ids (DESIGN: the collector makes all others).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/start.h"
#include "preload/wire/siphash.h"

#define CS_PROPAGATE_INBOUND 0x1u

/* "name: value\n" behind the header lines of a request's record; no header of that name is kept. */
#define CS_PROPAGATE_LINE     "coldspan-span-id: "
#define CS_PROPAGATE_LINE_LEN (sizeof(CS_PROPAGATE_LINE) - 1 + 17)

struct cs_propagate {
	uint32_t what; /* CS_PROPAGATE_*; 0: nothing is changed, ever */
	uint8_t key[CS_SIPHASH_KEY_BYTES];
};

extern struct cs_propagate cs_propagate;

/** cs_propagate_variable() - "NAME=value", one of the environment. Context: startup. */
void cs_propagate_variable(const char *variable);

/**
 * cs_propagate_start() - after the variables: take the kernel's random bytes (AT_RANDOM) as the key
 *
 * They are never told: only what is hashed with them is. Without them nothing is handed on.
 *
 * Context: startup. No system call.
 */
void cs_propagate_start(const struct cs_start *start);

/** cs_propagate_asked() - is it? One load. Context: signal. */
static inline bool cs_propagate_asked(uint32_t what)
{
	return __builtin_expect(cs_propagate.what & what, 0);
}

/**
 * cs_propagate_inbound() - make the parent id of a request's head that of a span of ours
 * @head: the head as the function is about to see it, from its first byte to its last
 * @line: CS_PROPAGATE_LINE_LEN bytes: the id, for the record
 *
 * Context: signal. Return: false: nothing was changed.
 */
bool cs_propagate_inbound(unsigned char *head, size_t len, uint64_t connection, uint32_t sequence,
			  char *line);
