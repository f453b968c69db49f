/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of preload/wire/reader: holes, hostility, errors, words that change. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <string.h>

#include "tests/support/ring_fixture.h"

#define SLOTS 256u

/* --- holes --------------------------------------------------------------------------------------- */

Test(reader, a_claimed_hole_tells_its_writer_and_its_length)
{
	struct ring_fixture f;

	start(&f, SLOTS);
	put(&f, 1, 1);
	reserve(&f, OTHER, 2, 3);
	expect(&f, 1);
	expect_hole(&f, 3, OTHER, false);
	put(&f, 3, 1);
	expect_hole(&f, 3, OTHER, true);
}

Test(reader, an_unclaimed_hole_ends_at_the_next_word_of_its_lap)
{
	struct ring_fixture f;
	struct cs_hole hole;

	start(&f, SLOTS);
	reserve_unclaimed(&f, 1, 2);
	reserve_unclaimed(&f, 2, 3);
	expect_hole(&f, 5, 0, false);
	reserve(&f, OTHER, 3, 1);
	expect_hole(&f, 5, 0, false);
	put(&f, 4, 1);
	expect_hole(&f, 5, 0, true);
	cr_assert(eq(int, cs_reader_give_up(&f.reader, false), 0));
	expect_hole(&f, 1, OTHER, true);
	cr_assert(eq(int, cs_reader_give_up(&f.reader, true), 0));
	cr_assert(eq(int, cs_reader_hole(&f.reader, &hole), -ENOENT));
	expect(&f, 4);
	expect_empty(&f);
	cr_assert(eq(int, cs_reader_hole(&f.reader, &hole), -ENOENT));
	cr_assert(eq(u64, f.reader.stats.torn, 2));
}

Test(reader, a_hole_that_is_committed_after_all_is_read_and_not_given_up)
{
	struct ring_fixture f;
	struct cs_claim claim;

	start(&f, SLOTS);
	claim = reserve(&f, PID, 1, 2);
	put(&f, 2, 1);
	expect_hole(&f, 2, PID, true);
	cs_ring_commit(&claim);
	cr_assert(eq(int, cs_reader_give_up(&f.reader, false), 0));
	expect(&f, 1);
	expect(&f, 2);
	cr_assert(eq(u64, f.reader.stats.torn, 0));
	cr_assert(eq(u64, f.segment.header->quarantine[0], 0));
}

Test(reader, a_record_committed_since_the_words_were_fetched_is_no_hole)
{
	struct ring_fixture f;
	struct cs_claim claim;

	start(&f, SLOTS);
	put(&f, 1, 1);
	claim = reserve(&f, PID, 2, 1);
	put(&f, 3, 1);
	expect(&f, 1); /* the words of all three are fetched here */
	cs_ring_commit(&claim);
	expect(&f, 2);
	expect(&f, 3);
}

Test(reader, the_next_reader_starts_at_the_release_word)
{
	struct ring_fixture f;

	start(&f, SLOTS);
	put(&f, 1, 1);
	put(&f, 2, 1);
	expect(&f, 1);
	cs_reader_release(&f.reader);
	expect(&f, 2);
	take_over(&f);
	expect(&f, 2);
	expect_empty(&f);
}

/* --- hostility ----------------------------------------------------------------------------------- */

Test(reader, a_head_that_no_writer_can_have_stored_ends_the_segment)
{
	struct ring_fixture f;
	struct cs_hole hole;

	start(&f, SLOTS);
	go_round(&f, 2, NULL, 0);
	put(&f, 1, 1);
	put(&f, 2, 1);
	expect(&f, 1);
	for (int i = 0; i < 4; i++) {
		uint64_t good = f.segment.header->head;
		uint64_t bad[] = { f.reader.released - 1, f.reader.released,
				   f.reader.released + SLOTS + 1, UINT64_MAX };

		f.segment.header->head = bad[i];
		cr_assert(eq(int, cs_reader_next(&f.reader, &f.entry), -EPROTO));
		cr_assert(eq(int, cs_reader_hole(&f.reader, &hole), -EPROTO));
		cr_assert(eq(int, cs_reader_give_up(&f.reader, false), -EPROTO));
		f.segment.header->head = good;
	}
	expect(&f, 2);
}

