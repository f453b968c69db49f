/* SPDX-License-Identifier: Apache-2.0 */

/*
 * How fast the processors of a function compute, now: the probes that agent/budget/steady.h decides by.
 * Context of all: startup; the caller runs on each of the processors meanwhile.
 */
#pragma once

#include <sched.h>

#include "agent/budget/plan.h"
#include "agent/budget/steady.h"

struct cs_steadying {
	cpu_set_t processors; /* on which the function may run; none: nothing is looked at */
	struct cs_steady steady;
};

/** cs_steadying_processor() - the first that we have, for processor: same. Return: 0; negative errno. */
int cs_steadying_processor(cpu_set_t *ret);

/** cs_steadying_avoids() - is anything looked at, of pairs? Not where they take slow ones, have too many processors, or a quota. */
bool cs_steadying_avoids(const struct cs_plan_sampling *sampling);

/** cs_steadying_begin() - find out how fast they are at best; nothing where it is not to be. */
void cs_steadying_begin(struct cs_steadying *steadying, const struct cs_plan_sampling *sampling);

/** cs_steadying_look() - probe each. Return: how much the slowest is slowed; NaN: nothing is looked at. */
double cs_steadying_look(struct cs_steadying *steadying);

/** cs_steadying_wait() - until all are fast, within bounds. Return: as cs_steadying_look(), of the last. */
double cs_steadying_wait(struct cs_steadying *steadying);
