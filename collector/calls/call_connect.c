/* SPDX-License-Identifier: Apache-2.0 */

/* Connections from their records, and names that are looked up; see call.h. */
#include "collector/calls/call_held.h"

#include <stdlib.h>
#include <string.h>

static uint64_t between(uint64_t begin_ns, uint64_t end_ns)
{
	return begin_ns && end_ns > begin_ns ? end_ns - begin_ns : 0;
}

static char *copy_of(const char *text)
{
	return *text ? strdup(text) : NULL;
}

static void set(char **copy, const char *text)
{
	free(*copy);
	*copy = copy_of(text);
}

/* Where it leads, as far as it is known by now: more of it than when it was told before. */
void cs_call_tell_peer(struct cs_call *call, const struct cs_call_peer *peer)
{
	call->family = peer->family;
	call->port = peer->port;
	call->server_port = peer->server_port;
	memcpy(call->address, peer->address, sizeof(call->address));
	set(&call->path, peer->path);
	set(&call->name, peer->name);
	call->tls_version = peer->tls_version;
	call->encrypted |= peer->hello_ns != 0;
	call->connection_number = peer->number;
}

void cs_call_tell_tls(struct cs_call *call, struct cs_call_peer *peer)
{
	if (peer->secured_ns && !peer->tls_told)
		call->tls_ns = between(peer->hello_ns, peer->secured_ns);
	peer->tls_told = peer->secured_ns != 0;
}

void cs_call_tell_connect(struct cs_call *call, struct cs_call_peer *peer)
{
	call->lookup_ns = between(peer->lookup_begin_ns, peer->lookup_end_ns);
	call->connect_ns = between(peer->begin_ns, peer->done_ns);
	cs_call_tell_tls(call, peer);
	peer->timed = true;
}

/* It made room for another: it counts all the same for whom it was opened. */
static void forget(struct cs_calls *calls, const struct cs_call_peer *gone)
{
	struct cs_call_gone *of = &calls->gone;
	struct cs_request *request;

	calls->instance->assembler->stats.connections_forgotten++;
	if (!gone->opened)
		return;
	LIST_FOREACH(request, &calls->instance->requests, of_instance)
	{
		if (gone->owner && request->position == gone->owner && !request->handed_over) {
			of = &request->gone;
			break;
		}
	}
	if (gone->owner && !request)
		return; /* it is told of */
	of->count++;
	of->hows |= 1u << gone->how;
	if (!of->first_ns || gone->begin_ns < of->first_ns)
		of->first_ns = gone->begin_ns;
	if (gone->begin_ns > of->last_ns)
		of->last_ns = gone->begin_ns;
}

static struct cs_call_peer *new_peer(struct cs_calls *calls, const struct cs_entry *entry,
				     const struct cs_rec_connect *rec)
{
	struct cs_call_peer gone,
		*peer = cs_call_peers_add(calls->peers, entry->pid, rec->connection, &gone);

	if (!peer)
		return NULL;
	if (gone.number)
		forget(calls, &gone);
	peer->family = rec->family;
	peer->port = rec->port;
	memcpy(peer->address, rec->address, sizeof(peer->address));
	peer->begin_ns = cs_assembled_ours(calls->instance, rec->begin_ns);
	cs_peer_text(peer->path, (const char *)(rec + 1), rec->text_len);
	if (!*peer->path)
		cs_call_peers_join(calls->peers, peer);
	return peer;
}

/* Who it is made for. */
static void set_owner(struct cs_calls *calls, const struct cs_entry *entry,
		      struct cs_call_peer *peer)
{
	const struct cs_attribution_place place = { .tag = entry->pid,
						    .thread = entry->record.thread,
						    .time_ns = peer->begin_ns };
	struct cs_request *request = cs_attribution_peek(calls->instance, &place, &peer->how);

	if (!request)
		return;
	peer->owner = request->position;
	request->connects = true;
}

