/* SPDX-License-Identifier: Apache-2.0 */

/* A cold start out of what is known of it: bounds, programs before it, usage; docs/phases.md. */
#include <stdio.h>
#include <string.h>

#include "collector/assembler/assembled.h"
#include "collector/assembler/coldstart.h"
#include "collector/assembler/conclude.h"
#include "collector/assembler/init_type.h"
#include "collector/assembler/queue.h"
#include "collector/assembler/starter.h"
#include "collector/assembler/verdict.h"
#include "collector/assembler/wrapper.h"
#include "collector/protocols/stdio_loop.h"

#define REFUSED "the code that came was refused"

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

/* Workers may be forked first, and each then loads the function. */
static uint64_t code_for(const struct cs_assembled *instance, const struct cs_request *request)
{
	uint64_t code_ns = instance->marks[CS_MARK_USER_CODE];
	const struct cs_worker *worker;

	if (code_ns || !request)
		return code_ns;
	worker = cs_workers_find(&instance->workers, request->tag);
	return worker ? worker->code_ns : 0;
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
	bounds->at_ns[CS_BOUND_CODE] = code_for(instance, request);
	bounds->at_ns[CS_BOUND_WAIT] = ready_for(instance, request);
	bounds->at_ns[CS_BOUND_HANDLER] = request ? request->start_ns : 0;
	bounds->at_ns[CS_BOUND_RESPOND] = request ? request->first_byte_ns : 0;
	bounds->at_ns[CS_BOUND_END] = request ? request->end_ns : end_ns;
}

/* Code that it was brought was refused, and none that came later was not. */
static bool load_failed(const struct cs_assembled *instance)
{
	return instance->load_failed_ns && !instance->marks[CS_MARK_LOADED];
}

/* It first waits for its code, which a request brings; and is ready when that is answered well. */
static void bound_by_load(struct cs_assembled *instance, const struct cs_request *request,
			  struct cs_bounds *bounds)
{
	const uint64_t *marks = instance->marks;