Test(reader, a_position_that_no_process_lives_to_reach_ends_the_segment)
{
	struct ring_fixture f;
	struct cs_hole hole;

	start(&f, SLOTS);
	f.segment.header->release = UINT64_MAX;
	f.segment.header->head = 13;
	take_over(&f);
	cr_assert(eq(int, cs_reader_next(&f.reader, &f.entry), -EPROTO));
	cr_assert(eq(int, cs_reader_hole(&f.reader, &hole), -EPROTO));
}

Test(reader, a_word_that_leads_out_of_what_was_reserved_ends_the_segment)
{
	struct ring_fixture f;
	struct cs_hole hole;

	start(&f, SLOTS);
	put(&f, 1, 2);
	f.ring.commit[0] = cs_word_make(1, PID, 3, CS_SLOT_COMMITTED);
	cr_assert(eq(int, cs_reader_next(&f.reader, &f.entry), -EPROTO));
	f.ring.commit[0] = cs_word_padding(1, 3);
	cr_assert(eq(int, cs_reader_next(&f.reader, &f.entry), -EPROTO));
	f.ring.commit[0] = cs_word_padding(1, CS_PADDING_MAX);
	cr_assert(eq(int, cs_reader_next(&f.reader, &f.entry), -EPROTO));
	f.ring.commit[0] = cs_word_make(1, PID, 3, CS_SLOT_CLAIMED);
	cr_assert(eq(int, cs_reader_hole(&f.reader, &hole), -EPROTO));
	cr_assert(eq(int, cs_reader_give_up(&f.reader, true), -EPROTO));
	f.ring.commit[0] = cs_word_make(1, PID, 2, CS_SLOT_COMMITTED);
	expect(&f, 1);
}

Test(reader, a_run_across_the_rings_end_or_of_more_than_64_slots_ends_the_segment)
{
	struct ring_fixture f;
	struct cs_hole hole;

	start(&f, SLOTS);
	for (int i = 0; i < 2; i++) {
		put(&f, 1, 64);
		expect(&f, 1);
		cs_reader_release(&f.reader);
	}
	while (f.segment.header->head < SLOTS + 100)
		put(&f, 2, 1);
	f.ring.commit[128] = cs_word_padding(1, 126);
	f.ring.commit[254] = cs_word_make(1, PID, 3, CS_SLOT_COMMITTED);
	cr_assert(eq(int, cs_reader_next(&f.reader, &f.entry), -EPROTO));
	f.ring.commit[254] = cs_word_make(1, PID, 3, CS_SLOT_CLAIMED);
	cr_assert(eq(int, cs_reader_hole(&f.reader, &hole), -EPROTO));
	f.ring.commit[254] = cs_word_make(1, PID, 65, CS_SLOT_COMMITTED);
	cr_assert(eq(int, cs_reader_next(&f.reader, &f.entry), -EPROTO));
}

Test(reader, words_of_another_lap_are_nobodys)
{
	struct ring_fixture f;
	static const uint64_t wrong[] = { 0, 2, 3, CS_WORD_LAP_MASK };

	start(&f, SLOTS);
	put(&f, 1, 1);
	put(&f, 2, 1);
	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		f.ring.commit[0] = cs_word_make(wrong[i], PID, 1, CS_SLOT_COMMITTED);
		expect_hole(&f, 1, 0, true);
	}
	f.ring.commit[0] = cs_word_make(1, PID, 1, CS_SLOT_FREE);
	expect_hole(&f, 1, 0, true);
}

Test(reader, an_impossible_inner_length_is_counted_and_not_put_up_with_for_ever)
{
	struct ring_fixture f;
	struct cs_claim claim;
	int r = 0;

	start(&f, 1024);
	claim = reserve(&f, PID, 1, 2);
	claim.record->payload_len = 2 * CS_SLOT_BYTES - sizeof(struct cs_record) + 1;
	cs_ring_commit(&claim);
	put(&f, 2, 1);
	expect(&f, 2);
	cr_assert(eq(u64, f.reader.stats.corrupt, 1));
	for (unsigned i = 0; i < CS_READER_CORRUPT_MAX; i++) {
		claim = reserve(&f, PID, 3, 1);
		claim.record->payload_len = UINT16_MAX;
		cs_ring_commit(&claim);
	}
	r = cs_reader_next(&f.reader, &f.entry);
	cr_assert(eq(int, r, -EPROTO));
}

/* --- I/O ----------------------------------------------------------------------------------------- */

