/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What many cold starts of one function come to: how long they and their phases took at the median, at the 95th
 * percentile and at most, and which of them was the median one and which the slowest. Pure.
 */
#pragma once

#include "agent/recording/trace_index.h"
#include "agent/terminal.h"
#include "base/buffer.h"

struct cs_start_summary {
	const struct cs_trace_span
		*median; /* of an even number the faster of the two in the middle */
	const struct cs_trace_span *slowest;
	size_t count;   /* of the starts that the figures are of */
	size_t unready; /* those that ended before they were ready: not among them, unless all did */
	size_t failed;  /* status Error, of all */
};

/**
 * cs_start_summary_draw() - append the table, and say which starts are worth to be drawn
 * @starts: of one function, at least one; their order is changed
 * @index:  of the recording that they are in
 * @said:   one more line below; NULL: none
 * @ret:    untouched on failure
 *
 * Return: 0; -ENOMEM.
 */
int cs_start_summary_draw(const struct cs_trace_span **starts, size_t count,
			  const struct cs_trace_index *index, const char *said,
			  const struct cs_terminal *terminal, struct cs_buffer *out,
			  struct cs_start_summary *ret) cs_must_use;
