/* SPDX-License-Identifier: Apache-2.0 */

/*
 * OpenTelemetry's own member of a tracestate, "ot=th:c;rv:6e6d1a75832a2f": with which probability a span
 * was kept, and by which random number that is decided. Every byte of it is anybody's. Pure.
 *
 * Format: OpenTelemetry specification, trace/tracestate-handling.md; W3C Trace Context, section 3.3.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "collector/sampler/probability.h"
#include "exporters/telemetry.h"
#include "preload/wire/trace_context.h"

#define CS_OT_STATE_MAX 256u /* of the member's value */

struct cs_ot_state {
	uint64_t threshold;  /* `th`; CS_THRESHOLD_UNKNOWN: none, or none that is well-formed */
	uint64_t randomness; /* `rv`, with has_randomness */
	bool has_randomness;
};

/** cs_ot_state_read() - @trace_state: as cs_trace_state_copy() cleans it; NULL: empty. Context: any-thread. */
void cs_ot_state_read(const char *trace_state, struct cs_ot_state *ret);

/**
 * cs_ot_state_write() - the same tracestate, that says this threshold, or none
 * @threshold: CS_THRESHOLD_UNKNOWN: what it had is taken out
 * @ret:       "" if nothing is left. The member comes first, as one that was changed does, and what else it
 *             says stays. Where there is not room for all, others make it
 *
 * Context: any-thread.
 */
void cs_ot_state_write(const char *trace_state, uint64_t threshold,
		       char ret[CS_TRACE_STATE_BYTES + 1]);

/** cs_ot_state_randomness() - of a trace: `rv`, else the last seven bytes of its id. Context: any-thread. */
uint64_t cs_ot_state_randomness(const struct cs_ot_state *state, const struct cs_trace_id *id);
