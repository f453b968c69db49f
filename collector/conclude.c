/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Concluding: what caused what, which trace it belongs to, and the finished structs. Rules for people:
 * docs/phases.md and docs/traces.md.
 */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "collector/assembled.h"
#include "collector/coldstart.h"
#include "collector/init_type.h"
#include "collector/queue.h"
#include "collector/starter.h"
#include "collector/usage.h"
#include "collector/wrapper.h"

#define SCAN_MAX   512u       /* requests of a runtime that are compared: the newest */
#define START_ONLY UINT64_MAX /* where no record stands: the trace of a start without a request */
#define CAUSES_MAX 16u        /* runtimes behind runtimes: bounded for the stack */

struct cs_outcome cs_outcome_of_status(int status)
{
	if (WIFSIGNALED(status))
		return (struct cs_outcome){ CS_CAUSE_SIGNAL, WTERMSIG(status) };
	return (struct cs_outcome){ CS_CAUSE_EXIT, WEXITSTATUS(status) };
}

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

/*
 * The runtime's own request that brought this one: by the ids that both carry; where they carry none
 * in common (a runtime mints some of its own), the only one that was in flight. Two that would do
 * are none.
 */
static struct cs_request *cause_of(struct cs_request *request)
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
		if (!spans_ns(other, at_ns))
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

/* The start of a process begins with the first of these that is known. */
static uint64_t begin_of(const struct cs_bounds *bounds)
{
	for (int i = CS_BOUND_SPAWN; i <= CS_BOUND_LINK; i++) {
		if (bounds->at_ns[i])
			return bounds->at_ns[i];
	}
	return 0;
}

/*
 * What brought the request was waiting since a watched runtime had read it, and may have been since a
 * gateway had accepted it. Return: is that the gateway's word?
 */
static bool set_queue(const struct cs_assembled *instance, const struct cs_request *request,
		      const struct cs_request *cause, struct cs_bounds *bounds)
{
	uint64_t *queue_ns = &bounds->at_ns[CS_BOUND_QUEUE], accepted_ns;

	if (cause && cause->start_ns <= bounds->at_ns[CS_BOUND_SPAWN])
		*queue_ns = cause->start_ns;
	accepted_ns = cs_queue_accepted(&instance->identity, request->inbound.accepted_unix_ns,
					*queue_ns ? *queue_ns : begin_of(bounds));
	if (accepted_ns)
		*queue_ns = accepted_ns;
	return accepted_ns != 0;
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
	request->instance->requests_bytes += now - before;
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
}

