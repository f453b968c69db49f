/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Which invocation something belongs to that a process did: a call, a line of log. Pure. A wrong
 * attribution is a defect, a missing one is not. In this order (docs/traces.md, "Attribution"):
 *
 *   connection  the one invocation in flight on that connection;
 *   alone       the one invocation in flight in that process (pid tag), if no other has been in flight
 *               beside it up to then, nor anything else (asides.h); and, of a server, if the thread is not one that reads requests,
 *               but this one by another thread: what such a thread does after its own answer is not
 *               somebody else's;
 *   thread      the one whose head that thread has read from a socket that blocks (Lambda: whose event
 *               it has received), while that thread has read no other beside it, nor answered what
 *               another has read, and if, when it is known, that thread answered as well.
 *
 * Else none: nothing is in flight, or several are (counted: unattributed). In an event loop with several
 * in flight that is every time.
 *
 * When to ask: at the record that says that something begins; a finding need not be final. Whoever tells
 * of it when the invocation is told of asks cs_attribution_holds() then; a request that overlaps is read
 * a little later, or another thread answers. Who cannot wait so long may wait CS_ASSEMBLER_HOLD_NS,
 * and leave out, unless the invocation has ended by then, what was found by its thread.
 *
 * Context of all: loop.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"

struct cs_assembled;
struct cs_entry;
struct cs_request;

/* Of a struct cs_request: what tells whose it is. */
struct cs_bond {
	uint64_t thread;      /* read its head, or received it; 0 unknown */
	uint64_t answered_by; /* thread that began the answer; 0 unknown, or not yet */
	uint64_t
		accompanied_ns; /* from here on another one was, or had been, in flight beside it */
	uint64_t unbound_ns; /* from here on its thread had read, or did, another one beside it */
	bool bound;          /* one thread reads it and, while it blocks, does nothing else */
};

/* Of a struct cs_assembled: threads of a server that have read requests; more may seem to have. */
struct cs_bond_readers {
	uint64_t bits[4];
};

enum cs_attribution {
	CS_ATTRIBUTION_NONE,    /* nothing was in flight */
	CS_ATTRIBUTION_UNCLEAR, /* it may be that of one or of another; counted */
	CS_ATTRIBUTION_CONNECTION,
	CS_ATTRIBUTION_ALONE,
	CS_ATTRIBUTION_THREAD,
	CS_ATTRIBUTION_CHILD, /* of who holds it: lambda_child.c */
};

/* Where something was recorded. */
struct cs_attribution_place {
	uint32_t tag;        /* pid of the writer, as in struct cs_entry */
	uint64_t thread;     /* as in struct cs_record; 0 unknown */
	uint64_t connection; /* an accepted one, as in struct cs_rec_request; 0: none concerned */
	uint64_t time_ns;    /* when it began, on our clock */
};

/** cs_attribution_begins() - a request is in flight: all but @blocking is filled in. */
void cs_attribution_begins(struct cs_request *request, uint64_t thread, bool blocking);

/**
 * cs_attribution_lost() - records of requests, or of their ends, were dropped
 * @since_ns: not before that
 * @now_ns:   but some time before that
 *
 * Who is in flight, or was since, may be over, and others may be that nobody knows of: what is found by its thread is
 * trusted only of requests that begin after @now_ns, and nobody is alone any more. What was written
 * before and after the gap may be read after this.
 */
void cs_attribution_lost(struct cs_assembled *instance, uint64_t since_ns, uint64_t now_ns);

/**
 * cs_attribution_aside() - a record of something else that is served (asides.h)
 *
 * Who is in flight in that process is no longer alone, nor is who begins before it is over.
 */
void cs_attribution_aside(struct cs_assembled *instance, const struct cs_entry *entry,
			  uint64_t time_ns);

/**
 * cs_attribution_answered() - @thread began its answer
 *
 * If another thread read it, then @thread is bound to none of those that it has read and that are in flight: it
 * has handed them on, and does other work meanwhile, even if it answers them later.
 */
void cs_attribution_answered(struct cs_request *request, uint64_t thread, uint64_t time_ns);

/**
 * cs_attribution_find() - whose is it?
 * @ret_how: always set
 *
 * Requests that ended are found while they are held.
 * Return:   in flight or held; NULL: none.
 */
struct cs_request *cs_attribution_find(struct cs_assembled *instance,
				       const struct cs_attribution_place *place,
				       enum cs_attribution *ret_how) cs_must_use;

/** cs_attribution_peek() - the same; what is unclear is not counted. */
struct cs_request *cs_attribution_peek(struct cs_assembled *instance,
				       const struct cs_attribution_place *place,
				       enum cs_attribution *ret_how) cs_must_use;

/**
 * cs_attribution_holds() - is what was found still true, by all that is known now?
 * @how:     as it was found
 * @time_ns: of that place
 *
 * Return:   false: it is none's. That is counted.
 */
bool cs_attribution_holds(const struct cs_request *request, enum cs_attribution how,
			  uint64_t time_ns) cs_must_use;