	bounds->at_ns[CS_BOUND_FETCH] = marks[CS_MARK_ACCEPT_WAIT];
	bounds->at_ns[CS_BOUND_CODE] = marks[CS_MARK_FETCH];
	bounds->at_ns[CS_BOUND_WAIT] = marks[CS_MARK_LOADED];
	if (!request && load_failed(instance))
		bounds->at_ns[CS_BOUND_END] = instance->load_failed_ns;
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

/* As a server's, but that it is ready when it says so, or first asks for an event. */
static void bound_by_stdio(struct cs_assembled *instance, const struct cs_request *request,
			   uint64_t end_ns, struct cs_bounds *bounds)
{
	bound_by_http(instance, request, end_ns, bounds);
	bounds->at_ns[CS_BOUND_WAIT] = cs_stdio_ready(instance);
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

/* @was_another: its process ran other programs, whose reads the kernel has in the same sum. */
static void set_usage(struct cs_assembled *instance, bool was_another, struct cs_cold_start *cold)
{
	const struct cs_evidence *e = cs_assembled_evidence(instance);
	/* Else it used more after its start, and that is none of the start's. */
	bool to_its_end = cold->protocol == CS_PROTOCOL_EXEC || !cold->ready;
	const struct cs_usage_so_far *used =
		to_its_end ? &instance->used_at_end : &instance->used_when_ready;

	memcpy(cold->facts, instance->facts, sizeof(cold->facts));
	if (!was_another)
		cold->read_bytes = used->read_bytes;
	cold->stand_down = instance->stand_down;
	cold->attach_cpu_ns = cold->protocol == CS_PROTOCOL_EXEC ? instance->event.attach_cpu_ns
								 : instance->attach_cpu_ns;
	if (to_its_end && e && e->ended && e->usage.cpu_ns) {
		cold->cpu_ns = e->usage.cpu_ns;
		cold->max_rss_bytes = e->usage.max_rss_bytes;
		cold->faults_minor = e->usage.faults_minor;
		cold->faults_major = e->usage.faults_major;
		cold->usage_known = true;
	} else if (used->known) {
		cold->cpu_ns = used->cpu_ns;
		cold->faults_minor = used->faults_minor;
		cold->faults_major = used->faults_major;
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
 * of the call that spawned it. Return: was its own process another program?
 */
static bool tell_programs(struct cs_assembled *instance, uint64_t attach_ns, unsigned count,
			  struct cs_cold_start *cold)
{
	const struct cs_evidence *e = cs_assembled_evidence(instance);
	struct cs_phase_part *part = cold->phases;
	bool was_another = e && e->programs_ns;
	const char *names[CS_EVIDENCE_NAMES], *why;
	/* The kernel tells of one process: not of what it was, and then of what it started. */
	unsigned told = instance->settled || instance->joined
				? 0
				: cs_assembled_programs(instance, attach_ns, names);

	was_another = was_another || told;
	if (told > count) {
		count = told;
	} else {
		count = e ? count : 0;
		for (unsigned i = 0; i < count && i < CS_EVIDENCE_NAMES; i++)
			names[i] = e->programs.text[i];
	}
	cold->programs = names_of(instance, count, names);
	if (!cold->programs)
		return was_another;
	cold->programs_count = count;
	if (cold->phases_count > 1 && part->phase == CS_PHASE_QUEUE)
		part++;
	if (part->phase != CS_PHASE_SPAWN)
		return was_another;
	why = cs_arena_printf(&instance->arena, "includes %u program%s that ran before: %s", count,
			      count == 1 ? "" : "s", cold->programs);
	if (why)
		cs_phase_part_say(part, why, &instance->arena);
	return was_another;
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

bool cs_conclude_start(struct cs_assembled *instance, struct cs_request *request,
		       const char *event_unseen, struct cs_cold_start *ret)
{
	struct cs_cold_start cold = { .identity = cs_wrapper_told(instance) };
	const struct cs_evidence *e = cs_assembled_evidence(instance);
	struct cs_request *cause = request ? cs_conclude_cause(request) : NULL;
	struct cs_init init = cs_init_of(instance, request, cause);
	struct cs_bounds bounds = { .native = false };
	uint64_t ready_ns;
	bool running, was_another, accepted = false, unseen = false;

	cs_starter_join(instance);
	instance->concluded = true;
	cold.protocol = cs_conclude_protocol(instance, request);
	switch (cold.protocol) {
	case CS_PROTOCOL_LAMBDA:
		cold.ready = instance->marks[CS_MARK_NEXT] || request;
		bound_by_lambda(instance, request, cs_assembled_end(instance), &bounds);
		break;
	case CS_PROTOCOL_STDIO:
		cold.ready = cs_stdio_ready(instance) || request;
		bound_by_stdio(instance, request, cs_assembled_end(instance), &bounds);
		break;
	case CS_PROTOCOL_HTTP:
	case CS_PROTOCOL_API:
		if (!request && cs_assembled_serves_unseen(instance)) {
			unseen = cs_assembled_has_ring(instance);
			bounds.event_unseen = cs_assembled_ring_reason(instance);
		}
		cold.ready = cs_assembled_ready(instance) || request || unseen;
		bound_by_http(instance, request, cs_assembled_end(instance), &bounds);
		if (instance->marks[CS_MARK_FETCH])
			bound_by_load(instance, request, &bounds);
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
	if (request && !init.ahead)
		cold.trigger = cs_invocation_trigger(&(struct cs_invocation){
			.method = request->method,
			.lambda = request->lambda,
			.whisk = request->whisk,
			.api = request->api ? cs_api_said(request->api) : NULL,
		});
	cold.request_id = request && request->lambda ? request->lambda->id : NULL;
	cold.outcome = request ? request->outcome : instance->outcome;
	if (!request && load_failed(instance)) {
		cold.load_status = instance->load_status;
		cold.outcome = (struct cs_outcome){ .cause = CS_CAUSE_NONE }; /* it ended later */
	}
	running = request ? request->running : instance->end == CS_ASSEMBLER_SHUTDOWN;
	bounds.end_unseen = running                     ? CS_STILL_RUNNING
			    : request && !request->exec ? request->approximate
							: NULL;
	cold.approximate = cs_conclude_approximate(
		instance, bounds.end_unseen ? bounds.end_unseen : bounds.event_unseen);
	cold.unused = cold.ready && !request && !running && !unseen;
	if (cold.load_status)
		bounds.event_unseen = REFUSED;
	bounds.cut = (!cold.ready && !cold.load_status) || cold.outcome.cause == CS_CAUSE_SIGNAL ||
		     cold.outcome.cause == CS_CAUSE_TIMEOUT;
	cs_bounds_phases(&bounds, &instance->arena, &cold);
	if (accepted && cold.phases[0].phase == CS_PHASE_QUEUE)
		cs_phase_part_say(&cold.phases[0], CS_QUEUE_TOLD, &instance->arena);
	was_another = tell_programs(instance, bounds.at_ns[CS_BOUND_LINK],
				    cold.protocol == CS_PROTOCOL_EXEC ? instance->event.programs
				    : e                               ? e->programs.count
								      : 0,
				    &cold);
	set_usage(instance, was_another, &cold);
	/* A start that no request caused belongs to none. */
	cs_conclude_start_context(instance, init.ahead ? NULL : request, &cold);
	cs_init_concluded(instance, init);
	cold.connections_opened = cs_calls_opened_before(instance, cold.end_ns);
	instance->assembler->stats.cold_starts++;
	cs_assembled_ledger(instance, CS_LEDGER_START)->told++;
	instance->accounted = true;
	instance->told = true;
	instance->assembler->stats.unused_inits += cold.unused;
	instance->assembler->sink.cold_start(instance->assembler->sink.context, &cold);
	if (!ready_ns)
		ready_ns = request ? request->start_ns : UINT64_MAX;
	cs_logs_start_told(instance, &cold, ready_ns);
	cs_calls_conclude_start(instance, &cold);
	*ret = cold;
	return init.ahead;
}
