/* SPDX-License-Identifier: Apache-2.0 */

/* Links of invocations: to their start, the attempt before, their event, X-Ray's trace. */
#include "collector/spans_internal.h"

#include <string.h>

#include "collector/lambda_event.h"

#define LINKS_MAX 4u

/* What a link is for: value of coldspan.link. */
static struct cs_attrs link_attrs(struct cs_spans *spans, const char *what)
{
	struct cs_attr *attr = cs_arena_alloc(&spans->arena, sizeof(*attr));

	if (!attr)
		return (struct cs_attrs){ .dropped_count = 1 };
	*attr = (struct cs_attr){ "coldspan.link", { .type = CS_VALUE_STRING, .string = what } };
	return (struct cs_attrs){ .items = attr, .count = 1 };
}

/* To a span of our own. */
static struct cs_span_link own_link(struct cs_spans *spans, const struct cs_span_context *to,
				    const char *what)
{
	return (struct cs_span_link){
		.trace_id = to->trace_id,
		.span_id = to->span_id,
		.flags = to->trace_flags | CS_SPAN_FLAG_REMOTE_KNOWN,
		.attrs = link_attrs(spans, what),
	};
}

/* X-Ray's spans go to another backend: as a parent they would never arrive. */
static void add_xray_link(const struct cs_trace_context *context, bool told_by_api,
			  struct cs_span_link *link)
{
	/* The second is how OpenTelemetry's instrumentations of Lambda mark what the API tells. */
	static const struct cs_attr attrs[] = {
		{ "coldspan.link", { .type = CS_VALUE_STRING, .string = "x-ray" } },
		{ "source", { .type = CS_VALUE_STRING, .string = "x-ray-env" } },
	};

	memcpy(link->trace_id.bytes, context->trace_id, sizeof(context->trace_id));
	memcpy(link->span_id.bytes, context->parent_id, sizeof(context->parent_id));
	link->flags = context->flags | CS_SPAN_FLAG_REMOTE_KNOWN | CS_SPAN_FLAG_REMOTE;
	link->attrs = (struct cs_attrs){ .items = attrs, .count = told_by_api ? 2 : 1 };
}

/*
 * A prewarmed instance's start is a trace of its own: the first invocation points there. Others point
 * to where their event was made, and to the attempt before.
 */
bool cs_spans_add_links(struct cs_spans *spans, struct cs_span *span,
			const struct cs_invocation *invocation)
{
	const struct cs_trace_context *created = &invocation->inbound->created;
	const struct cs_span_context *started = invocation->started;
	const struct cs_lambda_event *event = invocation->lambda;
	struct cs_span_link *links;

	if (!started && !invocation->inbound->has_created && !invocation->previous &&
	    !invocation->inbound->has_xray && !(event && event->xray))
		return true;
	links = cs_arena_alloc(&spans->arena, LINKS_MAX * sizeof(*links));
	if (!links)
		return false;
	span->links = links;
	if (started)
		links[span->links_count++] = own_link(spans, started, "start");
	if (invocation->previous)
		links[span->links_count++] = own_link(spans, invocation->previous, "attempt");
	if (invocation->inbound->has_created) {
		struct cs_span_link *link = &links[span->links_count++];

		memcpy(link->trace_id.bytes, created->trace_id, sizeof(created->trace_id));
		memcpy(link->span_id.bytes, created->parent_id, sizeof(created->parent_id));
		link->flags = created->flags | CS_SPAN_FLAG_REMOTE_KNOWN | CS_SPAN_FLAG_REMOTE;
		link->attrs = link_attrs(spans, "event");
	}
	if (event && event->xray)
		add_xray_link(&event->xray_context, true, &links[span->links_count++]);
	else if (invocation->inbound->has_xray)
		add_xray_link(&invocation->inbound->xray, false, &links[span->links_count++]);
	return true;
}
