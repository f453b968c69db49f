/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What a process has used, read from outside: CPU time by its CPU clock (all threads, ended ones too),
 * page faults, resident memory and context switches from /proc. Sources: clock_getcpuclockid(3),
 * proc_pid_stat(5), proc_pid_status(5).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "collector/assembler/model.h"
#include "preload/wire/records.h"

struct cs_process;

#define CS_USAGE_THREADS_MAX 64u /* with more than these, context switches are not known */

/* A reading. Counts are since the process began. */
struct cs_usage {
	uint64_t time_ns; /* CLOCK_MONOTONIC, before the first of them was read */
	uint64_t cpu_ns;
	uint64_t faults_minor;
	uint64_t faults_major;
	uint64_t read_bytes;    /* that system calls read, by cs_usage_read_all(); 0: not known */
	uint64_t rss_bytes;     /* now; 0: it has ended */
	uint64_t max_rss_bytes; /* its high-water mark; idem */
	uint64_t switches_voluntary;
	uint64_t switches_involuntary;
	uint64_t threads; /* which these were summed over, as one number; 0: not known */
};

/**
 * cs_usage_read() - of a process that is not reaped: also one that has just ended
 *
 * All or nothing: what cannot be read any more is left out, never made up.
 * Context: loop. Some 20 us, and 10 a thread.
 * Return:  0; -ESRCH it is gone, or no pid is known; other errors of reading /proc, or of cs_reading_run().
 */
int cs_usage_read(const struct cs_process *process, struct cs_usage *ret) cs_must_use;

/** cs_usage_read_all() - with what it has read, which is one file more. As cs_usage_read(). */
int cs_usage_read_all(const struct cs_process *process, struct cs_usage *ret) cs_must_use;

/** cs_usage_since() - from one reading to a later one: of one invocation. Pure. */
void cs_usage_since(const struct cs_usage *base, const struct cs_usage *now, struct cs_used *ret);

/** cs_usage_of_wait() - of a process from its begin to its end, by its parent's wait. Pure. */
void cs_usage_of_wait(const struct cs_rec_wait *wait, struct cs_used *ret);
