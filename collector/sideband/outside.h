/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Processes as the kernel tells of them, whether a shim is in them or not: fork, execs, files mapped to be
 * executed, exit. Fed in the order of time. Bounded: of more than CS_OUTSIDE_MAX the oldest that ended
 * is forgotten, and counted. No I/O and no clock.
 *
 * The kernel tells of a thing a little after it was asked for: fork some 50 us after the call, exec some
 * 60 us after it, at the point of no return.
 *
 * Context of all: loop.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/cleanup.h"
#include "collector/sideband/perf_record.h"

#define CS_OUTSIDE_MAX        4096u /* processes: 3 MiB */
#define CS_OUTSIDE_EXECS      8u    /* of each, the newest */
#define CS_OUTSIDE_NAMES      4u    /* of programs that it was, the first */
#define CS_OUTSIDE_NAME_BYTES 24u   /* the kernel's have 15 characters at most */

/* Times are CLOCK_MONOTONIC ns; 0: not seen. */
struct cs_outside_process {
	LIST_ENTRY(cs_outside_process) of_bucket;
	TAILQ_ENTRY(cs_outside_process) of_table; /* in the order in which they were first seen */
	int32_t pid;
	int32_t ppid; /* 0 not seen */
	uint64_t fork_ns;
	uint64_t exit_ns; /* of its last thread */
	uint64_t execs_ns[CS_OUTSIDE_EXECS];
	uint32_t execs_count; /* ever */
	uint32_t threads;     /* living */
	uint32_t mapped;      /* files since the last exec, but the program itself */
	uint64_t mapped_first_ns;
	uint64_t mapped_last_ns;
	bool gaps;    /* records were lost while it lived: what is not here may have been */
	bool left;    /* the kernel stopped telling at an exec: a set-user-ID program */
	bool watched; /* a shim is in the program that it is now */
	bool mapping; /* the file of its program is known since the last exec */
	char names[CS_OUTSIDE_NAMES][CS_OUTSIDE_NAME_BYTES];
	char name[CS_OUTSIDE_NAME_BYTES]; /* of the program that it is now; empty: not seen */
	char file[CS_PERF_NAME_BYTES];    /* its path; empty: not seen */
};

TAILQ_HEAD(cs_outside_list, cs_outside_process);

struct cs_outside_stats {
	uint64_t lost;      /* records for which the kernel had no room */
	uint64_t malformed; /* records that are none */
	uint64_t forgotten; /* processes: more than CS_OUTSIDE_MAX, or no memory */
};

struct cs_outside;

/** cs_outside_new() - @self: nothing is told of this pid. Return: NULL: out of memory. */
struct cs_outside *cs_outside_new(int32_t self) cs_must_use;

/** cs_outside_free() - Accepts NULL. Return: NULL. */
struct cs_outside *cs_outside_free(struct cs_outside *outside);

/** cs_outside_leave_out() - nothing is told of @pid, who lives; what it starts counts as our own. */
void cs_outside_leave_out(struct cs_outside *outside, int32_t pid);

/** cs_outside_record() - fork, exec, map, exit; all else is ignored. */
void cs_outside_record(struct cs_outside *outside, const struct cs_perf_record *record);

/** cs_outside_lost() - @lost records, between these times, are not to be had. */
void cs_outside_lost(struct cs_outside *outside, uint64_t lost, uint64_t since_ns,
		     uint64_t until_ns);

/** cs_outside_malformed() - a record was none: anything may be missing. */
void cs_outside_malformed(struct cs_outside *outside);

/** cs_outside_attached() - a shim announced itself in what @pid is now. */
void cs_outside_attached(struct cs_outside *outside, int32_t pid);

/** cs_outside_find() - the process that had @pid at @time_ns; NULL: it was not seen. */
const struct cs_outside_process *cs_outside_find(const struct cs_outside *outside, int32_t pid,
						 uint64_t time_ns);

/** cs_outside_list() - all that are known, in the order in which they were first seen. */
const struct cs_outside_list *cs_outside_list(const struct cs_outside *outside);

/** cs_outside_get_stats() - valid as long as @outside. */
const struct cs_outside_stats *cs_outside_get_stats(const struct cs_outside *outside);

/**
 * cs_outside_exec_before() - the last exec not after @time_ns
 * @ret_before_ns: the one before that; 0 none
 *
 * Return: 0: none is known.
 */
uint64_t cs_outside_exec_before(const struct cs_outside_process *process, uint64_t time_ns,
				uint64_t *ret_before_ns);
