/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Counters of the kernel for one start, perf_event_open(2): of the process that is started next and of all
 * that it starts, from its exec on. The function is not slowed by more than counting costs the CPU.
 *
 *   instructions    needs counters of the CPU, which virtual machines often hide
 *   syscalls        the tracepoint raw_syscalls:sys_enter: needs tracefs and CAP_PERFMON
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "agent/budget/judge.h"
#include "agent/budget/plan.h"
#include "base/cleanup.h"
#include "base/diag.h"

#define CS_COUNTERS_MAX 2u

struct cs_counters {
	int fds[CS_COUNTERS_MAX]; /* negative: not asked for */
};

/** cs_counters_check() - can all be counted that @budget needs? Return: 0; -ENOTSUP, @diag says what to do. */
int cs_counters_check(const struct cs_budget *budget, struct cs_diag *diag) cs_must_use;

/**
 * cs_counters_open() - count the next child of @parent, as far as a budget of @function asks
 * @parent: 0: of this thread
 *
 * What cannot be counted is not: see cs_counters_check(). Context: startup, before the child is there.
 */
void cs_counters_open(struct cs_counters *counters, const struct cs_plan_function *function,
		      pid_t parent);

/** cs_counters_fill() - what they have counted until now, in @sample; all else of it is left. */
void cs_counters_fill(const struct cs_counters *counters, struct cs_sample *sample);

/** cs_counters_close() - of what cs_counters_open() opened. */
void cs_counters_close(struct cs_counters *counters);

/**
 * cs_counter_open() - one counter of the next child of @parent, from its exec on; see perf_event_open(2)
 * @type:      PERF_TYPE_…
 * @config:    PERF_COUNT_…, or the number of a tracepoint
 * @only_user: not while it is in the kernel
 *
 * Return: a descriptor; negative errno.
 */
int cs_counter_open(uint32_t type, uint64_t config, bool only_user, pid_t parent) cs_must_use;
