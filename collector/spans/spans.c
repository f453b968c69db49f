/* SPDX-License-Identifier: Apache-2.0 */

/* Spans gathered into a batch; see spans.h. */
#include "collector/spans/spans_internal.h"

#include <string.h>

#include "collector/spans/resource.h"
#include "collector/spans/spans_http.h"
#include "preload/wire/clock.h"

#define ARENA_MAX      (8u << 20) /* of one batch; what does not fit is counted as lost */
#define SPANS_PER_NODE 16u

/* Spans of one instance, in pieces, since their number is not known before. */
struct cs_spans_node {
	struct cs_spans_node *next;
	size_t count;
	struct cs_span spans[SPANS_PER_NODE];
};

struct cs_spans_group {
	struct cs_spans_group *next;
	uint64_t segment;
	struct cs_attrs resource;
	struct cs_spans_node *first;
	struct cs_spans_node *last;
	size_t count;
};

void cs_spans_init(struct cs_spans *spans)
{
	*spans = (struct cs_spans){ .methods = cs_http_methods() };
	cs_arena_init(&spans->arena, ARENA_MAX);
}

void cs_spans_deinit(struct cs_spans *spans)
{
	cs_arena_deinit(&spans->arena);
}

void cs_spans_reset(struct cs_spans *spans)
{
	cs_arena_reset(&spans->arena);
	spans->groups = NULL;
	spans->groups_count = 0;
	spans->spans_count = 0;
}

bool cs_spans_full(const struct cs_spans *spans)
{
	return spans->spans_count >= CS_SPANS_COUNT_MAX ||
	       spans->groups_count >= CS_SPANS_GROUPS_MAX;
}

const char *cs_spans_keep(struct cs_spans *spans, const char *s)
{
	return s ? cs_arena_strndup(&spans->arena, s, CS_TELEMETRY_STRING_MAX) : NULL;
}

static struct cs_spans_group *group_of(struct cs_spans *spans, const struct cs_identity *identity)
{
	struct cs_spans_group *group;

	for (group = spans->groups; group; group = group->next) {
		if (group->segment == identity->segment)
			return group;
	}
	group = cs_arena_alloc(&spans->arena, sizeof(*group));
	if (!group || !cs_resource_attrs(identity, &spans->arena, &group->resource))
		return NULL;
	group->segment = identity->segment;
	group->next = spans->groups;
	spans->groups = group;
	spans->groups_count++;
	return group;
}

struct cs_span *cs_spans_new(struct cs_spans *spans, const struct cs_identity *identity)
{
	struct cs_spans_group *group = group_of(spans, identity);
	struct cs_spans_node *node;

	if (!group)
		return NULL;
	node = group->last;
	if (!node || node->count == SPANS_PER_NODE) {
		node = cs_arena_alloc(&spans->arena, sizeof(*node));
		if (!node)
			return NULL;
		if (group->last)
			group->last->next = node;
		else
			group->first = node;
		group->last = node;
	}
	return &node->spans[node->count];
}

void cs_spans_finish(struct cs_spans *spans, const struct cs_identity *identity)
{
	struct cs_spans_group *group = group_of(spans, identity);

	group->last->count++;
	group->count++;
	spans->spans_count++;
}

uint64_t cs_spans_wall(const struct cs_identity *identity, uint64_t stamp_ns)
{
	return cs_clock_to_realtime(stamp_ns, identity->anchor_monotonic_ns,
				    identity->anchor_realtime_ns);
}

void cs_spans_set_context(struct cs_spans *spans, struct cs_span *span,
			  const struct cs_span_context *context)
{
	span->trace_id = context->trace_id;
	span->span_id = context->span_id;
	span->parent_span_id = context->parent_span_id;
	span->trace_state = cs_spans_keep(spans, context->trace_state);
	span->flags = context->trace_flags | CS_SPAN_FLAG_REMOTE_KNOWN;
	if (context->parent_remote)
		span->flags |= CS_SPAN_FLAG_REMOTE;
}

void cs_spans_set_trace_state(struct cs_spans *spans, const char *trace_state)
{
	const char *kept = *trace_state ? cs_spans_keep(spans, trace_state) : NULL;

	for (struct cs_spans_group *group = spans->groups; group; group = group->next) {
		for (struct cs_spans_node *node = group->first; node; node = node->next) {
			for (size_t i = 0; i < node->count; i++)
				node->spans[i].trace_state = kept;
		}
	}
}

void cs_spans_add_end(struct cs_attr_list *list, struct cs_outcome outcome)
{
	if (outcome.cause == CS_CAUSE_EXIT)
		cs_attr_add_int(list, "process.exit.code", (uint64_t)outcome.code);
	if (outcome.cause == CS_CAUSE_SIGNAL || outcome.cause == CS_CAUSE_TIMEOUT)
		cs_attr_add_int(list, "coldspan.exit.signal", (uint64_t)outcome.code);
}

bool cs_spans_ended_badly(struct cs_outcome outcome)
{
	return outcome.cause != CS_CAUSE_NONE &&
	       (outcome.cause != CS_CAUSE_EXIT || outcome.code != 0);
}

void cs_spans_set_outcome(struct cs_spans *spans, struct cs_span *span, struct cs_attr_list *list,
			  struct cs_outcome outcome)
{
	char text[64];
	const char *what = cs_outcome_text(outcome, text, sizeof(text));

	cs_spans_add_end(list, outcome);
	if (!cs_spans_ended_badly(outcome))
		return;
	cs_attr_add_string(list, "error.type",
			   outcome.cause == CS_CAUSE_EXIT      ? "exit"
			   : outcome.cause == CS_CAUSE_SIGNAL  ? "signal"
			   : outcome.cause == CS_CAUSE_TIMEOUT ? "timeout"
							       : "unknown");
	span->status = CS_STATUS_ERROR;
	span->status_message = cs_spans_keep(spans, what);
}

static const struct cs_span *flatten(struct cs_spans *spans, const struct cs_spans_group *group)
{
	struct cs_span *flat = cs_arena_alloc(&spans->arena, group->count * sizeof(*flat));
	size_t n = 0;

	for (const struct cs_spans_node *node = group->first; node && flat; node = node->next) {
		memcpy(flat + n, node->spans, node->count * sizeof(*flat));
		n += node->count;
	}
	return flat;
}

bool cs_spans_batch(struct cs_spans *spans, struct cs_span_batch *ret)
{
	struct cs_resource_spans *groups =
		cs_arena_alloc(&spans->arena, spans->groups_count * sizeof(*groups));
	size_t n = 0, told = 0;

	if (!spans->spans_count)
		return false;
	for (const struct cs_spans_group *group = spans->groups; group && groups;
	     group = group->next) {
		if (!group->count)
			continue;
		groups[n].resource = group->resource;
		groups[n].spans = flatten(spans, group);
		groups[n].spans_count = group->count;
		if (!groups[n].spans)
			continue;
		told += group->count;
		n++;
	}
	spans->lost += spans->spans_count - told;
	if (!n)
		return false;
	*ret = (struct cs_span_batch){ .groups = groups, .groups_count = n };
	return true;
}
