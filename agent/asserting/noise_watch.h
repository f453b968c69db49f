/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Readings of the machine around one start: /proc/stat, /proc/pressure/cpu, /proc/loadavg, our control groups. What a kernel does
 * not tell is left unknown.
 */
#pragma once

#include <stdint.h>
#include <sys/resource.h>

#include "agent/budget/noise.h"

struct cs_noise_watch {
	uint64_t begin_ns; /* CLOCK_MONOTONIC */
	double steal_ns;   /* so far since boot; NaN: not known */
	double pressure_ns;
	double throttled_ns; /* NaN: no control group limits us */
	double load;
};

/** cs_noise_watch_begin() - before the spawn. Context: startup. */
void cs_noise_watch_begin(struct cs_noise_watch *watch);

/**
 * cs_noise_watch_end() - once it was waited for
 * @usage: its own; NULL: it was not waited for
 * @ret:   all is set, but the page cache is not known
 *
 * Context: startup.
 */
void cs_noise_watch_end(const struct cs_noise_watch *watch, const struct rusage *usage,
			struct cs_noise *ret);
