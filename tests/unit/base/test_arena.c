/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of base/arena. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"

Test(arena, memory_is_zeroed_and_aligned_after_a_reset)
{
	struct cs_arena arena;
	unsigned char *p;

	cs_arena_init(&arena, 0);
	memset(cs_arena_alloc(&arena, 100), 0xff, 100);
	cs_arena_reset(&arena);
	p = cs_arena_alloc(&arena, 100);
	for (int i = 0; i < 100; i++)
		cr_assert(eq(u8, p[i], 0));
	cr_assert(eq(u64, (uintptr_t)p % _Alignof(max_align_t), 0));
	cs_arena_deinit(&arena);
}

Test(arena, a_warm_arena_holds_no_more_memory_than_before)
{
	struct cs_arena arena;
	size_t held;

	cs_arena_init(&arena, 0);
	for (int i = 0; i < 100; i++)
		cr_assert(ne(ptr, cs_arena_alloc(&arena, 1000), NULL));
	held = arena.held_bytes;
	for (int round = 0; round < 10; round++) {
		cs_arena_reset(&arena);
		for (int i = 0; i < 100; i++)
			cr_assert(ne(ptr, cs_arena_alloc(&arena, 1000), NULL));
	}
	cr_assert(eq(sz, arena.held_bytes, held));
	cs_arena_deinit(&arena);
}

Test(arena, the_cap_is_kept)
{
	struct cs_arena arena;

	cs_arena_init(&arena, 64 * 1024);
	cr_assert(eq(ptr, cs_arena_alloc(&arena, 65 * 1024), NULL));
	cr_assert(ne(ptr, cs_arena_alloc(&arena, 1024), NULL));
	cr_assert(eq(ptr, cs_arena_alloc(&arena, SIZE_MAX - 8), NULL));
	cs_arena_deinit(&arena);
}

Test(arena, strings_are_copied_and_formatted)
{
	struct cs_arena arena;

	cs_arena_init(&arena, 0);
	cr_assert(eq(str, cs_arena_strndup(&arena, "handler", 4), (char *)"hand"));
	cr_assert(eq(str, cs_arena_printf(&arena, "%s-%d", "a", 7), (char *)"a-7"));
	cs_arena_deinit(&arena);
}
