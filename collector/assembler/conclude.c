/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Concluding: what is known of an invocation by then, and the finished struct. Rules for people:
 * docs/traces.md.
 */
#include "collector/assembler/conclude.h"
#include "collector/assembler/assembled.h"
#include "collector/assembler/init_type.h"
#include "collector/assembler/starter.h"
#include "collector/assembler/wrapper.h"
#include "collector/processes/usage.h"
#include "collector/protocols/stdio_loop.h"

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
const char *cs_conclude_approximate(const struct cs_assembled *instance, const char *reason)
{
	if (!reason && cs_wrapper_told(instance)->clock_shift_ns)
		return CS_CLOCK_CONVERTED;
	return reason;
}

enum cs_protocol cs_conclude_protocol(const struct cs_assembled *instance,
				      const struct cs_request *request)
{
	if (request && request->api)
		return CS_PROTOCOL_API;
	if (request ? cs_request_is_line(request) : cs_stdio_loops(instance))
		return CS_PROTOCOL_STDIO;
	if (request ? request->lambda != NULL : cs_assembled_asks(instance))
		return CS_PROTOCOL_LAMBDA;
	if (request ? !request->exec : cs_assembled_serves(instance))
		return CS_PROTOCOL_HTTP;
	return CS_PROTOCOL_EXEC;
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
	if (!instance->concluded)
		cs_assembled_join_spawn(instance);
	if (!cs_assembled_is_function(instance) || (request->exec && cs_starter_joined(instance))) {
		if (request->cold)
			conclude_helper(instance);
		instance->concluded = true;
		cs_assembled_ledger(instance, CS_LEDGER_INVOCATION)->aside++;
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
	cs_conclude_context(request);
	if (request->cold && !instance->concluded)
		ahead = cs_conclude_start(instance, request, event_unseen, &cold);
	cs_init_crashed(request);
	invocation = (struct cs_invocation){
		.identity = cs_wrapper_told(instance),
		.context = request->context,
		.protocol = cs_conclude_protocol(instance, request),
		.cold = request->cold,
		.first_of_worker = request->first_of_worker,
		.pid = pid_of(instance, request),
		.start_ns = request->start_ns,
		.first_byte_ns = request->first_byte_ns,
		.end_ns = request->end_ns,
		.method = request->method,
		.target = request->target,
		.version = request->version,
		.status = request->status,
		.cut = request->cut,
		.aborted = request->aborted,
		.approximate = cs_conclude_approximate(instance, request->approximate),
		.running = request->running,
		.request_bytes = request->request_bytes,
		.response_bytes = request->response_bytes,
		.inbound = &request->inbound,
		.lambda = request->lambda,
		.whisk = request->whisk,
		.api = request->api ? cs_api_said(request->api) : NULL,
		.batch = request->batch,
		.started = ahead ? &cold.context : NULL,
		.outcome = request->outcome,
		.used = request->used,
	};
	cs_calls_settle(request, &invocation.network);
	attempt = cs_attempts_note(&instance->assembler->attempts, &instance->assembler->key,
				   &invocation);
	invocation.attempt = attempt.number;
	invocation.previous = attempt.has_previous ? &attempt.previous : NULL;
	if (request->lambda || request->batch)
		cs_attempts_note_messages(&instance->assembler->attempts, &instance->assembler->key,
					  &invocation,
					  request->lambda ? request->lambda : request->batch);
	instance->assembler->stats.invocations++;
	cs_assembled_ledger(instance, CS_LEDGER_INVOCATION)->told++;
	instance->assembler->sink.invocation(instance->assembler->sink.context, &invocation);
	if (request->api)
		cs_api_conclude(request->api, request);
	cs_logs_invocation_told(request);
	cs_calls_conclude(request, invocation.identity);
}

void cs_conclude_unready(struct cs_assembled *instance)
{
	struct cs_cold_start cold;

	cs_assembled_join_spawn(instance);
	if (!cs_assembled_is_function(instance) || cs_starter_joined(instance)) {
		conclude_helper(instance);
		return;
	}
	instance->concluded = true;
	settle_outcome(instance, &instance->outcome);
	if (instance->end != CS_ASSEMBLER_SHUTDOWN || cs_assembled_ready(instance) ||
	    instance->marks[CS_MARK_NEXT] || (cs_stdio_loops(instance) && cs_stdio_ready(instance)))
		cs_conclude_start(instance, NULL, why_event_unseen(instance, instance->outcome),
				  &cold);
}
