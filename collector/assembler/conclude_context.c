/* SPDX-License-Identifier: Apache-2.0 */

/* What caused a request, and which trace that and a start belong to; docs/traces.md. */
#include <stdlib.h>
#include <string.h>

#include "collector/assembler/assembled.h"
#include "collector/assembler/conclude.h"
#include "collector/assembler/init_type.h"
#include "collector/assembler/starter.h"

#define SCAN_MAX   512u       /* requests of a runtime that are compared: the newest */
#define START_ONLY UINT64_MAX /* where no record stands: the trace of a start without a request */
#define CAUSES_MAX 16u        /* runtimes behind runtimes: bounded for the stack */

static bool spans_ns(const struct cs_request *request, uint64_t time_ns)
{
	return request->start_ns <= time_ns && (!request->end_ns || request->end_ns >= time_ns);
}

/*
 * When what brought it was in flight: a process per event of which nothing was seen begins its event
 * with its end, which may come after the answer that was given in its stead.
 */
static uint64_t brought_ns(const struct cs_request *request)
{
	const struct cs_assembled *instance = request->instance;

	return request->exec && !instance->event.event_ns ? instance->identity.anchor_monotonic_ns
							  : request->start_ns;
}

/* The event of a process that is a helper, or only starts a server: nobody is told of it. */
static bool is_never_told(const struct cs_request *request)
{
	struct cs_assembled *instance = request->instance;

	return request->exec && (!cs_assembled_is_function(instance) || instance->started_server);
}

/*
 * The runtime's own request that brought this one: by the ids that both carry; where they carry none
 * in common (a runtime mints some of its own), the only one that was in flight. Two that would do
 * are none.
 */
struct cs_request *cs_conclude_cause(struct cs_request *request)
{
	struct cs_assembled *parent = cs_assembled_parent(cs_starter_outermost(request->instance));
	struct cs_request *other, *same = NULL, *only = NULL;
	unsigned same_count = 0, only_count = 0, n = 0;
	uint64_t at_ns = brought_ns(request);

	if (!parent)
		return NULL;
	LIST_FOREACH(other, &parent->requests, of_instance)
	{
		if (++n > SCAN_MAX)
			break;
		if (!spans_ns(other, at_ns) || is_never_told(other))
			continue;
		if (cs_request_compare(other, request) == CS_REQUEST_SAME) {
			same = other;
			same_count++;
		}
		only = other;
		only_count++;
	}
	if (same_count)
		return same_count == 1 ? same : NULL;
	return only_count == 1 && cs_request_compare(only, request) == CS_REQUEST_NO_COMMON_ID
		       ? only
		       : NULL;
}

static struct cs_span_id cold_start_id(const struct cs_assembled *instance)
{
	return cs_make_span_id(&instance->assembler->key, instance->identity.segment, 0,
			       CS_ID_COLD_START);
}

/* A copy: the cause may be forgotten while this one is in flight. */
static void inherit_state(struct cs_request *request, const char *state)
{
	char **own = &request->inbound.trace_state;
	size_t before = cs_text_bytes(*own), now;

	free(*own);
	*own = state ? strdup(state) : NULL;
	now = cs_text_bytes(*own);
	request->bytes += now - before;
	cs_assembled_grew(request->instance, now - before);
	request->context.trace_state = *own;
}

/* @context gets the trace that somebody named, and the span that called, if there is one. */
static void join(struct cs_span_context *context, const struct cs_trace_context *caller)
{
	static const uint8_t none[sizeof(caller->parent_id)];

	memcpy(context->trace_id.bytes, caller->trace_id, sizeof(caller->trace_id));
	memcpy(context->parent_span_id.bytes, caller->parent_id, sizeof(caller->parent_id));
	context->trace_flags = caller->flags;
	context->parent_remote = memcmp(caller->parent_id, none, sizeof(none)) != 0;
	context->caller_decided = context->parent_remote;
}

/*
 * Where functions report to X-Ray, its spans arrive, and who called is one of them. Not of one that the shim
 * has given an id: what it called may have been told of the other trace by now.
 */
static void prefer_xray(struct cs_request *request)
{
	struct cs_inbound *inbound = &request->inbound;
	struct cs_lambda_event *event = request->lambda;

	if (!request->instance->assembler->xray_parent || inbound->has_handed_on ||
	    inbound->carrier == CS_CARRIER_TRACEPARENT)
		return;
	if (event && event->xray)
		inbound->caller = event->xray_context;
	else if (inbound->has_xray)
		inbound->caller = inbound->xray;
	else
		return;
	inbound->carrier = CS_CARRIER_XRAY;
	inbound->has_xray = false; /* no link then */
	if (event)
		event->xray = false;
}

/*
 * The trace that its callees were told of, or that was lent to it. One that the shim made is handed on only if
 * nobody named one: neither a header nor, of an event, its body, which is waited for.
 */
static bool handed_trace(const struct cs_inbound *inbound, struct cs_trace_context *ret)
{
	if (inbound->has_handed_on && inbound->carrier) {
		*ret = inbound->caller;
	} else if (inbound->has_lent) {
		*ret = inbound->lent;
	} else if (inbound->has_own_trace) {
		*ret = (struct cs_trace_context){ .flags = CS_TRACE_FLAG_SAMPLED |
							   CS_TRACE_FLAG_RANDOM };
		memcpy(ret->trace_id, inbound->own_trace, sizeof(ret->trace_id));
	} else {
		return false;
	}
	return true;
}

