/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of preload/wire/lanes: who writes where, and what the reader is told. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <pthread.h>
#include <string.h>

#include "preload/wire/lanes.h"
#include "tests/support/memory_segment.h"

#define SLOTS  64u
#define PID    4711u
#define STACK  0x801000u /* from one thread's pointer to the next one's: stack and guard page */
#define THREAD 0x7f3a12fff6c0u

struct fixture {
	struct memory_segment segment;
	struct cs_lanes lanes;
};

static void start(struct fixture *f, uint32_t lanes)
{
	memory_segment_init_lanes(&f->segment, SLOTS, lanes);
	cs_lanes_init(&f->lanes, f->segment.bytes);
}

static unsigned lane_of(struct fixture *f, uint64_t thread, uint32_t pid)
{
	return (unsigned)(cs_lanes_pick(&f->lanes, thread, pid) - f->lanes.rings);
}

static void meet(struct fixture *f, unsigned times)
{
	for (unsigned i = 0; i < times; i++)
		cs_ring_met(&f->lanes.rings[0]);
}

static void put(struct fixture *f, struct cs_ring *ring, uint64_t stamp)
{
	struct cs_claim claim;

	cr_assert(eq(int, cs_ring_reserve(ring, PID, CS_RECORD_KILL, 16, CS_PRIORITY_HIGH, &claim),
		     0));
	claim.record->time_ns = stamp;
	memset(claim.record + 1, (int)stamp, 16);
	cs_ring_commit(&claim);
}

Test(lanes, all_write_into_the_first_until_they_have_met_often_enough)
{
	struct fixture f;

	start(&f, CS_LANES);
	meet(&f, CS_LANES_MET_MAX - 1);
	for (uint64_t i = 0; i < 16; i++)
		cr_assert(eq(u32, lane_of(&f, THREAD + i * STACK, PID), 0));
	cr_assert(eq(u64, f.segment.header->spread, 0));
	meet(&f, 1);
	/* neighbours in time do not share one, nor do a parent and its next children */
	for (uint64_t i = 0; i < 16; i++) {
		uint64_t thread = THREAD + i * STACK;

		cr_assert(ne(u32, lane_of(&f, thread, PID), lane_of(&f, thread + STACK, PID)));
		cr_assert(ne(u32, lane_of(&f, thread, PID), lane_of(&f, thread, PID + 1)));
		cr_assert(eq(u32, lane_of(&f, thread, PID), lane_of(&f, thread, PID)));
	}
	cr_assert(eq(u64, f.segment.header->spread, 1));
}

#define MEETINGS 5000000u

struct crowd {
	struct cs_ring *ring;
	pthread_barrier_t all_there;
};

static void *meet_often(void *context)
{
	struct crowd *crowd = context;

	pthread_barrier_wait(&crowd->all_there);
	for (unsigned i = 0; i < MEETINGS; i++)
		cs_ring_met(crowd->ring);
	return NULL;
}

/* Those who meet are at it at the same time, which is what is counted. */
Test(lanes, no_meeting_is_lost_to_another_threads)
{
	struct fixture f;
	struct crowd crowd = { .ring = &f.lanes.rings[0] };
	pthread_t other;

	start(&f, CS_LANES);
	cr_assert(eq(int, pthread_barrier_init(&crowd.all_there, NULL, 2), 0));
	cr_assert(eq(int, pthread_create(&other, NULL, meet_often, &crowd), 0));
	meet_often(&crowd);
	cr_assert(eq(int, pthread_join(other, NULL), 0));
	cr_assert(eq(u32, f.lanes.rings[0].met, 2 * MEETINGS));
}

/* Lanes but the first in which something stands. */
static unsigned others_in_use(const struct fixture *f)
{
	unsigned n = 0;

	for (uint32_t i = 1; i < CS_LANES; i++)
		n += memory_segment_lane(&f->segment, i).header->head != 0;
	return n;
}

Test(lanes, the_reader_is_told_before_anything_stands_in_another_lane)
{
	struct fixture f;

	start(&f, CS_LANES);
	for (unsigned met = 0; met < 2 * CS_LANES_MET_MAX; met++) {
		for (uint64_t i = 0; i < 2; i++) {
			struct cs_ring *ring = cs_lanes_pick(&f.lanes, THREAD + i * STACK, PID);
			bool told = f.segment.header->spread != 0;

			put(&f, ring, met);
			cr_assert(told || others_in_use(&f) == 0, "met %u times", met);
		}
		meet(&f, 1);
	}
	cr_assert(lt(u32, 0, others_in_use(&f)));
}

Test(lanes, a_segment_of_one_lane_has_one)
{
	struct fixture f;

	start(&f, 1);
	meet(&f, 100);
	for (uint64_t i = 0; i < 16; i++)
		cr_assert(eq(u32, lane_of(&f, THREAD + i * STACK, PID), 0));
	cr_assert(eq(u64, f.segment.header->spread, 0));
}

Test(lanes, each_is_a_ring_of_its_own)
{
	static struct cs_entry entry;
	struct fixture f;

	start(&f, CS_LANES);
	for (uint64_t lap = 0; lap < 5; lap++) {
		for (uint32_t i = 0; i < CS_LANES; i++) {
			for (uint64_t n = 0; n < SLOTS / 2 + i; n++)
				put(&f, &f.lanes.rings[i], 10 * i + n % 7);
		}
		for (uint32_t i = 0; i < CS_LANES; i++) {
			struct memory_segment lane = memory_segment_lane(&f.segment, i);
			struct cs_reader_io io = memory_segment_io(&lane);
			struct cs_reader reader;

			cs_reader_init(&reader, lane.header, SLOTS, &io);
			for (uint64_t n = 0; n < SLOTS / 2 + i; n++) {
				cr_assert(eq(int, cs_reader_next(&reader, &entry), CS_READ_RECORD));
				cr_assert(eq(u64, entry.record.time_ns, 10 * i + n % 7));
			}
			cr_assert(eq(int, cs_reader_next(&reader, &entry), CS_READ_EMPTY));
			cs_reader_release(&reader);
		}
	}
}
