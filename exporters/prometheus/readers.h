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

struct cs_prometheus_reader {
	const void *connection; /* NULL: it has left */
	uint64_t asked; /* when it did last, by the number of the question; 0: nobody was here */
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
 * @ret_new:    nobody was told anything at that place, or it was somebody else
 *
 * Context: owner (pure). Return: a place; CS_PROMETHEUS_NOBODY: all are taken by who is still there.
 */
int cs_prometheus_readers_find(struct cs_prometheus_readers *readers, const void *connection,
			       const char *looks, bool *ret_new);

/** cs_prometheus_readers_leave() - @connection is gone; it may be none of a reader. Context: owner (pure). */
void cs_prometheus_readers_leave(struct cs_prometheus_readers *readers, const void *connection);
