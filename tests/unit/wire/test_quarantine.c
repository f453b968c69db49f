/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of preload/wire/quarantine: who may use what was given up, and until when. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "tests/support/ring_fixture.h"

#define SLOTS 256u

/* --- giving up and lifting ------------------------------------------------------------------------ */

/* A record was claimed in slots 5 to 7 and given up; one of @slots behind it is to be read next. */
static struct cs_claim start_with_a_late_writer(struct ring_fixture *f, uint32_t slots)
{
	struct cs_claim late;

	start(f, SLOTS);
	put(f, 1, 5);
	late = reserve(f, PID, 2, 3);
	put(f, 3, slots);
	expect(f, 1);
	cr_assert(eq(int, cs_reader_give_up(&f->reader, false), 0));
	return late;
}

Test(quarantine, late_stores_into_a_quarantined_claimed_run_harm_nobody)
{
	struct ring_fixture f;
	struct cs_claim late = start_with_a_late_writer(&f, 1);

	cr_assert(eq(u64, f.segment.header->quarantine[0], 3ull << 32 | 5));
	expect(&f, 3);
	cs_reader_release(&f.reader);
	go_round(&f, 5, &late, 3);
	cr_assert(eq(u64, f.reader.stats.torn, 1));
	cr_assert(eq(u64, f.reader.stats.corrupt, 0));
}

Test(quarantine, late_stores_into_a_quarantined_unclaimed_run_harm_nobody)
{
	struct ring_fixture f;
	struct cs_claim late;

	start(&f, SLOTS);
	late = reserve_unclaimed(&f, 2, 4); /* slot 0: an entry that begins with index 0 */
	put(&f, 3, 1);
	cr_assert(eq(int, cs_reader_give_up(&f.reader, false), 0));
	cr_assert(eq(u64, f.segment.header->quarantine[0], 4ull << 32));
	expect(&f, 3);
	cs_reader_release(&f.reader);
	go_round(&f, 5, &late, 4);
	cr_assert(eq(u64, f.reader.stats.torn, 1));
}

Test(quarantine, a_late_writer_that_commits_gives_its_run_back)
{
	struct ring_fixture f;
	struct cs_claim late = start_with_a_late_writer(&f, 40);

	expect(&f, 3);
	cs_reader_release(&f.reader);
	cr_assert(eq(u64, f.segment.header->quarantine[0], 3ull << 32 | 5));
	cs_ring_commit(&late);
	cs_reader_release(&f.reader);
	cr_assert(eq(u64, f.segment.header->quarantine[0], 0));
	go_round(&f, 3, NULL, 0);
	cr_assert(eq(u64, f.reader.stats.torn, 1)); /* the late record itself, and nothing else */
}

/* Six entries are lifted in every order, with records around them that are read only later. */
Test(quarantine, a_lifted_run_is_still_skipped_by_records_that_went_around_it)
{
	struct ring_fixture f;

	for (unsigned first = 0; first < CS_QUARANTINE_MAX; first++) {
		uint64_t end;

		start(&f, SLOTS);
		for (uint32_t i = 0; i < CS_QUARANTINE_MAX; i++) {
			reserve(&f, 100 + i, 1, 2);
			put(&f, 2, 3);
			cr_assert(eq(int, cs_reader_give_up(&f.reader, false), 0));
			expect(&f, 2);
		}
		cs_reader_release(&f.reader);
		while (f.segment.header->head < SLOTS + 28) /* around all of them, unread */
			put(&f, 3, 1);
		for (uint32_t i = 0; i < CS_QUARANTINE_MAX; i++)
			cs_reader_lift(&f.reader, 100 + (first + i) % CS_QUARANTINE_MAX);
		end = f.segment.header->head;
		while (f.reader.position != end)
			expect(&f, 3);
		expect_empty(&f);
		cs_reader_release(&f.reader);
		cr_assert(eq(u64, f.segment.header->quarantine[0], 0));
		go_round(&f, 3, NULL, 0);
		cr_assert(eq(u64, f.reader.stats.torn, CS_QUARANTINE_MAX));
		memory_segment_deinit(&f.segment);
	}
}

