/* SPDX-License-Identifier: Apache-2.0 */

/* Calls from their records; see call.h. */
#include "collector/calls/call_held.h"

#include <stdio.h>
#include <string.h>

static void set_texts(struct cs_call *call, const struct cs_rec_call *rec, const char *text)
{
	struct cs_part host = { NULL, 0 };
	struct cs_call_told told;

	call->protocol = rec->protocol;
	call->encrypted |= rec->flags & CS_CALL_ENCRYPTED;
	call->cut = rec->flags & CS_CALL_TARGET_CUT;
	call->version = rec->version;
	call->operation = cs_text_clean_copy(text, rec->method_len);
	call->target = cs_text_clean_copy(text + rec->method_len, rec->target_len);
	cs_call_told_read(cs_call_lines(rec), &told, &host);
	call->host = cs_text_clean_copy(host.text, host.len);
}

/* A proxy leads on to what it was asked for. */
static void set_tunnel(struct cs_calls *calls, const struct cs_call_held *held)
{
	struct cs_call_peer *peer = cs_call_peers_find(calls->peers, held->tag, held->connection);
	const char *target = held->call.target, *colon = target ? strrchr(target, ':') : NULL;
	unsigned port;

	if (!peer || !colon || sscanf(colon + 1, "%5u", &port) != 1 || port > UINT16_MAX)
		return;
	peer->server_port = (uint16_t)port;
	cs_peer_text(peer->name, target, (size_t)(colon - target));
}

static bool is_tunnel(const struct cs_call *call)
{
	return call->protocol == CS_CALL_HTTP && call->operation &&
	       !strcmp(call->operation, "CONNECT") && call->status / 100 == 2;
}

/* The first call on a connection that was made for it begins where that does, or its name was asked for. */
static void begin_with_connect(struct cs_call_held *held, struct cs_call_peer *peer)
{
	uint64_t begin_ns = peer->lookup_begin_ns ? peer->lookup_begin_ns : peer->begin_ns;

	cs_call_tell_connect(&held->call, peer);
	if (peer->owner == held->owner && begin_ns && begin_ns < held->call.start_ns)
		held->call.start_ns = begin_ns;
}

static void tell_database(struct cs_call *call, struct cs_call_peer *peer)
{
	const char *name;

	cs_call_peer_settle(peer);
	name = cs_call_peer_database(peer, call->protocol);
	if (name)
		call->database = strdup(name);
}

void cs_calls_on_call(struct cs_assembled *instance, const struct cs_entry *entry, uint64_t time_ns)
{
	const struct cs_rec_call *rec = (const void *)(&entry->record + 1);
	struct cs_calls *calls = cs_calls_of(instance);
	struct cs_call_held *held, *before;
	struct cs_call_peer *peer;

	if (!calls || (uint32_t)rec->method_len + rec->target_len + rec->headers_len >
			      entry->record.payload_len - sizeof(*rec)) {
		instance->assembler->stats.unknown_records++;
		return;
	}
	/* Where calls follow each other, the next one says that what came of the last was all. */
	before = cs_call_find_open(calls, entry->pid, CS_CALL_EXCHANGE, rec->connection);
	if (before && before->answered)
		cs_call_close(before);
	held = cs_call_begin(calls, entry, CS_CALL_EXCHANGE, rec->connection, time_ns);
	if (!held)
		return;
	held->sequence = rec->sequence;
	set_texts(&held->call, rec, (const char *)(rec + 1));
	peer = cs_call_peers_find(calls->peers, entry->pid, rec->connection);
	held->call.reused = rec->sequence > 0 || (peer && peer->timed);
	if (!peer)
		return;
	cs_call_tell_peer(&held->call, peer);
	tell_database(&held->call, peer);
	if (!held->call.reused)
		begin_with_connect(held, peer);
	else if (peer->server_port)
		cs_call_tell_tls(&held->call, peer);
}

/* Of a database. It is told once that it failed. */
static void set_answer(struct cs_call *call, const struct cs_entry *entry, uint16_t flags)
{
	const struct cs_rec_call_end *rec = (const void *)(&entry->record + 1);
	struct cs_rec_call_db db = { .queries = 0 };

	if (entry->record.payload_len >= sizeof(*rec) + sizeof(db))
		memcpy(&db, rec + 1, sizeof(db));
	db.code[sizeof(db.code) - 1] = '\0';
	call->mixed = flags & CS_CALL_END_MIXED;
	if (db.queries)
		call->queries = db.queries;
	if (!(flags & CS_CALL_END_FAILED) || call->failed)
		return;
	call->failed = true;
	if (strspn(db.code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == strlen(db.code))
		memcpy(call->code, db.code, sizeof(call->code));
}

void cs_calls_on_call_end(struct cs_assembled *instance, const struct cs_entry *entry,
			  uint64_t time_ns)
{
	const struct cs_rec_call_end *rec = (const void *)(&entry->record + 1);
	struct cs_call_held *held;

	if (!instance->calls)
		return;
	if (rec->flags & CS_CALL_END_FAILED)
		cs_call_peers_refuse(instance->calls->peers, entry->pid, rec->connection);
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
	held->call.first_ns = cs_assembled_ours(instance, rec->first_ns);
	held->call.aborted = rec->flags & CS_CALL_END_ABORTED;
	set_answer(&held->call, entry, rec->flags);
	if (is_tunnel(&held->call))
		set_tunnel(instance->calls, held);
	if (rec->flags & CS_CALL_END_UNFOLLOWED)
		held->call.approximate = CS_END_UNSEEN;
	if (rec->flags & CS_CALL_END_MORE) {
		held->answered = true;
		held->call.end_ns = time_ns;
	} else {
		cs_call_finish(held, time_ns);
	}
}
