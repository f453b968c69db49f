/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of preload/wire/trim: pages given back, and trims that are cut short. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>

#include "preload/wire/segment.h"
#include "tests/support/ring_fixture.h"

#define TRIM_RING  4096u
#define TRIM_SLOTS (TRIM_RING - 1024u) /* of one trim of it */

/* A ring that can be trimmed. */
static void start_quiet(struct ring_fixture *f)
{
	start(f, TRIM_RING);
	go_round(f, 2, NULL, 0);
}

Test(trim, trims_once_and_only_when_all_is_read_and_released)
{
	struct ring_fixture f;

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

Test(trim, a_small_ring_is_never_trimmed)
{
	struct ring_fixture f;

	start(&f, 1024);
	put(&f, 1, 1);
	expect(&f, 1);
	cs_reader_release(&f.reader);
	cr_assert(eq(int, cs_reader_trim(&f.reader), 0));
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

Test(trim, a_trim_gives_whole_pages_back_but_not_those_of_a_quarantined_run)
{
	struct ring_fixture f;
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

/* --- trims that are cut short -------------------------------------------------------------------- */

/*
 * Before its padding word: it leaves a hole of nobody, as long as a trim. A record is written behind
 * it, and another reader begins.
 */
static void die_in_a_trim(struct ring_fixture *f)
{
	f->segment.header->trim = f->reader.position + 1;
	f->segment.header->head = f->reader.position + TRIM_SLOTS;
	put(f, 7, 2);
	take_over(f);
}

Test(trim, the_next_reader_ends_a_trim_that_was_only_reserved)
{
	struct ring_fixture f;

	start_quiet(&f);
	die_in_a_trim(&f);
	expect(&f, 7);
	expect_empty(&f);
	cs_reader_release(&f.reader);
	cr_assert(eq(u64, f.reader.stats.torn, 0));
	go_round(&f, 2, NULL, 0);
}

/* A late writer's run within it does not make the rest a hole for the life of the process. */
Test(trim, the_next_reader_ends_a_trim_around_a_quarantined_run)
{
	struct ring_fixture f;
	struct cs_claim late;

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
	die_in_a_trim(&f);
	expect(&f, 7);
	expect_empty(&f);
	cr_assert(eq(u64, f.segment.header->quarantine[0], 3ull << 32));
	cr_assert(eq(u64, f.segment.header->quarantine[1], 0));
	cs_reader_release(&f.reader);
	go_round(&f, 2, &late, 3);
}

/* The note alone proves nothing: the reservation may be a writer's. */
Test(trim, a_note_of_a_trim_that_did_not_happen_hides_no_record)
{
	struct ring_fixture f;
	struct cs_claim claim;
	uint64_t position;

	start_quiet(&f);
	position = f.reader.position;
	claim = reserve_unclaimed(&f, 1, 3);
	for (uint32_t n = 0; n < TRIM_SLOTS; n += 4)
		put(&f, 2, 4);
	f.segment.header->trim = position + 1;
	take_over(&f);
	expect_hole(&f, 3, 0, true);
	cs_ring_commit(&claim);
	expect(&f, 1);
	expect(&f, 2);
}

/* It died before it released. Also where a page of the table begins with the word. */
Test(trim, the_next_reader_finds_the_padding_of_a_trim_that_has_punched)
{
	struct ring_fixture f;
	uint64_t position;

	start_quiet(&f);
	while ((CS_COMMIT_OFFSET + f.reader.position % TRIM_RING * sizeof(uint64_t)) %
	       CS_PAGE_BYTES) {
		put(&f, 2, 1);
		expect(&f, 2);
	}
	cs_reader_release(&f.reader);
	position = f.reader.position;
	cr_assert(eq(int, cs_reader_trim(&f.reader), 1));
	f.segment.header->release = position;
	take_over(&f);
	expect_empty(&f);
	cr_assert(eq(u64, f.reader.position, position + TRIM_SLOTS));
	cs_reader_release(&f.reader);
	go_round(&f, 2, NULL, 0);
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
Test(trim, a_note_of_a_trim_is_looked_into_once)
{
	struct ring_fixture f;
	struct cs_claim claim;
	unsigned first;

	start_quiet(&f);
	f.segment.header->trim = f.reader.position + 1;
	claim = reserve_unclaimed(&f, 1, 3);
	f.segment.header->head = f.reader.position + TRIM_SLOTS - 4;
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

/* A trim that gets no further than its reservation. */
static void fail_in_a_trim(struct ring_fixture *f)
{
	start_quiet(f);
	f->reader.io.swap = fail_swap;
	swaps_to_fail = 1;
	cr_assert(eq(int, cs_reader_trim(&f->reader), -EIO));
	cr_assert(eq(u64, f->segment.header->head, f->reader.position + TRIM_SLOTS));
}

/* Nobody comes after: the reader that failed ends it itself. */
Test(trim, a_trim_that_fails_when_it_is_reserved_is_no_hole)
{
	struct ring_fixture f;

	fail_in_a_trim(&f);
	put(&f, 7, 2);
	expect(&f, 7);
	expect_empty(&f);
	cs_reader_release(&f.reader);
	go_round(&f, 2, NULL, 0);
	cr_assert(eq(int, cs_reader_trim(&f.reader), 1));
	go_round(&f, 2, NULL, 0);
}

/* Nor does a second try, before anything was read, take away what a reader after needs to know. */
Test(trim, a_trim_that_failed_is_ended_by_the_next_reader_after_another_try)
{
	struct ring_fixture f;

	fail_in_a_trim(&f);
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
Test(trim, a_trim_that_a_writer_forestalls_leaves_no_note)
{
	struct ring_fixture f;

	start_quiet(&f);
	put(&f, 7, 2);
	cr_assert(eq(int, cs_reader_trim(&f.reader), 0));
	cr_assert(eq(u64, f.segment.header->trim, 0));
}
