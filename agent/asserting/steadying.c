/* SPDX-License-Identifier: Apache-2.0 */

/* Probes of processors; see steadying.h. */
#include "agent/asserting/steadying.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <time.h>

#include "agent/asserting/quota.h"
#include "base/clock.h"

#define TURNS       500000u /* some 0.3 ms */
#define LEARNING_NS 150e6   /* before the first start */
#define BETWEEN_NS  2000000 /* two looks */
#define ONCE(variable)                                                                             \
	__asm__ volatile("" : "+r"(variable)) /* nothing is left out, or put together */

/* Four additions at a time, none of which waits for another: what two threads of a core contend for. */
static void add_up(void)
{
	uint64_t a = 0, b = 0, c = 0, d = 0;

	for (uint32_t i = 0; i < TURNS; i++) {
		a += 1, b += 3, c += 5, d += 7;
		ONCE(a);
		ONCE(b);
		ONCE(c);
		ONCE(d);
		a += 3, b += 5, c += 7, d += 1;
		ONCE(a);
		ONCE(b);
		ONCE(c);
		ONCE(d);
	}
}

/* In our own processor time: another task that has its turn is no slow processor. */
static double probe_ns(void)
{
	uint64_t begin_ns = cs_clock_ns(CLOCK_THREAD_CPUTIME_ID);

	add_up();
	return (double)(cs_clock_ns(CLOCK_THREAD_CPUTIME_ID) - begin_ns);
}

int cs_steadying_processor(cpu_set_t *ret)
{
	cpu_set_t ours;
	int first = 0;

	if (sched_getaffinity(0, sizeof(ours), &ours) < 0)
		return -errno;
	while (!CPU_ISSET(first, &ours))
		first++;
	CPU_ZERO(ret);
	CPU_SET(first, ret);
	return 0;
}

double cs_steadying_look(struct cs_steadying *steadying)
{
	double slowed = (double)NAN;
	cpu_set_t ours, one;
	unsigned number = 0;

	if (!CPU_COUNT(&steadying->processors) || sched_getaffinity(0, sizeof(ours), &ours) < 0)
		return slowed;
	for (int i = 0; i < CPU_SETSIZE; i++) {
		if (!CPU_ISSET(i, &steadying->processors))
			continue;
		CPU_ZERO(&one);
		CPU_SET(i, &one);
		/* One that was taken from us meanwhile is not the function's either. */
		if (sched_setaffinity(0, sizeof(one), &one) == 0)
			slowed =
				fmax(slowed, cs_steady_see(&steadying->steady, number, probe_ns()));
		number++;
	}
	sched_setaffinity(0, sizeof(ours), &ours);
	return slowed;
}

static void pause_between(void)
{
	const struct timespec between = { .tv_nsec = BETWEEN_NS };

	nanosleep(&between, NULL);
}

/*
 * Where a control group leaves us less than the processors have, each probe takes from what the start needs: held back
 * by half a processor's quota were 33 % of its periods, of the same starts without probes 14 to 19 %.
 */
static bool has_all_of(const cpu_set_t *processors)
{
	return cs_quota_now().processors >= CPU_COUNT(processors);
}

/* @ret: none: nothing is to be looked at. */
static void find_processors(const struct cs_plan_sampling *sampling, cpu_set_t *ret)
{
	int r = 0;

	CPU_ZERO(ret);
	if (!sampling->take_slow)
		r = sampling->same_processor ? cs_steadying_processor(ret)
					     : sched_getaffinity(0, sizeof(*ret), ret);
	if (r < 0 || CPU_COUNT(ret) > (int)CS_STEADY_PROCESSORS || !has_all_of(ret))
		CPU_ZERO(ret);
}

bool cs_steadying_avoids(const struct cs_plan_sampling *sampling)
{
	cpu_set_t processors;

	find_processors(sampling, &processors);
	return CPU_COUNT(&processors) > 0;
}

void cs_steadying_begin(struct cs_steadying *steadying, const struct cs_plan_sampling *sampling)
{
	uint64_t begin_ns = cs_clock_monotonic_ns();

	*steadying = (struct cs_steadying){ 0 };
	find_processors(sampling, &steadying->processors);
	while (!isnan(cs_steadying_look(steadying)) &&
	       (double)(cs_clock_monotonic_ns() - begin_ns) < LEARNING_NS)
		pause_between();
}

double cs_steadying_wait(struct cs_steadying *steadying)
{
	uint64_t begin_ns = cs_clock_monotonic_ns();
	double slowed = cs_steadying_look(steadying), waited_ns = 0;

	while (cs_steady_waits(&steadying->steady, slowed, waited_ns)) {
		pause_between();
		slowed = cs_steadying_look(steadying);
		waited_ns = (double)(cs_clock_monotonic_ns() - begin_ns);
	}
	steadying->steady.waited_ns += waited_ns;
	return slowed;
}
