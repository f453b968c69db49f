/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What others said of a pid: who spawned it, when it called exec, how it ended. Parents are read at
 * other times than their children, so it is kept until it is asked for. A fixed table: a pid that
 * comes to the place of another puts it out. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "preload/wire/records.h"

#define CS_EVIDENCE_EXECS      8u /* a search through PATH, and the programs that follow each other */
#define CS_EVIDENCE_SLOTS      8192u /* pids are dense; 2.6 MiB, touched as it is used */
#define CS_EVIDENCE_NAMES      4u    /* of programs that ran before: version managers take three */
#define CS_EVIDENCE_NAME_BYTES 24u

/*
 * What a process without connections said of its event, and of the start that led there: moments of
 * one program. CLOCK_MONOTONIC ns; 0: not reached.
 */
struct cs_event_image {
	uint64_t event_ns; /* first read of standard input, or output before that */
	uint64_t output_ns;
	uint64_t
		exec_ns; /* when the exec that made the program was called, by what was known then */
	uint64_t attach_ns;
	uint64_t main_ns;
	uint64_t user_code_ns;
	uint64_t attach_cpu_ns;
	uint32_t programs; /* that ran before it in the same process */
	bool native;
};

/* Programs, in their order: the first of them by name. */
struct cs_names {
	uint32_t count;
	char text[CS_EVIDENCE_NAMES][CS_EVIDENCE_NAME_BYTES];
};

struct cs_evidence {
	int32_t pid;  /* 0: free */
	uint32_t uid; /* of who said it; nobody but root is believed about other users' processes */
	uint64_t spawn_begin_ns;              /* 0 unknown */
	uint64_t execs_ns[CS_EVIDENCE_EXECS]; /* when exec was called, the newest calls; 0 none */
	uint32_t execs_count;                 /* ever */
	uint32_t left; /* CS_EXEC_*: what all its execs say was left to it; with left_ns */
	uint64_t parent_segment; /* of whoever spawned it; 0 unknown */
	uint64_t left_ns;        /* of the last such exec; 0 none */
	bool hinted;             /* our own program started it */
	bool parent_busy;        /* whoever spawned it had a request in flight just then */
	bool parent_has_event;   /* who spawned it is a process that was given an event itself */
	bool ended;
	int wait_status;
	uint64_t wait_ns;            /* when the wait came back */
	uint64_t gone_ns;            /* when its end was learnt of; 0 it may live */
	struct cs_event_image event; /* of a program that it was before an exec, event_ns 0: none */
	struct cs_rec_wait usage;
	struct cs_names
		programs;     /* that it was, and left by exec; before them, who only started it */
	uint64_t programs_ns; /* when the last that it was itself was left; 0: it was none */
};

struct cs_evidence_table {
	uint64_t evicted; /* entries of living processes that made room for others */
	struct cs_evidence slots[CS_EVIDENCE_SLOTS];
};

/** cs_evidence_find() - what is known of @pid; NULL: nothing. Context: loop. */
struct cs_evidence *cs_evidence_find(struct cs_evidence_table *table, int32_t pid);

/**
 * cs_evidence_spawned() - @pid was spawned at @begin_ns (0 unknown); forgets who had it before
 *
 * Context: loop. Return: its entry; NULL: it is gone, a later process has the pid.
 */
struct cs_evidence *cs_evidence_spawned(struct cs_evidence_table *table, uint32_t uid, int32_t pid,
					uint64_t begin_ns, uint64_t parent_segment);

/** cs_evidence_exec() - a process said at @time_ns that it calls exec; its spawn is told apart. */
void cs_evidence_exec(struct cs_evidence_table *table, uint32_t uid, const struct cs_rec_exec *rec,
		      uint64_t time_ns);

/** cs_evidence_waited() - somebody's wait returned it at @time_ns. */
void cs_evidence_waited(struct cs_evidence_table *table, uint32_t uid,
			const struct cs_rec_wait *rec, uint64_t time_ns);

/** cs_evidence_gone() - the process is over: what is said of its pid later is of another. */
void cs_evidence_gone(struct cs_evidence *evidence, uint64_t time_ns);

/** cs_evidence_event() - it took its event as @image, and executes another program. The first counts. */
void cs_evidence_event(struct cs_evidence_table *table, uint32_t uid, int32_t pid,
		       const struct cs_event_image *image);

/** cs_evidence_program() - it was @name, up to @time_ns, when it executed another program. */
void cs_evidence_program(struct cs_evidence_table *table, uint32_t uid, int32_t pid,
			 const char *name, uint64_t time_ns);

/** cs_names_add() - one more. Context: any-thread (pure). */
void cs_names_add(struct cs_names *names, const char *name);

/** cs_names_add_all() - the first @count of @more. Context: any-thread (pure). */
void cs_names_add_all(struct cs_names *names, const struct cs_names *more, uint32_t count);

/** cs_evidence_exec_before() - the last exec called not after @time_ns; 0 none is known. */
uint64_t cs_evidence_exec_before(const struct cs_evidence *evidence, uint64_t time_ns);

/** cs_evidence_add_exec() - @time_ns is when exec was called. */
void cs_evidence_add_exec(struct cs_evidence *evidence, uint64_t time_ns);
