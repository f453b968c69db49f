/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The kernel's word on whatever this process starts: a perf event on every CPU, read when one is half
 * full and whenever it is asked for, put in the order of time, and given to collector/sideband/outside.h. What
 * shims announce is put in the same order.
 *
 * Context of all: loop.
 */
#pragma once

#include <stdint.h>

#include "base/cleanup.h"
#include "base/diag.h"
#include "collector/sideband/outside.h"

#define CS_SIDEBAND_CPUS_MAX  64u       /* each costs a fork below us some 1.6 us */
#define CS_SIDEBAND_SETTLE_NS 10000000u /* younger records may still get older company */

struct cs_sideband;
struct event_base;

/**
 * cs_sideband_open() - begin to follow what the calling thread starts
 *
 * Context: startup; before the first thing is started.
 * Return:  0; negative errno, @diag says in one line who refused.
 */
int cs_sideband_open(struct event_base *base, struct cs_diag *diag, struct cs_sideband **ret)
	cs_must_use;

/** cs_sideband_close() - nobody is followed any more. Accepts NULL. Return: NULL. */
struct cs_sideband *cs_sideband_close(struct cs_sideband *sideband);

/**
 * cs_sideband_read() - pass on what happened up to @until_ns; UINT64_MAX: all of it
 *
 * Rings of several CPUs show their records at slightly different times: what is younger than
 * CS_SIDEBAND_SETTLE_NS is better left for the next call. With all of it, also what was lost at the end.
 */
void cs_sideband_read(struct cs_sideband *sideband, uint64_t until_ns);

/** cs_sideband_attached() - a shim announced itself: it attached in @pid at @attach_ns */
void cs_sideband_attached(struct cs_sideband *sideband, int32_t pid, uint64_t attach_ns);

/** cs_sideband_leave_out() - as cs_outside_leave_out() */
void cs_sideband_leave_out(struct cs_sideband *sideband, int32_t pid);

/** cs_sideband_outside() - what is known; valid as long as @sideband. */
const struct cs_outside *cs_sideband_outside(const struct cs_sideband *sideband);
