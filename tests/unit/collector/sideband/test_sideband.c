/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of collector/sideband: what the kernel had no room for, and who refuses. */
#include "collector/sideband/sideband.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <event2/event.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "collector/sideband/perf_ring.h"

#define NAMES       30000u /* more than a ring of 64 pages has room for */
#define SOMEBODY    54321u /* nobody else here has locked memory as this user */
#define QUOTA_PAGES 64u
#define QUOTA_RINGS 1024u

static struct event_base *base;
static struct cs_sideband *sideband;

static void open_sideband(void)
{
	struct cs_diag diag = { 0 };
	int r = cs_sideband_open(base, &diag, &sideband);

	if (r == -EACCES || r == -EPERM || r == -ENOSYS)
		cr_skip_test("%s", diag.text);
	cr_assert(eq(int, r, 0), "%s", diag.text);
}

static void start(void)
{
	base = event_base_new();
}

static void stop(void)
{
	sideband = cs_sideband_close(sideband);
	event_base_free(base);
}

TestSuite(sideband, .init = start, .fini = stop);

/* All on one CPU, so that it is one ring that is full. */
static void stay_here(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)sched_getcpu(), &set);
	cr_assert(eq(int, sched_setaffinity(0, sizeof(set), &set), 0));
}

static uint64_t lost(void)
{
	return cs_outside_get_stats(cs_sideband_outside(sideband))->lost;
}

static bool tells_lost(void)
{
	struct cs_perf_ring ring;
	bool tells;

	cr_assert(eq(int, cs_perf_ring_open(sched_getcpu(), 1, &ring), 0));
	tells = ring.tells_lost;
	cs_perf_ring_close(&ring);
	return tells;
}

/* Each time is a record. */
static void name_myself(unsigned times)
{
	for (unsigned i = 0; i < times; i++)
		prctl(PR_SET_NAME, "renamed");
}

/* One that was started and ended, or goes on until end_child(). */
static pid_t start_child(bool goes_on)
{
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (goes_on)
			pause();
		_exit(0);
	}
	cr_assert(pid > 0);
	if (!goes_on)
		waitpid(pid, NULL, 0);
	return pid;
}

static void end_child(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* May something be missing of what is known of it? */
static bool has_gaps(pid_t pid)
{
	const struct cs_outside_process *process;

	TAILQ_FOREACH(process, cs_outside_list(cs_sideband_outside(sideband)), of_table) {
		if (process->pid == pid)
			return process->gaps;
	}
	cr_assert(false, "%d was not seen", (int)pid);
	return false;
}

static void read_now(void)
{
	cs_sideband_read(sideband, cs_clock_monotonic_ns());
}

Test(sideband, what_was_lost_after_the_last_record_is_counted_at_the_end)
{
	uint64_t at_the_end;

	if (!tells_lost())
		cr_skip_test("before Linux 6.0 nobody tells");
	stay_here();
	open_sideband();
	name_myself(NAMES);
	read_now();
	cr_assert(eq(u64, lost(), 0)); /* no later record has told of it */
	cs_sideband_read(sideband, UINT64_MAX);
	at_the_end = lost();
	cr_assert(at_the_end > 0 && at_the_end < NAMES, "%lu", (unsigned long)at_the_end);
	cs_sideband_read(sideband, UINT64_MAX);
	cr_assert(eq(u64, lost(), at_the_end)); /* once */
}

Test(sideband, what_records_told_is_not_counted_at_the_end_again)
{
	uint64_t told;

	stay_here();
	open_sideband();
	for (unsigned i = 0; i < 2; i++) {
		name_myself(NAMES);
		read_now();
		name_myself(1);
		read_now();
	}
	told = lost();
	cr_assert(told > 0 && told < 2 * (uint64_t)NAMES, "%lu", (unsigned long)told);
	cs_sideband_read(sideband, UINT64_MAX);
	cr_assert(eq(u64, lost(), told));
}

Test(sideband, at_the_end_only_what_no_record_told_is_added)
{
	uint64_t told, added;

	if (!tells_lost())
		cr_skip_test("before Linux 6.0 nobody tells");
	stay_here();
	open_sideband();
	name_myself(NAMES);
	read_now();
	name_myself(1);
	read_now();
	told = lost();
	name_myself(NAMES);
	read_now();
	cr_assert(eq(u64, lost(), told));
	cs_sideband_read(sideband, UINT64_MAX);
	added = lost() - told;
	cr_assert(added > 0 && added < NAMES, "%lu, %lu before", (unsigned long)added,
		  (unsigned long)told);
}

/* @by_record: a later record tells that some were lost, else it is found at the end. */
static void check_gaps(bool by_record)
{
	pid_t ended, living;

	if (!by_record && !tells_lost())
		cr_skip_test("before Linux 6.0 nobody tells");
	stay_here();
	open_sideband();
	ended = start_child(false);
	living = start_child(true);
	name_myself(1); /* later than the first one's end */
	read_now();
	name_myself(NAMES);
	read_now();
	if (by_record) {
		name_myself(1);
		read_now();
	} else {
		cs_sideband_read(sideband, UINT64_MAX);
	}
	cr_assert(lost() > 0);
	cr_assert(has_gaps(living));
	cr_assert_not(has_gaps(ended));
	end_child(living);
}

Test(sideband, who_had_ended_before_lost_nothing_that_a_record_tells)
{
	check_gaps(true);
}

Test(sideband, who_had_ended_before_lost_nothing_that_is_found_at_the_end)
{
	check_gaps(false);
}

Test(sideband, nothing_is_lost_where_there_is_room)
{
	pid_t living;

	open_sideband();
	living = start_child(true);
	name_myself(100);
	cs_sideband_read(sideband, UINT64_MAX);
	cr_assert(eq(u64, lost(), 0));
	cr_assert_not(has_gaps(living));
	end_child(living);
}

/* Whoever uses up a user's share of locked memory, smaller rings do for a while. */
static void use_up_locked_memory(void)
{
	const struct rlimit none = { 0, 0 };
	struct cs_perf_ring ring;
	int r = 0;

	cr_assert(eq(int, setrlimit(RLIMIT_MEMLOCK, &none), 0));
	cr_assert(eq(int, setuid(SOMEBODY), 0));
	for (unsigned i = 0; r == 0 && i < QUOTA_RINGS; i++)
		r = cs_perf_ring_open(sched_getcpu(), QUOTA_PAGES, &ring);
	if (r == -EACCES || r == -EPERM || r == -ENOSYS)
		cr_skip_test("perf_event_open: %s", strerror(-r));
	cr_assert(eq(int, r, -EDQUOT)); /* rings stay open until the end of the process */
}

Test(sideband, a_user_without_locked_memory_is_told_what_to_raise)
{
	struct cs_diag diag = { 0 };

	if (getuid() != 0)
		cr_skip_test("only root can be somebody else");
	use_up_locked_memory();
	cr_assert(eq(int, cs_sideband_open(base, &diag, &sideband), -EDQUOT));
	cr_assert(strstr(diag.text, "locked memory") && strstr(diag.text, "ulimit -l"), "%s",
		  diag.text);
	cr_assert_null(sideband);
}
