/* SPDX-License-Identifier: Apache-2.0 */

/* Calls from their records until they are handed over; see call.h. */
#include "collector/call.h"

#include <stdlib.h>
#include <string.h>

#include "collector/assembled.h"
#include "collector/call_peers.h"
#include "collector/clock_shift.h"

struct cs_calls {
	struct cs_assembled *instance;
	struct cs_call_peers *peers;
	LIST_HEAD(, cs_call_held) open;
	struct cs_call_list
		early; /* before the first invocation, or of a process that is its event */
	unsigned early_count;
	unsigned count;
};

/* --- what is held --- */

static struct cs_calls *calls_of(struct cs_assembled *instance)
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

static void close_call(struct cs_call_held *held)
{
	if (held->is_open)
		LIST_REMOVE(held, open);
	held->is_open = false;
}

static void drop(struct cs_call_held *held)
{
	LIST_REMOVE(held, of_owner);
	close_call(held);
	held->calls->count--;
	--*held->counted;
	free(held->call.operation);
	free(held->call.target);
	free(held->call.host);
	free(held->call.path);
	free(held->call.name);
	free(held);
}

void cs_call_list_clear(struct cs_call_list *list)
{
	struct cs_call_held *held;

	while ((held = LIST_FIRST(list)))
		drop(held);
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

struct cs_calls *cs_calls_free(struct cs_calls *calls)
{
	if (!calls)
		return NULL;
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
	struct cs_request *request = cs_attribution_find(calls->instance, &place, &held->how);

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
	return true;
}

/* Give it to its owner. Return: NULL: it has none, or there is no room for it; it is freed. */
static struct cs_call_held *hold(struct cs_calls *calls, struct cs_call_held *held)
{
	struct cs_assembler_stats *stats = &calls->instance->assembler->stats;
	bool room = make_room(calls); /* before its owner is one of those who make it */
	unsigned *count;
	struct cs_call_list *list = owner_of(calls, held, &count);

	if (!list || *count >= CS_CALLS_OF_ONE_MAX || !room) {
		stats->calls_unowned += !list && held->how == CS_ATTRIBUTION_NONE;
		stats->calls_dropped += list != NULL;
		free(held);
		return NULL;
	}
	held->calls = calls;
	held->counted = count;
	++*count;
	calls->count++;
	held->is_open = true;
	LIST_INSERT_HEAD(&calls->open, held, open);
	LIST_INSERT_HEAD(list, held, of_owner);
	return held;
}

static struct cs_call_held *begin(struct cs_calls *calls, const struct cs_entry *entry,
				  enum cs_call_kind kind, uint64_t connection, uint64_t begun_ns)
{
	struct cs_call_held *held = calloc(1, sizeof(*held));

	if (!held) {
		calls->instance->assembler->stats.calls_dropped++;
		return NULL;
	}
	held->tag = entry->pid;
	held->thread = entry->record.thread;
	held->connection = connection;
	held->position = entry->position;
	held->begun_ns = begun_ns;
	held->call.kind = kind;
	held->call.pid = (int32_t)entry->pid;
	held->call.start_ns = begun_ns;
	return hold(calls, held);
}

static struct cs_call_held *find_open(struct cs_calls *calls, uint32_t tag, enum cs_call_kind kind,
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

static void finish(struct cs_call_held *held, uint64_t end_ns)
{
	held->answered = true;
	held->call.end_ns = end_ns > held->call.start_ns ? end_ns : held->call.start_ns;
	close_call(held);
}

static uint64_t ours(const struct cs_assembled *instance, uint64_t stamp_ns)
{
	return stamp_ns ? cs_clock_shift_apply(instance->identity.clock_shift_ns, stamp_ns) : 0;
}

static uint64_t between(uint64_t begin_ns, uint64_t end_ns)
{
	return begin_ns && end_ns > begin_ns ? end_ns - begin_ns : 0;
}

static char *copy_of(const char *text)
{
	return *text ? strdup(text) : NULL;
}

/* --- connections --- */

static void set(char **copy, const char *text)
{
	free(*copy);
	*copy = copy_of(text);
}

/* Where it leads, as far as it is known by now: more of it than when it was told before. */
static void tell_peer(struct cs_call *call, const struct cs_call_peer *peer)
{
	call->family = peer->family;
	call->port = peer->port;
	memcpy(call->address, peer->address, sizeof(call->address));
	set(&call->path, peer->path);
	set(&call->name, peer->name);
	call->tls_version = peer->tls_version;
	call->encrypted |= peer->hello_ns != 0;
	call->connection_number = peer->number;
}

static void tell_connect(struct cs_call *call, struct cs_call_peer *peer)
{
	call->lookup_ns = between(peer->lookup_begin_ns, peer->lookup_end_ns);
	call->connect_ns = between(peer->begin_ns, peer->done_ns);
	call->tls_ns = between(peer->hello_ns, peer->secured_ns);
	peer->timed = true;
}

static struct cs_call_peer *new_peer(struct cs_calls *calls, const struct cs_entry *entry,
				     const struct cs_rec_connect *rec)
{
	struct cs_call_peer *peer = cs_call_peers_add(calls->peers, entry->pid, rec->connection);

	if (!peer)
		return NULL;
	peer->family = rec->family;
	peer->port = rec->port;
	memcpy(peer->address, rec->address, sizeof(peer->address));
	peer->begin_ns = ours(calls->instance, rec->begin_ns);
	cs_peer_text(peer->path, (const char *)(rec + 1), rec->text_len);
	if (!*peer->path)
		cs_call_peers_join(calls->peers, peer);
	return peer;
}

static uint64_t position_of_owner(struct cs_calls *calls, const struct cs_entry *entry,
				  uint64_t time_ns)
{
	const struct cs_attribution_place place = { .tag = entry->pid,
						    .thread = entry->record.thread,
						    .time_ns = time_ns };
	enum cs_attribution how;
	struct cs_request *request = cs_attribution_peek(calls->instance, &place, &how);

	return request ? request->position : 0;
}

/* It is there, or failed: then that is all of the call. */
static void is_done(struct cs_calls *calls, const struct cs_entry *entry, struct cs_call_peer *peer,
		    const struct cs_rec_connect *rec, uint64_t time_ns)
{
	struct cs_call_held *held = find_open(calls, entry->pid, CS_CALL_CONNECT, rec->connection);

	peer->done_ns = time_ns;
	if (!rec->error) {
		if (held)
			drop(held);
		return;
	}
	if (!held)
		held = begin(calls, entry, CS_CALL_CONNECT, rec->connection, peer->begin_ns);
	if (!held)
		return;
	tell_peer(&held->call, peer);
	tell_connect(&held->call, peer);
	held->call.error = rec->error;
	finish(held, time_ns);
}

static void begins_to_connect(struct cs_calls *calls, const struct cs_entry *entry,
			      struct cs_call_peer *peer, uint64_t begin_ns)
{
	struct cs_call_held *held =
		begin(calls, entry, CS_CALL_CONNECT, peer->connection, begin_ns);

	if (held)
		tell_peer(&held->call, peer);
}

void cs_calls_on_connect(struct cs_assembled *instance, const struct cs_entry *entry,
			 uint64_t time_ns)
{
	const struct cs_rec_connect *rec = (const void *)(&entry->record + 1);
	struct cs_calls *calls = calls_of(instance);
	struct cs_call_peer *peer;

	if (!calls || rec->text_len > entry->record.payload_len - sizeof(*rec))
		return;
	peer = cs_call_peers_find(calls->peers, entry->pid, rec->connection);
	if (!peer && rec->family) {
		peer = new_peer(calls, entry, rec);
		if (peer)
			peer->owner = position_of_owner(calls, entry, peer->begin_ns);
	}
	if (!peer)
		return;
	switch ((enum cs_connect_stage)rec->stage) {
	case CS_CONNECT_BEGUN:
		begins_to_connect(calls, entry, peer, peer->begin_ns);
		break;
	case CS_CONNECT_DONE:
		is_done(calls, entry, peer, rec, time_ns);
		break;
	case CS_CONNECT_HELLO:
		peer->hello_ns = time_ns;
		if (rec->text_len)
			cs_peer_text(peer->name, (const char *)(rec + 1), rec->text_len);
		break;
	case CS_CONNECT_SECURED:
		peer->secured_ns = time_ns;
		peer->tls_version = rec->version;
		break;
	}
}

/* --- calls --- */

static void set_texts(struct cs_call *call, const struct cs_rec_call *rec, const char *text)
{
	static const char host[] = "host: ";
	const char *headers = text + rec->method_len + rec->target_len;

	call->protocol = rec->protocol;
	call->encrypted |= rec->flags & CS_CALL_ENCRYPTED;
	call->cut = rec->flags & CS_CALL_TARGET_CUT;
	call->operation = cs_text_clean_copy(text, rec->method_len);
	call->target = cs_text_clean_copy(text + rec->method_len, rec->target_len);
	if (rec->headers_len > sizeof(host) && !memcmp(headers, host, sizeof(host) - 1))
		call->host = cs_text_clean_copy(headers + sizeof(host) - 1,
						rec->headers_len - sizeof(host));
}

/* The first call on a connection that was made for it begins where that does, or its name was asked for. */
static void begin_with_connect(struct cs_call_held *held, struct cs_call_peer *peer)
{
	uint64_t begin_ns = peer->lookup_begin_ns ? peer->lookup_begin_ns : peer->begin_ns;

	tell_connect(&held->call, peer);
	if (peer->owner == held->owner && begin_ns && begin_ns < held->call.start_ns)
		held->call.start_ns = begin_ns;
}

void cs_calls_on_call(struct cs_assembled *instance, const struct cs_entry *entry, uint64_t time_ns)
{
	const struct cs_rec_call *rec = (const void *)(&entry->record + 1);
	struct cs_calls *calls = calls_of(instance);
	struct cs_call_held *held, *before;
	struct cs_call_peer *peer;

	if (!calls || (uint32_t)rec->method_len + rec->target_len + rec->headers_len >
			      entry->record.payload_len - sizeof(*rec))
		return;
	/* Where calls follow each other, the next one says that what came of the last was all. */
	before = find_open(calls, entry->pid, CS_CALL_EXCHANGE, rec->connection);
	if (before && before->answered)
		close_call(before);
	held = begin(calls, entry, CS_CALL_EXCHANGE, rec->connection, time_ns);
	if (!held)
		return;
	held->sequence = rec->sequence;
	set_texts(&held->call, rec, (const char *)(rec + 1));
	peer = cs_call_peers_find(calls->peers, entry->pid, rec->connection);
	held->call.reused = rec->sequence > 0 || (peer && peer->timed);
	if (!peer)
		return;
	tell_peer(&held->call, peer);
	if (!held->call.reused)
		begin_with_connect(held, peer);
}

void cs_calls_on_call_end(struct cs_assembled *instance, const struct cs_entry *entry,
			  uint64_t time_ns)
{
	const struct cs_rec_call_end *rec = (const void *)(&entry->record + 1);
	struct cs_call_held *held;

	if (!instance->calls)
		return;
	LIST_FOREACH(held, &instance->calls->open, open)
	{
		if (held->connection == rec->connection && held->sequence == rec->sequence &&
		    held->tag == entry->pid && held->call.kind == CS_CALL_EXCHANGE)
			break;
	}
	if (!held)
		return;
	held->call.status = rec->status;
	held->call.bytes_out = rec->bytes_out;
	held->call.bytes_in = rec->bytes_in;
	held->call.first_ns = ours(instance, rec->first_ns);
	held->call.aborted = rec->flags & CS_CALL_END_ABORTED;
	if (rec->flags & CS_CALL_END_UNFOLLOWED)
		held->call.approximate = CS_END_UNSEEN;
	if (rec->flags & CS_CALL_END_MORE) {
		held->answered = true;
		held->call.end_ns = time_ns;
	} else {
		finish(held, time_ns);
	}
}

/* --- names --- */

void cs_calls_on_lookup(struct cs_assembled *instance, const struct cs_entry *entry,
			uint64_t time_ns)
{
	const struct cs_rec_lookup *rec = (const void *)(&entry->record + 1);
	struct cs_calls *calls = calls_of(instance);
	const char *text = (const char *)(rec + 1);
	uint64_t begin_ns = ours(instance, rec->begin_ns);
	struct cs_call_held *held;

	if (!calls ||
	    rec->name_len + rec->addresses_count * 16u > entry->record.payload_len - sizeof(*rec))
		return;
	/* A thread looks up one name at a time: when it began names it. */
	held = find_open(calls, entry->pid, CS_CALL_LOOKUP, rec->begin_ns);
	if (rec->done && !rec->error) {
		cs_call_peers_name(calls->peers, entry->pid, rec, text, begin_ns, time_ns);
		if (held)
			drop(held);
		return;
	}
	if (!held)
		held = begin(calls, entry, CS_CALL_LOOKUP, rec->begin_ns, begin_ns);
	if (!held)
		return;
	if (!held->call.name)
		held->call.name = cs_text_clean_copy(text, rec->name_len);
	if (!rec->done)
		return;
	held->call.error = rec->error;
	finish(held, time_ns);
}

/* --- handing over --- */

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
		.span_id = cs_make_span_id(&assembler->key, held->calls->instance->identity.segment,
					   held->position, CS_ID_CALL),
	};
	assembler->stats.calls++;
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

void cs_calls_conclude(struct cs_request *request, const struct cs_identity *identity)
{
	struct cs_call_held *held;

	take_early(request);
	while ((held = LIST_FIRST(&request->calls))) {
		if (cs_attribution_holds(request, held->how, held->begun_ns)) {
			if (held->call.start_ns < request->start_ns)
				held->call.start_ns = request->start_ns;
			settle(held, request->end_ns, request->outcome, request->running);
			hand_over(held, identity, &request->context);
		}
		drop(held);
	}
}

void cs_calls_conclude_start(struct cs_assembled *instance, const struct cs_cold_start *cold)
{
	struct cs_call_held *held = instance->calls ? LIST_FIRST(&instance->calls->early) : NULL,
			    *next;

	for (; held; held = next) {
		next = LIST_NEXT(held, of_owner);
		for (unsigned i = 0;
		     i < cold->phases_count && cold->phases[i].phase < CS_PHASE_HANDLER; i++) {
			const struct cs_phase_part *part = &cold->phases[i];
			struct cs_span_context phase = cold->context;

			if (held->begun_ns < part->start_ns || held->begun_ns >= part->end_ns)
				continue;
			phase.span_id = cs_phase_span_id(cold->context.span_id, part->phase);
			settle(held, cold->end_ns, cold->outcome, false);
			hand_over(held, cold->identity, &phase);
			drop(held);
			break;
		}
	}
}
