/* SPDX-License-Identifier: Apache-2.0 */

/* Inside of the assembler: its state and that of one instance. For its own files only. */
#pragma once

#include <sys/queue.h>

#include "base/arena.h"
#include "collector/assembler/asides.h"
#include "collector/assembler/assembler.h"
#include "collector/assembler/attempts.h"
#include "collector/assembler/evidence.h"
#include "collector/assembler/identity.h"
#include "collector/assembler/init_type.h"
#include "collector/assembler/request.h"
#include "collector/assembler/room.h"
#include "collector/assembler/spawning.h"
#include "collector/assembler/workers.h"
#include "collector/calls/call.h"
#include "collector/logs/logs.h"
#include "collector/processes/clock_shift.h"
#include "collector/protocols/api.h"
#include "collector/sideband/outside.h"

#define CS_ASSEMBLED_BUCKETS 1024u
#define CS_ASKED_BUCKETS     256u

struct cs_taker; /* of wrapper.c */

LIST_HEAD(cs_asked, cs_request);

struct cs_assembled {
	LIST_ENTRY(cs_assembled) of_assembler;
	struct cs_assembler *assembler;
	struct cs_arena arena; /* strings of the identity */
	struct cs_identity identity;
	struct cs_identity_env env;
	LIST_HEAD(, cs_request) requests;  /* in flight, held and kept, newest first */
	LIST_HEAD(, cs_request) in_flight; /* those of them, newest first */
	struct cs_workers workers;
	uint16_t requests_count; /* at most CS_ASSEMBLER_REQUESTS_MAX */
	uint16_t load_status;    /* of the answer to code that was refused */
	enum cs_assembler_end end : 8;
	uint8_t child_used; /* CS_EXEC_*: what who came of it may have used of its own */
	bool first_seen : 1;
	bool connected : 1; /* a request came over a connection */
	bool detached : 1;
	bool over : 1;      /* its own process has ended */
	bool concluded : 1; /* the cold start was handed over, or there is none */
	bool settled : 1;   /* taker is told of in its stead */
	bool answers : 1;   /* a Lambda event that it has asked for, or has died with one */
	bool joined : 1;    /* its start is that of those who only started it, too */
	bool accounted : 1; /* what became of its start is in the ledger */
	bool told : 1;      /* its start was, and that it is gone was not */
	bool met_gone : 1;  /* see cs_assembler_met_gone() */
	size_t requests_bytes;
	struct cs_request *first;  /* the cold one, until it is handed over */
	const char *child_name;    /* one of those; NULL: none, or there was no memory */
	uint64_t started_server;   /* segment: what is told of in its stead; 0: it started none */
	struct cs_api_table *api;  /* what it tells itself; NULL: nothing yet */
	struct cs_taker *taker;    /* the child that took its event; NULL: none is known */
	struct cs_outcome outcome; /* of its own process, when over */
	uint64_t end_ns;
	uint64_t dropped;          /* see cs_assembler_read() */
	uint64_t read_until_ns;    /* idem */
	uint64_t read_ns;          /* when that was called last */
	uint64_t requests_lost_ns; /* until then; 0: none were; see cs_attribution_lost() */
	uint64_t ended_ns;         /* no request of it that is over ended later */
	struct cs_bond_readers readers;
	struct cs_asides asides; /* what it serves beside */
	struct cs_calls *calls;  /* that it made; NULL: none, or there was no memory */
	uint64_t heard_ns;       /* when the last record was read */
	uint64_t ack_ns;         /* when it said that it is ready, as an action loop does; 0: not */
	uint64_t load_failed_ns; /* when code that it was brought was refused; 0: none was */
	uint64_t exec_ns;        /* see cs_assembled_exec() */
	uint64_t exec_called_ns; /* when it last called exec itself; 0 it did not */
	struct cs_event_image event; /* of its one event, once it is over; event_ns 0: had none */
	uint64_t marks[CS_MARK_COUNT];
	uint64_t facts[CS_FACT_COUNT];
	uint64_t stand_down;
	struct cs_log_book *logs; /* owned; NULL: it has written none */
	uint64_t attach_cpu_ns;
	struct cs_usage_so_far used_when_ready, used_at_end;
};

