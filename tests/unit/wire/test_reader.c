/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of preload/wire/reader, quarantine and trim: holes, hostility, one reader after another. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <string.h>

#include "preload/wire/segment.h"
#include "tests/support/memory_segment.h"

#define SLOTS 256u
#define PID   4711u
#define OTHER 4712u

struct fixture {
	struct memory_segment segment;
	struct cs_ring ring;
	struct cs_reader reader;
	struct cs_entry entry;
};

static void start(struct fixture *f, uint32_t slots)
{
	memory_segment_init(&f->segment, slots);
	cs_ring_init(&f->ring, f->segment.bytes, 0);
	cs_reader_init(&f->reader, f->segment.header, slots, &f->segment.io);
}

/* The reader died; another one takes over. */
static void take_over(struct fixture *f)
{
	cs_reader_init(&f->reader, f->segment.header, f->ring.slots_count, &f->segment.io);
}

static struct cs_claim reserve(struct fixture *f, uint32_t pid, uint64_t stamp, uint32_t slots)
{
	uint32_t len = slots * CS_SLOT_BYTES - (uint32_t)sizeof(struct cs_record);
	struct cs_claim claim;

	cr_assert(eq(int,
		     cs_ring_reserve(&f->ring, pid, CS_RECORD_FILE, len, CS_PRIORITY_HIGH, &claim),
		     0));
	claim.record->time_ns = stamp;
	claim.record->thread = stamp;
	memset(claim.record + 1, (int)stamp, len);
	return claim;
}

static void put(struct fixture *f, uint64_t stamp, uint32_t slots)
{
	struct cs_claim claim = reserve(f, PID, stamp, slots);

	cs_ring_commit(&claim);
}

/* A writer that reserved, and was stopped before its claim was stored. */
static struct cs_claim reserve_unclaimed(struct fixture *f, uint64_t stamp, uint32_t slots)
{
	struct cs_claim claim = reserve(f, PID, stamp, slots);

	*claim.word = 0;
	return claim;
}

static void expect(struct fixture *f, uint64_t stamp)
{
	cr_assert(eq(int, cs_reader_next(&f->reader, &f->entry), CS_READ_RECORD));
	cr_assert(eq(u64, f->entry.record.time_ns, stamp));
	for (uint32_t b = 0; b < f->entry.record.payload_len; b++)
		cr_assert(eq(u8, f->entry.bytes[sizeof(struct cs_record) + b], (uint8_t)stamp));
}

static void expect_hole(struct fixture *f, uint32_t len, uint32_t pid, bool commits_behind)
{
	struct cs_hole hole;

	cr_assert(eq(int, cs_reader_next(&f->reader, &f->entry), CS_READ_HOLE));
	cr_assert(eq(int, cs_reader_hole(&f->reader, &hole), 0));
	cr_assert(eq(u32, hole.len, len));
	cr_assert(eq(u32, hole.pid, pid));
	cr_assert(eq(int, hole.claimed, pid != 0));
	cr_assert(eq(int, hole.commits_behind, commits_behind));
}

static void expect_empty(struct fixture *f)
{
	cr_assert(eq(int, cs_reader_next(&f->reader, &f->entry), CS_READ_EMPTY));
}

/* Write and read @laps laps of records, while @scribble is written all over by a late writer. */
static void go_round(struct fixture *f, unsigned laps, struct cs_claim *late, uint32_t slots)
{
	uint64_t end = f->segment.header->head + (uint64_t)laps * f->ring.slots_count;

	for (uint64_t i = 1; f->segment.header->head < end; i++) {
		if (late) {
			memset(late->record, 0xee, slots * CS_SLOT_BYTES);
			*late->word = late->claimed;
		}
		put(f, i % 100, (uint32_t)(i % 5) + 1);
		if (late) {
			memset(late->record, 0xee, slots * CS_SLOT_BYTES);
			*late->word = late->claimed;
		}
		expect(f, i % 100);
		expect_empty(f);
		cs_reader_release(&f->reader);
	}
}

/* --- holes --------------------------------------------------------------------------------------- */

