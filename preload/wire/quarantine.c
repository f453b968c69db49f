/* SPDX-License-Identifier: Apache-2.0 */

/* The ring, reader's half: runs given up while their writer may live; README.md, "Quarantine". */
#include "preload/wire/reader.h"

#include <errno.h>

#include "preload/wire/reader_internal.h"
#include "preload/wire/ring.h"
#include "preload/wire/testpoint.h"

/* Slots from @position to the end of the run, 0 if it does not lie in it (in any lap). */
static uint32_t within(const struct cs_reader *reader, const struct cs_quarantined *run,
		       uint64_t position)
{
	uint32_t in = index_of(reader, position - run->position);

	return in < run->len ? run->len - in : 0;
}

uint32_t cs_reader_quarantined_from(const struct cs_reader *reader, uint64_t position)
{
	uint32_t n = 0;

	for (unsigned i = 0; i < CS_QUARANTINE_MAX && !n; i++) {
		n = within(reader, &reader->quarantined[i], position);
		if (!n && is_before(position, reader->lifted[i].until))
			n = within(reader, &reader->lifted[i], position);
	}
	return n;
}

void cs_reader_inherit_quarantine(struct cs_reader *reader)
{
	for (unsigned i = 0; i < CS_QUARANTINE_MAX; i++) {
		uint64_t q =
			atomic_load_explicit(&reader->header->quarantine[i], memory_order_relaxed);
		uint64_t first = (uint32_t)q, len = q >> 32;

		if (len && first + len <= reader->slots_count)
			reader->quarantined[i] = (struct cs_quarantined){ .position = first,
									  .len = (uint32_t)len,
									  .inherited = true };
	}
}

static void lift_one(struct cs_reader *reader, unsigned i)
{
	bool any = false;

	reader->quarantined[i].len = 0;
	for (unsigned k = 0; k < CS_QUARANTINE_MAX; k++)
		any |= reader->quarantined[k].len != 0;
	/*
	 * 1: slot 1, length 0. Zero in the first word would hide the entries behind it.
	 * pairs with: writers' load of the list, so that they write after the late writer did.
	 */
	atomic_store_explicit(&reader->header->quarantine[i], 1, memory_order_release);
	if (!any)
		atomic_store_explicit(&reader->header->quarantine[0], 0, memory_order_release);
}

/* Quarantine @len slots that do not cross the ring's end. Returns the entry or -ENOSPC. */
static int quarantine_run(struct cs_reader *reader, uint64_t position, uint32_t len, uint32_t pid)
{
	int slot = -ENOSPC;

	for (int i = CS_QUARANTINE_MAX - 1; i >= 0; i--) {
		const struct cs_quarantined *run = &reader->quarantined[i];

		if (!run->len) {
			slot = i;
		} else if (index_of(reader, run->position) == index_of(reader, position) &&
			   run->len == len) {
			slot = i; /* an earlier reader died while it gave this one up */
			break;
		}
	}
	if (slot < 0)
		return slot;
	reader->quarantined[slot] =
		(struct cs_quarantined){ .position = position, .len = len, .pid = pid };
	/*
	 * Seen by writers through the release word, which moves past the run only after this. The
	 * first word is set while any is: the lowest free one is taken, see also lift_one().
	 */
	atomic_store_explicit(&reader->header->quarantine[slot],
			      (uint64_t)len << 32 | index_of(reader, position),
			      memory_order_relaxed);
	return slot;
}

/* Quarantine a hole: one entry, or two if it crosses the ring's end. */
static int quarantine_hole(struct cs_reader *reader, const struct cs_hole *hole, int ret_slots[2])
{
	uint32_t to_end = reader->slots_count - index_of(reader, hole->position);
	uint32_t first = hole->len < to_end ? hole->len : to_end;

	ret_slots[1] = -1;
	ret_slots[0] = quarantine_run(reader, hole->position, first, hole->pid);
	if (ret_slots[0] < 0)
		return ret_slots[0];
	if (first == hole->len)
		return 0;
	ret_slots[1] = quarantine_run(reader, hole->position + first, hole->len - first, hole->pid);
	if (ret_slots[1] >= 0)
		return 0;
	lift_one(reader, (unsigned)ret_slots[0]);
	return ret_slots[1];
}

/* Have all writers that had reserved in the run committed after all? */
static bool is_finished(struct cs_reader *reader, const struct cs_quarantined *run)
{
	uint32_t at = 0;

	while (!run->inherited && at < run->len) {
		uint64_t word = 0, again = 0, offset = word_offset(reader, run->position + at);

		if (reader->io.read(reader->io.context, &word, offset, sizeof(word)) < 0 ||
		    reader->io.read(reader->io.context, &again, offset, sizeof(again)) < 0 ||
		    word != again || !speaks(reader, word, run->position + at) ||
		    cs_word_state(word) == CS_SLOT_CLAIMED)
			return false;
		at += cs_word_len(word);
	}
	return at == run->len;
}