/* One of ten thousand that may be idle: the allocator's next size is a quarter larger. */
_Static_assert(sizeof(struct cs_assembled) <= 1024, "an allocator's size");
_Static_assert(CS_ASSEMBLER_REQUESTS_MAX <= UINT16_MAX, "requests_count");

struct cs_assembler {
	struct cs_id_key key;
	struct cs_assembler_sink sink;
	struct cs_assembler_stats stats;
	LIST_HEAD(, cs_assembled) buckets[CS_ASSEMBLED_BUCKETS]; /* by segment number */
	TAILQ_HEAD(cs_held, cs_request) held;                    /* by due time */
	TAILQ_HEAD(, cs_request) kept;           /* handed over; causes of what is yet to come */
	LIST_HEAD(, cs_request) events;          /* of the Lambda Runtime API, in flight */
	struct cs_asked asked[CS_ASKED_BUCKETS]; /* those, and held, by asker_ppid */
	LIST_HEAD(, cs_log_book) log_books;      /* of which something waits */
	LIST_HEAD(, cs_calls) calls_left;        /* of processes that are over: call_children.c */
	unsigned orphans_count;                  /* of those, whose process is gone */
	struct cs_evidence_table evidence;
	struct cs_spawnings spawnings;
	struct cs_attempts attempts;
	struct cs_crashes crashes;
	struct cs_room room;
	bool children_noted; /* what wrapper.c knows is as true as it can be in this tick */
	bool xray_parent;    /* X-Ray's context is the parent, no link */
	const struct cs_outside *outside; /* borrowed; NULL: the kernel does not tell */
};

/** cs_assembled_ledger() - what is accounted for of @kind */
static inline struct cs_ledger_line *cs_assembled_ledger(struct cs_assembled *instance,
							 enum cs_ledger_kind kind)
{
	return &instance->assembler->stats.ledger.of[kind];
}

/** cs_assembled_ours() - a stamp of its clock, on ours */
static inline uint64_t cs_assembled_ours(const struct cs_assembled *instance, uint64_t stamp_ns)
{
	return cs_clock_shift_apply(instance->identity.clock_shift_ns, stamp_ns);
}

/** cs_assembled_find() - the instance with that segment number; NULL: it is gone. */
struct cs_assembled *cs_assembled_find(struct cs_assembler *assembler, uint64_t segment);

/** cs_assembled_parent() - the instance that started it; NULL: none that is watched. */
struct cs_assembled *cs_assembled_parent(struct cs_assembled *instance);

/** cs_assembled_spawned() - process @pid is what came of @spawning. */
void cs_assembled_spawned(struct cs_assembler *assembler, int32_t pid,
			  const struct cs_spawning *spawning);

/** cs_assembled_join_spawn() - it is to be told of: who spawned it may not have been able to say so. */
void cs_assembled_join_spawn(struct cs_assembled *instance);

/** cs_assembled_ring_reason() - why what @instance is asked and answers may pass unseen; NULL: it does not */
const char *cs_assembled_ring_reason(const struct cs_assembled *instance);

/** cs_assembled_has_ring() - was a ring of io_uring made? That there is liburing does not say so. */
bool cs_assembled_has_ring(const struct cs_assembled *instance);

/** cs_assembled_answers_unseen() - has @request been answered where nobody sees it, perhaps? */
bool cs_assembled_answers_unseen(const struct cs_request *request);

/** cs_assembled_serves_unseen() - may @instance have served, though no request was seen? */
bool cs_assembled_serves_unseen(const struct cs_assembled *instance);

/** cs_assembled_program() - what who looks at a start calls it: the script, else the program. */
const char *cs_assembled_program(const struct cs_identity *identity);

/** cs_assembled_evidence() - what others said of its process; NULL: nothing that fits its time. */
struct cs_evidence *cs_assembled_evidence(struct cs_assembled *instance);

/**
 * cs_assembled_is_function() - does it run a function's code, or is it a helper of one?
 *
 * A helper is a child of a watched process that neither listens nor was given an event of its own:
 * the variables of an event are inherited by whatever the function itself starts.
 */
bool cs_assembled_is_function(struct cs_assembled *instance);

