/* SPDX-License-Identifier: Apache-2.0 */

/* Calls are handed over with whom they are of; see call.h. */
#include "collector/calls/call_held.h"

#include <string.h>

/* What has no end that was told: of whom does it, or at which moment was it last seen? */
static void settle(struct cs_call_held *held, uint64_t owner_end_ns, struct cs_outcome outcome,
		   bool running)
{
	struct cs_call *call = &held->call;

	if (!held->answered) {
		call->end_ns = owner_end_ns;
		call->outcome = outcome;
		call->unfinished = true;
		call->approximate =
			running || outcome.cause == CS_CAUSE_NONE ? CS_END_UNSEEN : NULL;
	}
	if (call->end_ns < call->start_ns)
		call->end_ns = call->start_ns;
	if (call->first_ns && call->first_ns < call->start_ns)
		call->first_ns = call->start_ns;
}

static void hand_over(struct cs_call_held *held, const struct cs_identity *identity,
		      const struct cs_span_context *parent)
{
	struct cs_assembler *assembler = held->calls->instance->assembler;
	struct cs_call *call = &held->call;

	call->identity = identity;
	call->context = (struct cs_span_context){
		.trace_id = parent->trace_id,
		.parent_span_id = parent->span_id,
		.trace_state = parent->trace_state,
		.trace_flags = parent->trace_flags,
		.caller_decided = parent->caller_decided,
		.span_id =
			cs_make_span_id(&assembler->key, held->segment, held->position, CS_ID_CALL),
	};
	if (held->told.is)
		memcpy(call->context.span_id.bytes, held->told.span, sizeof(held->told.span));
	assembler->stats.calls++;
	held->handed_over = true;
	cs_assembled_ledger(held->calls->instance, CS_LEDGER_CALL)->told++;
	if (assembler->sink.call)
		assembler->sink.call(assembler->sink.context, call);
}

/* Of a process that is its event nothing was in flight before it ended. */
static void take_early(struct cs_request *request)
{
	struct cs_calls *calls = request->instance->calls;
	struct cs_call_held *held = calls && request->exec ? LIST_FIRST(&calls->early) : NULL,
			    *next;

	for (; held; held = next) {
		next = LIST_NEXT(held, of_owner);
		if (held->tag != request->tag || held->begun_ns < request->start_ns)
			continue;
		LIST_REMOVE(held, of_owner);
		--*held->counted;
		held->counted = &request->calls_count;
		request->calls_count++;
		held->how = CS_ATTRIBUTION_ALONE;
		LIST_INSERT_HEAD(&request->calls, held, of_owner);
	}
}

/* Was it made by that request, by all that is known now? */
static bool is_made_by(const struct cs_call_peer *peer, const struct cs_request *request)
{
	if (!peer->opened)
		return false;
	if (request->exec)
		return peer->tag == request->tag && peer->begin_ns >= request->start_ns;
	return peer->owner == request->position &&
	       cs_attribution_holds(request, peer->how, peer->begin_ns);
}

/* What holds of the last one, by all that is known now, holds of those before. */
static bool gone_hold(const struct cs_request *request)
{
	for (unsigned how = 0; request->gone.hows >> how; how++) {
		if (request->gone.hows >> how & 1 &&
		    !cs_attribution_holds(request, how, request->gone.last_ns))
			return false;
	}
	return true;
}

/* How many of those that are known no longer are its own. Return: false: that is not known, either. */
static bool count_gone(const struct cs_request *request, unsigned *ret)
{
	const struct cs_call_gone *gone =
		request->exec ? &request->instance->calls->gone : &request->gone;

	*ret = 0;
	if (!gone->count || (request->exec && gone->last_ns < request->start_ns))
		return true;
	*ret = gone->count;
	return request->exec ? gone->first_ns >= request->start_ns : gone_hold(request);
}

/* 0: it opened none, or how many is not known. */
static unsigned count_opened(const struct cs_request *request)
{
	struct cs_calls *calls = request->instance->calls;
	struct cs_call_peer *peer = NULL;
	unsigned count;

	if (!calls || !(request->connects || request->exec) || !count_gone(request, &count))
		return 0;
	while ((peer = cs_call_peers_next(calls->peers, peer)))
		count += is_made_by(peer, request);
	return count;
}

void cs_calls_settle(struct cs_request *request, struct cs_network *ret)
{
	struct cs_network network = { .sent_bytes = request->response_bytes,
				      .received_bytes = request->request_bytes };
	struct cs_call_held *held, *next;
	unsigned children = 0; /* connections of theirs */

	take_early(request);
	for (held = LIST_FIRST(&request->calls); held; held = next) {
		next = LIST_NEXT(held, of_owner);
		if (!cs_attribution_holds(request, held->how, held->begun_ns)) {
			cs_call_drop(held);
			continue;
		}
		if (held->call.start_ns < request->start_ns)
			held->call.start_ns = request->start_ns;
		settle(held, request->end_ns, request->outcome, request->running);
		children += held->segment != request->instance->identity.segment &&
			    held->call.kind == CS_CALL_EXCHANGE && !held->call.reused;
		network.sent_bytes += held->call.bytes_out;
		network.received_bytes += held->call.bytes_in;
	}
	network.connections_opened = count_opened(request) + children;
	*ret = network;
}

void cs_calls_conclude(struct cs_request *request, const struct cs_identity *identity)
{
	struct cs_call_held *held;

	while ((held = LIST_FIRST(&request->calls))) {
		hand_over(held, identity, &request->context);
		cs_call_drop(held);
	}
}

unsigned cs_calls_opened_before(const struct cs_assembled *instance, uint64_t time_ns)
{
	struct cs_call_peer *peer = NULL;
	unsigned count = 0;

	/* In between: those that are known, at least. */
	if (instance->calls && instance->calls->gone.last_ns < time_ns)
		count = instance->calls->gone.count;
	while (instance->calls && (peer = cs_call_peers_next(instance->calls->peers, peer)))
		count += peer->opened && !peer->owner && peer->begin_ns < time_ns;
	return count;
}

static const struct cs_phase_part *phase_at(const struct cs_cold_start *cold, uint64_t time_ns)
{
	for (unsigned i = 0; i < cold->phases_count && cold->phases[i].phase < CS_PHASE_HANDLER;
	     i++) {
		const struct cs_phase_part *part = &cold->phases[i];

		if (time_ns >= part->start_ns && time_ns < part->end_ns)
			return part;
	}
	return NULL;
}

/* What was asked before there was an event is below the phase in which its look-up or connect began. */
void cs_calls_conclude_start(struct cs_assembled *instance, const struct cs_cold_start *cold)
{
	struct cs_call_held *held = instance->calls ? LIST_FIRST(&instance->calls->early) : NULL,
			    *next;

	for (; held; held = next) {
		const struct cs_phase_part *asked = phase_at(cold, held->begun_ns),
					   *began = phase_at(cold, held->call.start_ns);
		struct cs_span_context phase = cold->context;

		next = LIST_NEXT(held, of_owner);
		if (!asked)
			continue;
		phase.span_id =
			cs_phase_span_id(cold->context.span_id, (began ? began : asked)->phase);
		settle(held, cold->end_ns, cold->outcome, false);
		hand_over(held, cold->identity, &phase);
		cs_call_drop(held);
	}
}
