/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Head sampling: what is decided of a trace where it begins, by OpenTelemetry's names (OTEL_TRACES_SAMPLER).
 * Ratios are consistent probability sampling: whoever decides of the same trace with the same ratio decides
 * alike. Pure.
 *
 * Sources: OpenTelemetry specification, trace/sdk.md, "Built-in samplers";
 * trace/tracestate-probability-sampling.md.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "collector/assembler/model.h"
#include "collector/sampler/ot_state.h"

/* X(id, name): those of OTEL_TRACES_SAMPLER that need nobody else. */
#define CS_HEADS(X)                                                                                \
	X(ALWAYS_ON, "always_on")                                                                  \
	X(ALWAYS_OFF, "always_off")                                                                \
	X(RATIO, "traceidratio")                                                                   \
	X(PARENT_ALWAYS_ON, "parentbased_always_on")                                               \
	X(PARENT_ALWAYS_OFF, "parentbased_always_off")                                             \
	X(PARENT_RATIO, "parentbased_traceidratio")

enum cs_head_kind {
	CS_HEAD_NONE, /* nobody asked for one: everything is kept, and as it came */
#define X(id, name) CS_HEAD_##id,
	CS_HEADS(X)
#undef X
};

struct cs_head {
	enum cs_head_kind kind;
	double ratio; /* of those with one */
};

/** cs_head_name() - "always_on", …; "none" of CS_HEAD_NONE. Context: any-thread. */
const char *cs_head_name(enum cs_head_kind kind);

/** cs_head_find() - the other way round, whatever the case. Return: 0; -EINVAL no such name. Context: any-thread. */
int cs_head_find(const char *name, size_t len, enum cs_head_kind *ret) cs_must_use;

/** cs_head_has_ratio() - does an argument mean something to it? Context: any-thread. */
bool cs_head_has_ratio(enum cs_head_kind kind);

enum cs_head_verdict {
	CS_HEAD_KEEP,
	CS_HEAD_OUT,        /* by this sampler's own word */
	CS_HEAD_OUT_PARENT, /* its caller's */
};

/**
 * cs_head_decide() - is a span of that context kept?
 * @state:         what its tracestate says
 * @ret_threshold: of those that are kept: with which probability they are; CS_THRESHOLD_UNKNOWN: who decided
 *                 does not say
 *
 * Context: any-thread.
 */
enum cs_head_verdict cs_head_decide(const struct cs_head *head,
				    const struct cs_span_context *context,
				    const struct cs_ot_state *state, uint64_t *ret_threshold);