static struct {
	struct memory_segment *segment;
	unsigned calls;
	unsigned fail_at; /* 0: never */
	struct cs_claim *claim;
	unsigned commit_at; /* change the word between two reads */
	unsigned claim_at;
} io_script;

static int scripted_read(void *context, void *dst, uint64_t offset, uint32_t len)
{
	unsigned call = ++io_script.calls;

	if (call == io_script.fail_at)
		return -EIO;
	if (call == io_script.claim_at)
		*io_script.claim->word = io_script.claim->claimed;
	if (call == io_script.commit_at)
		cs_ring_commit(io_script.claim);
	return memory_segment_io(context).read(context, dst, offset, len);
}

static void script_io(struct ring_fixture *f, struct cs_claim *claim)
{
	memset(&io_script, 0, sizeof(io_script));
	io_script.claim = claim;
	f->segment.io.read = scripted_read;
	take_over(f);
}

/* The kernel's copy need not be atomic: a word that changes between the two looks is no word yet. */
Test(reader, a_word_that_changes_while_it_is_fetched_is_looked_at_again)
{
	struct ring_fixture f;
	struct cs_claim claim;

	for (unsigned at = 1; at <= 8; at++) {
		start(&f, SLOTS);
		put(&f, 1, 1);
		claim = reserve_unclaimed(&f, 2, 2);
		put(&f, 3, 1);
		script_io(&f, &claim);
		io_script.claim_at = at;
		io_script.commit_at = at + 1;
		expect(&f, 1);
		for (int tries = 0; tries < 4; tries++) {
			int r = cs_reader_next(&f.reader, &f.entry);

			if (r == CS_READ_RECORD)
				break;
			cr_assert(eq(int, r, CS_READ_HOLE));
		}
		cr_assert(eq(u64, f.entry.record.time_ns, 2), "changed at read %u", at);
		cr_assert(eq(u32, f.entry.record.payload_len, 128 - 24));
		expect(&f, 3);
		memory_segment_deinit(&f.segment);
	}
}

/* Wherever the writer gets on while its hole is given up: read, or torn and counted, never both. */
Test(reader, a_commit_in_the_middle_of_giving_up_is_read_or_torn)
{
	struct ring_fixture f;
	struct cs_claim claim;
	unsigned read_count = 0;

	for (unsigned unclaimed = 0; unclaimed < 2; unclaimed++) {
		for (unsigned at = 1; at <= 12; at++) {
			start(&f, SLOTS);
			claim = unclaimed ? reserve_unclaimed(&f, 2, 2) : reserve(&f, PID, 2, 2);
			put(&f, 3, 1);
			script_io(&f, &claim);
			io_script.commit_at = at;
			cr_assert(eq(int, cs_reader_give_up(&f.reader, false), 0));
			io_script.commit_at = 0;
			cs_ring_commit(&claim);
			if (f.reader.stats.torn == 0) {
				read_count++;
				expect(&f, 2);
			}
			expect(&f, 3);
			expect_empty(&f);
			cs_reader_release(&f.reader);
			cs_reader_release(&f.reader);
			go_round(&f, 3, NULL, 0);
			cr_assert(le(u64, f.reader.stats.torn, 1));
			memory_segment_deinit(&f.segment);
		}
	}
	cr_assert(lt(u32, 4, read_count));
}

Test(reader, an_error_of_io_is_handed_up_whenever_it_comes)
{
	struct ring_fixture f;
	struct cs_hole hole;

	for (unsigned at = 1; at <= 6; at++) {
		int next, described, given_up;

		start(&f, SLOTS);
		put(&f, 1, 1);
		reserve(&f, PID, 2, 2);
		put(&f, 3, 1);
		script_io(&f, NULL);
		io_script.fail_at = at;
		next = cs_reader_next(&f.reader, &f.entry);
		cr_assert(eq(int, next, at <= 3 ? -EIO : CS_READ_RECORD));
		memory_segment_deinit(&f.segment);

		start(&f, SLOTS);
		reserve(&f, PID, 2, 2);
		put(&f, 3, 1);
		script_io(&f, NULL);
		io_script.fail_at = at;
		described = cs_reader_hole(&f.reader, &hole);
		cr_assert(eq(int, described, at <= 2 ? -EIO : 0));
		io_script.calls = 0;
		given_up = cs_reader_give_up(&f.reader, false);
		cr_assert(eq(int, given_up, at <= 4 ? -EIO : 0));
		memory_segment_deinit(&f.segment);
	}
}
