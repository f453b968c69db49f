/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The ring with a hostile other side. Input: operations of one byte and what they need (below), on a
 * ring of 64 or 4096 slots. The input scribbles over any part of the segment between the calls of
 * reader and writer, as the other process could. However it does so: nobody leaves the segment, the
 * reader ends each call, goes forward only and punches no header, and the writer claims only slots
 * of the ring. Beside it runs a whole look as the collector does it, which must end.
 */
#include <errno.h>
#include <string.h>

#include "preload/wire/segment.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/memory_segment.h"

#define OPERATIONS_MAX 512
#define PID            4711u

/* What is left of the input. */
struct input {
	const uint8_t *data;
	size_t size;
};

struct world {
	struct memory_segment segment;
	struct cs_ring ring;
	struct cs_reader reader;
	struct cs_reader_io io; /* of the segment, without our checks */
	uint32_t slots;
	struct cs_claim claims[4];
	unsigned claims_count;
};

static uint32_t take(struct input *input, unsigned bytes)
{
	uint32_t value = 0;

	for (unsigned i = 0; i < bytes && input->size; i++) {
		value |= (uint32_t)*input->data++ << 8 * i;
		input->size--;
	}
	return value;
}

static int punch(void *context, uint64_t offset, uint64_t len)
{
	const struct world *world = context;

	CS_FUZZ_CHECK(offset % CS_PAGE_BYTES == 0 && len % CS_PAGE_BYTES == 0);
	CS_FUZZ_CHECK(offset >= CS_PAGE_BYTES && len > 0);
	return world->io.punch(world->io.context, offset, len);
}

static int swap(void *context, uint64_t offset, uint64_t expected, uint64_t desired, bool *swapped)
{
	const struct world *world = context;

	CS_FUZZ_CHECK(offset % sizeof(uint64_t) == 0 && offset >= CS_COMMIT_OFFSET);
	CS_FUZZ_CHECK(offset < CS_COMMIT_OFFSET + (uint64_t)world->slots * sizeof(uint64_t));
	return world->io.swap(world->io.context, offset, expected, desired, swapped);
}

static int copy(void *context, void *dst, uint64_t offset, uint32_t len)
{
	const struct world *world = context;

	CS_FUZZ_CHECK(len <= sizeof(((struct cs_entry *)NULL)->bytes));
	return world->io.read(world->io.context, dst, offset, len);
}

static void start_reader(struct world *world)
{
	struct cs_reader_io io = { .context = world, .read = copy, .swap = swap, .punch = punch };

	cs_reader_init(&world->reader, world->segment.header, world->slots, &io);
}

/* Scribble: one word of line 1 or 2, of a mark, of the commit table; or bytes of a slot. */
static void scribble(struct world *world, struct input *input)
{
	uint32_t where = take(input, 1), at = take(input, 2), len = take(input, 1) % 64;
	uint64_t *words = (void *)world->segment.bytes;
	uint64_t value, base;
	unsigned char *slot;

	if (where < 0x20) {
		/* head, release, the quarantine, the trim: near a true value, or wild */
		words += where < 8 ? 8 : 16 + where % 8;
		base = at & 1 ? world->segment.header->head : world->segment.header->release;
		value = at & 2 ? base + (uint64_t)(int64_t)(int16_t)take(input, 2)
			       : (uint64_t)take(input, 4) << 32 | take(input, 4);
		*words = value;
	} else if (where < 0xc0) {
		/* a word: of a lap near the true one, in any state and of any length */
		uint64_t lap = (world->segment.header->head >> world->ring.slots_shift) + 1;

		lap += (where >> 2) % 4 - 1;
		world->ring.commit[at % world->slots] =
			where & 0x80
				? cs_word_padding(lap, len + take(input, 2) + 1)
				: cs_word_make(lap, PID, len + 1, (enum cs_slot_state)(where & 3));
	} else {
		slot = world->ring.slots + (size_t)(at % world->slots) * CS_SLOT_BYTES;
		for (uint32_t i = 0; i < len; i++)
			slot[i] = (unsigned char)take(input, 1);
	}
}

