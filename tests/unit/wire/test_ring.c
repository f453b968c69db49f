/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of preload/wire/ring and reader on one mapping. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <string.h>

#include "tests/support/ring_fixture.h"

#define SLOTS 64u

Test(ring, what_is_committed_is_read_in_order_over_many_laps)
{
	struct ring_fixture f;

	start(&f, SLOTS);
	for (uint64_t i = 0; i < 1000; i++) {
		uint32_t len = (uint32_t)(i * 37 % 400);

		cr_assert(eq(int, try_put(&f, len, i, CS_PRIORITY_LOW), 0));
		expect(&f, i);
		cr_assert(eq(u32, f.entry.record.payload_len, len));
		cr_assert(eq(u32, f.entry.pid, PID));
		expect_empty(&f);
		cs_reader_release(&f.reader);
	}
}

Test(ring, every_type_has_a_count_of_its_own)
{
	struct ring_fixture f;

	start(&f, SLOTS);
	for (unsigned type = 0; type < CS_DROP_KINDS_MAX; type++) {
		_Atomic uint64_t *count = cs_header_dropped(f.segment.header, type);

		cr_assert(eq(u64, *count, 0), "type %u", type);
		*count = 1;
	}
	cr_assert(eq(u64, f.segment.header->stand_down, 0));
	cr_assert(eq(ptr, cs_header_dropped(f.segment.header, CS_DROP_KINDS_MAX),
		     cs_header_dropped(f.segment.header, 0)));
}

Test(ring, push_to_full_ring_counts_the_drop_and_keeps_a_slice_for_ends)
{
	struct ring_fixture f;
	int n = 0;

	start(&f, SLOTS);
	while (try_put(&f, 0, 1, CS_PRIORITY_LOW) == 0)
		n++;
	cr_assert(eq(int, n, SLOTS - SLOTS / 8));
	cr_assert(eq(u64, f.segment.header->dropped[CS_RECORD_FILE], 1));
	while (try_put(&f, 0, 1, CS_PRIORITY_HIGH) == 0)
		n++;
	cr_assert(eq(int, n, SLOTS));
	cr_assert(eq(int, try_put(&f, 5000, 1, CS_PRIORITY_HIGH), -EMSGSIZE));
}

Test(ring, a_dead_writers_claim_is_stepped_over_as_torn)
{
	struct ring_fixture f;
	struct cs_hole hole;

	start(&f, SLOTS);
	reserve(&f, PID, 1, 2);
	expect_hole(&f, 2, PID, false);
	try_put(&f, 0, 7, CS_PRIORITY_LOW);
	cr_assert(eq(int, cs_reader_hole(&f.reader, &hole), 0));
	cr_assert(hole.commits_behind);
	cr_assert(eq(int, cs_reader_give_up(&f.reader, true), 0));
	expect(&f, 7);
	cr_assert(eq(u64, f.reader.stats.torn, 1));
}

Test(ring, a_live_writers_given_up_run_is_not_reused_until_it_is_lifted)
{
	struct ring_fixture f;
	struct cs_claim late;
	unsigned char *bytes;

	start(&f, SLOTS);
	try_put(&f, 0, 1, CS_PRIORITY_LOW);
	cr_assert(eq(int,
		     cs_ring_reserve(&f.ring, PID, CS_RECORD_FILE, 100, CS_PRIORITY_LOW, &late),
		     0));
	bytes = (unsigned char *)late.record;
	try_put(&f, 0, 1, CS_PRIORITY_LOW);
	while (cs_reader_next(&f.reader, &f.entry) == CS_READ_RECORD)
		continue;
	cr_assert(eq(int, cs_reader_give_up(&f.reader, false), 0));
	cs_reader_release(&f.reader);
	for (uint64_t i = 0; i < 1000; i++) {
		memset(bytes, 0xee, 2 * CS_SLOT_BYTES); /* the late writer scribbles on */
		cr_assert(eq(int, try_put(&f, (uint32_t)(i % 300), i, CS_PRIORITY_LOW), 0));
		memset(bytes, 0xee, 2 * CS_SLOT_BYTES);
		while (cs_reader_next(&f.reader, &f.entry) == CS_READ_RECORD)
			cr_assert(ne(u64, f.entry.record.time_ns, 0xeeeeeeeeeeeeeeeeull));
		cs_reader_release(&f.reader);
	}
	cr_assert(eq(u64, f.reader.stats.corrupt, 0));
	cr_assert(eq(u64, f.reader.stats.records, 1002));
	cs_reader_lift(&f.reader, PID);
	cr_assert(eq(u64, f.ring.header->quarantine[0] >> 32, 0));
}

