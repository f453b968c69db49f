/* SPDX-License-Identifier: Apache-2.0 */

/* Calls from when they begin until they are handed over, in bounds; see call_held.h. */
#include "collector/calls/call_held.h"

#include <stdlib.h>

struct cs_calls *cs_calls_of(struct cs_assembled *instance)
{
	struct cs_calls *calls = instance->calls;

	if (calls)
		return calls;
	calls = calloc(1, sizeof(*calls));
	if (!calls)
		return NULL;
	calls->instance = instance;
	calls->peers = cs_call_peers_new();
	if (!calls->peers) {
		free(calls);
		return NULL;
	}
	instance->calls = calls;
	return calls;
}

void cs_call_close(struct cs_call_held *held)
{
	if (held->is_open)
		LIST_REMOVE(held, open);
	held->is_open = false;
}

void cs_call_drop(struct cs_call_held *held)
{
	cs_assembled_ledger(held->calls->instance, CS_LEDGER_CALL)->aside += !held->handed_over;
	LIST_REMOVE(held, of_owner);
	cs_call_close(held);
	held->calls->count--;
	held->calls->instance->assembler->room.bytes -= sizeof(*held);
	--*held->counted;
	free(held->call.operation);
	free(held->call.target);
	free(held->call.host);
	free(held->call.database);
	free(held->call.path);
	free(held->call.name);
	free(held);
}

void cs_call_list_clear(struct cs_call_list *list)
{
	struct cs_call_held *held;

	while ((held = LIST_FIRST(list)))
		cs_call_drop(held);
}

bool cs_call_list_is_open(const struct cs_call_list *list)
{
	const struct cs_call_held *held;

	LIST_FOREACH(held, list, of_owner)
	{
		if (!held->answered)
			return true;
	}
	return false;
}

void cs_calls_write_off(struct cs_assembled *instance)
{
	if (!instance->calls)
		return;
	cs_call_settle_left(instance->calls);
	cs_call_list_clear(&instance->calls->early);
}

struct cs_calls *cs_calls_free(struct cs_calls *calls)
{
	if (!calls)
		return NULL;
	cs_call_settle_left(calls);
	cs_call_list_clear(&calls->early);
	cs_call_peers_free(calls->peers);
	free(calls);
	return NULL;
}

/* Who it is of. Return: its list; NULL: none's. */
static struct cs_call_list *owner_of(struct cs_calls *calls, struct cs_call_held *held,
				     unsigned **ret_count)
{
	const struct cs_attribution_place place = { .tag = held->tag,
						    .thread = held->thread,
						    .time_ns = held->begun_ns };
	struct cs_request *request = cs_call_told_owner(calls->instance, &held->told, held->tag);

	if (request) /* as sure as what passes on its connection */
		held->how = CS_ATTRIBUTION_CONNECTION;
	else
		request = cs_attribution_find(calls->instance, &place, &held->how);
	if (request) {
		held->owner = request->position;
		*ret_count = &request->calls_count;
		return &request->calls;
	}
	*ret_count = &calls->early_count;
	return calls->instance->first_seen || held->how == CS_ATTRIBUTION_UNCLEAR ? NULL
										  : &calls->early;
}

static bool make_room(struct cs_calls *calls)
{
	while (calls->count >= CS_CALLS_OF_INSTANCE_MAX) {
		if (!cs_assembled_hurry(calls->instance))
			return false;
	}
	return cs_room_make(calls->instance->assembler, CS_ROOM_CALL, sizeof(struct cs_call_held));
}

/* Give it to its owner. Return: NULL: it has none, or there is no room for it; it is freed. */
static struct cs_call_held *hold(struct cs_calls *calls, struct cs_call_held *held)
{
	struct cs_assembler_stats *stats = &calls->instance->assembler->stats;
	struct cs_ledger_line *ledger = cs_assembled_ledger(calls->instance, CS_LEDGER_CALL);
	bool room = make_room(calls); /* before its owner is one of those who make it */
	unsigned *count;
	struct cs_call_list *list = owner_of(calls, held, &count);

	if (!list || *count >= CS_CALLS_OF_ONE_MAX || !room) {
		stats->calls_unowned += !list && held->how == CS_ATTRIBUTION_NONE;
		stats->calls_dropped += list != NULL;
		ledger->dropped += list != NULL;
		ledger->aside += !list;
		free(held);
		return NULL;
	}
	held->calls = calls;
	held->counted = count;
	++*count;
	calls->count++;
	calls->instance->assembler->room.bytes += sizeof(*held);
	held->is_open = true;
	LIST_INSERT_HEAD(&calls->open, held, open);
	LIST_INSERT_HEAD(list, held, of_owner);
	return held;
}

struct cs_call_held *cs_call_begin(struct cs_calls *calls, const struct cs_entry *entry,
				   enum cs_call_kind kind, uint64_t connection, uint64_t begun_ns)
{
	struct cs_ledger_line *ledger = cs_assembled_ledger(calls->instance, CS_LEDGER_CALL);
	struct cs_call_held *held = calloc(1, sizeof(*held));

	ledger->read++;
	if (!held) {
		calls->instance->assembler->stats.calls_dropped++;
		ledger->dropped++;
		return NULL;
	}
	held->tag = entry->pid;
	held->thread = entry->record.thread;
	held->connection = connection;
	held->position = entry->position;
	held->segment = calls->instance->identity.segment;
	held->begun_ns = begun_ns;
	if (kind == CS_CALL_EXCHANGE)
		cs_call_told_read(cs_call_lines((const void *)(&entry->record + 1)), &held->told,
				  NULL);
	held->call.kind = kind;
	held->call.pid = (int32_t)entry->pid;
	held->call.start_ns = begun_ns;
	return hold(calls, held);
}

struct cs_call_held *cs_call_find_open(struct cs_calls *calls, uint32_t tag, enum cs_call_kind kind,
				       uint64_t connection)
{
	struct cs_call_held *held;

	LIST_FOREACH(held, &calls->open, open)
	{
		if (held->connection == connection && held->tag == tag && held->call.kind == kind)
			return held;
	}
	return NULL;
}

void cs_call_finish(struct cs_call_held *held, uint64_t end_ns)
{
	held->answered = true;
	held->call.end_ns = end_ns > held->call.start_ns ? end_ns : held->call.start_ns;
	cs_call_close(held);
}