/* An event that was brought: who sent it wrote that into its body. */
static bool named_in_body(const struct cs_inbound *inbound, struct cs_trace_context *ret)
{
	if (inbound->in_body)
		*ret = inbound->caller;
	return inbound->in_body;
}

/*
 * What brought a request belongs to the trace that this has handed on, or that the body of an event names, if
 * nobody named another one and it is not told of yet. Who called stands in that body, as it came to what brought
 * it; whom a header names may be a span of that itself.
 */
static void lend_trace(const struct cs_request *request, struct cs_request *cause)
{
	const struct cs_inbound *own = &request->inbound;
	struct cs_inbound *lent = &cause->inbound;

	if (cause->resolved || lent->carrier || lent->has_own_trace || lent->has_lent ||
	    !(handed_trace(own, &lent->lent) || named_in_body(own, &lent->lent)))
		return;
	lent->has_lent = true;
	if (own->carrier && !own->in_body)
		memset(lent->lent.parent_id, 0, sizeof(lent->lent.parent_id));
	inherit_state(cause, own->trace_state);
}

/* False: its trace is another one, and was handed on. */
static bool shares_trace(const struct cs_request *request, const struct cs_request *cause)
{
	struct cs_trace_context own;

	return !handed_trace(&request->inbound, &own) ||
	       memcmp(own.trace_id, cause->context.trace_id.bytes, sizeof(own.trace_id)) == 0;
}

/*
 * A cause whose ids were handed on: what the request itself says of its caller is that, or a call of its, or a
 * span of an SDK in between.
 */
static bool says_which(const struct cs_request *request, const struct cs_request *cause)
{
	const struct cs_inbound *own = &request->inbound;

	return cause->inbound.has_handed_on && own->carrier == CS_CARRIER_TRACEPARENT &&
	       memcmp(own->caller.trace_id, cause->context.trace_id.bytes,
		      sizeof(own->caller.trace_id)) == 0;
}

/* Which trace it belongs to. A ring of causes, or a chain without end, is cut: only liars build them. */
static void resolve(struct cs_request *request, unsigned depth)
{
	struct cs_assembled *instance = request->instance;
	struct cs_span_context *context = &request->context;
	uint64_t segment = request->origin ? request->origin : instance->identity.segment;
	struct cs_trace_context handed;
	struct cs_request *cause;

	if (request->resolved)
		return;
	request->resolving = true;
	cause = depth < CAUSES_MAX ? cs_conclude_cause(request) : NULL;
	if (cause && cause->resolving)
		cause = NULL;
	if (cause) {
		lend_trace(request, cause);
		resolve(cause, depth + 1);
	}
	request->resolving = false;
	request->resolved = true;
	if (request->inbound.has_handed_on)
		memcpy(context->span_id.bytes, request->inbound.handed_on,
		       sizeof(context->span_id.bytes));
	else
		context->span_id =
			cs_make_span_id(&instance->assembler->key, segment, request->position,
					request->exec ? CS_ID_EXEC_EVENT : CS_ID_INVOCATION);
	context->trace_flags = CS_TRACE_FLAG_SAMPLED;
	if (cause && shares_trace(request, cause)) {
		context->trace_id = cause->context.trace_id;
		context->trace_flags = cause->context.trace_flags;
		context->caller_decided = cause->context.caller_decided;
		inherit_state(request, cause->context.trace_state);
		context->parent_span_id = cause->context.span_id;
		if (says_which(request, cause))
			memcpy(context->parent_span_id.bytes, request->inbound.caller.parent_id,
			       sizeof(context->parent_span_id.bytes));
		context->parent_remote = true;
		return;
	}
	prefer_xray(request);
	if (request->inbound.carrier) {
		join(context, &request->inbound.caller);
		context->trace_state = request->inbound.trace_state;
	} else if (handed_trace(&request->inbound, &handed)) {
		join(context, &handed);
	} else {
		context->trace_id =
			cs_make_trace_id(&instance->assembler->key, segment, request->position);
		context->trace_flags |= CS_TRACE_FLAG_RANDOM;
	}
	/* Nobody's span called: the start that was for it is above it. */
	if (!context->parent_remote && request->cold && cs_assembled_is_function(instance) &&
	    !cs_init_of(instance, request, NULL).ahead)
		context->parent_span_id = cold_start_id(instance); /* which is the root */
}

void cs_conclude_context(struct cs_request *request)
{
	resolve(request, 0);
}

static bool parent_is(const struct cs_span_context *context, struct cs_span_id id)
{
	return memcmp(context->parent_span_id.bytes, id.bytes, sizeof(id.bytes)) == 0;
}

void cs_conclude_start_context(struct cs_assembled *instance, const struct cs_request *request,
			       struct cs_cold_start *cold)
{
	const char *headers = instance->env.headers;
	struct cs_trace_context env;

	cold->context.span_id = cold_start_id(instance);
	if (request) {
		/* Nobody's child: the start is the root, and the cold invocation stands below it. */
		cold->context = request->context;
		cold->context.span_id = cold_start_id(instance);
		if (parent_is(&request->context, cold->context.span_id))
			cold->context.parent_span_id = (struct cs_span_id){ { 0 } };
		return;
	}
	cold->context.trace_flags = CS_TRACE_FLAG_SAMPLED;
	if (headers &&
	    cs_inbound_context(headers, strlen(headers), instance->identity.lambda, &env)) {
		join(&cold->context, &env);
		return;
	}
	cold->context.trace_flags |= CS_TRACE_FLAG_RANDOM;
	cold->context.trace_id =
		cs_make_trace_id(&instance->assembler->key, instance->identity.segment, START_ONLY);
}
