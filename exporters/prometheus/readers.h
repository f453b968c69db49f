/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Who scrapes, told apart: each is to see the first of a series as an increase, and to one alone can it be told once.
 * A scraper is a connection that is kept alive; one that comes anew takes the place that somebody left who looked
 * the same, or whose connection has been silent for long: a host that vanished closes nothing. Pure.
 *
 * Bounded, in all, for an owner and for looks: who finds no place is nobody that is known. An owner is an address, or
 * a user of this machine: whoever can reach us may keep connections open, but where all places are taken the owner who
 * holds most gives one up to who holds less. Whose place was given to somebody else is known to have been here, and
 * nothing is told as new twice: that would be a reset to it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CS_PROMETHEUS_READERS_MAX 16
#define CS_PROMETHEUS_OF_OWNER    12 /* of these for one, so that it leaves some for others */
#define CS_PROMETHEUS_OF_LOOKS    4  /* that are connected, and look the same: replicas */
#define CS_PROMETHEUS_LOOKS_MAX   192
#define CS_PROMETHEUS_MISSES_MAX  3u /* behind each other: who always comes anew is told, too */
#define CS_PROMETHEUS_OVERDUE     3u /* of its own interval without a question: it is gone */
#define CS_PROMETHEUS_INTERVAL_NS 60000000000ull /* of who has asked once: not known yet */
#define CS_PROMETHEUS_SEEN_BITS   4096u          /* by a hash; where all are set, nobody is new */
#define CS_PROMETHEUS_NOBODY      (-1)

/* What became of the answer before. Whoever gives up waiting closes its connection. */
enum cs_reader_past {
	CS_READER_NEW, /* there was none at that place, or it was somebody else's */
	CS_READER_BACK, /* the same, but who looks like that was here, and may know all that there is */
	CS_READER_TOLD,   /* it has arrived: who got it asks on, on the same connection */
	CS_READER_MISSED, /* maybe it has not; said of few answers behind each other */
};

struct cs_prometheus_reader {
	const void *connection; /* NULL: it has left */
	uint64_t asked; /* when it did last, by the number of the question; 0: nobody was here */
	uint64_t asked_ns;
	uint64_t interval_ns; /* between its last two questions; 0: there was one */
	unsigned missed;      /* of how many answers that was said, until the last */
	char looks[CS_PROMETHEUS_LOOKS_MAX];
};

struct cs_prometheus_readers {
	struct cs_prometheus_reader items[CS_PROMETHEUS_READERS_MAX];
	uint64_t questions;
	/* By a hash of their looks: all who were ever here, and whose place was given to others. */
	uint64_t seen[CS_PROMETHEUS_SEEN_BITS / 64];
	uint64_t put_out[CS_PROMETHEUS_SEEN_BITS / 64];
};

/**
 * cs_prometheus_readers_find() - who asks
 * @connection: that it asks on; not looked into
 * @looks:      what is the same whenever it comes: owner, a blank, and program; cut to what there is room for
 * @now_ns:     CLOCK_MONOTONIC
 * @ret_past:   what it knows
 *
 * Context: owner (pure). Return: a place; CS_PROMETHEUS_NOBODY: all that it may have are taken by who is still there.
 */
int cs_prometheus_readers_find(struct cs_prometheus_readers *readers, const void *connection,
			       const char *looks, uint64_t now_ns, enum cs_reader_past *ret_past);

/** cs_prometheus_readers_looks() - of who asks on @connection; NULL: it has no place. Context: owner (pure). */
const char *cs_prometheus_readers_looks(struct cs_prometheus_readers *readers,
					const void *connection);

/** cs_prometheus_readers_stays() - has who asks on @connection asked before? Context: owner (pure). */
bool cs_prometheus_readers_stays(struct cs_prometheus_readers *readers, const void *connection);

/** cs_prometheus_readers_leave() - @connection is gone; it may be none of a reader. Context: owner (pure). */
void cs_prometheus_readers_leave(struct cs_prometheus_readers *readers, const void *connection);
