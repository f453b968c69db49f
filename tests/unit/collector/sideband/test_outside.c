/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of collector/outside and outside_queue: what is known of processes, told in any order. */
#include "collector/sideband/outside.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

#include "collector/sideband/outside_queue.h"

#define SELF 1

static struct cs_outside *outside;
static struct cs_outside_queue queue;

static void set_up(void)
{
	outside = cs_outside_new(SELF);
	cr_assert(outside != NULL);
}

static void tear_down(void)
{
	cs_outside_queue_deinit(&queue);
	outside = cs_outside_free(outside);
}

TestSuite(outside, .init = set_up, .fini = tear_down);

static struct cs_perf_record record_of(enum cs_perf_kind kind, int32_t pid, uint64_t time_ns,
				       const char *name)
{
	struct cs_perf_record record = { .kind = kind, .pid = pid, .tid = pid, .time_ns = time_ns };

	snprintf(record.name, sizeof(record.name), "%s", name);
	return record;
}

static void tell(enum cs_perf_kind kind, int32_t pid, uint64_t time_ns, const char *name)
{
	struct cs_perf_record record = record_of(kind, pid, time_ns, name);

	cs_outside_record(outside, &record);
}

static void fork_at(int32_t ppid, int32_t pid, uint64_t time_ns)
{
	struct cs_perf_record record = record_of(CS_PERF_FORK, pid, time_ns, "");

	record.ppid = ppid;
	cs_outside_record(outside, &record);
}

static void thread_at(int32_t pid, int32_t tid, enum cs_perf_kind kind, uint64_t time_ns)
{
	struct cs_perf_record record = record_of(kind, pid, time_ns, "");

	record.ppid = pid;
	record.tid = tid;
	cs_outside_record(outside, &record);
}

static void run_at(int32_t pid, uint64_t time_ns, const char *name)
{
	tell(CS_PERF_EXEC, pid, time_ns, name);
	tell(CS_PERF_MAP, pid, time_ns + 1, name);
}

static const struct cs_outside_process *get(int32_t pid)
{
	const struct cs_outside_process *process, *last = NULL;

	TAILQ_FOREACH(process, cs_outside_list(outside), of_table)
		last = process->pid == pid ? process : last;
	return last;
}

static unsigned count_of_all(void)
{
	const struct cs_outside_process *process;
	unsigned count = 0;

	TAILQ_FOREACH(process, cs_outside_list(outside), of_table)
		count++;
	return count;
}

Test(outside, who_is_left_out_is_not_told_of_until_it_ends)
{
	fork_at(SELF, 100, 10);
	cs_outside_leave_out(outside, 100);
	run_at(100, 20, "/bin/spawner");
	fork_at(100, 101, 30);
	run_at(101, 40, "/bin/a");
	cr_assert(eq(u32, count_of_all(), 1));
	cr_assert(eq(i32, get(101)->ppid, SELF));
	tell(CS_PERF_EXIT, 100, 50, "");
	cr_assert(eq(u32, count_of_all(), 1));
	fork_at(101, 100, 60); /* its number again */
	run_at(100, 70, "/bin/b");
	cr_assert(eq(u32, count_of_all(), 2));
	cr_assert(eq(i32, get(100)->ppid, 101));
}

Test(outside, a_life_from_fork_to_exit)
{
	const struct cs_outside_process *process;

	fork_at(SELF, 100, 10);
	run_at(100, 20, "/bin/a");
	tell(CS_PERF_MAP, 100, 22, "/lib/ld.so");
	tell(CS_PERF_MAP, 100, 23, "/bin/a"); /* another part of the same file */
	tell(CS_PERF_MAP, 100, 25, "/lib/libc.so");
	tell(CS_PERF_EXIT, 100, 30, "");
	process = get(100);
	cr_assert(eq(i32, process->ppid, SELF));
	cr_assert(eq(u64, process->fork_ns, 10));
	cr_assert(eq(u64, process->execs_ns[0], 20));
	cr_assert(eq(str, (char *)process->file, (char *)"/bin/a"));
	cr_assert(eq(u32, process->mapped, 2));
	cr_assert(eq(u64, process->mapped_first_ns, 22));
	cr_assert(eq(u64, process->mapped_last_ns, 25));
	cr_assert(eq(u64, process->exit_ns, 30));
	cr_assert(not(process->gaps));
}

Test(outside, what_is_mapped_is_of_the_program_that_it_is_now)
{
	const struct cs_outside_process *process;

	fork_at(SELF, 100, 10);
	run_at(100, 20, "/bin/a");
	tell(CS_PERF_MAP, 100, 22, "/lib/ld.so");
	run_at(100, 30, "/bin/b");
	tell(CS_PERF_MAP, 100, 32, "/lib/ld.so");
	tell(CS_PERF_MAP, 100, 33, "/lib/libc.so");
	process = get(100);
	cr_assert(eq(str, (char *)process->file, (char *)"/bin/b"));
	cr_assert(eq(u32, process->mapped, 2));
	cr_assert(eq(u64, process->mapped_first_ns, 32));
	cr_assert(eq(u64, process->mapped_last_ns, 33));
}

