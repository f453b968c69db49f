/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Between what the assembler tells and the batch of spans: which of it goes on, and what its tracestate says
 * of that. The head decides of a trace, then the tail of an invocation with all that is told below it, or of a
 * start with its phases. What is left out is counted. Rules for people: docs/sampling.md.
 *
 * Not thread-safe: one owner. Context of all: loop.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/cleanup.h"
#include "collector/assembler/model.h"
#include "collector/sampler/head.h"
#include "collector/sampler/slowest.h"
#include "collector/sampler/tail.h"
#include "collector/spans/spans.h"

#define CS_SAMPLER_TRACES      4096u /* of which a part was kept by a rule, and that are remembered */
#define CS_SAMPLER_RELEASE_MAX 64u   /* of those that were held: in one batch */

/* Why spans are left out. X(id, name) */
#define CS_SAMPLED_OUT(X)                                                                          \
	X(PARENT, "parent") /* their caller's decision */                                          \
	X(HEAD, "head")     /* the sampler's, of the trace */                                      \
	X(TAIL, "tail")     /* no rule kept them, nor the ratio */

enum cs_sampled_out {
#define X(id, name) CS_SAMPLED_OUT_##id,
	CS_SAMPLED_OUT(X)
#undef X
	CS_SAMPLED_OUT_COUNT,
};

struct cs_sampler_options {
	struct cs_head head;
	struct cs_tail_rules tail;
};

/* In spans, but for @hurried: invocations. */
struct cs_sampler_stats {
	uint64_t out[CS_SAMPLED_OUT_COUNT];
	uint64_t kept[CS_TAIL_RULE_COUNT]; /* by the tail's rules */
	uint64_t hurried; /* the ratio decided of them before their minute was over */
	uint64_t lost;    /* for lack of memory */
};

/* What was decided of the last invocation or start, and holds for what is told below it. */
struct cs_sampler_family {
	bool is;
	struct cs_trace_id trace_id;
	uint64_t randomness;     /* by which ratios decide of it */
	struct cs_slow *slow;    /* it is held, there; NULL: it is not */
	enum cs_sampled_out out; /* why it is not kept */
	bool kept;
	enum cs_tail_rule rule; /* that keeps it */
	char trace_state[CS_TRACE_STATE_BYTES + 1];
};

struct cs_sampler {
	struct cs_sampler_options sampling;
	struct cs_sampler_family family;
	struct cs_trace_id *traces; /* kept by a rule; NULL: none */
	struct cs_slowest slowest;
	STAILQ_HEAD(cs_sampler_released, cs_slow) released;
	size_t released_count;
	struct cs_resource_spans *groups; /* of the batch that was taken */
	size_t taken;
	struct cs_sampler_stats stats;
};

/** cs_sampler_init() - that leaves nothing out. */
void cs_sampler_init(struct cs_sampler *sampler);

/** cs_sampler_use() - from now on by these. @sampling: copied. Once. */
void cs_sampler_use(struct cs_sampler *sampler, const struct cs_sampler_options *sampling);

/** cs_sampler_deinit() - what is held is forgotten. */
void cs_sampler_deinit(struct cs_sampler *sampler);

/** cs_sampler_add_cold_start() - into @spans, if it is kept. */
void cs_sampler_add_cold_start(struct cs_sampler *sampler, struct cs_spans *spans,
			       const struct cs_cold_start *cold_start);

/** cs_sampler_add_invocation() - into @spans, if it is kept; or it is held for now. */
void cs_sampler_add_invocation(struct cs_sampler *sampler, struct cs_spans *spans,
			       const struct cs_invocation *invocation);

/** cs_sampler_add_inner() - as its invocation. */
void cs_sampler_add_inner(struct cs_sampler *sampler, struct cs_spans *spans,
			  const struct cs_inner_span *inner);

/** cs_sampler_add_call() - as who made it. */
void cs_sampler_add_call(struct cs_sampler *sampler, struct cs_spans *spans,
			 const struct cs_call *call);

/** cs_sampler_flags() - W3C's flags of that context, by what the head decides. */
uint8_t cs_sampler_flags(const struct cs_sampler *sampler, const struct cs_span_context *context);

/** cs_sampler_tick() - UINT64_MAX: there is no later. Return: when to call again; 0: nothing is held. */
uint64_t cs_sampler_tick(struct cs_sampler *sampler, uint64_t now_ns);

/**
 * cs_sampler_take() - spans that were held, and are kept
 *
 * Ownership: the sampler's, until the next call. Return: false: there are none.
 */
bool cs_sampler_take(struct cs_sampler *sampler, struct cs_span_batch *ret);

/** cs_sampler_get_stats() */
void cs_sampler_get_stats(const struct cs_sampler *sampler, struct cs_sampler_stats *ret);
