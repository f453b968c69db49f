/* SPDX-License-Identifier: Apache-2.0 */

/*
 * W3C Trace Context, Recommendation level 1 with the random flag of level 2: the texts of the
 * headers traceparent and tracestate to values and back. Pure, bounded and freestanding: the shim
 * and the collector use the same rules. Finding the header, and what to do when it comes twice, is
 * the caller's part: two traceparent headers are none, several tracestate are one, joined by ",".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CS_TRACEPARENT_LEN         55u /* of version 00, without NUL */
#define CS_TRACE_STATE_MEMBERS_MAX 32u
#define CS_TRACE_STATE_BYTES       512u /* what the specification asks to carry at least */
#define CS_TRACE_STATE_LONG_BYTES  128u /* longer members are the first to go */

#define CS_TRACE_FLAG_SAMPLED      0x01u /* the caller may have recorded the trace */
#define CS_TRACE_FLAG_RANDOM       0x02u /* level 2: the last 7 bytes of the trace id are random */
#define CS_TRACE_FLAGS_KNOWN       (CS_TRACE_FLAG_SAMPLED | CS_TRACE_FLAG_RANDOM)

struct cs_trace_context {
	uint8_t trace_id[16]; /* not all zero */
	uint8_t parent_id[8]; /* not all zero; the span that called */
	uint8_t flags;        /* CS_TRACE_FLAG_*; bits without a meaning are dropped */
};

/**
 * cs_trace_context_parse() - read the value of a traceparent header
 * @text: the value as it came, blanks around it included; need not end in NUL
 * @ret:  untouched on failure
 *
 * A version above 00 is read by its first 55 bytes, if they end there or a "-" follows.
 *
 * Context: signal (pure).
 * Return:  0; -EBADMSG malformed, version ff or an id that is all zero: as if it had not come.
 * Format:  W3C Trace Context section 3.2, "traceparent Header"; versions: 3.2.4.
 */
int cs_trace_context_parse(const char *text, size_t len, struct cs_trace_context *ret);

/**
 * cs_trace_context_format() - write a traceparent of version 00
 * @ret: CS_TRACEPARENT_LEN bytes and a NUL
 *
 * Context: signal (pure).
 */
void cs_trace_context_format(const struct cs_trace_context *context,
			     char ret[CS_TRACEPARENT_LEN + 1]);

/** cs_trace_context_valid() - is neither id all zero? Context: signal (pure). */
bool cs_trace_context_valid(const struct cs_trace_context *context);

/**
 * cs_trace_state_copy() - check a tracestate and copy it, cleaned, into a buffer
 * @text:     the value, or the values of several headers joined by ","
 * @ret:      members in their order joined by ",", no blanks between them, no empty ones, no NUL;
 *            untouched on failure
 * @capacity: bytes at @ret, 1..65535. What does not fit loses whole members: first those above
 *            CS_TRACE_STATE_LONG_BYTES, then the others, each from the end
 * @ret_len:  bytes written, 0 if no member is left
 *
 * Only of a request whose traceparent was good. A key that comes twice is kept twice.
 *
 * Context: signal (pure).
 * Return:  0; -EBADMSG malformed; -E2BIG more than 32 members. Then the whole is to be dropped,
 *          the traceparent stays good.
 * Format:  W3C Trace Context section 3.3, "tracestate Header"; the keys of level 2, which include
 *          those of level 1.
 */
int cs_trace_state_copy(const char *text, size_t len, char *ret, size_t capacity, size_t *ret_len);
