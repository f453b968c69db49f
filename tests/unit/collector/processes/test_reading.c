/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of collector/reading: what comes back, what does not, and who is not asked after that. */
#include "collector/processes/reading.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "collector/processes/proc_reading.h"

#define RAN_NS 300000000ull /* by the clock: longer than one that sleeps is waited for */

struct job {
	int fd;
	int answer;
};

static int answer(void *context)
{
	struct job *job = context;

	job->answer = 42;
	return 7;
}

static int block(void *context)
{
	const struct job *job = context;
	char byte;

	return (int)read(job->fd, &byte, 1);
}

static int run_for_long(void *context)
{
	uint64_t begun_ns = cs_clock_monotonic_ns();

	while (cs_clock_monotonic_ns() - begun_ns < RAN_NS)
		;
	return answer(context);
}

/* An end of a pipe that nothing is ever written to. */
static int silence(int *ret_other)
{
	int fds[2];

	cr_assert(eq(int, pipe(fds), 0));
	*ret_other = fds[1];
	return fds[0];
}

Test(reading, what_was_read_comes_back)
{
	struct job job = { .fd = -1 };

	for (int i = 0; i < 100; i++) {
		job.answer = 0;
		cr_assert(eq(int, cs_reading_run(1, 1000, answer, &job, sizeof(job)), 7));
		cr_assert(eq(int, job.answer, 42));
	}
}

Test(reading, one_that_never_returns_is_not_waited_for)
{
	struct cs_reading_stats stats;
	struct job job = { .answer = 1 };
	uint64_t begun_ns = cs_clock_monotonic_ns();
	int other;

	job.fd = silence(&other);
	cr_assert(eq(int, cs_reading_run(1, 1000, block, &job, sizeof(job)), -ETIMEDOUT));
	cr_expect(eq(int, job.answer, 1));
	cr_expect(ge(u64, cs_clock_monotonic_ns() - begun_ns, 2 * CS_READING_LOOK_NS));
	cs_reading_get_stats(&stats);
	cr_expect(eq(u64, stats.given_up, 1));

	/* Not the same process, whoever asks; not for the same uid; anybody else at once. */
	cr_expect(eq(int, cs_reading_run(1, 1001, answer, &job, sizeof(job)), -EBUSY));
	cr_expect(eq(int, cs_reading_run(2, 1000, answer, &job, sizeof(job)), -EBUSY));
	cr_expect(eq(int, cs_reading_run(2, 1001, answer, &job, sizeof(job)), 7));
	cs_reading_get_stats(&stats);
	cr_expect(eq(u64, stats.refused, 2));
	close(other);
}

Test(reading, one_that_returned_late_disturbs_no_other)
{
	struct job job = { 0 };
	int other;

	job.fd = silence(&other);
	cr_assert(eq(int, cs_reading_run(1, 1000, block, &job, sizeof(job)), -ETIMEDOUT));
	close(other); /* it reads the end of the file */
	while (cs_reading_run(1, 1001, answer, &job, sizeof(job)) == -EBUSY)
		usleep(1000);
	cr_expect(eq(int, job.answer, 42));
	/* Whose it was waits on: to return and block again must not pay. */
	cr_expect(eq(int, cs_reading_run(2, 1000, answer, &job, sizeof(job)), -EBUSY));
}

Test(reading, one_that_runs_is_waited_for_longer)
{
	struct job job = { 0 };

	cr_assert(eq(int, cs_reading_run(1, 1000, run_for_long, &job, sizeof(job)), 7));
	cr_assert(eq(int, job.answer, 42));
}

Test(reading, threads_that_sleep_are_bounded)
{
	struct job job = { 0 };
	int other;

	job.fd = silence(&other);
	for (unsigned i = 0; i < CS_READING_STUCK_MAX; i++)
		cr_assert(eq(int, cs_reading_run((int)i + 1, 1000 + i, block, &job, sizeof(job)),
			     -ETIMEDOUT));
	cr_expect(eq(int, cs_reading_run(100, 100, answer, &job, sizeof(job)), -EBUSY));
	close(other);
}

/* Return: 0: it is as it should be; else the number of what is not. */
static int without_threads(void)
{
	const struct rlimit none = { 0, 0 };
	struct job job = { .answer = 1 };
	struct cs_reading_stats stats;

	if (setrlimit(RLIMIT_NPROC, &none) < 0)
		return 1;
	if (getuid() == 0 && setuid(54321) < 0) /* root has no such limit */
		return 2;
	if (cs_reading_run(1, 1000, answer, &job, sizeof(job)) != -EAGAIN)
		return 3;
	cs_reading_get_stats(&stats);
	return job.answer != 1 ? 4 : stats.refused != 1 ? 5 : stats.given_up ? 6 : 0;
}

/* Where a user may have no more threads, it is said and counted as what was not read. */
Test(reading, without_a_thread_nothing_is_begun)
{
	int status;
	pid_t pid = fork(); /* a sanitizer needs a thread at the end of the test */

	if (pid == 0)
		_exit(without_threads());
	waitpid(pid, &status, 0);
	cr_expect(eq(int, WIFEXITED(status) ? WEXITSTATUS(status) : -1, 0));
}

Test(reading, what_is_asked_of_a_process_is_told)
{
	struct cs_proc_origin origin;
	int status;

	cr_assert(eq(int, cs_proc_read_origin(getpid(), getuid(), &origin), 0));
	cr_expect(eq(int, origin.ppid, getppid()));
	cr_expect(eq(u32, origin.uid, getuid()));
	cr_expect(gt(u64, origin.start_ns, 0));
	cr_expect(eq(int, cs_proc_read_exit(getpid(), getuid(), &status), -EBUSY));
	cr_expect(eq(int, cs_proc_read_child(getppid(), getuid(), getpid()), getpid()));
}
