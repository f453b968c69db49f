/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of collector/process: who is taken for whom. */
#include "collector/processes/process.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "collector/processes/pidfd.h"
#include "tests/support/following.h"

#define UID 1000u

static struct cs_process_table table;
static uint64_t count;

static void on_end(void *context, struct cs_process *process)
{
}

static void start(void)
{
	cs_process_table_init(&table, event_base_new(), &count, on_end, on_end, NULL);
}

TestSuite(process, .init = start);

static void expect_same(const struct cs_process *a, const struct cs_process *b, bool same)
{
	cr_assert(ne(ptr, (void *)a, NULL));
	cr_assert(ne(ptr, (void *)b, NULL));
	cr_expect(eq(int, a == b, same));
}

Test(process, a_living_one_is_one_entry_whoever_tells_of_it)
{
	pid_t pid = following_child();
	struct cs_process *first = cs_process_get(&table, pid, UID, cs_pidfd_open(pid));

	/* it changed its uid in the meantime */
	expect_same(cs_process_get(&table, pid, UID + 1, cs_pidfd_open(pid)), first, true);
	cr_expect(eq(u32, first->uid, UID + 1));
	cr_expect(eq(u64, count, 1));
	following_child_end(pid);
}

Test(process, one_that_is_gone_is_never_the_living_one_with_its_pid)
{
	pid_t pid = following_child();
	struct cs_process *living = cs_process_get(&table, pid, UID, cs_pidfd_open(pid));

	expect_same(cs_process_get(&table, pid, UID, -EBADF), living, false);
	following_child_end(pid);
}

Test(process, a_pidfd_of_one_that_is_gone_is_believed_more_than_its_pid)
{
	pid_t pid = following_child(), other = following_child();
	struct cs_process *living = cs_process_get(&table, pid, UID, cs_pidfd_open(pid));
	int gone = cs_pidfd_open(other);

	following_child_end(other);
	expect_same(cs_process_get(&table, pid, UID, gone), living, false);
	following_child_end(pid);
}

Test(process, one_that_is_gone_is_who_had_the_pid_last)
{
	pid_t pid = following_child();
	struct cs_process *first = cs_process_get(&table, pid, UID, cs_pidfd_open(pid));

	following_child_end(pid);
	expect_same(cs_process_get(&table, pid, UID, -EBADF), first, true);
}

Test(process, one_that_is_gone_is_nobody_of_another_user)
{
	pid_t pid = following_child();
	struct cs_process *first = cs_process_get(&table, pid, UID, cs_pidfd_open(pid));
	struct cs_process *second;

	following_child_end(pid);
	second = cs_process_get(&table, pid, UID + 1, -EBADF);
	expect_same(second, first, false);
	expect_same(cs_process_get(&table, pid, UID + 1, -EBADF), second, true);
	expect_same(cs_process_get(&table, pid, UID, -EBADF), first, true);
}
