/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The invocations in flight in this process, and which of them a thread is working for: what is handed
 * on is theirs (propagate.h). The rules are the collector's (docs/traces.md, "Attribution"), as far as
 * they can be known at the moment, and where they cannot nobody is told: a wrong attribution is a
 * defect, a missing one is not. Pure but for atomics: in memory that somebody else mapped.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/wire/trace_context.h"

#define CS_CURRENT_MAX 128u /* in flight at once; of more nobody is told */

/* How an invocation is known to hooks: @a and @b are unique among those of one source. */
struct cs_current_key {
	uint64_t a; /* connection, or handle */
	uint32_t b; /* sequence */
	uint32_t source;
};

#define CS_CURRENT_HTTP   1u
#define CS_CURRENT_API    2u
#define CS_CURRENT_ASIDE  3u /* it counts, and that is all */
#define CS_CURRENT_LAMBDA 4u /* @a: a hash of its id */
#define CS_CURRENT_STDIO  5u /* @a: its number */

/* What there is to say of one that begins. */
#define CS_CURRENT_BLOCKING 0x1u /* its thread does nothing else while it waits for bytes of it */
#define CS_CURRENT_DEFERRED 0x2u /* whose trace it is is not known before cs_current_settle() */

/* What is handed on of one. */
struct cs_context {
	struct cs_trace_context trace; /* parent_id: of the invocation's own span */
	uint16_t state_len;
	char state[CS_TRACE_STATE_BYTES]; /* tracestate, if it came */
};

struct cs_current_entry {
	_Atomic uint64_t serial; /* 0 free, 1 being changed, else unique */
	_Atomic uint64_t
		a; /* its key; looked for while others come and go, and again when it was found */
	_Atomic uint64_t b; /* ... b, source << 32 */
	uint64_t thread;    /* that read its head */
	_Atomic uint32_t bits;
	struct cs_context context;
};

struct cs_current {
	_Atomic uint64_t serial;
	_Atomic uint64_t readers[4]; /* threads that have read heads; more may seem to have */
	_Atomic uint32_t pid;        /* whose these are; another's: a fork child's parent's */
	_Atomic uint32_t in_flight;
	_Atomic uint32_t end;  /* no entry from here on was ever used */
	_Atomic uint32_t bits; /* of the process */
	struct cs_current_entry entries[CS_CURRENT_MAX];
};

#define CS_CURRENT_BYTES ((sizeof(struct cs_current) + 4095) / 4096 * 4096)

/* Who asks. */
struct cs_current_place {
	uint32_t pid;
	uint64_t thread;
	bool of_child; /* for a child that is about to run another program: its parent's count, too */
};

/* One that was found, and may have ended since. */
struct cs_current_found {
	const struct cs_current_entry *entry;
	uint64_t serial;
	struct cs_trace_context trace;
	uint16_t state_len;
	bool unsure; /* nothing was found, but something is in flight */
};

/**
 * cs_current_begin() - an invocation is in flight
 * @pid, @thread: of the process, and the thread that read its head, or began it
 * @how:          CS_CURRENT_BLOCKING, CS_CURRENT_DEFERRED
 * @context:      NULL: which trace it belongs to is not known: nothing is handed on, but it counts
 *
 * Context: signal. What a fork child has inherited is forgotten with its first.
 */
void cs_current_begin(struct cs_current *current, const struct cs_current_key *key, uint32_t pid,
		      uint64_t thread, unsigned how, const struct cs_context *context);

/**
 * cs_current_settle() - of one that was deferred it is known now whose trace it is
 * @trace: NULL: it is that which it began with
 *
 * Its parent id, which is its own span's, stays. The first one counts; what ends meanwhile is over behind it.
 *
 * Context: signal.
 */
void cs_current_settle(struct cs_current *current, const struct cs_current_key *key,
		       const struct cs_context *trace);

/** cs_current_answered() - @thread begins its answer. Context: signal. */
void cs_current_answered(struct cs_current *current, const struct cs_current_key *key,
			 uint64_t thread);

/** cs_current_end() - it is over; nothing if it is not known. Context: signal. */
void cs_current_end(struct cs_current *current, const struct cs_current_key *key);

/**
 * cs_current_find() - for which invocation does the caller work?
 *
 * Context: signal.
 * Return:  false: for none, or it is not sure for which: then @ret->unsure.
 */
bool cs_current_find(const struct cs_current *current, const struct cs_current_place *place,
		     struct cs_current_found *ret);

/**
 * cs_current_state() - its tracestate
 * @ret: receives @found->state_len bytes
 *
 * Context: signal.
 * Return:  false: it has ended meanwhile.
 */
bool cs_current_state(const struct cs_current_found *found, char *ret);
