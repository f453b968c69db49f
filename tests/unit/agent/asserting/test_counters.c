/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of agent/asserting/counters, with a counter that every kernel has. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <errno.h>
#include <linux/perf_event.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/asserting/counters.h"

static uint64_t count_of(int fd)
{
	uint64_t count = 0;

	cr_assert(eq(sz, (size_t)read(fd, &count, sizeof(count)), sizeof(count)));
	return count;
}

/* Page faults of the child from its exec on, none of ours. */
static uint64_t faults_of(const char *command)
{
	int fd = cs_counter_open(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS, false, 0);
	uint64_t count;
	pid_t pid;

	if (fd == -EACCES || fd == -EPERM || fd == -ENOSYS)
		cr_skip_test("perf_event_open: %s", strerror(-fd));
	cr_assert(fd >= 0);
	cr_assert(zero(u64, count_of(fd)));
	pid = fork();
	if (pid == 0) {
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	cr_assert(eq(int, waitpid(pid, NULL, 0), pid));
	count = count_of(fd);
	close(fd);
	return count;
}

Test(counters, the_child_is_counted_with_all_that_it_starts)
{
	uint64_t alone = faults_of(":"), more = faults_of("/bin/true; /bin/true; /bin/true; :");

	cr_assert(alone > 0);
	cr_assert(more > alone + alone / 2);
}

Test(counters, what_is_not_counted_is_never_refused)
{
	struct cs_budget budget = { .metric = CS_METRIC_TOTAL };
	struct cs_diag diag = { 0 };

	cr_assert(zero(int, cs_counters_check(&budget, &diag)));
}

Test(counters, nothing_asked_for_is_nothing_filled)
{
	const struct cs_plan_function function = { .name = "f" };
	struct cs_counters counters;
	struct cs_sample sample = { 0 };

	cs_counters_open(&counters, &function, 0);
	for (unsigned i = 0; i < CS_COUNTERS_MAX; i++)
		cr_assert(lt(int, counters.fds[i], 0));
	cs_counters_fill(&counters, &sample);
	cr_assert(zero(dbl, sample.values[CS_METRIC_SYSCALLS]));
	cs_counters_close(&counters);
}
