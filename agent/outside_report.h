/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What `coldspan run` says of processes by the kernel's word: all of them for programs
 * (docs/schema/coldspan.run.v1.json, "outside"), those without a shim for people.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "agent/terminal.h"
#include "base/buffer.h"

struct cs_outside;

/* One moment on both clocks, to tell the time of day of others. */
struct cs_outside_moment {
	uint64_t monotonic_ns;
	uint64_t realtime_ns;
};

/**
 * cs_outside_json() - the value of "outside"
 * @outside: NULL: the kernel does not tell
 * @reason:  why it does not; unused otherwise
 *
 * Return: NULL: out of memory.
 */
json_t *cs_outside_json(const struct cs_outside *outside, const char *reason,
			const struct cs_outside_moment *now);

/**
 * cs_outside_draw() - a waterfall of the programs that no shim was in
 * @out: untouched if there were none
 *
 * Return: there were some.
 */
bool cs_outside_draw(const struct cs_outside *outside, uint64_t now_ns,
		     const struct cs_terminal *term, struct cs_buffer *out);
