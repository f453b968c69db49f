/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The living processes that instances are held for, one entry for each, with the pidfd that tells
 * of their end. A process may write into several segments (it came from a fork, then it executed
 * something), and several processes may write into one: struct cs_member joins the two.
 */
#pragma once

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/cleanup.h"

#define CS_PROCESS_BUCKETS 4096 /* pids are dense: some 3 entries each with 10,000 instances */

struct cs_process_table;

struct cs_process {
	LIST_ENTRY(cs_process) link;
	struct cs_process_table *table;
	int32_t pid;  /* in our pid namespace; 0 unknown */
	int32_t ppid; /* when we first saw it; 0 unknown */
	uint32_t uid; /* when we last heard of it */
	int pidfd;    /* owned; negative: it was gone before we met it */
	struct event event;
	LIST_HEAD(cs_process_members, cs_member) members; /* owned by their instances */
	LIST_ENTRY(cs_process) held_link;                 /* for collector/processes/death.c */
	bool held;
	uint64_t held_until_ns;
	bool met_gone;      /* it had ended when we met it */
	bool exited;        /* the pidfd said so */
	bool reaped;        /* its parent was told */
	bool waited;        /* who waited for it said so */
	bool status_known;  /* wait_status is from the kernel, or from who waited */
	int wait_status;    /* as wait(2) encodes it */
	uint64_t exited_ns; /* CLOCK_MONOTONIC when we learnt of it */
};

/* Called on the loop. The process may be freed inside. */
typedef void (*cs_process_fn)(void *context, struct cs_process *process);

struct cs_process_table {
	struct event_base *base;
	LIST_HEAD(, cs_process) buckets[CS_PROCESS_BUCKETS];
	uint64_t *count;      /* borrowed: a counter to keep */
	cs_process_fn exited; /* once, when it has ended */
	cs_process_fn reaped; /* once, when it was waited for after that (Linux ≥ 6.9 tells) */
	void *context;
};

/** cs_process_table_init() - Context: loop. Nothing to be freed once all processes are gone. */
void cs_process_table_init(struct cs_process_table *table, struct event_base *base, uint64_t *count,
			   cs_process_fn exited, cs_process_fn reaped, void *context);

/**
 * cs_process_get() - the entry of a process, made if there is none
 * @pid:   in our pid namespace; 0 unknown: always a new entry
 * @uid:   by the kernel's word
 * @pidfd: taken in any case; negative: it is gone, and told as exited on the next turn
 *
 * One that is gone may have had its pid taken over: it is never the living process of that pid. It is
 * one that ended, if the kernel says so, or, where it cannot be asked, if pid and uid are the same:
 * pids are not reused so soon.
 *
 * Context:   loop.
 * Ownership: freed by cs_process_put() once no member is left.
 * Return:    NULL: no memory, or no room to wait for it.
 */
struct cs_process *cs_process_get(struct cs_process_table *table, int32_t pid, uint32_t uid,
				  int pidfd) cs_must_use;

/** cs_process_find() - the process that has @pid now; NULL: none is followed. Context: loop. */
struct cs_process *cs_process_find(struct cs_process_table *table, int32_t pid);

/** cs_process_find_reaped() - the process that had @pid and was waited for. Context: loop. */
struct cs_process *cs_process_find_reaped(struct cs_process_table *table, int32_t pid);

/** cs_process_check() - look at the pidfd now instead of waiting for the loop. Context: loop. */
void cs_process_check(struct cs_process *process);

/**
 * cs_process_check_all() - the same for all of them
 * @until_ns: on our clock; so long those are waited for whose end has begun: a process that was killed is
 *            some time at giving back its memory
 *
 * Context: loop.
 */
void cs_process_check_all(struct cs_process_table *table, uint64_t until_ns);

/** cs_process_put() - free it unless it has members or is held. Context: loop. */
void cs_process_put(struct cs_process *process);