/**
 * cs_assembled_serves() - does it listen, or was it asked over a connection (a socket inherited)?
 *
 * Not if it only listens, never waits for a connection itself, and reads its standard input.
 */
bool cs_assembled_serves(const struct cs_assembled *instance);

/**
 * cs_assembled_ready() - when it first waited for a connection, or a fork child did; of one that is brought its
 * code, when that was loaded; 0: not seen
 */
uint64_t cs_assembled_ready(const struct cs_assembled *instance);

/**
 * cs_assembled_exec() - when the exec that made its program was called; 0 not known
 *
 * Noted as soon as the process calls exec itself: a search through a long PATH puts out what is older.
 */
uint64_t cs_assembled_exec(struct cs_assembled *instance);

/** cs_assembled_spawn() - when its process was spawned, by its parent's word or the kernel's; 0 not known */
uint64_t cs_assembled_spawn(struct cs_assembled *instance);

/**
 * cs_assembled_exec_at() - when the exec that led to an attach was called
 * @said_ns: the last one that shims told of before it; 0: none
 *
 * Return: @said_ns, or when the kernel did it, of an exec that no shim saw; 0 not known.
 */
uint64_t cs_assembled_exec_at(struct cs_assembled *instance, uint64_t attach_ns, uint64_t said_ns);

/** cs_assembled_end() - of its process, which is over: by the earliest word that there is */
uint64_t cs_assembled_end(struct cs_assembled *instance);

/** cs_assembled_exit() - when its process exited, by the kernel's word; 0 it was not told */
uint64_t cs_assembled_exit(struct cs_assembled *instance);

/**
 * cs_assembled_programs() - what its process was before the one that attached at @attach_ns, by the
 * kernel's word: all of its programs, with a shim or without
 * @names: the first of them
 *
 * Return: how many; 0: none, or it was not told of all.
 */
unsigned cs_assembled_programs(struct cs_assembled *instance, uint64_t attach_ns,
			       const char *names[CS_OUTSIDE_NAMES]);

/** cs_assembled_gone() - nobody writes into it any more: tell how long it lived, if its start was told. */
void cs_assembled_gone(struct cs_assembled *instance);

/** cs_assembled_asks() - does it ask for its events (Lambda Runtime API, action loop)? */
bool cs_assembled_asks(const struct cs_assembled *instance);

/* One record each, of at least the type's fixed part. @time_ns: its stamp, on our clock. */
void cs_assembled_on_request(struct cs_assembled *instance, const struct cs_entry *entry,
			     uint64_t time_ns, uint64_t now_ns);
void cs_assembled_on_response(struct cs_assembled *instance, const struct cs_entry *entry,
			      uint64_t time_ns, uint64_t now_ns);
void cs_assembled_on_response_end(struct cs_assembled *instance, const struct cs_entry *entry,
				  uint64_t time_ns, uint64_t now_ns);

/** cs_assembled_on_body() - an EVENT record of a server: what stands in the body of a request. */
void cs_assembled_on_body(struct cs_assembled *instance, const struct cs_entry *entry);

void cs_assembled_on_invocation(struct cs_assembled *instance, const struct cs_entry *entry,
				uint64_t time_ns, uint64_t now_ns);
void cs_assembled_on_event(struct cs_assembled *instance, const struct cs_entry *entry);
void cs_assembled_on_invocation_end(struct cs_assembled *instance, const struct cs_entry *entry,
				    uint64_t time_ns, uint64_t now_ns);

/**
 * cs_lambda_orphan() - the process that asked for an event ends before it is answered
 *
 * Return: true: that need not be the end of it (lambda_orphan.c).
 */
bool cs_lambda_orphan(struct cs_request *request, struct cs_outcome outcome);

/** cs_lambda_event_ends() - a request is about to end, or to be forgotten. */
void cs_lambda_event_ends(struct cs_request *request);

/** cs_lambda_find_others() - an event that @instance answers and another asked for; NULL: none. */
struct cs_request *cs_lambda_find_others(struct cs_assembled *instance, const char *id,
					 size_t id_len);

/** cs_lambda_is_runtime() - it has answered an event that it asked for, died with one, or failed its init. */
bool cs_lambda_is_runtime(struct cs_assembled *instance);

