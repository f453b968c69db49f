/* SPDX-License-Identifier: Apache-2.0 */

#include "collector/processes/procfs.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

Test(procfs, a_name_full_of_parentheses_does_not_shift_the_fields)
{
	struct cs_proc_stat stat;

	cr_assert(eq(int,
		     cs_proc_parse_stat("77 (a) Z 1 (b) S 42 1 1 0 -1 4194560 1234 9 56 8 "
					"1 2 3 4 20 0 1 0 250 1000 10 18446744073709551615",
					100, &stat),
		     0));
	cr_expect(eq(i32, stat.ppid, 42));
	cr_expect(eq(u64, stat.faults_minor, 1234));
	cr_expect(eq(u64, stat.faults_major, 56));
	cr_expect(eq(u64, stat.start_ns, 2500000000));
	cr_expect(eq(u64, stat.rss_pages, 10));
}

Test(procfs, a_cut_stat_is_refused)
{
	struct cs_proc_stat stat;

	cr_expect(eq(int, cs_proc_parse_stat("", 100, &stat), -EBADMSG));
	cr_expect(eq(int, cs_proc_parse_stat("1 (x) S 1 2 3", 100, &stat), -EBADMSG));
}

#define UP_TO_45                                                                                   \
	" 1 1 1 0 -1 4 1 0 5 0 1 2 0 0 20 0 1 0 50 0 0 18446744073709551615 0 0 0 0 0 0 0 0 0 0 "  \
	"0 0 17 0 0 0 0 0 0 0"

Test(procfs, the_exit_status_is_field_52_of_one_that_has_ended)
{
	int status = -1;

	cr_assert(eq(int,
		     cs_proc_parse_exit("7 (a) S 1) Z" UP_TO_45 " 0 0 0 0 0 0 1792\n", &status),
		     0));
	cr_expect(eq(int, status, 1792));
	cr_expect(eq(int, cs_proc_parse_exit("7 (a) Z 1) S" UP_TO_45 " 0 0 0 0 0 0 9\n", &status),
		     -EBUSY));
	cr_expect(
		eq(int, cs_proc_parse_exit("7 (a) Z" UP_TO_45 " 0 0 0 0 0 0", &status), -EBADMSG));
	cr_expect(
		eq(int, cs_proc_parse_exit("7 (a) Z" UP_TO_45 " 0 0 0 0 0 0 ", &status), -EBADMSG));
	cr_expect(eq(int, cs_proc_parse_exit("7 (a) Z" UP_TO_45 " 0 0 0 0 0 0 65536\n", &status),
		     -EBADMSG));
	cr_expect(eq(int, cs_proc_parse_exit("7 (a)", &status), -EBADMSG));
	cr_expect(eq(int, status, 1792));
}

#define FROM_10_TO_30 " 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0"

/* Fields 9 and 31: 4194304 is PF_FORKNOEXEC, 4 PF_EXITING; 256 is SIGKILL's bit, 16384 SIGTERM's. */
Test(procfs, an_end_that_has_begun)
{
	cr_expect(
		eq(int, cs_proc_parse_dying("7 (a) S 1 2 3 0 -1 4194304" FROM_10_TO_30 " 0 0"), 0));
	cr_expect(
		eq(int, cs_proc_parse_dying("7 (a) R 1 2 3 0 -1 4194308" FROM_10_TO_30 " 0 0"), 1));
	cr_expect(eq(int, cs_proc_parse_dying("7 (a) S 1 2 3 0 -1 4194304" FROM_10_TO_30 " 256 0"),
		     1));
	cr_expect(eq(int,
		     cs_proc_parse_dying("7 (a) S 1 2 3 0 -1 4194304" FROM_10_TO_30 " 16384 0"),
		     0));
	cr_expect(eq(int, cs_proc_parse_dying("7 (a) S 1 2 3 0 -1 4" FROM_10_TO_30), -EBADMSG));
	cr_expect(eq(int, cs_proc_parse_dying("7"), -EBADMSG));
}

Test(procfs, the_end_of_a_child_has_begun_when_it_is_killed)
{
	pid_t child = fork();

	if (child == 0) {
		pause();
		_exit(0);
	}
	cr_assert(eq(int, cs_proc_get_dying(child), 0));
	cr_assert(eq(int, kill(child, SIGKILL), 0));
	cr_assert(eq(int, cs_proc_get_dying(child), 1));
	cr_assert(eq(int, waitpid(child, NULL, 0), child));
	cr_assert(eq(int, cs_proc_get_dying(child), -ENOENT));
}

