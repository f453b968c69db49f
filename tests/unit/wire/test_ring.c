/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of preload/wire/ring and reader on one mapping. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "preload/wire/reader.h"
#include "preload/wire/ring.h"
#include "preload/wire/segment.h"
#include "preload/wire/word.h"

#define SLOTS 64u
#define PID   4711u

struct fixture {
	unsigned char *segment;
	struct cs_ring ring;
	struct cs_reader reader;
	struct cs_entry entry;
};

static int mem_read(void *context, void *dst, uint64_t offset, uint32_t len)
{
	memcpy(dst, (unsigned char *)context + offset, len);
	return 0;
}

static int mem_swap(void *context, uint64_t offset, uint64_t expected, uint64_t desired,
		    bool *swapped)
{
	_Atomic uint64_t *word = (void *)((unsigned char *)context + offset);

	*swapped = atomic_compare_exchange_strong(word, &expected, desired);
	return 0;
}

static int mem_punch(void *context, uint64_t offset, uint64_t len)
{
	memset((unsigned char *)context + offset, 0, len);
	return 0;
}

static void start(struct fixture *f, uint32_t slots)
{
	uint32_t checked = 0;
	struct cs_reader_io io;

	f->segment = mmap(NULL, cs_segment_bytes(slots), PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	io = (struct cs_reader_io){ f->segment, mem_read, mem_swap, mem_punch };
	cs_segment_format((struct cs_header *)f->segment, slots);
	cr_assert(eq(
		int,
		cs_segment_check((struct cs_header *)f->segment, cs_segment_bytes(slots), &checked),
		0));
	cs_ring_init(&f->ring, f->segment);
	cs_reader_init(&f->reader, (struct cs_header *)f->segment, checked, &io);
}

static int put(struct fixture *f, uint32_t payload_len, uint64_t stamp, enum cs_priority priority)
{
	struct cs_claim claim;
	int r = cs_ring_reserve(&f->ring, PID, CS_RECORD_FILE, payload_len, priority, &claim);

	if (r < 0)
		return r;
	claim.record->time_ns = stamp;
	claim.record->thread = 0;
	memset(claim.record + 1, (int)stamp, payload_len);
	cs_ring_commit(&claim);
	return 0;
}

Test(ring, what_is_committed_is_read_in_order_over_many_laps)
{
	struct fixture f;

	start(&f, SLOTS);
	for (uint64_t i = 0; i < 1000; i++) {
		uint32_t len = (uint32_t)(i * 37 % 400);

		cr_assert(eq(int, put(&f, len, i, CS_PRIORITY_LOW), 0));
		cr_assert(eq(int, cs_reader_next(&f.reader, &f.entry), CS_READ_RECORD));
		cr_assert(eq(u64, f.entry.record.time_ns, i));
		cr_assert(eq(u32, f.entry.record.payload_len, len));
		cr_assert(eq(u32, f.entry.pid, PID));
		for (uint32_t b = 0; b < len; b++)
			cr_assert(eq(u8, f.entry.bytes[sizeof(struct cs_record) + b], (uint8_t)i));
		cr_assert(eq(int, cs_reader_next(&f.reader, &f.entry), CS_READ_EMPTY));
		cs_reader_release(&f.reader);
	}
}

Test(ring, push_to_full_ring_counts_the_drop_and_keeps_a_slice_for_ends)
{
	struct fixture f;
	int n = 0;

	start(&f, SLOTS);
	while (put(&f, 0, 1, CS_PRIORITY_LOW) == 0)
		n++;
	cr_assert(eq(int, n, SLOTS - SLOTS / 8));
	cr_assert(eq(u64, f.ring.header->dropped[CS_RECORD_FILE], 1));
	while (put(&f, 0, 1, CS_PRIORITY_HIGH) == 0)
		n++;
	cr_assert(eq(int, n, SLOTS));
	cr_assert(eq(int, put(&f, 5000, 1, CS_PRIORITY_HIGH), -EMSGSIZE));
}

Test(ring, a_dead_writers_claim_is_stepped_over_as_torn)
{
	struct fixture f;
	struct cs_claim claim;
	struct cs_hole hole;

	start(&f, SLOTS);
	cr_assert(eq(int,
		     cs_ring_reserve(&f.ring, PID, CS_RECORD_FILE, 100, CS_PRIORITY_LOW, &claim),
		     0));
	cr_assert(eq(int, cs_reader_next(&f.reader, &f.entry), CS_READ_HOLE));
	cr_assert(eq(int, cs_reader_hole(&f.reader, &hole), 0));
	cr_assert(hole.claimed);
	cr_assert(not(hole.commits_behind));
	cr_assert(eq(u32, hole.pid, PID));
	cr_assert(eq(u32, hole.len, 2));
	put(&f, 0, 7, CS_PRIORITY_LOW);
	cr_assert(eq(int, cs_reader_hole(&f.reader, &hole), 0));
	cr_assert(hole.commits_behind);
	cr_assert(eq(int, cs_reader_give_up(&f.reader, true), 0));
	cr_assert(eq(int, cs_reader_next(&f.reader, &f.entry), CS_READ_RECORD));
	cr_assert(eq(u64, f.entry.record.time_ns, 7));
	cr_assert(eq(u64, f.reader.stats.torn, 1));
}

Test(ring, a_live_writers_given_up_run_is_not_reused_until_it_is_lifted)
{
	struct fixture f;
	struct cs_claim late;
	unsigned char *bytes;

	start(&f, SLOTS);
	put(&f, 0, 1, CS_PRIORITY_LOW);
	cr_assert(eq(int,
		     cs_ring_reserve(&f.ring, PID, CS_RECORD_FILE, 100, CS_PRIORITY_LOW, &late),
		     0));
	bytes = (unsigned char *)late.record;
	put(&f, 0, 1, CS_PRIORITY_LOW);
	while (cs_reader_next(&f.reader, &f.entry) == CS_READ_RECORD)
		continue;
	cr_assert(eq(int, cs_reader_give_up(&f.reader, false), 0));
	cs_reader_release(&f.reader);
	for (uint64_t i = 0; i < 1000; i++) {
		memset(bytes, 0xee, 2 * CS_SLOT_BYTES); /* the late writer scribbles on */
		cr_assert(eq(int, put(&f, (uint32_t)(i % 300), i, CS_PRIORITY_LOW), 0));
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
	struct fixture f;

	start(&f, CS_SLOTS_DEFAULT);
	for (uint64_t i = 0; i < 20000; i++) {
		cr_assert(eq(int, put(&f, 0, i, CS_PRIORITY_LOW), 0));
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
