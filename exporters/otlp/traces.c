/* SPDX-License-Identifier: Apache-2.0 */

/* Spans as OTLP messages; see traces.h. */
#include "exporters/otlp/traces.h"

#include <errno.h>

#include "exporters/otlp/tree.h"
#include "opentelemetry/proto/trace/v1/trace.pb-c.h"

typedef Opentelemetry__Proto__Trace__V1__TracesData pb_traces;
typedef Opentelemetry__Proto__Trace__V1__ResourceSpans pb_resource_spans;
typedef Opentelemetry__Proto__Trace__V1__ScopeSpans pb_scope_spans;
typedef Opentelemetry__Proto__Trace__V1__Span pb_span;
typedef Opentelemetry__Proto__Trace__V1__Span__Event pb_event;
typedef Opentelemetry__Proto__Trace__V1__Span__Link pb_link;
typedef Opentelemetry__Proto__Trace__V1__Status pb_status;

static bool is_valid(const struct cs_span *span)
{
	return !cs_otlp_is_zero(span->trace_id.bytes, sizeof(span->trace_id.bytes)) &&
	       !cs_otlp_is_zero(span->span_id.bytes, sizeof(span->span_id.bytes));
}

static void set_events(struct cs_otlp_tree *b, pb_span *out, const struct cs_span *span)
{
	pb_event **items = cs_otlp_take(b, span->events_count, sizeof(*items));
	pb_event *events = cs_otlp_take(b, span->events_count, sizeof(*events));

	if (!items || !events)
		return;
	for (size_t i = 0; i < span->events_count; i++) {
		const struct cs_span_event *from = &span->events[i];

		opentelemetry__proto__trace__v1__span__event__init(&events[i]);
		events[i].time_unix_nano = from->time_unix_ns;
		events[i].name = cs_otlp_text(b, from->name, CS_TELEMETRY_STRING_MAX);
		events[i].attributes = cs_otlp_attributes(b, &from->attrs, &events[i].n_attributes);
		events[i].dropped_attributes_count = from->attrs.dropped_count;
		items[i] = &events[i];
	}
	out->n_events = span->events_count;
	out->events = items;
}

static void set_links(struct cs_otlp_tree *b, pb_span *out, const struct cs_span *span)
{
	pb_link **items = cs_otlp_take(b, span->links_count, sizeof(*items));
	pb_link *links = cs_otlp_take(b, span->links_count, sizeof(*links));

	if (!items || !links)
		return;
	for (size_t i = 0; i < span->links_count; i++) {
		const struct cs_span_link *from = &span->links[i];

		opentelemetry__proto__trace__v1__span__link__init(&links[i]);
		links[i].trace_id = cs_otlp_id(from->trace_id.bytes, sizeof(from->trace_id.bytes));
		links[i].span_id = cs_otlp_id(from->span_id.bytes, sizeof(from->span_id.bytes));
		links[i].trace_state = cs_otlp_text(b, from->trace_state, CS_TELEMETRY_STRING_MAX);
		links[i].attributes = cs_otlp_attributes(b, &from->attrs, &links[i].n_attributes);
		links[i].dropped_attributes_count = from->attrs.dropped_count;
		links[i].flags = from->flags;
		items[i] = &links[i];
	}
	out->n_links = span->links_count;
	out->links = items;
}

static void set_status(struct cs_otlp_tree *b, pb_span *out, const struct cs_span *span)
{
	pb_status *status = cs_otlp_take(b, 1, sizeof(*status));

	if (!status)
		return;
	opentelemetry__proto__trace__v1__status__init(status);
	status->code = (Opentelemetry__Proto__Trace__V1__Status__StatusCode)span->status;
	status->message = cs_otlp_text(b, span->status_message, CS_TELEMETRY_STRING_MAX);
	out->status = status;
}

