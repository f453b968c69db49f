/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of collector/sampler/slowest: who is held, and for how long; what it costs. */
#include "collector/sampler/slowest.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

#define MINUTE CS_SLOWEST_WINDOW_NS

static struct cs_slowest slowest;
static struct cs_identity identity = { .name = "orders", .segment = 1 };

/* What was let go: durations, in their order. */
static struct {
	uint64_t durations[64];
	enum cs_slow_end ends[64];
	unsigned count;
	uint64_t of[3];
} gone;

static void on_let_go(void *context, struct cs_slow *slow, enum cs_slow_end end)
{
	if (gone.count < 64) {
		gone.durations[gone.count] = slow->duration_ns;
		gone.ends[gone.count] = end;
	}
	gone.count++;
	gone.of[end]++;
	cs_slow_free(slow);
}

static void start(unsigned count_max)
{
	memset(&gone, 0, sizeof(gone));
	cs_slowest_init(&slowest, count_max, NULL, on_let_go);
}

static bool offer(uint64_t duration_ns, uint64_t end_ns, size_t bytes)
{
	struct cs_slow *slow = cs_slowest_offer(&slowest, &identity, duration_ns, end_ns);

	if (!slow)
		return false;
	if (bytes)
		cr_assert(ne(ptr, cs_arena_alloc(&slow->spans.arena, bytes), NULL));
	cs_slowest_settle(&slowest, slow);
	return true;
}

Test(slowest, the_slowest_of_a_minute_are_kept_to_its_end)
{
	static const uint64_t durations[] = { 5, 1, 9, 2, 2, 7, 9 };
	uint64_t sum = 0;

	start(3);
	for (unsigned i = 0; i < 7; i++)
		offer(durations[i], i, 0);
	/* 1 was outdone by 2, the other 2 was not slower, then 2 and 5 were outdone. */
	cr_expect(eq(u64, gone.of[CS_SLOW_OUTDONE], 3));
	cr_expect(eq(u64, cs_slowest_tick(&slowest, MINUTE), MINUTE + CS_SLOWEST_LATE_NS));
	cr_expect(eq(uint, gone.count, 3));
	cr_expect(eq(u64, cs_slowest_tick(&slowest, MINUTE + CS_SLOWEST_LATE_NS), 0));
	cr_expect(eq(u64, gone.of[CS_SLOW_MINUTE_OVER], 3));
	for (unsigned i = 3; i < 6; i++)
		sum += gone.durations[i];
	cr_expect(eq(u64, sum, 9 + 9 + 7));
	cr_expect(eq(sz, slowest.bytes, 0));
	cr_expect(eq(uint, slowest.functions_count, 0));
}

Test(slowest, a_minute_ends_when_the_next_one_has_begun)
{
	start(2);
	offer(5, MINUTE - 1, 0);
	offer(1, MINUTE, 0);
	cr_expect(eq(uint, gone.count, 1));
	cr_expect(eq(u64, gone.of[CS_SLOW_MINUTE_OVER], 1));
	/* Told late: it belongs to none that is open, and is one of this one's. */
	offer(3, MINUTE - 1, 0);
	offer(2, MINUTE, 0);
	cr_expect(eq(u64, gone.of[CS_SLOW_OUTDONE], 1));
	cr_expect(eq(u64, gone.durations[1], 1));
	cs_slowest_tick(&slowest, UINT64_MAX);
	cr_expect(eq(uint, gone.count, 4));
}

Test(slowest, functions_and_users_do_not_outdo_each_other)
{
	start(1);
	offer(100, 0, 0);
	identity.uid = 1;
	cr_expect(offer(1, 0, 0));
	strcpy(identity.name, "users");
	cr_expect(offer(2, 0, 0));
	cr_expect(eq(uint, gone.count, 0));
	cr_expect(eq(uint, slowest.functions_count, 3));
	cs_slowest_tick(&slowest, UINT64_MAX);
	cr_expect(eq(u64, gone.of[CS_SLOW_MINUTE_OVER], 3));
}

Test(slowest, one_function_has_its_bytes_and_no_more)
{
	start(100);
	for (unsigned i = 0; i < 90; i++) {
		offer(1000 - i, 0, 64 << 10);
		cr_assert(le(sz, slowest.bytes, CS_SLOWEST_FUNCTION_BYTES_MAX));
	}
	/* Those that were faster than all others had to go. */
	cr_expect(gt(u64, slowest.hurried, 50));
	cr_expect(eq(u64, slowest.hurried, gone.of[CS_SLOW_HURRIED]));
	cr_expect(eq(uint, gone.count, slowest.hurried));
	cr_expect(eq(u64, gone.durations[gone.count < 64 ? gone.count - 1 : 63],
		     1000 - (90 - gone.count) - (gone.count < 64 ? gone.count - 1 : 63)));
	cs_slowest_tick(&slowest, UINT64_MAX);
	cr_expect(eq(uint, gone.count, 90));
}

Test(slowest, all_functions_have_their_bytes_together_and_their_number)
{
	start(10);
	for (unsigned i = 0; i < 400; i++) {
		snprintf(identity.name, sizeof(identity.name), "f%u", i);
		offer(i, 0, 256 << 10);
		cr_assert(le(sz, slowest.bytes, CS_SLOWEST_BYTES_MAX));
	}
	cr_expect(eq(uint, slowest.functions_count, CS_SLOWEST_FUNCTIONS_MAX));
	cr_expect(gt(u64, slowest.hurried, 300));
	cs_slowest_tick(&slowest, UINT64_MAX);
	cr_expect(eq(uint, slowest.functions_count, 0));
	cr_expect(eq(sz, slowest.bytes, 0));
}
