/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of collector/usage: readings of a process, and what lies between two of them. */
#include "collector/processes/usage.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "collector/processes/process.h"

#define BLOCK (8u << 20)

static struct cs_process self(void)
{
	return (struct cs_process){ .pid = getpid(), .pidfd = -1 };
}

Test(usage, what_is_done_in_between_is_in_the_difference)
{
	const struct cs_process process = self();
	struct cs_usage before, after;
	struct cs_used used;
	char *block;

	cr_assert(eq(int, cs_usage_read(&process, &before), 0));
	block = mmap(NULL, BLOCK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	cr_assert(ne(ptr, block, MAP_FAILED));
	madvise(block, BLOCK, MADV_NOHUGEPAGE);
	memset(block, 1, BLOCK);
	for (int i = 0; i < 20; i++)
		usleep(1000); /* gives the processor away, unless it is over before it has begun */
	cr_assert(eq(int, cs_usage_read(&process, &after), 0));
	munmap(block, BLOCK);

	cs_usage_since(&before, &after, &used);
	cr_assert(eq(int, (int)used.of, (int)CS_USED_INVOCATION));
	cr_assert(used.cpu_ns > 0 && used.window_ns > 0);
	cr_assert(used.faults_minor > BLOCK / 4096 / 2, "%lu", (unsigned long)used.faults_minor);
	cr_assert(used.rss_bytes >= BLOCK && used.max_rss_bytes >= used.rss_bytes);
	cr_assert(used.switches_known && used.switches_voluntary > 0);
}

Test(usage, switches_of_other_threads_are_not_compared)
{
	const struct cs_usage before = { .threads = 5, .switches_voluntary = 100 };
	const struct cs_usage after = { .threads = 6, .switches_voluntary = 120 };
	struct cs_used used;

	cs_usage_since(&before, &after, &used);
	cr_assert(not(used.switches_known));
	cs_usage_since(&before, &before, &used);
	cr_assert(used.switches_known);
}

Test(usage, of_each_count_the_difference_is_told)
{
	const struct cs_usage before = { .time_ns = 1000,
					 .cpu_ns = 100,
					 .faults_minor = 10,
					 .faults_major = 20,
					 .switches_voluntary = 30,
					 .switches_involuntary = 40,
					 .threads = 2,
					 .rss_bytes = 7,
					 .max_rss_bytes = 8 };
	const struct cs_usage after = { .time_ns = 3000,
					.cpu_ns = 103,
					.faults_minor = 14,
					.faults_major = 25,
					.switches_voluntary = 36,
					.switches_involuntary = 47,
					.threads = 2,
					.rss_bytes = 9,
					.max_rss_bytes = 11 };
	struct cs_used used;

	cs_usage_since(&before, &after, &used);
	cr_expect(eq(u64, used.window_ns, 2000));
	cr_expect(eq(u64, used.cpu_ns, 3));
	cr_expect(eq(u64, used.faults_minor, 4));
	cr_expect(eq(u64, used.faults_major, 5));
	cr_expect(eq(u64, used.switches_voluntary, 6));
	cr_expect(eq(u64, used.switches_involuntary, 7));
	cr_expect(eq(u64, used.rss_bytes, 9));
	cr_expect(eq(u64, used.max_rss_bytes, 11));
}

Test(usage, a_count_never_goes_back)
{
	const struct cs_usage before = { .cpu_ns = 10, .faults_minor = 3 };
	const struct cs_usage after = { .cpu_ns = 9, .faults_minor = 4 };
	struct cs_used used;

	cs_usage_since(&before, &after, &used);
	cr_assert(eq(u64, used.cpu_ns, 0));
	cr_assert(eq(u64, used.faults_minor, 1));
}

Test(usage, one_that_has_ended_is_read_until_it_is_waited_for)
{
	struct cs_process process = { .pidfd = -1 };
	struct cs_usage usage;
	siginfo_t info;

	process.pid = fork();
	if (process.pid == 0)
		_exit(0);
	cr_assert(eq(int, waitid(P_PID, (id_t)process.pid, &info, WEXITED | WNOWAIT), 0));
	cr_assert(eq(int, cs_usage_read(&process, &usage), 0));
	cr_assert(usage.cpu_ns > 0 && usage.faults_minor > 0);
	cr_assert(eq(u64, usage.rss_bytes, 0));
	waitpid(process.pid, NULL, 0);
	cr_assert(lt(int, cs_usage_read(&process, &usage), 0));
}

Test(usage, of_a_wait)
{
	const struct cs_rec_wait wait = {
		.cpu_ns = 7, .max_rss_bytes = 8, .faults_major = 9, .switches_voluntary = 10
	};
	struct cs_used used;

	cs_usage_of_wait(&wait, &used);
	cr_assert(eq(int, (int)used.of, (int)CS_USED_PROCESS));
	cr_assert(eq(u64, used.cpu_ns, 7));
	cr_assert(eq(u64, used.max_rss_bytes, 8));
	cr_assert(eq(u64, used.faults_major, 9));
	cr_assert(used.switches_known);
	cr_assert(eq(u64, used.switches_voluntary, 10));
	cr_assert(eq(u64, used.switches_involuntary, 0));
}