/** cs_lambda_is_extension() - it is one, and no runtime as well. */
bool cs_lambda_is_extension(const struct cs_assembled *instance);

/** cs_lambda_hand_up() - an init that failed is its owner's, if that is known by now. */
void cs_lambda_hand_up(struct cs_assembled *instance);

/** cs_lambda_settle_orphans() - end those that nobody can answer. Return: call again soon. */
bool cs_lambda_settle_orphans(struct cs_assembler *assembler, uint64_t now_ns);

/**
 * cs_lambda_child_of() - the event for which @instance was started (lambda_child.c)
 *
 * Return: in flight or held; NULL: none, or it is not certain, or not yet.
 */
struct cs_request *cs_lambda_child_of(struct cs_assembled *instance);

/** cs_lambda_child_began() - a request has begun. */
void cs_lambda_child_began(struct cs_request *request);

/** cs_lambda_child_gone() - it was told of, or is to be forgotten: others beside it will not have been alone. */
void cs_lambda_child_gone(struct cs_request *request);

/**
 * cs_lambda_child_holds() - is what such a one did at @time_ns of that event?
 *
 * By all that is known now: it had not ended by then, and who holds it had no other beside it.
 */
bool cs_lambda_child_holds(const struct cs_request *request, uint64_t time_ns);

/** cs_lambda_settle_deadline() - of one that ended with its process: was it the deadline? */
void cs_lambda_settle_deadline(struct cs_request *request);

/** cs_lambda_adopt() - one that ended becomes its owner's, if there is one that is watched. */
void cs_lambda_adopt(struct cs_request *request);

/** cs_assembled_forget() - take a request out of all lists, and free it. */
void cs_assembled_forget(struct cs_request *request);

/**
 * cs_assembled_take_in() - the same, of one that was told by @entry, if there is room for it
 * @request: freed if there is none; NULL: there was no memory for it, either. Both are counted.
 * @time_ns: when it began
 *
 * Return: @request; NULL: it is not there.
 */
struct cs_request *cs_assembled_take_in(struct cs_assembled *instance, struct cs_request *request,
					const struct cs_entry *entry, uint64_t time_ns) cs_must_use;

/** cs_assembled_requests_dropped() - there was one, and no room or memory for it. */
void cs_assembled_requests_dropped(struct cs_assembled *instance);

/** cs_assembled_grew() - what is held of requests is more by @bytes now, which may be less than none. */
static inline void cs_assembled_grew(struct cs_assembled *instance, size_t bytes)
{
	instance->requests_bytes += bytes;
	instance->assembler->room.bytes += bytes;
}

/** cs_assembled_add() - put a request in flight. */
void cs_assembled_add(struct cs_assembled *instance, struct cs_request *request);

/** cs_assembled_finish() - it ended: hold it until it is due. @end_ns is not believed. */
void cs_assembled_finish(struct cs_request *request, uint64_t end_ns, uint64_t now_ns);

/**
 * cs_assembled_hand_over() - tell of one that is held
 *
 * It is kept a while longer: what it caused may end, and be read, after it.
 */
void cs_assembled_hand_over(struct cs_request *request);

/**
 * cs_assembled_hurry() - there is no room to wait: tell of the oldest that is held, ahead of its time
 *
 * Only of one that is as it will be: nothing of it is open, and what others had written by its end, who
 * handed events to the instance, and what its own processes had, has been read. What is found by its
 * thread, or because it is alone, is then as true as it is after CS_ASSEMBLER_HOLD_NS. Counted.
 *
 * Return: false: there is none.
 */
bool cs_assembled_hurry(struct cs_assembled *instance);

/** cs_assembled_begin_event() - the one event of a process that is over. Held until it is due. */
void cs_assembled_begin_event(struct cs_assembled *instance, uint64_t now_ns);

/** cs_assembler_due() - when what ended at @end_ns is handed over. */
static inline uint64_t cs_assembler_due(uint64_t end_ns)
{
	return end_ns < UINT64_MAX - CS_ASSEMBLER_HOLD_NS ? end_ns + CS_ASSEMBLER_HOLD_NS
							  : UINT64_MAX;
}

/** cs_outcome_of_status() - @status is as wait(2) encodes it. */
struct cs_outcome cs_outcome_of_status(int status);
