/* SPDX-License-Identifier: Apache-2.0 */

/*
 * How far `coldspan assert` is, for people who wait: on a terminal one line that is drawn anew ten times a
 * second at most and is gone at the end, elsewhere (CI, a file) one line for each function.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "agent/asserting/asserting.h"
#include "agent/terminal.h"
#include "base/buffer.h"

struct cs_progress {
	struct cs_terminal terminal;
	int fd;
	bool moves;        /* it is a terminal that can be drawn on */
	bool quiet;        /* nothing is said */
	bool drawn;        /* a line stands there */
	uint64_t begin_ns; /* of this function; CLOCK_MONOTONIC */
	uint64_t drawn_ns;
};

/** cs_progress_init() - on @fd, as @look says it may look. Context: startup. */
void cs_progress_init(struct cs_progress *progress, int fd, const struct cs_look *look, bool quiet);

/**
 * cs_progress_show() - a start or pair more, or, with none yet, a function begins; of struct cs_asserting_options
 * @context: the struct cs_progress
 *
 * Context: loop.
 */
void cs_progress_show(void *context, const struct cs_asserted *so_far, uint32_t most);

/** cs_progress_clear() - leave the line as it was before. Context: loop. */
void cs_progress_clear(struct cs_progress *progress);

/**
 * cs_progress_line() - what stands in the line, no wider than @columns; pure
 * @seconds: that were spent so far
 */
void cs_progress_line(const struct cs_asserted *so_far, uint32_t most, double seconds,
		      unsigned columns, bool utf8, struct cs_buffer *out);
