/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of collector/watch: how often rings are looked at. */
#include "collector/instances/watch.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "base/clock.h"
#include "tests/support/following.h"

Test(watch, a_quiet_ring_is_looked_at_every_20_ms)
{
	cr_expect(eq(u32, cs_watch_next_interval(20, 0, 16384), 20));
	cr_expect(eq(u32, cs_watch_next_interval(5, 0, 16384), 10));
}

Test(watch, a_filling_ring_is_looked_at_faster_down_to_1_ms)
{
	cr_expect(eq(u32, cs_watch_next_interval(20, 16384 / 20, 16384), 10));
	cr_expect(eq(u32, cs_watch_next_interval(20, 16384 / 6, 16384), 5));
	cr_expect(eq(u32, cs_watch_next_interval(20, 16384, 16384), 2));
	cr_expect(eq(u32, cs_watch_next_interval(2, 16384, 16384), 1));
}

Test(watch, a_steady_load_keeps_its_pace)
{
	cr_expect(eq(u32, cs_watch_next_interval(8, 16384 / 64, 16384), 8));
}

Test(watch, a_hostile_head_yields_a_valid_pace)
{
	cr_expect(eq(u32, cs_watch_next_interval(20, UINT64_MAX, 64), 2));
}

/* ---- with instances ---- */

#define LOOKS_MAX 60 /* of 20 ms each */

static struct following following;
static struct cs_watch watch;

static void on_looking(void *context)
{
}

static void on_looked(void *context, struct cs_instance *instance)
{
}

static void on_lost(void *context, struct cs_instance *instance, enum cs_end end, uint64_t now_ns)
{
	following_tell(&following, 'l');
}

static void start_watch(void)
{
	const struct cs_watch_events events = { .looking = on_looking,
						.looked = on_looked,
						.lost = on_lost };

	following_start(&following);
	cs_watch_init(&watch, following.base, &following.self, &events);
	cr_assert(eq(int, cs_watch_reserve(&watch), 0));
}

static void look(unsigned times)
{
	uint64_t until = following.self.looks + times;

	while (following.self.looks < until)
		following_turn(following.base);
}

/* A hole that is as old as a second is given up, and what is behind it read. */
static void look_for_less_than_a_second(unsigned times)
{
	uint64_t begin_ns = cs_clock_monotonic_ns();

	look(times);
	if (cs_clock_monotonic_ns() - begin_ns > 900000000u)
		cr_skip("others had the processor for longer than a hole is waited for");
}

Test(watch, a_ring_that_a_known_hole_blocks_sets_no_pace)
{
	struct cs_lanes lanes;
	struct cs_claim claim = { 0 };
	unsigned behind = 0;

	start_watch();
	cs_watch_add(&watch, following_new(&following, getpid(), 1024, 1, &lanes),
		     cs_clock_monotonic_ns());
	cr_assert(following_claim(&lanes.rings[0], &claim));
	while (following_write(&lanes.rings[0]))
		behind++;
	look_for_less_than_a_second(8);
	cr_expect(eq(u32, watch.interval_ms, CS_WATCH_ACTIVE_MAX_MS));
	cr_expect(eq(u32, following.records, 0));
	cs_ring_commit(&claim);
	for (int i = 0; i < LOOKS_MAX && following.records < behind + 1; i++)
		look(1);
	cr_expect(eq(u32, following.records, behind + 1));
}

Test(watch, a_ring_beside_a_blocked_one_sets_the_pace)
{
	struct cs_lanes lanes;
	struct cs_claim claim = { 0 };

	start_watch();
	cs_watch_add(&watch, following_new(&following, getpid(), 1024, 2, &lanes),
		     cs_clock_monotonic_ns());
	for (unsigned i = 0; i < CS_LANES_MET_MAX; i++)
		cs_ring_met(&lanes.rings[0]);
	cr_assert(eq(ptr, cs_lanes_pick(&lanes, 1 << 12, 0), &lanes.rings[1]));
	cr_assert(following_claim(&lanes.rings[0], &claim));
	while (following_write(&lanes.rings[0]))
		continue;
	look_for_less_than_a_second(8);
	cr_expect(eq(u32, watch.interval_ms, CS_WATCH_ACTIVE_MAX_MS));
	while (following_write(&lanes.rings[1]))
		continue;
	look(1);
	cr_expect(lt(u32, watch.interval_ms, CS_WATCH_ACTIVE_MAX_MS));
	cr_expect(eq(u32, following.records, 1024));
}
