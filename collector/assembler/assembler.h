/* SPDX-License-Identifier: Apache-2.0 */

/*
 * From facts to cold starts and invocations. Fed with what the collector reads, in any order across
 * instances; hands over complete things through callbacks. No I/O and no clock of its own: time is
 * passed in. What may still be explained by a ring that is read later is held for
 * CS_ASSEMBLER_HOLD_NS. Everything is bounded; what hits a bound is counted.
 *
 * Context of all: loop.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "collector/assembler/ids.h"
#include "collector/assembler/model.h"
#include "collector/assembler/room.h"
#include "collector/ledger.h"
#include "preload/wire/abi.h"
#include "preload/wire/reader.h"

#define CS_ASSEMBLER_HOLD_NS      300000000ull /* above the time between two looks at an idle ring */
#define CS_ASSEMBLER_KEEP_NS      1000000000ull /* a cause is known so much longer than that */
#define CS_ASSEMBLER_REQUESTS_MAX 4096u         /* of one instance, in flight or known */
#define CS_ASSEMBLER_BYTES_MAX    (4u << 20)    /* of these; nearly twice what such requests take */

struct cs_outside;
struct cs_assembler;
struct cs_assembled; /* one instance's facts */

struct cs_assembler_sink {
	void *context;
	void (*cold_start)(void *context, const struct cs_cold_start *cold_start);
	void (*invocation)(void *context, const struct cs_invocation *invocation);
	void (*span)(void *context,
		     const struct cs_inner_span *span); /* its invocation came before */
	void (*log)(void *context, const struct cs_log_entry *entry); /* may be NULL */
	void (*call)(void *context, const struct cs_call *call);      /* may be NULL */
	void (*file)(void *context,
		     const struct cs_opened_file *file); /* idem; its start comes later */
	/* May be NULL: some process's wait returned @pid, and was told what it had used. */
	void (*waited)(void *context, int32_t pid, const struct cs_used *used);
	/* May be NULL: an instance whose start was told has ended, after @lived_ns. */
	void (*gone)(void *context, const struct cs_identity *identity, uint64_t lived_ns);
};

struct cs_assembler_stats {
	uint64_t log_lines;         /* handed over */
	uint64_t log_lines_alone;   /* of these: of no invocation, and of no start */
	uint64_t log_lines_limited; /* more than an instance may have in its time: left out */
	uint64_t log_lines_lost;    /* for lack of memory, or of an unknown stream */
	uint64_t cold_starts;
	uint64_t invocations;
	uint64_t unused_inits; /* of the cold starts: ready, and ended without an event */
	uint64_t api_spans;    /* that programs told of themselves */
	uint64_t api_dropped;  /* of those, and what was said of them: no room, or no invocation */
	uint64_t helpers;      /* processes that a function started for itself */
	uint64_t unmatched;    /* responses without a request, requests that came twice */
	uint64_t unknown_records; /* of a type or length that we do not know */
	uint64_t
		requests_dropped; /* more than CS_ASSEMBLER_REQUESTS_MAX, _BYTES_MAX, or no memory */
	uint64_t
		contexts_refused; /* requests with a trace context that was malformed or came twice */
	uint64_t hurried;         /* invocations told ahead of their time: cs_assembled_hurry() */
	uint64_t unattributed;    /* may be of one invocation, or of another: of none */
	uint64_t calls;           /* that were handed over */
	uint64_t calls_dropped; /* more than CS_CALLS_OF_ONE_MAX, _OF_INSTANCE_MAX, or no memory */
	uint64_t connections_forgotten; /* that instances made: see call_peers.h */
	uint64_t calls_unowned;         /* made while nothing was in flight, after the start */
	uint64_t evidence_lost;  /* what was said of a living process made room for another */
	struct cs_room room;     /* of all instances together */
	struct cs_ledger ledger; /* but for CS_LEDGER_SPAN and _RECORD, which are the outlet's */
};

/** cs_assembler_new() - Return: NULL when out of memory. Free with cs_assembler_free(). */
struct cs_assembler *cs_assembler_new(const struct cs_id_key *key,
				      const struct cs_assembler_sink *sink) cs_must_use;

/** cs_assembler_free() - what is held is not handed over: cs_assembler_flush() first. */
struct cs_assembler *cs_assembler_free(struct cs_assembler *assembler);

/** cs_assembler_xray_parent() - on Lambda X-Ray's context is the parent from now on, not a link. */
void cs_assembler_xray_parent(struct cs_assembler *assembler);

/** cs_assembler_follow() - what the kernel tells counts, too. @outside outlives the assembler's use. */
void cs_assembler_follow(struct cs_assembler *assembler, const struct cs_outside *outside);

/**
 * cs_assembler_attach() - an instance was announced
 * @segment: its number, never 0 and never reused
 * @header:  private copy of its header page
 * @pid:     in our own pid namespace; 0 unknown
 *
 * Ownership: the assembler's, until cs_assembler_detach().
 * Return:    NULL when out of memory.
 */
struct cs_assembled *cs_assembler_attach(struct cs_assembler *assembler, uint64_t segment,
					 const struct cs_header *header, int32_t pid) cs_must_use;

/**
 * cs_assembler_shift() - its clock is of another time namespace
 * @shift_ns: makes its stamps ours; see clock_shift.h
 *
 * Once, right after cs_assembler_attach(). What is made of it says that it was converted.
 */