/* Where functions report to X-Ray, its spans arrive, and who called is one of them. */
static void prefer_xray(struct cs_request *request)
{
	struct cs_inbound *inbound = &request->inbound;
	struct cs_lambda_event *event = request->lambda;

	if (!request->instance->assembler->xray_parent ||
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

/* Which trace it belongs to. A ring of causes, or a chain without end, is cut: only liars build them. */
static void resolve(struct cs_request *request, unsigned depth)
{
	struct cs_assembled *instance = request->instance;
	struct cs_span_context *context = &request->context;
	uint64_t segment = request->origin ? request->origin : instance->identity.segment;
	struct cs_request *cause;

	if (request->resolved)
		return;
	request->resolving = true;
	cause = depth < CAUSES_MAX ? cause_of(request) : NULL;
	if (cause && cause->resolving)
		cause = NULL;
	if (cause)
		resolve(cause, depth + 1);
	request->resolving = false;
	request->resolved = true;
	if (request->inbound.has_handed_on)
		memcpy(context->span_id.bytes, request->inbound.handed_on,
		       sizeof(context->span_id.bytes));
	else
		context->span_id =
			cs_make_span_id(&instance->assembler->key, segment, request->position,
					request->exec ? CS_ID_EXEC_EVENT : CS_ID_INVOCATION);
	context->trace_flags = 1;
	if (cause) {
		context->trace_id = cause->context.trace_id;
		context->trace_flags = cause->context.trace_flags;
		inherit_state(request, cause->context.trace_state);
		context->parent_span_id = cause->context.span_id;
		context->parent_remote = true;
		return;
	}
	prefer_xray(request);
	if (request->inbound.carrier) {
		join(context, &request->inbound.caller);
		context->trace_state = request->inbound.trace_state;
	} else {
		context->trace_id =
			cs_make_trace_id(&instance->assembler->key, segment, request->position);
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

static void set_context(struct cs_assembled *instance, struct cs_request *request,
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
	cold->context.trace_flags = 1;
	if (headers &&
	    cs_inbound_context(headers, strlen(headers), instance->identity.lambda, &env)) {
		join(&cold->context, &env);
		return;
	}
	cold->context.trace_id =
		cs_make_trace_id(&instance->assembler->key, instance->identity.segment, START_ONLY);
}

/*
 * Each process waits for itself. What the first one waited for before its worker served (a control
 * socket, mostly) says nothing of when the worker was ready, unless it accepted the connection for it.
 */
static uint64_t ready_for(const struct cs_assembled *instance, const struct cs_request *request)
{
	const struct cs_worker *worker;

	if (!request)
		return cs_assembled_ready(instance);
	if (request->tag == (uint32_t)instance->identity.pid || request->of_first)
		return instance->marks[CS_MARK_ACCEPT_WAIT];
	worker = cs_workers_find(&instance->workers, request->tag);
	return worker ? worker->ready_ns : 0;
}

static void bound_by_http(struct cs_assembled *instance, const struct cs_request *request,
			  uint64_t end_ns, struct cs_bounds *bounds)
{
	const uint64_t *marks = instance->marks;

	bounds->native = !instance->identity.interpreted;
	bounds->at_ns[CS_BOUND_EXEC] =
		cs_assembled_exec_at(instance, marks[CS_MARK_ATTACH], cs_assembled_exec(instance));
	bounds->at_ns[CS_BOUND_LINK] = marks[CS_MARK_ATTACH];
	bounds->at_ns[CS_BOUND_RUNTIME] = marks[CS_MARK_MAIN];
	bounds->at_ns[CS_BOUND_CODE] = marks[CS_MARK_USER_CODE];
	bounds->at_ns[CS_BOUND_WAIT] = ready_for(instance, request);
	bounds->at_ns[CS_BOUND_HANDLER] = request ? request->start_ns : 0;
	bounds->at_ns[CS_BOUND_RESPOND] = request ? request->first_byte_ns : 0;
	bounds->at_ns[CS_BOUND_END] = request ? request->end_ns : end_ns;
}

/* As a server's, but for readiness: it is ready when it asks, itself or by a child. */
static void bound_by_lambda(struct cs_assembled *instance, const struct cs_request *request,
			    uint64_t end_ns, struct cs_bounds *bounds)
{
	bound_by_http(instance, request, end_ns, bounds);
	bounds->at_ns[CS_BOUND_RESTORE] = instance->marks[CS_MARK_RESTORE_NEXT];
	bounds->at_ns[CS_BOUND_WAIT] = instance->marks[CS_MARK_NEXT];
	if (request && !bounds->at_ns[CS_BOUND_WAIT])
		bounds->at_ns[CS_BOUND_WAIT] = request->asked_ns;
}

/* The start is that of the program that took the event, and ends where the event begins. */
static void bound_by_exec(struct cs_assembled *instance, uint64_t end_ns, struct cs_bounds *bounds)
{
	const struct cs_event_image *event = &instance->event;
	uint64_t said_ns = event->attach_ns == instance->marks[CS_MARK_ATTACH]
				   ? cs_assembled_exec(instance)
				   : event->exec_ns;

	bounds->native = event->native;
	bounds->at_ns[CS_BOUND_EXEC] = cs_assembled_exec_at(instance, event->attach_ns, said_ns);
	bounds->at_ns[CS_BOUND_LINK] = event->attach_ns;
	bounds->at_ns[CS_BOUND_RUNTIME] = event->main_ns;
	bounds->at_ns[CS_BOUND_CODE] = event->user_code_ns;
	bounds->at_ns[CS_BOUND_WAIT] = event->event_ns;
	bounds->at_ns[CS_BOUND_HANDLER] = event->event_ns;
	bounds->at_ns[CS_BOUND_RESPOND] = event->output_ns;
	bounds->at_ns[CS_BOUND_END] = end_ns;
}

/* The earliest word on when the process ended: the kernel's, its parent's wait, or our own knowledge. */
uint64_t cs_assembled_end(struct cs_assembled *instance)
{
	const struct cs_evidence *e = cs_assembled_evidence(instance);
	uint64_t end_ns = instance->end_ns, exit_ns = cs_assembled_exit(instance);

	if (e && e->ended && e->wait_ns && e->wait_ns < end_ns)
		end_ns = e->wait_ns;
	return exit_ns && exit_ns < end_ns ? exit_ns : end_ns;
}

static void set_usage(struct cs_assembled *instance, struct cs_cold_start *cold)
{
	const struct cs_evidence *e = cs_assembled_evidence(instance);

	memcpy(cold->facts, instance->facts, sizeof(cold->facts));
	cold->stand_down = instance->stand_down;
	cold->attach_cpu_ns = cold->protocol == CS_PROTOCOL_EXEC ? instance->event.attach_cpu_ns
								 : instance->attach_cpu_ns;
	if (e && e->ended && e->usage.cpu_ns) {
		cold->cpu_ns = e->usage.cpu_ns;
		cold->max_rss_bytes = e->usage.max_rss_bytes;
		cold->faults_minor = e->usage.faults_minor;
		cold->faults_major = e->usage.faults_major;
		cold->usage_known = true;
	} else if (instance->usage_known) {
		cold->cpu_ns = instance->cpu_ns;
		cold->faults_minor = instance->faults_minor;
		cold->faults_major = instance->faults_major;
		cold->usage_known = true;
	}
}

/* "bash, pyenv", of @count programs that ran before; NULL: none did, or there is no memory. */
static const char *names_of(struct cs_assembled *instance, unsigned count, const char *const *names)
{
	unsigned named = count < CS_EVIDENCE_NAMES ? count : CS_EVIDENCE_NAMES;
	char text[CS_EVIDENCE_NAMES * (CS_EVIDENCE_NAME_BYTES + 2) + 32] = "";
	size_t used = 0;

	for (unsigned i = 0; i < named; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", i ? ", " : "",
					 names[i]);
	if (used && count > named)
		snprintf(text + used, sizeof(text) - used, " and %u more", count - named);
	return used ? cs_arena_strndup(&instance->arena, text, sizeof(text)) : NULL;
}

/*
 * Wrappers that end by exec: their time lies before that of the program that served, and is not that
 * of the call that spawned it.
 */
static void tell_programs(struct cs_assembled *instance, uint64_t attach_ns, unsigned count,
			  struct cs_cold_start *cold)
{
	const struct cs_evidence *e = cs_assembled_evidence(instance);
	struct cs_phase_part *part = cold->phases;
	const char *names[CS_EVIDENCE_NAMES], *why;
	/* The kernel tells of one process: not of what it was, and then of what it started. */
	unsigned told = instance->settled || instance->joined
				? 0
				: cs_assembled_programs(instance, attach_ns, names);

	if (told > count) {
		count = told;
	} else {
		count = e ? count : 0;
		for (unsigned i = 0; i < count && i < CS_EVIDENCE_NAMES; i++)
			names[i] = e->programs.text[i];
	}
	cold->programs = names_of(instance, count, names);
	if (!cold->programs)
		return;
	cold->programs_count = count;
	if (cold->phases_count > 1 && part->phase == CS_PHASE_QUEUE)
		part++;
	if (part->phase != CS_PHASE_SPAWN)
		return;
	why = cs_arena_printf(&instance->arena, "includes %u program%s that ran before: %s", count,
			      count == 1 ? "" : "s", cold->programs);
	if (why)
		cs_phase_part_say(part, why, &instance->arena);
}

static void conclude_helper(struct cs_assembled *helper)
{
	cs_wrapper_note(helper);
	helper->concluded = true;
	helper->assembler->stats.helpers++;
}

/* Why the event of a process without connections is not exact; NULL: it was read, or killed before. */
static const char *why_event_unseen(struct cs_assembled *instance, struct cs_outcome outcome)
{
	const struct cs_event_image *event = &instance->event;
	const char *reason;

	if (event->event_ns)
		return event->event_ns == event->output_ns &&
				       instance->marks[CS_MARK_STDIN_READ] != event->event_ns
			       ? CS_READ_UNSEEN
			       : NULL;
	reason = cs_wrapper_child_served(instance);
	if (reason)
		return reason;
	return outcome.cause == CS_CAUSE_EXIT && outcome.code == 0 ? CS_EVENT_UNSEEN : NULL;
}

/* What is said of its times: what is wrong with these, or else with its clock. */
static const char *approximate_of(const struct cs_assembled *instance, const char *reason)
{
	if (!reason && cs_wrapper_told(instance)->clock_shift_ns)
		return CS_CLOCK_CONVERTED;
	return reason;
}

static enum cs_protocol protocol_of(const struct cs_assembled *instance,
				    const struct cs_request *request)
{
	if (request && request->api)
		return CS_PROTOCOL_API;
	if (request ? request->lambda != NULL : cs_assembled_asks(instance))
		return CS_PROTOCOL_LAMBDA;
	if (request ? !request->exec : cs_assembled_serves(instance))
		return CS_PROTOCOL_HTTP;
	return CS_PROTOCOL_EXEC;
}

/*
 * When the spawn that led to it began: that of the first of those who only started it; where nobody saw
 * it, no later than that one attached.
 */
static uint64_t spawn_of(struct cs_assembled *instance)
{
	struct cs_assembled *outermost = cs_starter_outermost(instance);
	uint64_t own_ns = cs_assembled_spawn(instance), outer_ns = cs_assembled_spawn(outermost);

	if (!outer_ns)
		outer_ns = outermost->marks[CS_MARK_ATTACH];
	return outermost == instance || outer_ns > own_ns ? own_ns : outer_ns;
}

/*
 * @event_unseen: of a process without connections: see why_event_unseen()
 * Return: is it a trace of its own?
 */
static bool conclude_cold_start(struct cs_assembled *instance, struct cs_request *request,
				const char *event_unseen, struct cs_cold_start *ret)
{
	struct cs_cold_start cold = { .identity = cs_wrapper_told(instance) };
	const struct cs_evidence *e = cs_assembled_evidence(instance);
	struct cs_request *cause = request ? cause_of(request) : NULL;
	struct cs_init init = cs_init_of(instance, request, cause);
	struct cs_bounds bounds = { .native = false };
	uint64_t ready_ns;
	bool running, accepted = false;

	cs_starter_join(instance);
	instance->concluded = true;
	cold.protocol = protocol_of(instance, request);
	switch (cold.protocol) {
	case CS_PROTOCOL_LAMBDA:
		cold.ready = instance->marks[CS_MARK_NEXT] || request;
		bound_by_lambda(instance, request, cs_assembled_end(instance), &bounds);
		break;
	case CS_PROTOCOL_HTTP:
	case CS_PROTOCOL_API:
		cold.ready = cs_assembled_ready(instance) || request;
		bound_by_http(instance, request, cs_assembled_end(instance), &bounds);
		break;
	case CS_PROTOCOL_EXEC:
		cold.ready = instance->event.event_ns;
		bound_by_exec(instance, cs_assembled_end(instance), &bounds);
		bounds.event_unseen = event_unseen;
	}
	ready_ns = bounds.at_ns[CS_BOUND_WAIT];
	bounds.at_ns[CS_BOUND_SPAWN] = spawn_of(instance);
	if (request && !init.ahead)
		accepted = set_queue(instance, request, cause, &bounds);
	cold.init_type = cs_init_told(init, accepted);
	cold.request_id = request && request->lambda ? request->lambda->id : NULL;
	cold.outcome = request ? request->outcome : instance->outcome;
	running = request ? request->running : instance->end == CS_ASSEMBLER_SHUTDOWN;
	bounds.end_unseen = running                     ? CS_STILL_RUNNING
			    : request && !request->exec ? request->approximate
							: NULL;
	cold.approximate = approximate_of(instance, bounds.end_unseen ? bounds.end_unseen
								      : bounds.event_unseen);
	cold.unused = cold.ready && !request && !running;
	bounds.cut = !cold.ready || cold.outcome.cause == CS_CAUSE_SIGNAL ||
		     cold.outcome.cause == CS_CAUSE_TIMEOUT;
	cs_bounds_phases(&bounds, &instance->arena, &cold);
	if (accepted && cold.phases[0].phase == CS_PHASE_QUEUE)
		cs_phase_part_say(&cold.phases[0], CS_QUEUE_TOLD, &instance->arena);
	tell_programs(instance, bounds.at_ns[CS_BOUND_LINK],
		      cold.protocol == CS_PROTOCOL_EXEC ? instance->event.programs
		      : e                               ? e->programs.count
							: 0,
		      &cold);
	set_usage(instance, &cold);
	/* A start that no request caused belongs to none. */
	set_context(instance, init.ahead ? NULL : request, &cold);
	cs_init_concluded(instance, init);
	instance->assembler->stats.cold_starts++;
	instance->assembler->stats.unused_inits += cold.unused;
	instance->assembler->sink.cold_start(instance->assembler->sink.context, &cold);
	if (!ready_ns)
		ready_ns = request ? request->start_ns : UINT64_MAX;
	cs_logs_start_told(instance, &cold, ready_ns);
	cs_calls_conclude_start(instance, &cold);
	*ret = cold;
	return init.ahead;
}

/* An end that nobody told at first may be known by now: the parent's wait was read later. */
static void settle_outcome(struct cs_assembled *instance, struct cs_outcome *outcome)
{
	const struct cs_evidence *e = cs_assembled_evidence(instance);

	if (outcome->cause == CS_CAUSE_UNKNOWN && e && e->ended)
		*outcome = cs_outcome_of_status(e->wait_status);
}

/* What its parent said, maybe after we learnt of its end: of the process itself, or of a worker. */
static void settle_request(struct cs_request *request)
{
	struct cs_assembled *instance = request->instance;
	const struct cs_evidence *e;

	if (request->tag == (uint32_t)instance->identity.pid) {
		settle_outcome(instance, &request->outcome);
		return;
	}
	e = cs_evidence_find(&instance->assembler->evidence, (int32_t)request->tag);
	if (request->outcome.cause == CS_CAUSE_UNKNOWN && e && e->ended &&
	    e->parent_segment == instance->identity.segment &&
	    e->spawn_begin_ns <= request->start_ns)
		request->outcome = cs_outcome_of_status(e->wait_status);
}

/* Stamps are the word of a process: whatever they say, the first byte lies within. */
static void settle_times(struct cs_request *request)
{
	struct cs_assembled *instance = request->instance;
	uint64_t end_ns = instance->over ? cs_assembled_end(instance) : 0;
	bool died = request->outcome.cause != CS_CAUSE_NONE &&
		    request->tag == (uint32_t)instance->identity.pid;

	if (request->exec || (died && end_ns && end_ns < request->end_ns))
		request->end_ns = end_ns;
	if (request->start_ns > request->end_ns)
		request->start_ns = request->end_ns;
	if (!request->first_byte_ns)
		return;
	if (request->first_byte_ns < request->start_ns)
		request->first_byte_ns = request->start_ns;
	if (request->first_byte_ns > request->end_ns)
		request->first_byte_ns = request->end_ns;
}

/* Who was there for one event alone used all of it for that, its start included. */
static void settle_used(struct cs_request *request)
{
	const struct cs_evidence *e = cs_assembled_evidence(request->instance);

	if (request->exec && e && e->ended && e->usage.cpu_ns)
		cs_usage_of_wait(&e->usage, &request->used);
}

/* Which process handled it: of a process per event it may be a fork child. */
static int32_t pid_of(const struct cs_assembled *instance, const struct cs_request *request)
{
	const struct cs_worker *worker;

	if (!request->exec)
		return (int32_t)request->tag;
	worker = cs_workers_taker(&instance->workers);
	return worker && worker->read_ns == instance->event.event_ns
		       ? (int32_t)worker->tag
		       : cs_wrapper_told(instance)->pid;
}

void cs_conclude_invocation(struct cs_request *request)
{
	struct cs_assembled *instance;
	struct cs_invocation invocation;
	struct cs_attempt attempt;
	struct cs_cold_start cold;
	const char *event_unseen = NULL;
	bool ahead = false;

	cs_lambda_adopt(request);
	instance = request->instance;
	if (!cs_assembled_is_function(instance) || (request->exec && cs_starter_joined(instance))) {
		if (request->cold)
			conclude_helper(instance);
		instance->concluded = true;
		cs_call_list_clear(&request->calls); /* they may be of another instance */
		return;
	}
	settle_request(request);
	cs_wrapper_settle_request(request);
	settle_times(request);
	settle_used(request);
	cs_lambda_settle_deadline(request);
	if (request->exec)
		event_unseen = why_event_unseen(instance, request->outcome);
	if (!request->approximate)
		request->approximate = event_unseen;
	resolve(request, 0);
	if (request->cold && !instance->concluded)
		ahead = conclude_cold_start(instance, request, event_unseen, &cold);
	cs_init_crashed(request);
	invocation = (struct cs_invocation){
		.identity = cs_wrapper_told(instance),
		.context = request->context,
		.protocol = protocol_of(instance, request),
		.cold = request->cold,
		.first_of_worker = request->first_of_worker,
		.pid = pid_of(instance, request),
		.start_ns = request->start_ns,
		.first_byte_ns = request->first_byte_ns,
		.end_ns = request->end_ns,
		.method = request->method,
		.target = request->target,
		.status = request->status,
		.cut = request->cut,
		.aborted = request->aborted,
		.approximate = approximate_of(instance, request->approximate),
		.running = request->running,
		.request_bytes = request->request_bytes,
		.response_bytes = request->response_bytes,
		.inbound = &request->inbound,
		.lambda = request->lambda,
		.api = request->api ? cs_api_said(request->api) : NULL,
		.batch = request->batch,
		.started = ahead ? &cold.context : NULL,
		.outcome = request->outcome,
		.used = request->used,
	};
	attempt = cs_attempts_note(&instance->assembler->attempts, &instance->assembler->key,
				   &invocation);
	invocation.attempt = attempt.number;
	invocation.previous = attempt.has_previous ? &attempt.previous : NULL;
	if (request->lambda)
		cs_attempts_note_messages(&instance->assembler->attempts, &instance->assembler->key,
					  &invocation, request->lambda);
	instance->assembler->stats.invocations++;
	instance->assembler->sink.invocation(instance->assembler->sink.context, &invocation);
	if (request->api)
		cs_api_conclude(request->api, request);
	cs_logs_invocation_told(request);
	cs_calls_conclude(request, invocation.identity);
}

void cs_conclude_unready(struct cs_assembled *instance)
{
	struct cs_cold_start cold;

	if (!cs_assembled_is_function(instance) || cs_starter_joined(instance)) {
		conclude_helper(instance);
		return;
	}
	instance->concluded = true;
	settle_outcome(instance, &instance->outcome);
	if (instance->end != CS_ASSEMBLER_SHUTDOWN || cs_assembled_ready(instance) ||
	    instance->marks[CS_MARK_NEXT])
		conclude_cold_start(instance, NULL, why_event_unseen(instance, instance->outcome),
				    &cold);
}
