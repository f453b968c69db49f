/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Spawns that began and have not come back: who calls vfork or posix_spawn sleeps until its child has
 * executed, and may be stopped, or frozen, before it can say whom it spawned. A child that is to be told
 * of meanwhile is joined to the only one that it can come from. A fixed table, the oldest gives way. Pure.
 *
 * Context of all: loop.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define CS_SPAWNINGS_MAX 64u /* threads that spawn at once, in processes that do not go on */

struct cs_spawning {
	int32_t parent; /* pid; 0: free */
	uint32_t uid;
	uint64_t segment; /* that the parent writes into */
	uint64_t begin_ns;
	uint64_t exec_ns; /* when the child called exec last, by its word; 0 it did not say */
	uint64_t gone_ns; /* when the parent ended, or executed; 0: it has not */
	uint32_t kind;    /* enum cs_spawn_kind */
	bool busy;        /* it had a request in flight just then */
	bool has_event;   /* it is a process that was given an event itself */
};

struct cs_spawnings {
	struct cs_spawning items[CS_SPAWNINGS_MAX];
	uint32_t next; /* place of the next one */
};

/** cs_spawnings_begin() - @one begins. */
void cs_spawnings_begin(struct cs_spawnings *spawnings, const struct cs_spawning *one);

/** cs_spawnings_exec() - the child of that of @segment which began at @begin_ns calls exec at @exec_ns. */
void cs_spawnings_exec(struct cs_spawnings *spawnings, uint64_t segment, uint64_t begin_ns,
		       uint64_t exec_ns);

/** cs_spawnings_end() - that of @segment which began at @begin_ns has come back, well or not. */
void cs_spawnings_end(struct cs_spawnings *spawnings, uint64_t segment, uint64_t begin_ns);

/**
 * cs_spawnings_gone() - process @parent, 0: any, of @segment ended, or executed, at @gone_ns
 *
 * It spawns nothing any more, though it never came back; a child of before may be told of later.
 */
void cs_spawnings_gone(struct cs_spawnings *spawnings, uint64_t segment, int32_t parent,
		       uint64_t gone_ns);

/** cs_spawnings_forget() - of @segment: what it said is lost. */
void cs_spawnings_forget(struct cs_spawnings *spawnings, uint64_t segment);

/**
 * cs_spawnings_only() - which one is a child of @parent that attached at @attach_ns from?
 *
 * It executed before; the child of a vfork tells of that, and what `system` spawns does not take its place.
 *
 * Return: NULL: none that is known, or there are two.
 */
const struct cs_spawning *cs_spawnings_only(const struct cs_spawnings *spawnings, uint32_t uid,
					    int32_t parent, uint64_t attach_ns);