/* It is there, or failed: then that is all of the call. */
static void is_done(struct cs_calls *calls, const struct cs_entry *entry, struct cs_call_peer *peer,
		    const struct cs_rec_connect *rec, uint64_t time_ns)
{
	struct cs_call_held *held =
		cs_call_find_open(calls, entry->pid, CS_CALL_CONNECT, rec->connection);

	peer->done_ns = time_ns;
	peer->opened = !rec->error;
	if (!rec->error) {
		if (held)
			cs_call_drop(held);
		return;
	}
	if (!held)
		held = cs_call_begin(calls, entry, CS_CALL_CONNECT, rec->connection,
				     peer->begin_ns);
	if (!held)
		return;
	cs_call_tell_peer(&held->call, peer);
	cs_call_tell_connect(&held->call, peer);
	held->call.error = rec->error;
	cs_call_finish(held, time_ns);
}

static void is_left(struct cs_calls *calls, const struct cs_entry *entry, uint64_t time_ns)
{
	const struct cs_rec_connect *rec = (const void *)(&entry->record + 1);
	struct cs_call_held *held =
		cs_call_find_open(calls, entry->pid, CS_CALL_CONNECT, rec->connection);

	if (!held)
		return;
	held->call.approximate = "closed before it was seen to be there";
	cs_call_finish(held, time_ns);
}

static void begins_to_connect(struct cs_calls *calls, const struct cs_entry *entry,
			      struct cs_call_peer *peer, uint64_t begin_ns)
{
	struct cs_call_held *held =
		cs_call_begin(calls, entry, CS_CALL_CONNECT, peer->connection, begin_ns);

	if (held)
		cs_call_tell_peer(&held->call, peer);
}

static void asks_for_another(struct cs_call_peer *peer, const char *name, size_t len)
{
	char text[CS_PEER_TEXT_MAX];

	cs_peer_text(text, name, len);
	peer->changes = true;
	peer->refused = false;
	len = strlen(text);
	if (len >= sizeof(peer->next))
		len = 0;
	memcpy(peer->next, text, len);
	peer->next[len] = '\0';
}

void cs_calls_on_connect(struct cs_assembled *instance, const struct cs_entry *entry,
			 uint64_t time_ns)
{
	const struct cs_rec_connect *rec = (const void *)(&entry->record + 1);
	struct cs_calls *calls = cs_calls_of(instance);
	struct cs_call_peer *peer;

	if (!calls || rec->text_len > entry->record.payload_len - sizeof(*rec)) {
		instance->assembler->stats.unknown_records++;
		return;
	}
	peer = cs_call_peers_find(calls->peers, entry->pid, rec->connection);
	if (!peer && rec->family) {
		peer = new_peer(calls, entry, rec);
		if (peer)
			set_owner(calls, entry, peer);
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
	case CS_CONNECT_LEFT:
		is_left(calls, entry, time_ns);
		break;
	case CS_CONNECT_HELLO:
		peer->hello_ns = time_ns;
		if (rec->text_len)
			cs_peer_text(peer->name, (const char *)(rec + 1), rec->text_len);
		break;
	case CS_CONNECT_DATABASE:
		asks_for_another(peer, (const char *)(rec + 1), rec->text_len);
		break;
	case CS_CONNECT_SECURED:
		peer->secured_ns = time_ns;
		peer->tls_version = rec->version;
		break;
	}
}

void cs_calls_on_lookup(struct cs_assembled *instance, const struct cs_entry *entry,
			uint64_t time_ns)
{
	const struct cs_rec_lookup *rec = (const void *)(&entry->record + 1);
	struct cs_calls *calls = cs_calls_of(instance);
	const char *text = (const char *)(rec + 1);
	uint64_t begin_ns = cs_assembled_ours(instance, rec->begin_ns);
	struct cs_call_held *held;

	if (!calls ||
	    rec->name_len + rec->addresses_count * 16u > entry->record.payload_len - sizeof(*rec)) {
		instance->assembler->stats.unknown_records++;
		return;
	}
	/* A thread looks up one name at a time: when it began names it. */
	held = cs_call_find_open(calls, entry->pid, CS_CALL_LOOKUP, rec->begin_ns);
	if (rec->done && !rec->error) {
		cs_call_peers_name(calls->peers, entry->pid, rec, text, begin_ns, time_ns);
		if (held)
			cs_call_drop(held);
		return;
	}
	if (!held)
		held = cs_call_begin(calls, entry, CS_CALL_LOOKUP, rec->begin_ns, begin_ns);
	if (!held)
		return;
	if (!held->call.name)
		held->call.name = cs_text_clean_copy(text, rec->name_len);
	if (!rec->done)
		return;
	held->call.error = rec->error;
	cs_call_finish(held, time_ns);
}
