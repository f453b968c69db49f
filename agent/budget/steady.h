/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Starts at a steady speed: somebody else on the same core makes a processor compute slower for moments, and no
 * counter of the kernel tells. What tells is a probe, a fixed loop in its processor time, before and after a
 * start. Here is what is done about it: wait a little, and make the start again, within bounds. Nothing of
 * this knows how long a start took, so that what does not differ does not come to differ by it. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "agent/budget/noise.h"

#define CS_STEADY_PROCESSORS 4u /* a look at more takes longer than what it is to tell lasts */
#define CS_STEADY_OF_ITS_KIND                                                                      \
	200u /* probes; one that never was as fast as the others is of another kind */
#define CS_STEADY_WAIT_NS      200e6 /* at most, before a start */
#define CS_STEADY_AGAIN        5u    /* a start is made again so many times at most */
#define CS_STEADY_PAIR_WAIT_NS 500e6 /* what a pair may use, and leave to later ones */
#define CS_STEADY_PAIR_AGAIN   2u    /* starts that are made again: the same */

struct cs_steady_processor {
	double least_ns; /* of its probes so far; 0: there was none */
	uint32_t probes; /* so many, and no more are counted than CS_STEADY_OF_ITS_KIND */
};

struct cs_steady {
	struct cs_steady_processor processors[CS_STEADY_PROCESSORS];
	double waited_ns; /* so far */
	uint32_t again;   /* starts that were made again, so far */
	uint32_t pairs;   /* begun so far */
};

/**
 * cs_steady_see() - take in a probe of a processor
 * @processor: which of those that are looked at, below CS_STEADY_PROCESSORS
 *
 * Cores may be unequal by what they are: small beside large ones. One that in many probes never came near the
 * fastest is measured by its own best from then on; until then, and where all are equal, by that of all, since
 * a neighbour may have been on it from the first look on.
 *
 * Context: any-thread. Return: how many times as long as at best it took, at least 1.
 */
double cs_steady_see(struct cs_steady *steady, unsigned processor, double probe_ns);

/** cs_steady_next_pair() - another begins, and more is allowed. Context: any-thread. */
void cs_steady_next_pair(struct cs_steady *steady);

/**
 * cs_steady_waits() - is a start put off?
 * @slowed:    of the last probe; NaN: there is none
 * @waited_ns: that this start was put off so far
 *
 * Context: any-thread.
 */
bool cs_steady_waits(const struct cs_steady *steady, double slowed, double waited_ns);

/**
 * cs_steady_again() - is a start made again?
 * @noise: of what was made of it so far, the one that is taken
 * @made:  so many were
 *
 * Context: any-thread.
 */
bool cs_steady_again(const struct cs_steady *steady, const struct cs_noise *noise, unsigned made);

/** cs_steady_prefers() - of two of the same start, is it @one that is taken? Context: any-thread. */
bool cs_steady_prefers(const struct cs_noise *one, const struct cs_noise *other);
