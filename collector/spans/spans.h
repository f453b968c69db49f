/* SPDX-License-Identifier: Apache-2.0 */

/*
 * From cold starts and invocations to OpenTelemetry spans, gathered into a batch. Names and
 * attributes: OpenTelemetry semantic conventions (faas, http, process, service), and coldspan.* of
 * docs/traces.md. Not thread-safe: one owner.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "collector/assembler/model.h"
#include "exporters/telemetry.h"

#define CS_SPANS_GROUPS_MAX 512u /* instances in one batch */
#define CS_SPANS_COUNT_MAX  512u /* spans after which a batch is full */

struct cs_spans_group;

/* A batch in the making. */
struct cs_spans {
	struct cs_arena arena; /* owns everything the batch points to */
	struct cs_spans_group *groups;
	size_t groups_count;
	size_t spans_count;
	uint64_t lost;       /* spans for which there was no memory, ever */
	const char *methods; /* of HTTP that are known: cs_http_methods() */
};

/** cs_spans_init() - an empty batch; looks into the environment. Free with cs_spans_deinit(). Context: loop. */
void cs_spans_init(struct cs_spans *spans);

/** cs_spans_deinit() - forget everything. Context: loop. */
void cs_spans_deinit(struct cs_spans *spans);

/** cs_spans_add_cold_start() - a span for it, and one for each phase. Context: loop. */
void cs_spans_add_cold_start(struct cs_spans *spans, const struct cs_cold_start *cold_start);

/** cs_spans_add_invocation() - its span. Context: loop. */
void cs_spans_add_invocation(struct cs_spans *spans, const struct cs_invocation *invocation);

/** cs_spans_invocation_failed() - is the status of its span Error? Context: any-thread. */
bool cs_spans_invocation_failed(const struct cs_invocation *invocation);

/** cs_spans_cold_start_failed() - idem. Context: any-thread. */
bool cs_spans_cold_start_failed(const struct cs_cold_start *cold_start);

/** cs_spans_add_inner() - a span in an invocation. Context: loop. */
void cs_spans_add_inner(struct cs_spans *spans, const struct cs_inner_span *inner);

/** cs_spans_add_call() - the span of a call that a function makes. Context: loop. */
void cs_spans_add_call(struct cs_spans *spans, const struct cs_call *call);

/** cs_spans_set_trace_state() - of all that was added so far. @trace_state: "" empty. Context: loop. */
void cs_spans_set_trace_state(struct cs_spans *spans, const char *trace_state);

/** cs_spans_full() - time to send? Context: loop. */
bool cs_spans_full(const struct cs_spans *spans);

/**
 * cs_spans_batch() - what was gathered, as exporters take it
 *
 * Ownership: @spans's, until cs_spans_reset().
 * Return:    false if there is nothing, or no memory to say it.
 */
bool cs_spans_batch(struct cs_spans *spans, struct cs_span_batch *ret);

/** cs_spans_reset() - begin the next batch; memory is kept. Context: loop. */
void cs_spans_reset(struct cs_spans *spans);
