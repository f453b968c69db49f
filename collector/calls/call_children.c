/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Calls of helpers: programs that a function starts (curl or psql of a script), or that took its event; see
 * cs_calls_of_children().
 */
#include "collector/calls/call_held.h"

void cs_calls_over(struct cs_assembled *instance)
{
	struct cs_calls *calls = instance->calls;

	if (!calls || calls->is_left || LIST_EMPTY(&calls->early))
		return;
	calls->is_left = true;
	LIST_INSERT_HEAD(&instance->assembler->calls_left, calls, left);
}

void cs_call_settle_left(struct cs_calls *calls)
{
	if (!calls->is_left)
		return;
	LIST_REMOVE(calls, left);
	calls->is_left = false;
	if (cs_assembled_is_function(calls->instance))
		return; /* they are its start's */
	calls->instance->assembler->stats.calls_unowned += calls->early_count;
	cs_call_list_clear(&calls->early);
}

/* Whose it is by now. Its numbers of connections are those of another process. */
static void move(struct cs_call_held *held, struct cs_calls *to, struct cs_call_list *list,
		 unsigned *counted)
{
	cs_call_close(held);
	LIST_REMOVE(held, of_owner);
	--*held->counted;
	held->calls->count--;
	held->calls = to;
	to->count++;
	held->counted = counted;
	++*counted;
	held->call.connection_number = 0;
	LIST_INSERT_HEAD(list, held, of_owner);
}

static void drop_for_room(struct cs_call_held *held)
{
	struct cs_assembled *instance = held->calls->instance;

	instance->assembler->stats.calls_dropped++;
	cs_assembled_ledger(instance, CS_LEDGER_CALL)->dropped++;
	held->handed_over = true; /* it is accounted for */
	cs_call_drop(held);
}

static bool is_its_event(const struct cs_assembled *instance)
{
	return !cs_assembled_serves(instance) && !cs_assembled_asks(instance) && !instance->api;
}

/* The invocation for which @parent started the helper at @spawn_ns; NULL: it is not sure, or told already. */
static struct cs_request *started_for(struct cs_assembled *parent, uint64_t spawn_ns)
{
	const struct cs_attribution_place place = { .tag = (uint32_t)parent->identity.pid,
						    .time_ns = spawn_ns };
	enum cs_attribution how;
	struct cs_request *request = cs_attribution_peek(parent, &place, &how);

	return how == CS_ATTRIBUTION_ALONE ? request : NULL;
}

/* To who is its event, and is told of when that is over. */
static void give_to_process(struct cs_calls *from, struct cs_calls *to)
{
	struct cs_call_held *held;

	while ((held = LIST_FIRST(&from->early))) {
		if (to->early_count >= CS_CALLS_OF_ONE_MAX) {
			drop_for_room(held);
			continue;
		}
		held->tag = (uint32_t)to->instance->identity.pid;
		move(held, to, &to->early, &to->early_count);
	}
}

static void give_to_request(struct cs_calls *from, struct cs_calls *to, struct cs_request *request,
			    uint64_t spawn_ns)
{
	struct cs_call_held *held;

	while ((held = LIST_FIRST(&from->early))) {
		if (request->end_ns && held->begun_ns > request->end_ns) {
			to->instance->assembler->stats.calls_unowned++;
			cs_call_drop(held);
			continue;
		}
		if (request->calls_count >= CS_CALLS_OF_ONE_MAX ||
		    to->count >= CS_CALLS_OF_INSTANCE_MAX) {
			drop_for_room(held);
			continue;
		}
		held->how = CS_ATTRIBUTION_ALONE;
		held->begun_ns = spawn_ns;
		held->owner = request->position;
		move(held, to, &request->calls, &request->calls_count);
	}
}

/* Return: false: it is not known whose they are, so far. */
static bool hand_up(struct cs_calls *calls)
{
	struct cs_assembled *helper = calls->instance, *parent;
	uint64_t spawn_ns = cs_assembled_spawn(helper);
	struct cs_request *request;
	struct cs_calls *to;

	if (cs_assembled_is_function(helper))
		return false;
	parent = cs_assembled_parent(helper);
	to = parent && spawn_ns ? cs_calls_of(parent) : NULL;
	if (!to)
		return false;
	if (is_its_event(parent)) {
		if (parent->concluded)
			return false;
		give_to_process(calls, to);
		if (parent->over) /* it is maybe a helper itself, which was looked at before */
			cs_calls_over(parent);
		return true;
	}
	request = started_for(parent, spawn_ns);
	if (!request || request->handed_over)
		return false;
	give_to_request(calls, to, request, spawn_ns);
	return true;
}

/* Return: was any handed to somebody? */
static bool hand_up_all(struct cs_assembler *assembler)
{
	struct cs_calls *calls = LIST_FIRST(&assembler->calls_left), *next;
	bool any = false;

	for (; calls; calls = next) {
		bool taken = hand_up(calls);

		next = LIST_NEXT(calls, left);
		any |= taken;
		if (taken || calls->instance->concluded)
			cs_call_settle_left(calls);
	}
	return any;
}

void cs_calls_of_children(struct cs_assembler *assembler)
{
	while (hand_up_all(assembler)) /* a helper's helper first gives them to that */
		;
}