Test(procfs, the_status_of_a_zombie_is_told_to_who_may_know)
{
	int status = -1, others = -1, alive = -1;
	siginfo_t info;
	pid_t pid, other;

	cr_assert(eq(int, cs_proc_get_exit(getpid(), &alive), -EBUSY));
	pid = fork();
	if (pid == 0)
		_exit(3);
	cr_assert(eq(int, waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0));
	cr_assert(eq(int, cs_proc_get_exit(pid, &status), 0));
	cr_expect(eq(int, WEXITSTATUS(status), 3));
	if (getuid() == 0) {
		other = fork();
		if (other == 0)
			_exit(setuid(65534) == 0 && cs_proc_get_exit(pid, &status) == -EACCES ? 0
											      : 1);
		waitpid(other, &others, 0);
		cr_expect(eq(int, others, 0));
	}
	waitpid(pid, &status, 0);
	cr_expect(eq(int, cs_proc_get_exit(pid, &status), -ENOENT));
}

Test(procfs, the_last_pid_of_the_list_is_the_innermost)
{
	struct cs_proc_status status;

	cr_assert(eq(int,
		     cs_proc_parse_status("Name:\tx\nUid:\t1000\t0\t0\t0\nNSpid:\t812\t31\t7\n"
					  "Gid:\t1\nVmHWM:\t    12 kB\n"
					  "voluntary_ctxt_switches:\t3\n"
					  "nonvoluntary_ctxt_switches:\t4\n",
					  &status),
		     0));
	cr_expect(eq(u32, status.uid, 1000));
	cr_expect(eq(uint, status.ns_levels, 3));
	cr_expect(eq(i32, status.ns_pid, 7));
	cr_expect(eq(u64, status.max_rss_bytes, 12288));
	cr_expect(eq(u64, status.switches_voluntary, 3));
	cr_expect(eq(u64, status.switches_involuntary, 4));
}

Test(procfs, a_status_without_uid_is_refused)
{
	struct cs_proc_status status;

	cr_expect(eq(int, cs_proc_parse_status("Name:\tx\nNSpid:\t1\n", &status), -EBADMSG));
}

Test(procfs, bytes_read_are_rchar)
{
	uint64_t bytes = 7;

	cr_assert_eq(cs_proc_parse_io("rchar: 4096\nwchar: 1\n", &bytes), 0);
	cr_assert_eq(bytes, 4096);
	cr_assert_eq(cs_proc_parse_io("wchar: 1\nrchar: 5\n", &bytes), 0);
	cr_assert_eq(bytes, 5);
	cr_assert_eq(cs_proc_parse_io("", &bytes), -EBADMSG);
	cr_assert_eq(cs_proc_parse_io("rchar: ", &bytes), -EBADMSG);
	cr_assert_eq(cs_proc_parse_io("rchar: -1\n", &bytes), -EBADMSG);
	cr_assert_eq(cs_proc_parse_io("rchar: 1", &bytes), -EBADMSG, "it was cut");
	cr_assert_eq(cs_proc_parse_io("xrchar: 1\n", &bytes), -EBADMSG);
	cr_assert_eq(bytes, 5);
	cr_assert_eq(cs_proc_get_io(getpid(), &bytes), 0);
	cr_assert_gt(bytes, 5);
}

Test(procfs, it_reads_about_this_very_process)
{
	struct cs_proc_status status;
	struct cs_proc_stat stat;
	uint64_t cpu;

	cr_assert(eq(int, cs_proc_get_stat(getpid(), &stat), 0));
	cr_expect(eq(i32, stat.ppid, getppid()));
	cr_assert(eq(int, cs_proc_get_status(getpid(), &status), 0));
	cr_expect(eq(u32, status.uid, getuid()));
	cr_assert(eq(int, cs_proc_get_cpu_ns(getpid(), &cpu), 0));
	cr_expect(ne(u64, cpu, 0));
}

Test(procfs, a_child_is_found_by_the_pid_it_has_for_itself)
{
	pid_t pid = fork();
	int32_t found, none;

	if (pid == 0) {
		pause();
		_exit(0);
	}
	found = cs_proc_find_child(getpid(), pid);
	none = cs_proc_find_child(getpid(), 1);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	cr_expect(eq(i32, found, pid));
	cr_expect(eq(i32, none, -ENOENT));
}