static void set_span(struct cs_otlp_tree *b, pb_span *out, const struct cs_span *span)
{
	opentelemetry__proto__trace__v1__span__init(out);
	out->trace_id = cs_otlp_id(span->trace_id.bytes, sizeof(span->trace_id.bytes));
	out->span_id = cs_otlp_id(span->span_id.bytes, sizeof(span->span_id.bytes));
	out->parent_span_id =
		cs_otlp_id(span->parent_span_id.bytes, sizeof(span->parent_span_id.bytes));
	out->trace_state = cs_otlp_text(b, span->trace_state, CS_TELEMETRY_STRING_MAX);
	out->name = cs_otlp_text(b, span->name, CS_TELEMETRY_STRING_MAX);
	out->kind = (Opentelemetry__Proto__Trace__V1__Span__SpanKind)span->kind;
	out->flags = span->flags;
	out->start_time_unix_nano = span->start_unix_ns;
	out->end_time_unix_nano = span->end_unix_ns;
	out->attributes = cs_otlp_attributes(b, &span->attrs, &out->n_attributes);
	out->dropped_attributes_count = span->attrs.dropped_count;
	if (span->events_count)
		set_events(b, out, span);
	if (span->links_count)
		set_links(b, out, span);
	if (span->status != CS_STATUS_UNSET || span->status_message)
		set_status(b, out, span);
}

/* The spans of one part of a group; NULL if none of them is valid, or on failure. */
static pb_resource_spans *group_spans(struct cs_otlp_tree *b, const struct cs_resource_spans *group,
				      const struct cs_otlp_part *part, size_t *ret_spans)
{
	struct envelope {
		pb_resource_spans outer;
		pb_scope_spans scoped;
		pb_scope_spans *scoped_item;
	} *e = cs_otlp_take(b, 1, sizeof(*e));
	pb_span **items = cs_otlp_take(b, part->count, sizeof(*items));
	pb_span *spans = cs_otlp_take(b, part->count, sizeof(*spans));
	size_t n = 0;

	*ret_spans = 0;
	if (!e || !items || !spans)
		return NULL;
	for (size_t i = 0; i < part->count; i++) {
		if (!is_valid(&group->spans[part->first + i]))
			continue;
		set_span(b, &spans[n], &group->spans[part->first + i]);
		items[n] = &spans[n];
		n++;
	}
	if (!n)
		return NULL;
	opentelemetry__proto__trace__v1__resource_spans__init(&e->outer);
	opentelemetry__proto__trace__v1__scope_spans__init(&e->scoped);
	e->scoped.scope = cs_otlp_scope(b);
	e->scoped.n_spans = n;
	e->scoped.spans = items;
	e->scoped_item = &e->scoped;
	e->outer.resource = cs_otlp_resource(b, &group->resource);
	e->outer.n_scope_spans = 1;
	e->outer.scope_spans = &e->scoped_item;
	*ret_spans = n;
	return &e->outer;
}

int cs_otlp_traces_build(ProtobufCAllocator *alloc, const struct cs_span_batch *batch,
			 struct cs_otlp_range *range, ProtobufCMessage **ret)
{
	struct cs_otlp_tree b = { .alloc = alloc };
	pb_traces *traces = cs_otlp_take(&b, 1, sizeof(*traces));
	pb_resource_spans **groups =
		cs_otlp_take(&b, batch->groups_count, sizeof(pb_resource_spans *));
	struct cs_otlp_cut cut = { .skip = range->first, .left = range->count };
	size_t spans = 0, n = 0;

	for (size_t i = 0; i < batch->groups_count && cut.left && !b.failed; i++) {
		const struct cs_resource_spans *group = &batch->groups[i];
		pb_resource_spans *built;
		struct cs_otlp_part part;
		size_t built_spans;

		if (!cs_otlp_cut_next(&cut, group->spans_count, &part))
			continue;
		built = group_spans(&b, group, &part, &built_spans);
		if (built)
			groups[n++] = built;
		spans += built_spans;
	}
	if (b.failed)
		return -ENOMEM;
	range->count -= cut.left;
	range->items = spans;
	if (!n)
		return CS_OTLP_NOTHING;
	opentelemetry__proto__trace__v1__traces_data__init(traces);
	traces->n_resource_spans = n;
	traces->resource_spans = groups;
	*ret = &traces->base;
	return 0;
}
