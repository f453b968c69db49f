/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What the machine did while a start was measured: one table, which feeds raw samples in files, the report
 * and the documentation. It never changes a number that was measured; it tells how far to trust it. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "agent/budget/quantity.h"

/* X(id, name, kind, meaning). Of the time from before the spawn until the process was waited for. */
#define CS_NOISES(X)                                                                               \
	X(WINDOW, "window", DURATION, "how long that was")                                         \
	X(STEAL, "steal", DURATION, "that the host took from all CPUs, by /proc/stat")             \
	X(PRESSURE, "cpu_pressure", DURATION, "in which some task waited for a CPU, by PSI")       \
	X(SWITCHES, "switches.involuntary", COUNT, "times the function was put off its CPU")       \
	X(FAULTS_MAJOR, "faults.major", COUNT, "its page faults that read from a disk")            \
	X(LOAD, "load", COUNT, "average of one minute, before the spawn")                          \
	X(RESIDENT, "page_cache", SHARE, "of its program and libraries, before the spawn")         \
	X(SLOWED_BEFORE, "slowed.before", FACTOR,                                                  \
	  "how many times as long as at best its processors computed, before the spawn")           \
	X(SLOWED_AFTER, "slowed.after", FACTOR, "idem, after it had ended")                        \
	X(THROTTLED, "throttled", DURATION,                                                        \
	  "that our control group's limit held it, or what else is in the group, back")            \
	X(NOT_TAKEN, "not_taken", COUNT, "starts that stood in its place, on slower processors")

enum cs_noise_kind {
#define X(id, name, kind, meaning) CS_NOISE_##id,
	CS_NOISES(X)
#undef X
	CS_NOISE_COUNT,
};

#define CS_NOISE_STEAL_SHARE   0.05 /* of the window: above it the start is disturbed */
#define CS_NOISE_RESIDENT_LESS 0.1  /* of its files, than the most that was seen: idem */
#define CS_NOISE_SLOW          1.15 /* times as long as at best: above it a processor is slow */

struct cs_noise {
	double values[CS_NOISE_COUNT]; /* ns, counts, shares; NaN: not known */
	bool again; /* its pair was disturbed, and measured once more: this is the second */
};

struct cs_noise_about {
	const char *name;
	const char *meaning;
	enum cs_quantity_kind kind;
};

/* What many starts had. */
struct cs_noise_summary {
	uint32_t count;
	uint32_t disturbed;
	uint32_t again;
	uint32_t probed;    /* whose processors were looked at (steady.h) */
	uint32_t slow;      /* of these, taken though one of them was slow */
	uint32_t not_taken; /* others that were made, and are none of @count */
	double steal;       /* share of all windows; NaN: not known */
	double pressure;    /* idem */
	double throttled;   /* idem */
	double switches;    /* of a start, on average; NaN: not known */
	double faults;      /* idem */
	double load;        /* the highest; NaN: not known */
	double resident;    /* the least; NaN: not known */
};

/** cs_noise_about() - what the table says of @kind, below CS_NOISE_COUNT. Context: any-thread. */
struct cs_noise_about cs_noise_about(unsigned kind);

/** cs_noise_clear() - nothing is known. Context: any-thread. */
void cs_noise_clear(struct cs_noise *noise);

/**
 * cs_noise_disturbed() - did the machine, and not the function, change this start?
 * @resident: the most of its files that was in the page cache before any of its starts; NaN: not known
 *
 * By what no function can do itself: time that the host took, and files that somebody else put out of the
 * page cache. Pressure and switches are told only: a function's own threads make them, too.
 *
 * Context: any-thread.
 */
bool cs_noise_disturbed(const struct cs_noise *noise, double resident);

/** cs_noise_slowed() - the more of before and after; NaN: not looked at. Context: any-thread. */
double cs_noise_slowed(const struct cs_noise *noise);

/** cs_noise_add() - take a start into @summary, which began as cs_noise_summary_init() left it. */
void cs_noise_add(struct cs_noise_summary *summary, const struct cs_noise *noise, double resident);

/** cs_noise_summary_init() - of no start. Context: any-thread. */
void cs_noise_summary_init(struct cs_noise_summary *summary);