static void write_one(struct world *world, struct input *input)
{
	uint32_t how = take(input, 1), len = take(input, 2);
	uint64_t slot;
	struct cs_claim claim;
	int r = cs_ring_reserve(&world->ring, PID, how >> 4, len,
				how & 1 ? CS_PRIORITY_HIGH : CS_PRIORITY_LOW, &claim);

	CS_FUZZ_CHECK(r == 0 || r == -ENOBUFS || (r == -EMSGSIZE && len > CS_RECORD_PAYLOAD_MAX));
	if (r < 0)
		return;
	slot = (uint64_t)((unsigned char *)claim.record - world->ring.slots) / CS_SLOT_BYTES;
	CS_FUZZ_CHECK(slot < world->slots && (unsigned char *)(claim.record + 1) + len <=
						     world->segment.bytes + world->segment.len);
	CS_FUZZ_CHECK(claim.word == &world->ring.commit[slot]);
	memset(claim.record + 1, (int)how, len);
	if (how & 2)
		cs_ring_commit(&claim);
	else if (world->claims_count < 4)
		world->claims[world->claims_count++] = claim;
}

/* Take what there is as the collector does; @stubborn gives every hole up. */
static void look(struct world *world, bool stubborn)
{
	static struct cs_entry entry;
	uint64_t steps = 0;
	int r = CS_READ_RECORD;

	while (r == CS_READ_RECORD || r == CS_READ_HOLE) {
		uint64_t before = world->reader.position;

		CS_FUZZ_CHECK(steps++ <= world->slots);
		r = cs_reader_next(&world->reader, &entry);
		if (r == CS_READ_RECORD) {
			CS_FUZZ_CHECK(sizeof(entry.record) + entry.record.payload_len <=
				      sizeof(entry.bytes));
		} else if (r == CS_READ_HOLE) {
			if (!stubborn || cs_reader_give_up(&world->reader, true) < 0)
				break;
		}
		if (r == CS_READ_RECORD || r == CS_READ_HOLE)
			CS_FUZZ_CHECK(world->reader.position > before);
	}
	CS_FUZZ_CHECK(r == CS_READ_EMPTY || r == CS_READ_HOLE || r == CS_READ_RECORD ||
		      r == -EPROTO);
	if (r != -EPROTO)
		cs_reader_release(&world->reader);
}

static void operate(struct world *world, struct input *input)
{
	struct cs_hole hole;
	uint64_t before = world->reader.position;
	uint32_t what = take(input, 1);

	switch (what % 10) {
	case 0:
	case 1:
		scribble(world, input);
		break;
	case 2:
	case 3:
		write_one(world, input);
		break;
	case 4:
		if (world->claims_count)
			cs_ring_commit(&world->claims[--world->claims_count]);
		break;
	case 5:
		look(world, what & 0x80);
		break;
	case 6:
		if (cs_reader_hole(&world->reader, &hole) == 0)
			CS_FUZZ_CHECK(hole.len > 0 && hole.len <= world->slots);
		cs_reader_give_up(&world->reader, what & 0x80);
		break;
	case 7:
		cs_reader_lift(&world->reader, what & 0x80 ? PID : 0);
		break;
	case 8:
		cs_reader_trim(&world->reader);
		break;
	default:
		start_reader(world);
		return;
	}
	CS_FUZZ_CHECK(world->reader.position >= before);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint32_t sizes[] = { 64, 4096 };
	static struct world worlds[2];
	struct input input = { data, size };
	unsigned which = take(&input, 1) & 1;
	struct world *world = &worlds[which];
	uint32_t slots, lanes;

	if (!world->segment.bytes) {
		memory_segment_init(&world->segment, sizes[which]);
		world->slots = sizes[which];
		world->io = memory_segment_io(&world->segment);
		cs_ring_init(&world->ring, world->segment.bytes, 0);
	}
	memset(world->segment.bytes, 0, world->segment.len);
	cs_segment_format(world->segment.header, world->slots, 1);
	CS_FUZZ_CHECK(cs_segment_check(world->segment.header, world->segment.len, &slots, &lanes) ==
		      0);
	world->claims_count = 0;
	start_reader(world);
	for (unsigned i = 0; i < OPERATIONS_MAX && input.size; i++)
		operate(world, &input);
	return 0;
}