Test(ring, a_quiet_ring_gives_its_pages_back_and_goes_on)
{
	struct ring_fixture f;

	start(&f, CS_SLOTS_DEFAULT);
	for (uint64_t i = 0; i < 20000; i++) {
		cr_assert(eq(int, try_put(&f, 0, i, CS_PRIORITY_LOW), 0));
		if (i % 100 == 99) {
			cr_assert(eq(int, cs_reader_trim(&f.reader), 0));
			while (cs_reader_next(&f.reader, &f.entry) == CS_READ_RECORD)
				continue;
			cs_reader_release(&f.reader);
		}
		if (i % 5000 == 4999)
			cr_assert(eq(int, cs_reader_trim(&f.reader), 1));
	}
	cr_assert(eq(u64, f.reader.stats.records, 20000));
	cr_assert(eq(u64, f.reader.stats.trims, 4));
}

Test(ring, a_run_never_crosses_the_rings_end)
{
	struct ring_fixture f;

	start(&f, 256);
	for (uint32_t i = 0; i < 2000; i++) {
		struct cs_claim claim;
		uint64_t at, end;
		uint32_t len = i * 97 % CS_RECORD_PAYLOAD_MAX;

		cr_assert(eq(int,
			     cs_ring_reserve(&f.ring, PID, CS_RECORD_FILE, len, CS_PRIORITY_HIGH,
					     &claim),
			     0));
		at = (uint64_t)((unsigned char *)claim.record - f.ring.slots);
		end = at + sizeof(struct cs_record) + len;
		cr_assert(eq(u64, at % CS_SLOT_BYTES, 0));
		cr_assert(le(u64, end, 256 * CS_SLOT_BYTES));
		cr_assert(eq(ptr, claim.word, &f.ring.commit[at / CS_SLOT_BYTES]));
		cs_ring_commit(&claim);
		cr_assert(eq(int, cs_reader_next(&f.reader, &f.entry), CS_READ_RECORD));
		cs_reader_release(&f.reader);
	}
}

Test(ring, a_drop_is_counted_under_its_type_and_takes_no_room)
{
	struct ring_fixture f;
	struct cs_claim claim;
	uint64_t head;

	start(&f, SLOTS);
	while (try_put(&f, 0, 1, CS_PRIORITY_HIGH) == 0)
		continue;
	head = f.segment.header->head;
	memset(&claim, 0x5a, sizeof(claim));
	cr_assert(eq(int,
		     cs_ring_reserve(&f.ring, PID, CS_RECORD_SPAWN, 16, CS_PRIORITY_HIGH, &claim),
		     -ENOBUFS));
	cr_assert(eq(ptr, claim.word, (void *)0x5a5a5a5a5a5a5a5a));
	cr_assert(eq(int,
		     cs_ring_reserve(&f.ring, PID, CS_RECORD_SPAWN, CS_RECORD_PAYLOAD_MAX + 1,
				     CS_PRIORITY_HIGH, &claim),
		     -EMSGSIZE));
	cr_assert(eq(u64, f.segment.header->head, head));
	cr_assert(eq(u64, f.segment.header->dropped[CS_RECORD_FILE], 1));
	cr_assert(eq(u64, f.segment.header->dropped[CS_RECORD_SPAWN], 1));
}

