/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Who scrapes, told apart: each is to see the first of a series as an increase, and to one alone can it be told once.
 * A scraper is a connection that is kept alive; one that comes anew takes the place that somebody left who looked
 * the same. Bounded: who finds no place is nobody that is known. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CS_PROMETHEUS_READERS_MAX 16
#define CS_PROMETHEUS_LOOKS_MAX   192
#define CS_PROMETHEUS_NOBODY      (-1)

/* What became of the answer before. Whoever gives up waiting closes its connection. */
enum cs_reader_past {
	CS_READER_NEW,    /* there was none at that place, or it was somebody else's */
	CS_READER_TOLD,   /* it has arrived: who got it asks on, on the same connection */
	CS_READER_MISSED, /* maybe it has not; said of no two answers behind each other */
};

struct cs_prometheus_reader {
	const void *connection; /* NULL: it has left */
	uint64_t asked; /* when it did last, by the number of the question; 0: nobody was here */
	bool missed;    /* what was said of the answer before the last */
	char looks[CS_PROMETHEUS_LOOKS_MAX];
};

struct cs_prometheus_readers {
	struct cs_prometheus_reader items[CS_PROMETHEUS_READERS_MAX];
	uint64_t questions;
};

/**
 * cs_prometheus_readers_find() - who asks
 * @connection: that it asks on; not looked into
 * @looks:      what is the same whenever it comes, address and program; cut to what there is room for
 * @ret_past:   what it knows
 *
 * Context: owner (pure). Return: a place; CS_PROMETHEUS_NOBODY: all are taken by who is still there.
 */
int cs_prometheus_readers_find(struct cs_prometheus_readers *readers, const void *connection,
			       const char *looks, enum cs_reader_past *ret_past);

/** cs_prometheus_readers_leave() - @connection is gone; it may be none of a reader. Context: owner (pure). */
void cs_prometheus_readers_leave(struct cs_prometheus_readers *readers, const void *connection);