/* Fifteen bytes that are none become fifteen times three. */
Test(outside, a_name_is_cut_between_its_characters)
{
	char name[CS_PERF_NAME_BYTES] = "";

	for (int i = 0; i < 15; i++)
		strcat(name, "\xef\xbf\xbd");
	fork_at(SELF, 100, 10);
	run_at(100, 20, name);
	cr_assert(eq(sz, strlen(get(100)->name), 21));
	cr_assert(eq(sz, strlen(get(100)->names[0]), 21));
}

Test(outside, a_process_ends_with_its_last_thread)
{
	fork_at(SELF, 100, 10);
	run_at(100, 20, "/bin/a");
	thread_at(100, 101, CS_PERF_FORK, 30);
	thread_at(100, 100, CS_PERF_EXIT, 40); /* main leaves by pthread_exit */
	cr_assert(eq(u64, get(100)->exit_ns, 0));
	thread_at(100, 101, CS_PERF_EXIT, 50);
	cr_assert(eq(u64, get(100)->exit_ns, 50));
}

Test(outside, a_pid_that_comes_again_is_another_process)
{
	fork_at(SELF, 100, 10);
	tell(CS_PERF_EXIT, 100, 20, "");
	fork_at(SELF, 100, 30);
	run_at(100, 40, "/bin/b");
	cr_assert(eq(u64, cs_outside_find(outside, 100, 20)->fork_ns, 10));
	cr_assert(cs_outside_find(outside, 100, 25) == NULL);
	cr_assert(eq(u64, cs_outside_find(outside, 100, 35)->fork_ns, 30));
	cr_assert(cs_outside_find(outside, 100, 5) == NULL);
	cr_assert(eq(u32, cs_outside_find(outside, 100, 15)->execs_count, 0));
}

Test(outside, a_fork_child_is_what_its_parent_was_until_it_executes)
{
	fork_at(SELF, 100, 10);
	run_at(100, 20, "/bin/a");
	cs_outside_attached(outside, 100);
	fork_at(100, 101, 30);
	cr_assert(get(101)->watched);
	cr_assert(eq(str, (char *)get(101)->file, (char *)"/bin/a"));
	run_at(101, 40, "/bin/static");
	cr_assert(not(get(101)->watched));
	cr_assert(eq(str, (char *)get(101)->file, (char *)"/bin/static"));
	cr_assert(get(100)->watched);
}

Test(outside, an_exit_right_at_an_exec_is_the_end_of_telling)
{
	fork_at(SELF, 100, 10);
	tell(CS_PERF_EXEC, 100, 20, "su");
	tell(CS_PERF_EXIT, 100, 21, "");
	cr_assert(eq(u64, get(100)->exit_ns, 0));
	cr_assert(get(100)->left);
}

Test(outside, nothing_is_told_of_ourselves)
{
	fork_at(0, SELF, 10);
	thread_at(SELF, 7, CS_PERF_FORK, 11);
	tell(CS_PERF_MAP, SELF, 12, "/lib/x.so");
	cr_assert(eq(u32, count_of_all(), 0));
}

Test(outside, what_comes_without_a_fork_is_kept_as_incomplete)
{
	run_at(100, 20, "/bin/a");
	tell(CS_PERF_EXIT, 100, 30, "");
	cr_assert(get(100)->gaps);
	cr_assert(eq(u64, get(100)->fork_ns, 0));
	cr_assert(eq(u64, get(100)->exit_ns, 30));
}

Test(outside, a_loss_is_said_of_all_who_lived_meanwhile)
{
	for (int32_t pid = 100; pid < 104; pid++)
		fork_at(SELF, pid, 10 * (uint64_t)(pid - 99));
	tell(CS_PERF_EXIT, 100, 44, ""); /* before */
	tell(CS_PERF_EXIT, 101, 60, ""); /* while */
	cs_outside_lost(outside, 5, 50, 70);
	fork_at(SELF, 110, 80); /* after */
	cr_assert(not(get(100)->gaps));
	cr_assert(get(101)->gaps);
	cr_assert(get(102)->gaps);
	cr_assert(not(get(110)->gaps));
	cr_assert(eq(u64, cs_outside_get_stats(outside)->lost, 5));
}

Test(outside, a_malformed_record_may_have_been_anything)
{
	fork_at(SELF, 100, 10);
	cs_outside_malformed(outside);
	cr_assert(get(100)->gaps);
	cr_assert(eq(u64, cs_outside_get_stats(outside)->malformed, 1));
}

