/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Lines out of what was written piece by piece. A line ends with '\n' or where its bytes were lost; one
 * longer than CS_TELEMETRY_BODY_MAX is cut there. Pure; memory for the begun line alone.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

/* What was written by one thread to one log, since the last end of a line. Zeroed: nothing. */
struct cs_log_text {
	struct cs_buffer begun; /* owned */
	uint64_t cut;           /* bytes of the line that were left out */
	uint64_t time_ns;       /* when it began */
};

/** cs_log_line_fn - a line without its end, for the time of the call; @cut more bytes are missing */
typedef void (*cs_log_line_fn)(void *context, const char *line, size_t len, uint64_t cut,
			       uint64_t time_ns);

/**
 * cs_log_text_feed() - the next bytes
 * @lost: bytes behind these that nobody has; the line that they are of ends
 *
 * Context: loop. Lines are told as they end.
 */
void cs_log_text_feed(struct cs_log_text *text, const char *bytes, size_t len, uint64_t lost,
		      uint64_t time_ns, cs_log_line_fn tell, void *context);

/** cs_log_text_end() - no more will come: what was begun is told. Context: loop. */
void cs_log_text_end(struct cs_log_text *text, cs_log_line_fn tell, void *context);

/** cs_log_text_deinit() - forget it. Context: loop. */
void cs_log_text_deinit(struct cs_log_text *text);
