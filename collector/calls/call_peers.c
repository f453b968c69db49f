/* SPDX-License-Identifier: Apache-2.0 */

/* Connections and names; see call_peers.h. */
#include "collector/calls/call_peers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/assembler/inbound.h"
#include "collector/calls/call.h"

TAILQ_HEAD(peer_list, cs_call_peer);

struct cs_call_peers {
	struct peer_list list;
	unsigned count;
	uint32_t made; /* connections, ever */
	struct cs_call_name names[CS_CALL_NAMES_MAX];
	unsigned next_name;
};

void cs_call_peer_settle(struct cs_call_peer *peer)
{
	if (!peer->changes)
		return;
	peer->changes = false;
	peer->elsewhere = peer->refused || !*peer->next;
	memcpy(peer->database, peer->next, sizeof(peer->database));
}

/* Who says nothing is at number 0 of Redis. */
const char *cs_call_peer_database(const struct cs_call_peer *peer, unsigned protocol)
{
	if (peer->elsewhere)
		return NULL;
	if (*peer->database)
		return peer->database;
	return protocol == CS_CALL_REDIS ? "0" : NULL;
}

struct cs_call_peers *cs_call_peers_new(void)
{
	struct cs_call_peers *peers = calloc(1, sizeof(*peers));

	if (peers)
		TAILQ_INIT(&peers->list);
	return peers;
}

static void drop(struct cs_call_peers *peers, struct cs_call_peer *peer)
{
	TAILQ_REMOVE(&peers->list, peer, of_peers);
	peers->count--;
	free(peer);
}

struct cs_call_peers *cs_call_peers_free(struct cs_call_peers *peers)
{
	if (!peers)
		return NULL;
	while (!TAILQ_EMPTY(&peers->list))
		drop(peers, TAILQ_FIRST(&peers->list));
	free(peers);
	return NULL;
}

struct cs_call_peer *cs_call_peers_find(struct cs_call_peers *peers, uint32_t tag,
					uint64_t connection)
{
	struct cs_call_peer *peer;

	TAILQ_FOREACH(peer, &peers->list, of_peers) {
		if (peer->connection == connection && peer->tag == tag)
			break;
	}
	if (peer && peer != TAILQ_FIRST(&peers->list)) {
		TAILQ_REMOVE(&peers->list, peer, of_peers);
		TAILQ_INSERT_HEAD(&peers->list, peer, of_peers);
	}
	return peer;
}

struct cs_call_peer *cs_call_peers_add(struct cs_call_peers *peers, uint32_t tag,
				       uint64_t connection, struct cs_call_peer *ret_gone)
{
	struct cs_call_peer *peer = calloc(1, sizeof(*peer));

	if (!peer)
		return NULL;
	*ret_gone = (struct cs_call_peer){ .tag = 0 };
	if (peers->count == CS_CALL_PEERS_MAX) {
		*ret_gone = *TAILQ_LAST(&peers->list, peer_list);
		drop(peers, TAILQ_LAST(&peers->list, peer_list));
	}
	peer->tag = tag;
	peer->connection = connection;
	peer->number = ++peers->made;
	TAILQ_INSERT_HEAD(&peers->list, peer, of_peers);
	peers->count++;
	return peer;
}

struct cs_call_peer *cs_call_peers_next(struct cs_call_peers *peers, struct cs_call_peer *peer)
{
	return peer ? TAILQ_NEXT(peer, of_peers) : TAILQ_FIRST(&peers->list);
}

void cs_peer_text(char ret[CS_PEER_TEXT_MAX], const char *text, size_t len)
{
	char *clean = cs_text_clean_copy(text, len);

	snprintf(ret, CS_PEER_TEXT_MAX, "%s", clean ? clean : "");
	free(clean);
}

void cs_call_peers_name(struct cs_call_peers *peers, uint32_t tag,
			const struct cs_rec_lookup *lookup, const char *text, uint64_t begin_ns,
			uint64_t end_ns)
{
	struct cs_call_name *name = &peers->names[peers->next_name++ % CS_CALL_NAMES_MAX];

	*name = (struct cs_call_name){
		.tag = tag,
		.begin_ns = begin_ns,
		.end_ns = end_ns ? end_ns : 1,
		.addresses_count = lookup->addresses_count < CS_LOOKUP_ADDRESSES_MAX
					   ? lookup->addresses_count
					   : CS_LOOKUP_ADDRESSES_MAX,
	};
	cs_peer_text(name->name, text, lookup->name_len);
	memcpy(name->addresses, text + lookup->name_len, name->addresses_count * 16u);
}

static bool has_address(const struct cs_call_name *name, const uint8_t address[16])
{
	for (unsigned i = 0; i < name->addresses_count; i++) {
		if (!memcmp(name->addresses[i], address, 16))
			return true;
	}
	return false;
}

/* An address may have several names: the one that was asked for last before it was used. */
void cs_call_peers_join(struct cs_call_peers *peers, struct cs_call_peer *peer)
{
	struct cs_call_name *best = NULL;

	for (unsigned i = 0; i < CS_CALL_NAMES_MAX; i++) {
		struct cs_call_name *name = &peers->names[i];

		if (name->end_ns && name->tag == peer->tag && name->end_ns <= peer->begin_ns &&
		    has_address(name, peer->address) && (!best || name->end_ns > best->end_ns))
			best = name;
	}
	if (!best)
		return;
	memcpy(peer->name, best->name, sizeof(peer->name));
	if (best->used)
		return;
	best->used = true;
	peer->lookup_begin_ns = best->begin_ns;
	peer->lookup_end_ns = best->end_ns;
}

void cs_call_peers_refuse(struct cs_call_peers *peers, uint32_t tag, uint64_t connection)
{
	struct cs_call_peer *peer = cs_call_peers_find(peers, tag, connection);

	if (peer)
		peer->refused = true;
}