/* A reader that is broken, or not ours, costs records and nothing else. */
Test(ring, whatever_the_reader_writes_a_writer_stays_in_its_segment_and_comes_back)
{
	struct ring_fixture f;
	uint64_t random = 88172645463325252u, refused = 0;

	start(&f, 256);
	for (uint32_t i = 0; i < 200000; i++) {
		struct cs_claim claim;
		uint64_t at, words[CS_QUARANTINE_MAX + 1];

		for (unsigned w = 0; w < CS_QUARANTINE_MAX + 1; w++) {
			random ^= random << 13;
			random ^= random >> 7;
			random ^= random << 17;
			words[w] = i % 3 == 0   ? random
				   : i % 3 == 1 ? (random & 0x3f) << 32 | (random >> 8 & 0x1ff)
						: (random & 1) << 32 | (random >> 8 & 0xff);
		}
		for (unsigned w = 0; w < CS_QUARANTINE_MAX; w++)
			f.segment.header->quarantine[w] = words[w];
		f.segment.header->release =
			i % 4 ? f.segment.header->head - random % 100 : words[CS_QUARANTINE_MAX];
		if (cs_ring_reserve(&f.ring, PID, CS_RECORD_FILE, (uint32_t)(random % 4000),
				    CS_PRIORITY_LOW, &claim) < 0) {
			refused++;
			continue;
		}
		at = (uint64_t)((unsigned char *)claim.record - f.ring.slots);
		cr_assert(le(u64, at + 24 + random % 4000, 256 * CS_SLOT_BYTES));
		cr_assert(eq(ptr, claim.word, &f.ring.commit[at / CS_SLOT_BYTES]));
	}
	cr_assert(lt(u64, refused, 200000 - 10000));
	cr_assert(eq(u64, f.segment.header->dropped[CS_RECORD_FILE], refused));
}

Test(ring, runs_go_around_every_quarantined_slot)
{
	struct ring_fixture f;
	static const struct {
		uint32_t first, len;
	} runs[CS_QUARANTINE_MAX] = { { 0, 1 },   { 1, 2 },   { 40, 64 },
				      { 120, 1 }, { 122, 1 }, { 255, 1 } };

	start(&f, 256);
	for (unsigned i = 0; i < CS_QUARANTINE_MAX; i++)
		f.segment.header->quarantine[i] = (uint64_t)runs[i].len << 32 | runs[i].first;
	for (uint32_t n = 0; n < 5000; n++) {
		uint32_t slots = n * 7 % 64 + 1;
		struct cs_claim claim;
		uint32_t at;

		cr_assert(eq(int,
			     cs_ring_reserve(&f.ring, PID, CS_RECORD_FILE, slots * 64 - 24,
					     CS_PRIORITY_HIGH, &claim),
			     0));
		at = (uint32_t)(claim.word - f.ring.commit);
		for (unsigned i = 0; i < CS_QUARANTINE_MAX; i++)
			cr_assert(not(at < runs[i].first + runs[i].len &&
				      runs[i].first < at + slots));
		f.segment.header->release = f.segment.header->head;
	}
}

Test(ring, padding_is_the_least_that_keeps_off)
{
	uint64_t q[CS_QUARANTINE_MAX] = { 2ull << 32 | 10, 4ull << 32 | 14, 1ull << 32 | 63 };

	cr_assert(eq(u32, cs_ring_padding(q, 64, 0, 10), 0));
	cr_assert(eq(u32, cs_ring_padding(q, 64, 0, 11), 18)); /* 12..13 are too few */
	cr_assert(eq(u32, cs_ring_padding(q, 64, 9, 1), 0));
	cr_assert(eq(u32, cs_ring_padding(q, 64, 10, 1), 2));
	cr_assert(eq(u32, cs_ring_padding(q, 64, 10, 2), 2));
	cr_assert(eq(u32, cs_ring_padding(q, 64, 10, 3), 8));
	cr_assert(eq(u32, cs_ring_padding(q, 64, 60, 3), 0));
	cr_assert(eq(u32, cs_ring_padding(q, 64, 60, 4), 4)); /* the last slot, then round */
	cr_assert(eq(u32, cs_ring_padding(q, 64, 18, 45), 0));
	cr_assert(eq(u32, cs_ring_padding(q, 64, 18, 46), 64)); /* nowhere */
}