Test(quarantine, a_full_quarantine_waits_for_a_death)
{
	struct ring_fixture f;

	start(&f, SLOTS);
	for (uint32_t i = 0; i <= CS_QUARANTINE_MAX; i++)
		reserve(&f, 100 + i, 1, 2);
	put(&f, 2, 1);
	for (uint32_t i = 0; i < CS_QUARANTINE_MAX; i++)
		cr_assert(eq(int, cs_reader_give_up(&f.reader, false), 0));
	cr_assert(eq(int, cs_reader_give_up(&f.reader, false), -ENOSPC));
	expect_hole(&f, 2, 100 + CS_QUARANTINE_MAX, true);
	cs_reader_lift(&f.reader, 103);
	cr_assert(eq(int, cs_reader_give_up(&f.reader, false), 0));
	expect(&f, 2);
	cs_reader_release(&f.reader);
	go_round(&f, 3, NULL, 0);
	cs_reader_lift(&f.reader, 0);
	cr_assert(eq(u64, f.segment.header->quarantine[0], 0));
	go_round(&f, 3, NULL, 0);
}

/* --- one reader after another ---------------------------------------------------------------------- */

Test(quarantine, the_next_reader_keeps_the_quarantine)
{
	struct ring_fixture f;
	struct cs_claim late, unclaimed;

	start(&f, SLOTS);
	put(&f, 1, 5);
	late = reserve(&f, PID, 2, 3);
	unclaimed = reserve_unclaimed(&f, 2, 2);
	put(&f, 3, 1);
	expect(&f, 1);
	cr_assert(eq(int, cs_reader_give_up(&f.reader, false), 0));
	cr_assert(eq(int, cs_reader_give_up(&f.reader, false), 0));
	take_over(&f); /* before the release word moved */
	expect(&f, 1);
	expect_hole(&f, 3, PID, true); /* its pid may have died meanwhile: judged again */
	cr_assert(eq(int, cs_reader_give_up(&f.reader, false), 0));
	cr_assert(eq(u64, f.segment.header->quarantine[0], 3ull << 32 | 5));
	cr_assert(eq(u64, f.segment.header->quarantine[1], 2ull << 32 | 8));
	cr_assert(eq(u64, f.segment.header->quarantine[2], 0)); /* no second entry */
	expect(&f, 3);
	cs_reader_release(&f.reader);
	go_round(&f, 2, &late, 3);
	take_over(&f);
	go_round(&f, 2, &unclaimed, 2);
	cs_reader_lift(&f.reader, 0);
	cr_assert(eq(u64, f.segment.header->quarantine[0], 0));
}

/* It had listed the hole and not looked at it again: what was committed since is to be read. */
Test(quarantine, the_next_reader_finds_what_was_committed_in_a_hole_that_was_being_given_up)
{
	struct ring_fixture f;
	struct cs_claim first, second;

	start(&f, SLOTS);
	put(&f, 1, 5);
	first = reserve_unclaimed(&f, 2, 2);
	second = reserve_unclaimed(&f, 3, 1);
	expect(&f, 1);
	cs_reader_release(&f.reader);
	expect_hole(&f, 3, 0, false);
	f.segment.header->quarantine[0] = 3ull << 32 | 5;
	take_over(&f);
	cs_ring_commit(&second);
	expect(&f, 3);
	expect_empty(&f);
	cs_reader_release(&f.reader);
	go_round(&f, 2, &first, 2);
}

Test(quarantine, a_quarantine_from_somebody_else_is_believed_only_within_the_ring)
{
	struct ring_fixture f;
	static const uint64_t lists[] = {
		UINT64_MAX,           1ull << 32 | SLOTS,
		(SLOTS + 1ull) << 32, (uint64_t)SLOTS << 32 | 1,
		1ull << 63,           0x80000000ull << 32 | 0x80000000ull
	};

	for (unsigned i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		start(&f, SLOTS);
		f.segment.header->quarantine[0] = lists[i];
		f.segment.header->quarantine[5] = lists[i];
		take_over(&f);
		go_round(&f, 3, NULL, 0);
		memory_segment_deinit(&f.segment);
	}
}
