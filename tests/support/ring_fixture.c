/* SPDX-License-Identifier: Apache-2.0 */

/* A ring, its writer and its reader; see ring_fixture.h. */
#include "tests/support/ring_fixture.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "preload/wire/segment.h"

void start(struct ring_fixture *f, uint32_t slots)
{
	memory_segment_init(&f->segment, slots);
	cs_ring_init(&f->ring, f->segment.bytes, 0);
	cs_reader_init(&f->reader, f->segment.header, slots, &f->segment.io);
}

void take_over(struct ring_fixture *f)
{
	cs_reader_init(&f->reader, f->segment.header, f->ring.slots_count, &f->segment.io);
}

static int try_reserve(struct ring_fixture *f, uint32_t pid, uint32_t payload_len, uint64_t stamp,
		       enum cs_priority priority, struct cs_claim *ret)
{
	int r = cs_ring_reserve(&f->ring, pid, CS_RECORD_FILE, payload_len, priority, ret);

	if (r < 0)
		return r;
	ret->record->time_ns = stamp;
	ret->record->thread = stamp;
	memset(ret->record + 1, (int)stamp, payload_len);
	return 0;
}

int try_put(struct ring_fixture *f, uint32_t payload_len, uint64_t stamp, enum cs_priority priority)
{
	struct cs_claim claim;
	int r = try_reserve(f, PID, payload_len, stamp, priority, &claim);

	if (r == 0)
		cs_ring_commit(&claim);
	return r;
}

struct cs_claim reserve(struct ring_fixture *f, uint32_t pid, uint64_t stamp, uint32_t slots)
{
	uint32_t len = slots * CS_SLOT_BYTES - (uint32_t)sizeof(struct cs_record);
	struct cs_claim claim;

	cr_assert(eq(int, try_reserve(f, pid, len, stamp, CS_PRIORITY_HIGH, &claim), 0));
	return claim;
}

void put(struct ring_fixture *f, uint64_t stamp, uint32_t slots)
{
	struct cs_claim claim = reserve(f, PID, stamp, slots);

	cs_ring_commit(&claim);
}

struct cs_claim reserve_unclaimed(struct ring_fixture *f, uint64_t stamp, uint32_t slots)
{
	struct cs_claim claim = reserve(f, PID, stamp, slots);

	*claim.word = 0;
	return claim;
}

void expect(struct ring_fixture *f, uint64_t stamp)
{
	cr_assert(eq(int, cs_reader_next(&f->reader, &f->entry), CS_READ_RECORD));
	cr_assert(eq(u64, f->entry.record.time_ns, stamp));
	for (uint32_t b = 0; b < f->entry.record.payload_len; b++)
		cr_assert(eq(u8, f->entry.bytes[sizeof(struct cs_record) + b], (uint8_t)stamp));
}

void expect_hole(struct ring_fixture *f, uint32_t len, uint32_t pid, bool commits_behind)
{
	struct cs_hole hole;

	cr_assert(eq(int, cs_reader_next(&f->reader, &f->entry), CS_READ_HOLE));
	cr_assert(eq(int, cs_reader_hole(&f->reader, &hole), 0));
	cr_assert(eq(u32, hole.len, len));
	cr_assert(eq(u32, hole.pid, pid));
	cr_assert(eq(int, hole.claimed, pid != 0));
	cr_assert(eq(int, hole.commits_behind, commits_behind));
}

void expect_empty(struct ring_fixture *f)
{
	cr_assert(eq(int, cs_reader_next(&f->reader, &f->entry), CS_READ_EMPTY));
}

static void scribble(struct cs_claim *late, uint32_t slots)
{
	memset(late->record, 0xee, slots * CS_SLOT_BYTES);
	*late->word = late->claimed;
}

void go_round(struct ring_fixture *f, unsigned laps, struct cs_claim *late, uint32_t slots)
{
	uint64_t end = f->segment.header->head + (uint64_t)laps * f->ring.slots_count;

	for (uint64_t i = 1; f->segment.header->head < end; i++) {
		if (late)
			scribble(late, slots);
		put(f, i % 100, (uint32_t)(i % 5) + 1);
		if (late)
			scribble(late, slots);
		expect(f, i % 100);
		expect_empty(f);
		cs_reader_release(&f->reader);
	}
}