void cs_assembler_shift(struct cs_assembled *instance, uint64_t shift_ns);

/** cs_assembler_contained() - what holds its process. Copied. Once, right after cs_assembler_attach(). */
void cs_assembler_contained(struct cs_assembled *instance, const struct cs_container *container);

/** cs_assembler_look() - take over marks and facts as they are now (shared memory of a peer). */
void cs_assembler_look(struct cs_assembled *instance, const struct cs_header *header);

/* What the kernel says that a process has used. */
struct cs_usage_so_far {
	uint64_t cpu_ns;
	uint32_t faults_minor; /* UINT32_MAX: or more */
	uint32_t faults_major;
	uint64_t read_bytes; /* 0: not known */
	bool known;
};

/** cs_assembler_usage() - by now: it is ready or, if @ended, over. Once of each. */
void cs_assembler_usage(struct cs_assembled *instance, const struct cs_usage_so_far *used,
			bool ended);

/* Of the invocations of a process. */
enum cs_served {
	CS_SERVED_NONE,
	CS_SERVED_NOW, /* one is in flight */
	CS_SERVED_ONE,
	CS_SERVED_SEVERAL,
};

/** cs_assembler_served() - what process @tag has done since @since_ns. A short look. */
enum cs_served cs_assembler_served(const struct cs_assembled *instance, uint32_t tag,
				   uint64_t since_ns);

/**
 * cs_assembler_used() - what process @tag has used from @since_ns to now
 *
 * It is the invocation's that began after @since_ns, whether it has ended or not, if there is no other
 * that was in flight in that time; else nobody's.
 */
void cs_assembler_used(struct cs_assembled *instance, uint32_t tag, uint64_t since_ns,
		       const struct cs_used *used);

/**
 * cs_assembler_read() - a look at its rings is over, after its records were handed in
 * @until_ns: all that its processes had written by then has been handed in (struct cs_instance_events)
 * @dropped:  so many records of requests, and of their ends, had been dropped by @now_ns
 */
void cs_assembler_read(struct cs_assembled *instance, uint64_t until_ns, uint64_t dropped,
		       uint64_t now_ns);

/** cs_assembler_record() - one record out of the instance's ring. */
void cs_assembler_record(struct cs_assembled *instance, const struct cs_entry *entry,
			 uint64_t now_ns);

enum cs_assembler_end {
	CS_ASSEMBLER_STATUS,   /* ended as @status says (wait(2)) */
	CS_ASSEMBLER_UNKNOWN,  /* gone: nobody told how */
	CS_ASSEMBLER_EXEC,     /* it executed another program, which has a segment of its own */
	CS_ASSEMBLER_SHUTDOWN, /* it lives, but nothing more of it will be heard */
};

/**
 * cs_assembler_met_gone() - its own process had ended when we met it: what cs_assembler_ended() will say is late
 *
 * Then what it did last is the better word, if that was to return from main.
 */
void cs_assembler_met_gone(struct cs_assembled *instance);

/** cs_assembler_ended() - process @tag writes into the instance no more. Look and read first. */
void cs_assembler_ended(struct cs_assembled *instance, uint32_t tag, enum cs_assembler_end end,
			int status, uint64_t time_ns);

/**
 * cs_assembler_detach() - nobody writes into it any more; it may be freed now or later
 *
 * What is still in flight was served by processes that nobody followed: it ends here, unknown how.
 */
void cs_assembler_detach(struct cs_assembled *instance);

/**
 * cs_assembler_child() - our own program started @pid
 * @spawn_begin_ns, @exec_ns: CLOCK_MONOTONIC
 */
void cs_assembler_child(struct cs_assembler *assembler, int32_t pid, uint64_t spawn_begin_ns,
			uint64_t exec_ns);

/** cs_assembler_child_ended() - and waited for it. @usage may be NULL. */
struct rusage;
void cs_assembler_child_ended(struct cs_assembler *assembler, int32_t pid, int status,
			      uint64_t time_ns, const struct rusage *usage);

/**
 * cs_assembler_tick() - hand over what was held long enough
 *
 * Return: when to call again, CLOCK_MONOTONIC ns; 0: nothing is held.
 */
uint64_t cs_assembler_tick(struct cs_assembler *assembler, uint64_t now_ns);

/** cs_assembler_flush() - hand over everything that is held. */
void cs_assembler_flush(struct cs_assembler *assembler);

/** cs_assembler_close() - after that, and for good: what is left is accounted for as not told. */
void cs_assembler_close(struct cs_assembler *assembler);

enum cs_living_state {
	CS_LIVING_INIT, /* not ready yet */
	CS_LIVING_IDLE,
	CS_LIVING_BUSY,
};

/** cs_living_fn() - one instance; @identity: valid during the call. */
typedef void (*cs_living_fn)(void *context, const struct cs_identity *identity,
			     enum cs_living_state state);

/** cs_assembler_living() - tell of all functions that live, as far as is known by now. */
void cs_assembler_living(struct cs_assembler *assembler, cs_living_fn living, void *context);

/** cs_assembler_get_stats() - copy the counters. */
void cs_assembler_get_stats(const struct cs_assembler *assembler, struct cs_assembler_stats *ret);
