/* SPDX-License-Identifier: Apache-2.0 */

/* The machine's own counters; see noise_watch.h. */
#include "agent/asserting/noise_watch.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/asserting/quota.h"
#include "base/clock.h"
#include "collector/processes/procfs.h"

#define UNKNOWN ((double)NAN)

/* proc_stat(5): user, nice, system, idle, iowait, irq, softirq, steal in ticks, of all CPUs. */
static double steal_ns(void)
{
	char text[512];
	unsigned long long steal;
	long ticks = sysconf(_SC_CLK_TCK);

	if (ticks <= 0 || cs_proc_read_file("/proc/stat", text, sizeof(text)) < 0 ||
	    sscanf(text, "cpu %*u %*u %*u %*u %*u %*u %*u %llu", &steal) != 1)
		return UNKNOWN;
	return (double)steal * 1e9 / (double)ticks;
}

/* Kernel documentation, accounting/psi: "some … total=MICROSECONDS". */
static double pressure_ns(void)
{
	char text[512];
	const char *total;
	unsigned long long us;

	if (cs_proc_read_file("/proc/pressure/cpu", text, sizeof(text)) < 0 ||
	    strncmp(text, "some ", 5) != 0)
		return UNKNOWN;
	total = strstr(text, "total=");
	return total && sscanf(total, "total=%llu", &us) == 1 ? (double)us * 1e3 : UNKNOWN;
}

static double load(void)
{
	char text[128];
	double load;

	return cs_proc_read_file("/proc/loadavg", text, sizeof(text)) == 0 &&
			       sscanf(text, "%lf", &load) == 1
		       ? load
		       : UNKNOWN;
}

void cs_noise_watch_begin(struct cs_noise_watch *watch)
{
	*watch = (struct cs_noise_watch){
		.steal_ns = steal_ns(),
		.pressure_ns = pressure_ns(),
		.throttled_ns = cs_quota_now().throttled_ns,
		.load = load(),
	};
	watch->begin_ns = cs_clock_monotonic_ns();
}

/* Steal may be counted back by a ticks's part where the host corrects it. */
static double since(double now, double then)
{
	return now < then ? 0 : now - then;
}

void cs_noise_watch_end(const struct cs_noise_watch *watch, const struct rusage *usage,
			struct cs_noise *ret)
{
	cs_noise_clear(ret);
	ret->values[CS_NOISE_WINDOW] = (double)(cs_clock_monotonic_ns() - watch->begin_ns);
	ret->values[CS_NOISE_STEAL] = since(steal_ns(), watch->steal_ns);
	ret->values[CS_NOISE_PRESSURE] = since(pressure_ns(), watch->pressure_ns);
	ret->values[CS_NOISE_THROTTLED] = since(cs_quota_now().throttled_ns, watch->throttled_ns);
	ret->values[CS_NOISE_LOAD] = watch->load;
	if (!usage)
		return;
	ret->values[CS_NOISE_SWITCHES] = (double)usage->ru_nivcsw;
	ret->values[CS_NOISE_FAULTS_MAJOR] = (double)usage->ru_majflt;
}
