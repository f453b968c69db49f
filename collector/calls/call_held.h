/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Calls that are not handed over: what the files of call.h share; nobody else's. Context of all: loop.
 */
#pragma once

#include "collector/assembler/assembled.h"
#include "collector/calls/call.h"
#include "collector/calls/call_peers.h"

struct cs_calls {
	struct cs_assembled *instance;
	struct cs_call_peers *peers;
	struct cs_call_gone gone; /* for no request that was known then */
	LIST_HEAD(, cs_call_held) open;
	struct cs_call_list
		early; /* before the first invocation, or of a process that is its event */
	unsigned early_count;
	unsigned count;
	LIST_ENTRY(cs_calls) left; /* while @is_left: of a process that is over; call_children.c */
	bool is_left;
};

/** cs_calls_of() - those of an instance, from the first on. NULL: out of memory. */
struct cs_calls *cs_calls_of(struct cs_assembled *instance);

/**
 * cs_call_begin() - a new one, that is given to whom it is of
 *
 * Return: NULL: it is none's, or there is no room for it; counted.
 */
struct cs_call_held *cs_call_begin(struct cs_calls *calls, const struct cs_entry *entry,
				   enum cs_call_kind kind, uint64_t connection, uint64_t begun_ns);

/** cs_call_find_open() - that has no end yet. */
struct cs_call_held *cs_call_find_open(struct cs_calls *calls, uint32_t tag, enum cs_call_kind kind,
				       uint64_t connection);

/** cs_call_finish() - it ends then. */
void cs_call_finish(struct cs_call_held *held, uint64_t end_ns);

/** cs_call_settle_left() - what a helper has called that nobody took by now is nobody's: counted. */
void cs_call_settle_left(struct cs_calls *calls);

/** cs_call_close() - what was told of it was all. */
void cs_call_close(struct cs_call_held *held);

/** cs_call_drop() - free it. */
void cs_call_drop(struct cs_call_held *held);

/** cs_call_tell_peer() - where it leads, as far as that is known by now. */
void cs_call_tell_peer(struct cs_call *call, const struct cs_call_peer *peer);

/** cs_call_tell_tls() - how long its handshake took, if that is over and not told. */
void cs_call_tell_tls(struct cs_call *call, struct cs_call_peer *peer);

/** cs_call_tell_connect() - how long it took to get there, which is then told. */
void cs_call_tell_connect(struct cs_call *call, struct cs_call_peer *peer);
