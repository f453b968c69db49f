/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of preload/fd_table. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "preload/descriptors/fd_table.h"

static unsigned char *memory;

static void setup(void)
{
	memory = mmap(NULL, CS_FDS_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		      0);
	cr_assert(ne(ptr, memory, MAP_FAILED));
	madvise(memory, CS_FDS_BYTES, MADV_NOHUGEPAGE);
	cs_fd_init(memory);
}

static unsigned touched_pages(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), count = CS_FDS_BYTES / page;
	unsigned char *resident = malloc(count);
	unsigned touched = 0;

	cr_assert(eq(int, mincore(memory, count * page, resident), 0));
	for (size_t i = 0; i < count; i++)
		touched += resident[i] & 1;
	free(resident);
	return touched;
}

TestSuite(fd_table, .init = setup);

Test(fd_table, without_memory_nothing_is_known, .init = NULL)
{
	cs_fds.count = 0;
	cr_assert(eq(u64, cs_fd_word(0), 0));
	cr_assert(eq(u64, cs_fd_word(-1), 0));
}

Test(fd_table, words_hold_what_they_are_made_of)
{
	uint64_t word = cs_fd_make(0xfffffffeu, CS_FD_BOUND, 65535, 10);

	cr_assert(eq(int, cs_fd_kind(word), CS_FD_BOUND));
	cr_assert(eq(u32, cs_fd_value(word), 65535));
	cr_assert(eq(u32, cs_fd_detail(word), 10));
	cr_assert(eq(u32, cs_fd_generation(word), 0xfffffffeu));
	cr_assert(eq(u64, cs_fd_id(7, word), 0xfffffffe00000007ull));
}

Test(fd_table, replacing_gives_what_was_there)
{
	uint64_t first = cs_fd_make(1, CS_FD_LISTENER, 5, 0);
	uint64_t second = cs_fd_make(2, CS_FD_EPOLL, 0, 0);

	cr_assert(eq(u64, cs_fd_replace(5, first), 0));
	cr_assert(eq(u64, cs_fd_word(5), first));
	cr_assert(eq(u64, cs_fd_replace(5, second), first));
	cr_assert(eq(u64, cs_fd_replace(5, 0), second));
	cr_assert(eq(u64, cs_fd_word(5), 0));
}

Test(fd_table, what_has_the_number_since_is_not_forgotten)
{
	uint64_t first = cs_fd_make(1, CS_FD_CHANNEL, 0, 0);
	uint64_t second = cs_fd_make(2, CS_FD_CHANNEL, 0, 0);

	cs_fd_replace(9, first);
	cs_fd_replace(9, second);
	cs_fd_forget(9, first);
	cr_assert(eq(u64, cs_fd_word(9), second));
	cs_fd_forget(9, second);
	cr_assert(eq(u64, cs_fd_word(9), 0));
	cs_fd_forget(-1, second);
	cs_fd_forget((int)CS_FDS_MAX, second);
}

Test(fd_table, ends_are_part_of_it_and_nothing_beyond)
{
	uint64_t word = cs_fd_make(1, CS_FD_LISTENER, 0, 0);

	cs_fd_replace(0, word);
	cs_fd_replace(CS_FDS_MAX - 1, word);
	cr_assert(eq(u64, cs_fd_word(0), word));
	cr_assert(eq(u64, cs_fd_word(CS_FDS_MAX - 1), word));
	cr_assert(eq(u64, cs_fd_word((int)CS_FDS_MAX), 0));
	cr_assert(eq(u64, cs_fd_word(-1), 0));
	cr_assert(eq(u64, cs_fd_word(INT32_MIN), 0));
	cr_assert(eq(u32, cs_fds.end, CS_FDS_MAX));
}

Test(fd_table, end_covers_what_was_ever_registered)
{
	uint64_t word = cs_fd_make(1, CS_FD_LISTENER, 0, 0);

	cr_assert(eq(u32, cs_fds.end, 0));
	cs_fd_replace(100, word);
	cs_fd_replace(7, word);
	cr_assert(eq(u32, cs_fds.end, 101));
	cs_fd_replace(100, 0);
	cr_assert(eq(u32, cs_fds.end, 101));
}

Test(fd_table, no_generation_is_zero)
{
	cs_fds.generation = UINT32_MAX - 1;
	cr_assert(eq(u32, cs_fd_next_generation(), UINT32_MAX));
	cr_assert(eq(u32, cs_fd_next_generation(), 1));
}

Test(fd_table, only_what_is_used_is_touched)
{
	cr_assert(eq(u32, touched_pages(), 0));
	cs_fd_replace(1000, 0);
	cr_assert(eq(u64, cs_fd_replace(1000, cs_fd_make(1, CS_FD_LISTENER, 0, 0)), 0));
	cr_assert(eq(u32, touched_pages(), 1));
}
