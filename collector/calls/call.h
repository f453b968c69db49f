/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Calls that instances make themselves: from records of connections, names looked up and bytes to one
 * struct cs_call each, given to the invocation that made it (attribution.h), to the start, or to none.
 * Bounded; what hits a bound is counted. Used by the assembler's own files.
 *
 * Context of all: loop.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/cleanup.h"
#include "collector/assembler/attribution.h"
#include "collector/assembler/model.h"
#include "collector/calls/call_told.h"
#include "preload/wire/reader.h"

#define CS_CALLS_OF_ONE_MAX 128u /* of one invocation, or of a start */
/*
 * Not handed over: as many as requests (CS_ASSEMBLER_REQUESTS_MAX), each of which may have one, since of an
 * instance whose start is not concluded nothing can be told ahead of its time: 200 connections to a
 * threaded server made 2,000 to 3,500 in that time.
 */
#define CS_CALLS_OF_INSTANCE_MAX 4096u
#define CS_CALL_PEERS_MAX        256u /* connections of one instance that are known: the latest */
#define CS_CALL_NAMES_MAX        16u  /* names that were looked up, idem */

struct cs_assembled;
struct cs_assembler;
struct cs_request;
struct cs_calls; /* of one instance */

/* One that is not handed over. */
struct cs_call_held {
	LIST_ENTRY(cs_call_held) of_owner;
	LIST_ENTRY(cs_call_held) open; /* while @is_open */
	struct cs_calls *calls;
	unsigned *counted; /* of its owner */
	bool is_open;
	bool handed_over;
	bool answered; /* something came: end_ns is the last that is known */
	enum cs_attribution how;
	uint32_t tag;
	uint64_t thread;
	uint64_t connection;
	uint32_t sequence;
	uint64_t position;
	uint64_t segment;  /* of whose ring that is: its own, or that of a process it had started */
	uint64_t owner;    /* position of the request; 0: of the start */
	uint64_t begun_ns; /* when it was recorded to begin: what attribution goes by */
	struct cs_call_told told;
	struct cs_call call; /* strings owned */
};

/* Connections that were opened and are known no longer: there is room for the latest. */
struct cs_call_gone {
	unsigned count;
	unsigned hows; /* 1 << enum cs_attribution, of each */
	uint64_t first_ns;
	uint64_t last_ns; /* when they began to be opened */
};

LIST_HEAD(cs_call_list, cs_call_held); /* of one owner, the newest first */

/** cs_calls_free() - of an instance whose requests are gone. Accepts NULL. */
struct cs_calls *cs_calls_free(struct cs_calls *calls);

/** cs_calls_write_off() - those that wait for its start will not be told any more. */
void cs_calls_write_off(struct cs_assembled *instance);

/**
 * cs_calls_over() - the process of an instance has ended
 *
 * What it called may be on behalf of who started it.
 */
void cs_calls_over(struct cs_assembled *instance);

/**
 * cs_calls_of_children() - what helpers that are over have called becomes that of who started them
 *
 * As often as something is about to be concluded: who started them is known once the rings of both were
 * read. Of a process that is its event it is part of that. Of any other it is part of the one invocation
 * that it had in flight, and no other beside it, when it started the helper: whatever is in flight by the
 * time of the call, the helper is that one's.
 */
void cs_calls_of_children(struct cs_assembler *assembler);

/** cs_call_list_is_open() - does the end of one of them, or its answer, have yet to be told? */
bool cs_call_list_is_open(const struct cs_call_list *list);

/** cs_call_list_clear() - free what an owner has. A list that is all zero has none. */
void cs_call_list_clear(struct cs_call_list *list);

/* One record each, of at least the type's fixed part; @time_ns: its stamp, on our clock. */
void cs_calls_on_connect(struct cs_assembled *instance, const struct cs_entry *entry,
			 uint64_t time_ns);
void cs_calls_on_call(struct cs_assembled *instance, const struct cs_entry *entry,
		      uint64_t time_ns);
void cs_calls_on_call_end(struct cs_assembled *instance, const struct cs_entry *entry,
			  uint64_t time_ns);
void cs_calls_on_lookup(struct cs_assembled *instance, const struct cs_entry *entry,
			uint64_t time_ns);

/**
 * cs_calls_settle() - which are a request's own, whose end is known
 * @ret: what went over connections for it, by the calls that are told of
 */
void cs_calls_settle(struct cs_request *request, struct cs_network *ret);

/** cs_calls_conclude() - hand them over; the request was told of as @identity, and its context is final. */
void cs_calls_conclude(struct cs_request *request, const struct cs_identity *identity);

/** cs_calls_opened_before() - how many connections it made for no invocation; of those that are known. */
unsigned cs_calls_opened_before(const struct cs_assembled *instance, uint64_t time_ns);

/**
 * cs_calls_conclude_start() - hand over those that were made before the first invocation
 *
 * They become children of the phase that they began in.
 */
void cs_calls_conclude_start(struct cs_assembled *instance, const struct cs_cold_start *cold);