Test(reader, a_claimed_hole_tells_its_writer_and_its_length)
{
	struct fixture f;

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
	struct fixture f;
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
	struct fixture f;
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
	struct fixture f;
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

/* --- quarantine ---------------------------------------------------------------------------------- */

Test(reader, late_stores_into_a_quarantined_claimed_run_harm_nobody)
{
	struct fixture f;
	struct cs_claim late;

	start(&f, SLOTS);
	put(&f, 1, 5);
	late = reserve(&f, PID, 2, 3);
	put(&f, 3, 1);
	expect(&f, 1);
	cr_assert(eq(int, cs_reader_give_up(&f.reader, false), 0));
	cr_assert(eq(u64, f.segment.header->quarantine[0], 3ull << 32 | 5));
	expect(&f, 3);
	cs_reader_release(&f.reader);
	go_round(&f, 5, &late, 3);
	cr_assert(eq(u64, f.reader.stats.torn, 1));
	cr_assert(eq(u64, f.reader.stats.corrupt, 0));
}

Test(reader, late_stores_into_a_quarantined_unclaimed_run_harm_nobody)
{
	struct fixture f;
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

Test(reader, a_late_writer_that_commits_gives_its_run_back)
{
	struct fixture f;
	struct cs_claim late;

	start(&f, SLOTS);
	put(&f, 1, 5);
	late = reserve(&f, PID, 2, 3);
	put(&f, 3, 40);
	expect(&f, 1);
	cr_assert(eq(int, cs_reader_give_up(&f.reader, false), 0));
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
Test(reader, a_lifted_run_is_still_skipped_by_records_that_went_around_it)
{
	struct fixture f;

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

Test(reader, a_full_quarantine_waits_for_a_death)
{
	struct fixture f;

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

Test(reader, the_next_reader_starts_at_the_release_word)
{
	struct fixture f;

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

Test(reader, the_next_reader_keeps_the_quarantine)
{
	struct fixture f;
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
Test(reader, the_next_reader_finds_what_was_committed_in_a_hole_that_was_being_given_up)
{
	struct fixture f;
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

Test(reader, a_quarantine_from_somebody_else_is_believed_only_within_the_ring)
{
	struct fixture f;
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

/* --- trimming ------------------------------------------------------------------------------------ */

#define TRIM_RING 4096u

Test(reader, trims_once_and_only_when_all_is_read_and_released)
{
	struct fixture f;

	start(&f, TRIM_RING);
	cr_assert(eq(int, cs_reader_trim(&f.reader), 0)); /* nothing was ever written */
	put(&f, 1, 1);
	cr_assert(eq(int, cs_reader_trim(&f.reader), 0));
	expect(&f, 1);
	cr_assert(eq(int, cs_reader_trim(&f.reader), 0));
	cs_reader_release(&f.reader);
	put(&f, 2, 1);
	cr_assert(eq(int, cs_reader_trim(&f.reader), 0));
	expect(&f, 2);
	cs_reader_release(&f.reader);
	cr_assert(eq(int, cs_reader_trim(&f.reader), 1));
	cr_assert(eq(int, cs_reader_trim(&f.reader), 0));
	cr_assert(eq(u64, f.segment.header->trim, 0));
	go_round(&f, 2, NULL, 0);
	cr_assert(eq(int, cs_reader_trim(&f.reader), 1));
	go_round(&f, 2, NULL, 0);
	f.reader.io.punch = NULL;
	cr_assert(eq(int, cs_reader_trim(&f.reader), 0));
}

Test(reader, a_small_ring_is_never_trimmed)
{
	struct fixture f;

	start(&f, 1024);
	put(&f, 1, 1);
	expect(&f, 1);
	cs_reader_release(&f.reader);
	cr_assert(eq(int, cs_reader_trim(&f.reader), 0));
}

/* A trim that was cut short before its padding word: a hole of nobody, as long as a trim. */
Test(reader, the_next_reader_ends_a_trim_that_was_only_reserved)
{
	struct fixture f;
	uint64_t position;

	start(&f, TRIM_RING);
	go_round(&f, 2, NULL, 0);
	position = f.reader.position;
	f.segment.header->trim = position + 1;
	f.segment.header->head = position + TRIM_RING - 1024;
	put(&f, 7, 2);
	take_over(&f);
	expect(&f, 7);
	expect_empty(&f);
	cs_reader_release(&f.reader);
	cr_assert(eq(u64, f.reader.stats.torn, 0));
	go_round(&f, 2, NULL, 0);
}

/* A late writer's run within it does not make the rest a hole for the life of the process. */
Test(reader, the_next_reader_ends_a_trim_around_a_quarantined_run)
{
	struct fixture f;
	struct cs_claim late;
	uint64_t position;

	start(&f, TRIM_RING);
	late = reserve(&f, PID, 1, 3);
	put(&f, 2, 1);
	cr_assert(eq(int, cs_reader_give_up(&f.reader, false), 0));
	expect(&f, 2);
	cs_reader_release(&f.reader);
	for (unsigned i = 0; i < TRIM_RING / 8; i++) {
		put(&f, 3, 4);
		expect(&f, 3);
		cs_reader_release(&f.reader);
	}
	position = f.reader.position;
	f.segment.header->trim = position + 1;
	f.segment.header->head = position + TRIM_RING - 1024;
	put(&f, 7, 2);
	take_over(&f);
	expect(&f, 7);
	expect_empty(&f);
	cr_assert(eq(u64, f.segment.header->quarantine[0], 3ull << 32));
	cr_assert(eq(u64, f.segment.header->quarantine[1], 0));
	cs_reader_release(&f.reader);
	go_round(&f, 2, &late, 3);
}

/* The note alone proves nothing: the reservation may be a writer's. */
Test(reader, a_note_of_a_trim_that_did_not_happen_hides_no_record)
{
	struct fixture f;
	struct cs_claim claim;
	uint64_t position;

	start(&f, TRIM_RING);
	go_round(&f, 2, NULL, 0);
	position = f.reader.position;
	claim = reserve_unclaimed(&f, 1, 3);
	for (uint32_t n = 0; n < TRIM_RING - 1024; n += 4)
		put(&f, 2, 4);
	f.segment.header->trim = position + 1;
	take_over(&f);
	expect_hole(&f, 3, 0, true);
	cs_ring_commit(&claim);
	expect(&f, 1);
	expect(&f, 2);
}

static unsigned reads, swaps_to_fail;

static int count_read(void *context, void *dst, uint64_t offset, uint32_t len)
{
	reads++;
	return memory_segment_io(context).read(context, dst, offset, len);
}

static int fail_swap(void *context, uint64_t offset, uint64_t expected, uint64_t desired,
		     bool *swapped)
{
	if (swaps_to_fail && swaps_to_fail--)
		return -EIO;
	return memory_segment_io(context).swap(context, offset, expected, desired, swapped);
}

/* Else whoever writes it makes every look as dear as the ring is long, as long as he lives. */
Test(reader, a_note_of_a_trim_is_looked_into_once)
{
	struct fixture f;
	struct cs_claim claim;
	unsigned first;

	start(&f, TRIM_RING);
	go_round(&f, 2, NULL, 0);
	f.segment.header->trim = f.reader.position + 1;
	claim = reserve_unclaimed(&f, 1, 3);
	f.segment.header->head = f.reader.position + TRIM_RING - 1024 - 4;
	put(&f, 2, 4);
	f.segment.io.read = count_read;
	take_over(&f);
	cr_assert(eq(int, cs_reader_next(&f.reader, &f.entry), CS_READ_HOLE));
	first = reads;
	for (unsigned look = 0; look < 10; look++) {
		reads = 0;
		cr_assert(eq(int, cs_reader_next(&f.reader, &f.entry), CS_READ_HOLE));
		cr_assert(lt(u32, reads * 10, first));
	}
	cs_ring_commit(&claim);
	expect(&f, 1);
}

/* Nobody comes after: the reader that failed ends it itself. */
Test(reader, a_trim_that_fails_when_it_is_reserved_is_no_hole)
{
	struct fixture f;
	uint64_t head;

	start(&f, TRIM_RING);
	go_round(&f, 2, NULL, 0);
	f.reader.io.swap = fail_swap;
	swaps_to_fail = 1;
	head = f.segment.header->head;
	cr_assert(eq(int, cs_reader_trim(&f.reader), -EIO));
	cr_assert(eq(u64, f.segment.header->head, head + TRIM_RING - 1024));
	put(&f, 7, 2);
	expect(&f, 7);
	expect_empty(&f);
	cs_reader_release(&f.reader);
	go_round(&f, 2, NULL, 0);
	cr_assert(eq(int, cs_reader_trim(&f.reader), 1));
	go_round(&f, 2, NULL, 0);
}

/* Nor does a second try, before anything was read, take away what a reader after needs to know. */
Test(reader, a_trim_that_failed_is_ended_by_the_next_reader_after_another_try)
{
	struct fixture f;

	start(&f, TRIM_RING);
	go_round(&f, 2, NULL, 0);
	f.reader.io.swap = fail_swap;
	swaps_to_fail = 1;
	cr_assert(eq(int, cs_reader_trim(&f.reader), -EIO));
	cr_assert(eq(int, cs_reader_trim(&f.reader), 0));
	put(&f, 7, 2);
	take_over(&f);
	expect(&f, 7);
	expect_empty(&f);
	cr_assert(eq(u64, f.reader.stats.torn, 0));
	cs_reader_release(&f.reader);
	go_round(&f, 2, NULL, 0);
}

/* Of a trim that was not, the note goes: the next one is looked into no more. */
Test(reader, a_trim_that_a_writer_forestalls_leaves_no_note)
{
	struct fixture f;

	start(&f, TRIM_RING);
	go_round(&f, 2, NULL, 0);
	put(&f, 7, 2);
	cr_assert(eq(int, cs_reader_trim(&f.reader), 0));
	cr_assert(eq(u64, f.segment.header->trim, 0));
}

static struct {
	uint64_t from[64], len[64];
	unsigned count;
} punched;

static int note_punch(void *context, uint64_t offset, uint64_t len)
{
	punched.from[punched.count] = offset;
	punched.len[punched.count++ % 64] = len;
	return memory_segment_io(context).punch(context, offset, len);
}

Test(reader, a_trim_gives_whole_pages_back_but_not_those_of_a_quarantined_run)
{
	struct fixture f;
	uint64_t slots, bytes = 0;

	start(&f, CS_SLOTS_DEFAULT);
	f.segment.io.punch = note_punch;
	take_over(&f);
	put(&f, 1, 20);
	reserve(&f, PID, 2, 3);
	put(&f, 3, 1);
	expect(&f, 1);
	cr_assert(eq(int, cs_reader_give_up(&f.reader, false), 0));
	expect(&f, 3);
	cs_reader_release(&f.reader);
	go_round(&f, 1, NULL, 0);
	cr_assert(eq(int, cs_reader_trim(&f.reader), 1));
	slots = cs_segment_slots_offset(CS_SLOTS_DEFAULT);
	for (unsigned i = 0; i < punched.count; i++) {
		cr_assert(eq(u64, punched.from[i] % CS_PAGE_BYTES, 0));
		cr_assert(eq(u64, punched.len[i] % CS_PAGE_BYTES, 0));
		cr_assert(le(u64, CS_PAGE_BYTES, punched.from[i]));
		bytes += punched.len[i];
		if (punched.from[i] < slots + 23 * 64)
			cr_assert(le(u64, punched.from[i] + punched.len[i], slots + 20 * 64));
	}
	/* 15,360 slots and their words, less some pages at the edges */
	cr_assert(lt(u64, 15360 * 72 - 10 * CS_PAGE_BYTES, bytes));
}

/* --- hostility ----------------------------------------------------------------------------------- */

Test(reader, a_head_that_no_writer_can_have_stored_ends_the_segment)
{
	struct fixture f;
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
	struct fixture f;
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
	struct fixture f;
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
	struct fixture f;
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
	struct fixture f;
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
	struct fixture f;
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

static void script_io(struct fixture *f, struct cs_claim *claim)
{
	memset(&io_script, 0, sizeof(io_script));
	io_script.claim = claim;
	f->segment.io.read = scripted_read;
	take_over(f);
}

/* The kernel's copy need not be atomic: a word that changes between the two looks is no word yet. */
Test(reader, a_word_that_changes_while_it_is_fetched_is_looked_at_again)
{
	struct fixture f;
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
	struct fixture f;
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
	struct fixture f;
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
