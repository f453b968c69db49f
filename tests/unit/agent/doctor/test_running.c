/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of agent/running: this process, processes that end, and lines of memory maps. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/doctor/running.h"

static struct cs_arena arena;
static struct cs_running running;
static struct cs_diag diag;

static void begin(void)
{
	cs_arena_init(&arena, 0);
}

static void end(void)
{
	cs_running_close(&running);
	cs_arena_deinit(&arena);
}

TestSuite(running, .init = begin, .fini = end);

Test(running, a_process_is_read)
{
	cr_assert(eq(int, cs_running_open(getpid(), &running, &diag), 0));
	cr_assert(eq(int, cs_running_look(&arena, &running, &diag), 0));
	cr_assert(eq(i32, running.pid, getpid()));
	cr_assert(eq(i32, running.ppid, getppid()));
	cr_assert(eq(u32, running.uid, geteuid()));
	cr_assert(eq(int, running.secure, 0));
	cr_assert(not(running.kernel_thread));
	cr_assert_str_eq(cs_running_variable(&running, "PATH"), getenv("PATH"));
	cr_assert(eq(ptr, (void *)cs_running_variable(&running, "PAT"), NULL));
	cr_assert(ne(ptr, strstr(running.name, "test_agent"), NULL));
}

Test(running, a_process_that_ends_in_between_is_said_to_have_ended)
{
	pid_t pid = fork();

	if (pid == 0) {
		pause();
		_exit(0);
	}
	cr_assert(eq(int, cs_running_open(pid, &running, &diag), 0));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	cr_assert(eq(int, cs_running_look(&arena, &running, &diag), -ESRCH));
	cr_assert(ne(ptr, strstr(diag.text, "ended while it was looked at"), NULL));
	cr_assert(eq(int, cs_running_header(&running, 0, (char[4096]){ 0 }) < 0, 1));
}

Test(running, one_that_was_never_there_is_said_so)
{
	cr_assert(eq(int, cs_running_open(INT32_MAX, &running, &diag), -ENOENT));
	cr_assert(ne(ptr, strstr(diag.text, "no process 2147483647"), NULL));
}

Test(running, maps_tell_the_shim_and_its_segment)
{
	struct cs_mappings maps = { 0 };

	cs_mappings_parse(&maps, "1000-2000 r--p 00000000 08:01 5    /a b/libcoldspan.so");
	cs_mappings_parse(&maps, "2000-3000 r-xp 00001000 08:01 5    /a b/libcoldspan.so");
	cr_assert_str_eq(maps.shim.path, "/a b/libcoldspan.so");
	cr_assert(eq(u64, maps.shim.begin, 0x1000));
	cr_assert_str_eq(maps.other.path, "");
	cs_mappings_parse(&maps, "4000-5000 rw-s 00001000 00:01 9    /memfd:coldspan (deleted)");
	cr_assert_str_eq(maps.segment.path, "", "a part of it from the middle");
	cs_mappings_parse(&maps, "5000-8000 rw-s 00000000 00:1f 9    /memfd:coldspan (deleted)");
	cr_assert(eq(u64, maps.segment.begin, 0x5000));
	cr_assert(eq(u64, maps.segment.bytes, 0x3000));
	cr_assert(eq(u32, maps.segment.minor, 0x1f));
	cr_assert(eq(u64, maps.segment.inode, 9));
}

Test(running, maps_tell_two_copies_and_files_that_are_gone)
{
	struct cs_mappings maps = { 0 };

	cs_mappings_parse(&maps, "1000-2000 r--p 0 08:01 5 /a/libcoldspan.so (deleted)");
	cs_mappings_parse(&maps, "3000-4000 r--p 0 08:01 6 /a/libcoldspan.so");
	cr_assert(maps.shim.deleted);
	cr_assert_str_eq(maps.shim.path, "/a/libcoldspan.so");
	cr_assert_str_eq(maps.other.path, "/a/libcoldspan.so");
	cr_assert(not(maps.other.deleted));
}

Test(running, maps_tell_who_else_is_there_once_each)
{
	struct cs_mappings maps = { 0 };

	cs_mappings_parse(&maps, "1000-2000 r--p 0 08:01 5 /lib/liblttng-ust.so.1");
	cs_mappings_parse(&maps, "2000-3000 r--p 0 08:01 6 /lib/liblttng-ust-fork.so.1");
	cs_mappings_parse(&maps, "3000-4000 r--p 0 08:01 7 /lib/libjemalloc.so.2");
	cs_mappings_parse(&maps, "4000-5000 r--p 0 08:01 7 /lib/libc.so.6");
	cr_assert(eq(u32, maps.company_count, 2));
	cr_assert_str_eq(maps.company[0]->what, "LTTng-UST");
	cr_assert_str_eq(maps.company[1]->what, "jemalloc");
}

Test(running, lines_that_are_none_are_left_out)
{
	struct cs_mappings maps = { 0 };
	static const char *const lines[] = { "",
					     "x",
					     "1000-2000",
					     "1000-2000 r--p 0 08:01 5",
					     "1000-2000 r--p 0 08:01 5 libcoldspan.so",
					     "1000-2000 r--p 0 08:01 5 [libcoldspan.so" };

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		cs_mappings_parse(&maps, lines[i]);
	cr_assert_str_eq(maps.shim.path, "");
}
