/* SPDX-License-Identifier: Apache-2.0 */

/* The ring, reader's half: giving the pages of a quiet ring back; README.md, "Trimming". */
#include "preload/wire/reader.h"

#include "preload/wire/reader_internal.h"
#include "preload/wire/segment.h"
#include "preload/wire/testpoint.h"

/* Slots that a trim leaves free, so that writers go on while pages are punched. */
#define TRIM_LEAVES_SLOTS (2 * CS_RESERVED_SLOTS)

static uint32_t trim_slots(const struct cs_reader *reader)
{
	return reader->slots_count < 2 * TRIM_LEAVES_SLOTS
		       ? 0
		       : reader->slots_count - TRIM_LEAVES_SLOTS;
}

/*
 * An earlier reader may have died, or this one's I/O failed, between reserving for a trim and saying
 * so in the commit word: no word speaks for as many slots as a trim has, from where it noted. What is
 * quarantined among them proves nothing. (Writers could imitate it only by reserving 512 slots without one claim.)
 */
int cs_reader_finish_trim(struct cs_reader *reader, uint64_t head, uint32_t *ret_skip)
{
	uint32_t n = trim_slots(reader), unspoken = 0;
	uint64_t at = reader->position, end = at + n, word;

	*ret_skip = 0;
	if (!n || reader->open_trim != reader->position + 1 || head - reader->position < n)
		return 0;
	for (; at != end; at++) {
		int r = cs_reader_word_at(reader, at, head, &word);

		if (r < 0)
			return r;
		if (speaks(reader, word, at))
			break;
		unspoken += !cs_reader_quarantined_from(reader, at);
	}
	/* Told once and for all: a note that was forged must not cost every look this pass. */
	reader->open_trim = 0;
	if (at == end && unspoken >= n / 2)
		*ret_skip = n;
	return 0;
}

/* Punch the whole pages of slots [@first, @first + @n) of a table whose entries have @size bytes. */
static int punch_entries(struct cs_reader *reader, uint64_t table, uint64_t first, uint64_t n,
			 uint64_t size)
{
	uint64_t from = table + first * size, to = table + (first + n) * size;

	from = (from + CS_PAGE_BYTES - 1) & ~(uint64_t)(CS_PAGE_BYTES - 1);
	to &= ~(uint64_t)(CS_PAGE_BYTES - 1);
	if (from >= to || from < CS_PAGE_BYTES)
		return 0;
	return reader->io.punch(reader->io.context, from, to - from);
}

/* Slots from @position on, @n at most, up to the ring's end or a quarantined run. */
static uint64_t owned_from(const struct cs_reader *reader, uint64_t position, uint64_t n)
{
	uint64_t part = reader->slots_count - index_of(reader, position);

	part = part < n ? part : n;
	for (unsigned i = 0; i < CS_QUARANTINE_MAX; i++) {
		const struct cs_quarantined *run = &reader->quarantined[i];
		uint32_t distance = index_of(reader, run->position - position);

		if (run->len && distance < part)
			part = distance;
	}
	return part;
}

/* What is quarantined is not ours: a late writer may be at it. */
static int punch_reserved(struct cs_reader *reader, uint64_t position, uint64_t n)
{
	while (n) {
		uint64_t index = index_of(reader, position);
		uint64_t part = cs_reader_quarantined_from(reader, position);
		int r = 0;

		if (!part) {
			part = owned_from(reader, position, n);
			r = punch_entries(reader, cs_segment_slots_offset(reader->slots_count),
					  index, part, CS_SLOT_BYTES);
			/* The padding's own word stays, for a reader that comes after. */
			if (r == 0)
				r = punch_entries(reader, CS_COMMIT_OFFSET, index + 1, part - 1,
						  sizeof(uint64_t));
		}
		if (r < 0)
			return r;
		part = part < n ? part : n;
		position += part;
		n -= part;
	}
	return 0;
}

int cs_reader_trim(struct cs_reader *reader)
{
	uint64_t position = reader->position, expected = position, old = 0;
	uint32_t n = trim_slots(reader);
	bool swapped;
	int r;

	/* A position that would wrap was forged. */
	if (!reader->io.punch || !n || position + n < position || reader->released != position ||
	    reader->trimmed == position || cs_reader_quarantined_from(reader, position))
		return 0;
	atomic_store_explicit(&reader->header->trim, position + 1, memory_order_relaxed);
	/*
	 * The writers' own way to reserve: fails if anyone wrote since we read. Release: a reader
	 * that comes after and sees the head moved sees the note too.
	 */
	if (!atomic_compare_exchange_strong_explicit(&reader->header->head, &expected, position + n,
						     memory_order_release, memory_order_relaxed)) {
		/* Unless a trim from here was cut short: a reader after us may have to finish it. */
		if (reader->open_trim != position + 1)
			atomic_store_explicit(&reader->header->trim, 0, memory_order_relaxed);
		return 0;
	}
	reader->open_trim = position + 1; /* until the word says it, which may fail */
	CS_TESTPOINT("trim_reserved");
	r = reader->io.read(reader->io.context, &old, word_offset(reader, position), sizeof(old));
	if (r < 0)
		return r;
	r = reader->io.swap(reader->io.context, word_offset(reader, position), old,
			    cs_word_padding(lap_of(reader, position), n), &swapped);
	if (r < 0)
		return r;
	CS_TESTPOINT("trim_padded");
	r = punch_reserved(reader, position, n);
	if (r < 0)
		return r;
	CS_TESTPOINT("trim_punched");
	reader->position = position + n;
	reader->trimmed = reader->position;
	reader->words_count = 0;
	reader->stats.trims++;
	cs_reader_release(reader);
	atomic_store_explicit(&reader->header->trim, 0, memory_order_relaxed);
	return 1;
}
