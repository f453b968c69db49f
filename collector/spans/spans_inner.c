/* SPDX-License-Identifier: Apache-2.0 */

/* Spans that programs tell of themselves, and what they say of their invocations. */
#include "collector/spans/spans_internal.h"

#include <string.h>

#include "exporters/attributes.h"

/* What already stands there is ours. */
static void add_attributes(struct cs_attr_list *list, const struct cs_attrs *attrs)
{
	for (size_t i = 0; i < attrs->count; i++) {
		size_t at = 0;

		while (at < list->count && strcmp(list->items[at].key, attrs->items[i].key) != 0)
			at++;
		if (at == list->count && at < CS_ATTR_LIST_MAX)
			list->items[list->count++] = attrs->items[i];
		else
			list->dropped++;
	}
	list->dropped += attrs->dropped_count;
}

static bool add_events(struct cs_spans *spans, struct cs_span *span,
		       const struct cs_identity *identity, const struct cs_api_said *said)
{
	struct cs_span_event *events =
		cs_arena_alloc(&spans->arena, said->events_count * sizeof(*events));

	for (size_t i = 0; i < said->events_count; i++) {
		const struct cs_span_event *from = &said->events[i];

		if (!events)
			return false;
		events[i].time_unix_ns = cs_spans_wall(identity, from->time_unix_ns);
		events[i].name = cs_spans_keep(spans, from->name);
		if (!events[i].name ||
		    cs_attributes_copy(&from->attrs, true, &spans->arena, &events[i].attrs) < 0)
			return false;
	}
	span->events = events;
	span->events_count = said->events_count;
	return true;
}

bool cs_spans_add_said(struct cs_spans *spans, struct cs_span *span, struct cs_attr_list *list,
		       const struct cs_identity *identity, const struct cs_api_said *said)
{
	struct cs_attrs attrs;

	if (cs_attributes_copy(&said->attrs, true, &spans->arena, &attrs) < 0 ||
	    !add_events(spans, span, identity, said))
		return false;
	if (said->events_dropped)
		cs_attr_add_int(list, "coldspan.events.dropped", said->events_dropped);
	add_attributes(list, &attrs);
	/* How its process ended weighs more. */
	if (span->status == CS_STATUS_UNSET) {
		span->status = said->status;
		span->status_message = cs_spans_keep(spans, said->status_message);
	}
	return true;
}

static bool add_inner(struct cs_spans *spans, const struct cs_inner_span *inner)
{
	struct cs_span *span = cs_spans_new(spans, inner->identity);
	CS_ATTR_LIST(list, &spans->arena);

	if (!span)
		return false;
	*span = (struct cs_span){
		.name = cs_spans_keep(spans, inner->name),
		.kind = CS_SPAN_INTERNAL,
		.start_unix_ns = cs_spans_wall(inner->identity, inner->start_ns),
		.end_unix_ns = cs_spans_wall(inner->identity, inner->end_ns),
	};
	if (!span->name)
		return false;
	cs_spans_set_context(spans, span, &inner->context);
	cs_attr_add_string(&list, "coldspan.approximate", inner->approximate);
	cs_spans_set_outcome(spans, span, &list, inner->outcome);
	if (!cs_spans_add_said(spans, span, &list, inner->identity, &inner->said) ||
	    !cs_attr_list_keep(&list, &span->attrs))
		return false;
	cs_spans_finish(spans, inner->identity);
	return true;
}

void cs_spans_add_inner(struct cs_spans *spans, const struct cs_inner_span *inner)
{
	if (!add_inner(spans, inner))
		spans->lost++;
}