Test(outside, too_many_are_forgotten_the_oldest_that_ended_first)
{
	fork_at(SELF, 2, 1);
	for (unsigned i = 0; i < CS_OUTSIDE_MAX; i++) {
		fork_at(SELF, (int32_t)(100 + i), 10 + i);
		if (i < 100)
			tell(CS_PERF_EXIT, (int32_t)(100 + i), 10 + i, "");
	}
	cr_assert(eq(u32, count_of_all(), CS_OUTSIDE_MAX));
	cr_assert(get(2) != NULL); /* it lives */
	cr_assert(get(100) == NULL);
	cr_assert(get(101) != NULL);
	cr_assert(eq(u64, cs_outside_get_stats(outside)->forgotten, 1));
}

Test(outside, the_exec_before_a_moment_and_the_one_before_that)
{
	uint64_t before_ns = 99;

	fork_at(SELF, 100, 10);
	cr_assert(eq(u64, cs_outside_exec_before(get(100), 50, &before_ns), 0));
	cr_assert(eq(u64, before_ns, 0));
	for (uint64_t i = 2; i <= 2 * CS_OUTSIDE_EXECS; i++)
		run_at(100, 10 * i, "/bin/a");
	cr_assert(eq(u64, cs_outside_exec_before(get(100), 125, &before_ns), 120));
	cr_assert(eq(u64, before_ns, 110));
}

/* --- the queue --- */

static void push(enum cs_perf_kind kind, int32_t pid, uint64_t time_ns, const char *name)
{
	struct cs_perf_record record = record_of(kind, pid, time_ns, name);

	cr_assert(eq(int, cs_outside_queue_push(&queue, &record, 0), 0));
}

/* One CPU's ring after the other's, and the announce of the shim first of all. */
Test(outside, rings_and_shims_are_put_in_the_order_of_time)
{
	cr_assert(eq(int, cs_outside_queue_attached(&queue, 100, 25), 0));
	push(CS_PERF_EXEC, 101, 40, "static");
	push(CS_PERF_MAP, 101, 41, "/bin/static");
	push(CS_PERF_EXIT, 101, 45, "");
	push(CS_PERF_FORK, 100, 10, "");
	push(CS_PERF_EXEC, 100, 20, "a");
	push(CS_PERF_MAP, 100, 21, "/bin/a");
	push(CS_PERF_FORK, 101, 30, "");
	cs_outside_queue_pass(&queue, outside, 42);
	cr_assert(eq(u64, get(101)->exit_ns, 0)); /* not yet */
	cs_outside_queue_pass(&queue, outside, UINT64_MAX);
	cr_assert(eq(u64, get(101)->exit_ns, 45));
	cr_assert(not(get(101)->watched));
	cr_assert(get(100)->watched);
	cr_assert(not(get(100)->gaps || get(101)->gaps));
	cr_assert(eq(u32, count_of_all(), 2));
}

Test(outside, what_has_one_time_stays_in_its_order)
{
	for (int32_t i = 0; i < 200; i++) {
		push(CS_PERF_FORK, 100 + i, 10, "");
		push(CS_PERF_EXIT, 100 + i, 10, "");
	}
	cs_outside_queue_pass(&queue, outside, 10);
	cr_assert(eq(u32, count_of_all(), 200));
	for (int32_t i = 0; i < 200; i++)
		cr_assert(eq(u64, get(100 + i)->exit_ns, 10));
}

Test(outside, a_loss_begins_where_its_ring_was_last_whole)
{
	struct cs_perf_record loss = record_of(CS_PERF_LOST, 0, 50, "");

	loss.lost = 3;
	fork_at(SELF, 100, 5);
	tell(CS_PERF_EXIT, 100, 15, "");
	fork_at(SELF, 101, 20);
	cr_assert(eq(int, cs_outside_queue_push(&queue, &loss, 30), 0));
	cs_outside_queue_pass(&queue, outside, UINT64_MAX);
	cr_assert(not(get(100)->gaps));
	cr_assert(get(101)->gaps);
	cr_assert(eq(u64, cs_outside_get_stats(outside)->lost, 3));
}

Test(outside, a_queue_is_bounded)
{
	struct cs_perf_record record = record_of(CS_PERF_FORK, 100, 10, "");

	for (size_t i = 0; i < CS_OUTSIDE_QUEUE_MAX; i++)
		cr_assert(eq(int, cs_outside_queue_push(&queue, &record, 0), 0));
	cr_assert(ne(int, cs_outside_queue_push(&queue, &record, 0), 0));
	cr_assert(ne(int, cs_outside_queue_attached(&queue, 100, 10), 0));
}
