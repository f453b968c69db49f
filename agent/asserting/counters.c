/* SPDX-License-Identifier: Apache-2.0 */

/* Counters of the kernel; see counters.h. */
#include "agent/asserting/counters.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "collector/processes/procfs.h"

static const unsigned metrics[CS_COUNTERS_MAX] = { CS_METRIC_INSTRUCTIONS, CS_METRIC_SYSCALLS };

int cs_counter_open(uint32_t type, uint64_t config, bool only_user, pid_t parent)
{
	/* Of the parent, off, and handed on to its children, in which exec switches it on. */
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.type = type,
		.config = config,
		.disabled = 1,
		.inherit = 1,
		.enable_on_exec = 1,
		.exclude_kernel = only_user,
	};
	long fd = syscall(SYS_perf_event_open, &attr, parent, -1, -1, PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : (int)fd;
}

static int open_syscalls(pid_t parent)
{
	static const char *const files[] = {
		"/sys/kernel/tracing/events/raw_syscalls/sys_enter/id",
		"/sys/kernel/debug/tracing/events/raw_syscalls/sys_enter/id",
	};
	unsigned long long id;
	char text[32];

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (cs_proc_read_file(files[i], text, sizeof(text)) == 0 &&
		    sscanf(text, "%llu", &id) == 1)
			return cs_counter_open(PERF_TYPE_TRACEPOINT, id, false, parent);
	}
	return -ENOENT;
}

static int open_metric(unsigned metric, pid_t parent)
{
	return metric == CS_METRIC_SYSCALLS
		       ? open_syscalls(parent)
		       : cs_counter_open(PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS, true,
					 parent);
}

int cs_counters_check(const struct cs_budget *budget, struct cs_diag *diag)
{
	cs_cleanup(cs_closep) int fd = -EBADF;

	for (unsigned i = 0; i < CS_COUNTERS_MAX; i++) {
		if (budget->metric != metrics[i])
			continue;
		fd = open_metric(metrics[i], 0);
		if (fd >= 0)
			return 0;
		return metrics[i] == CS_METRIC_SYSCALLS
			       ? cs_diag_set(
					 diag, -ENOTSUP,
					 "syscalls are counted by a tracepoint (%s here); mount "
					 "tracefs on /sys/kernel/tracing, and run as root or with "
					 "CAP_PERFMON",
					 strerror(-fd))
			       : cs_diag_set(
					 diag, -ENOTSUP,
					 "instructions are counted by the CPU, and this machine "
					 "gives no counter (%s); write cpu.user, or use a runner "
					 "with a PMU",
					 strerror(-fd));
	}
	return 0;
}

static bool is_asked(const struct cs_plan_function *function, unsigned metric)
{
	for (size_t i = 0; i < function->budgets_count; i++) {
		if (function->budgets[i].metric == metric)
			return true;
	}
	return false;
}

void cs_counters_open(struct cs_counters *counters, const struct cs_plan_function *function,
		      pid_t parent)
{
	for (unsigned i = 0; i < CS_COUNTERS_MAX; i++)
		counters->fds[i] =
			is_asked(function, metrics[i]) ? open_metric(metrics[i], parent) : -EBADF;
}

void cs_counters_fill(const struct cs_counters *counters, struct cs_sample *sample)
{
	for (unsigned i = 0; i < CS_COUNTERS_MAX; i++) {
		uint64_t count;

		if (counters->fds[i] >= 0 &&
		    read(counters->fds[i], &count, sizeof(count)) == sizeof(count))
			sample->values[metrics[i]] = (double)count;
	}
}

void cs_counters_close(struct cs_counters *counters)
{
	for (unsigned i = 0; i < CS_COUNTERS_MAX; i++)
		cs_closep(&counters->fds[i]);
}