/*
 * Would a writer that reserves at the head now, with the list as it is, lie around the run? It puts
 * no skip words inside, so its record would wait for the run to be given up once more.
 */
static bool is_ahead(const struct cs_reader *reader, const struct cs_quarantined *run,
		     uint64_t head)
{
	uint32_t distance = index_of(reader, run->position - head);
	uint64_t room = reader->slots_count - (head - reader->released);
	uint64_t list[CS_QUARANTINE_MAX];

	for (unsigned i = 0; i < CS_QUARANTINE_MAX; i++)
		list[i] = (uint64_t)reader->quarantined[i].len << 32 |
			  index_of(reader, reader->quarantined[i].position);
	for (uint32_t len = 1; len <= CS_RUN_SLOTS_MAX; len++) {
		uint32_t pad =
			cs_ring_padding(list, reader->slots_count, index_of(reader, head), len);

		if (pad > distance && pad + len <= room)
			return true;
	}
	return false;
}

/*
 * Take an entry off the list. Reservations made up to now lie around it: those that are still to be
 * read skip it as before. Without a place to note that, the record behind it waits to be given up,
 * which harms nothing else.
 */
static void lift(struct cs_reader *reader, unsigned i, bool forced)
{
	struct cs_quarantined *run = &reader->quarantined[i];
	uint64_t head = atomic_load_explicit(&reader->header->head, memory_order_acquire);
	bool noted = false;

	if (!forced && is_ahead(reader, run, head))
		return;
	for (unsigned k = 0; k < CS_QUARANTINE_MAX && !noted; k++) {
		struct cs_quarantined *place = &reader->lifted[k];

		if (place->len && is_before(reader->position, place->until))
			continue;
		*place = *run;
		place->until = head;
		noted = true;
	}
	if (noted || forced)
		lift_one(reader, i);
}

static void lift_over(struct cs_reader *reader, bool forced)
{
	for (unsigned i = 0; i < CS_QUARANTINE_MAX; i++) {
		struct cs_quarantined *run = &reader->quarantined[i];

		if (!run->len)
			continue;
		run->over = run->over || is_finished(reader, run);
		if (run->over)
			lift(reader, i, forced);
	}
}

void cs_reader_lift_what_is_over(struct cs_reader *reader)
{
	lift_over(reader, false);
}

void cs_reader_lift(struct cs_reader *reader, uint32_t pid)
{
	for (unsigned i = 0; i < CS_QUARANTINE_MAX; i++) {
		if (!pid || reader->quarantined[i].pid == pid)
			reader->quarantined[i].over = true;
	}
	cs_reader_lift_what_is_over(reader);
}

/* Is the hole as it was, with nothing in it committed, or claimed that was not? */
static int is_unchanged(struct cs_reader *reader, const struct cs_hole *hole, bool *ret)
{
	uint64_t head, word = 0;
	uint32_t step = hole->claimed ? hole->len : 1;
	int r = cs_reader_load_head(reader, &head);

	reader->words_count = 0;
	*ret = true;
	for (uint32_t at = 0; r == 0 && *ret && at < hole->len; at += step) {
		uint64_t position = hole->position + at;

		r = cs_reader_word_at(reader, position, head, &word);
		if (hole->claimed)
			*ret = speaks(reader, word, position) &&
			       cs_word_state(word) == CS_SLOT_CLAIMED;
		else
			*ret = !speaks(reader, word, position);
	}
	reader->words_count = 0;
	return r;
}

int cs_reader_give_up(struct cs_reader *reader, bool writer_dead)
{
	struct cs_hole hole;
	int slots[2] = { -1, -1 };
	bool unchanged;
	int r = cs_reader_hole(reader, &hole);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (!writer_dead) {
		r = quarantine_hole(reader, &hole, slots);
		if (r == -ENOSPC) {
			lift_over(reader, true);
			r = quarantine_hole(reader, &hole, slots);
		}
		if (r < 0)
			return r;
	}
	CS_TESTPOINT("quarantined");
	/* What is committed by now is to be read; what comes later comes too late. */
	r = is_unchanged(reader, &hole, &unchanged);
	if (r < 0)
		return r;
	if (unchanged) {
		reader->position += hole.len;
		reader->stats.torn++;
		return 0;
	}
	for (unsigned i = 0; i < 2; i++) {
		if (slots[i] >= 0)
			lift_one(reader, (unsigned)slots[i]);
	}
	return 0;
}
