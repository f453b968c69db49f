/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Links of invocations: to their start, the attempt before, their event, X-Ray's trace; of a batch one
 * for each message.
 */
#include "collector/spans/spans_internal.h"

#include <string.h>

#include "collector/protocols/lambda_event.h"

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

static void point_to(struct cs_span_link *link, const struct cs_trace_context *context)
{
	memcpy(link->trace_id.bytes, context->trace_id, sizeof(context->trace_id));
	memcpy(link->span_id.bytes, context->parent_id, sizeof(context->parent_id));
	link->flags = context->flags | CS_SPAN_FLAG_REMOTE_KNOWN | CS_SPAN_FLAG_REMOTE;
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

	point_to(link, context);
	link->attrs = (struct cs_attrs){ .items = attrs, .count = told_by_api ? 2 : 1 };
}

/*
 * To who sent it. One without a context has a link all the same, to nothing: OpenTelemetry's specification
 * (trace API, "Link") has such links for their attributes.
 */
static struct cs_span_link message_link(struct cs_spans *spans, const struct cs_message *message)
{
	struct cs_span_link link = { .flags = CS_SPAN_FLAG_REMOTE_KNOWN | CS_SPAN_FLAG_REMOTE };
	CS_ATTR_LIST(list, &spans->arena);

	if (message->has_context)
		point_to(&link, &message->context);
	link.trace_state = cs_spans_keep(spans, message->state);
	cs_attr_add_string(&list, "coldspan.link", "message");
	cs_attr_add_string(&list,
			   message->cloud_event ? "cloudevents.event_id" : "messaging.message.id",
			   message->id);
	if (message->attempt)
		cs_attr_add_int(&list, "coldspan.attempt", message->attempt);
	if (!cs_attr_list_keep(&list, &link.attrs))
		link.attrs = (struct cs_attrs){ .dropped_count = (uint32_t)list.count };
	return link;
}

/* The attempt before of several messages may be the same invocation. */
static bool is_linked(const struct cs_span *span, const struct cs_span_context *to)
{
	for (size_t i = 0; i < span->links_count; i++) {
		if (!memcmp(&span->links[i].span_id, &to->span_id, sizeof(to->span_id)) &&
		    !memcmp(&span->links[i].trace_id, &to->trace_id, sizeof(to->trace_id)))
			return true;
	}
	return false;
}

static void add_messages(struct cs_spans *spans, struct cs_span *span, struct cs_span_link *links,
			 const struct cs_lambda_event *event)
{
	for (unsigned i = 0; i < event->messages_count; i++)
		links[span->links_count++] = message_link(spans, &event->messages[i]);
	for (unsigned i = 0; i < event->messages_count; i++) {
		const struct cs_message *message = &event->messages[i];

		if (message->has_previous && !is_linked(span, &message->previous))
			links[span->links_count++] = own_link(spans, &message->previous, "attempt");
	}
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
	const struct cs_lambda_event *event =
		invocation->lambda ? invocation->lambda : invocation->batch;
	size_t messages = event ? event->messages_count : 0;
	struct cs_span_link *links;

	if (!messages && !started && !invocation->inbound->has_created && !invocation->previous &&
	    !invocation->inbound->has_xray && !(event && event->xray))
		return true;
	links = cs_arena_alloc(&spans->arena, (LINKS_MAX + 2 * messages) * sizeof(*links));
	if (!links)
		return false;
	span->links = links;
	if (started)
		links[span->links_count++] = own_link(spans, started, "start");
	if (invocation->previous)
		links[span->links_count++] = own_link(spans, invocation->previous, "attempt");
	if (invocation->inbound->has_created) {
		struct cs_span_link *link = &links[span->links_count++];

		point_to(link, created);
		link->trace_state = cs_spans_keep(spans, invocation->inbound->created_state);
		link->attrs = link_attrs(spans, "event");
	}
	if (event && event->xray)
		add_xray_link(&event->xray_context, true, &links[span->links_count++]);
	else if (invocation->inbound->has_xray)
		add_xray_link(&invocation->inbound->xray, false, &links[span->links_count++]);
	if (messages)
		add_messages(spans, span, links, event);
	return true;
}
