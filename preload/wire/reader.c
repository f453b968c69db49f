/* SPDX-License-Identifier: Apache-2.0 */

/* The ring, reader's half; see reader.h. */
#include "preload/wire/reader.h"

#include <errno.h>

#include "preload/wire/segment.h"
#include "preload/wire/testpoint.h"
#include "preload/wire/word.h"

/* Slots that a trim leaves free, so that writers go on while pages are punched. */
#define TRIM_LEAVES_SLOTS (2 * CS_RESERVED_SLOTS)

void cs_reader_init(struct cs_reader *reader, struct cs_header *header, uint32_t slots,
		    const struct cs_reader_io *io)
{
	*reader = (struct cs_reader){ .header = header, .io = *io, .slots_count = slots };
	reader->slots_shift = (uint32_t)__builtin_ctz(slots);
	reader->released = atomic_load_explicit(&header->release, memory_order_relaxed);
	reader->position = reader->released;
	/* What an earlier reader knew of claims in flight is lost: assume the worst. */
	reader->unclaimed_given_up = reader->released != 0;
}

bool cs_reader_pending(const struct cs_reader *reader)
{
	return atomic_load_explicit(&reader->header->head, memory_order_relaxed) !=
	       reader->position;
}

static uint64_t lap_of(const struct cs_reader *reader, uint64_t position)
{
	return (position >> reader->slots_shift) + 1;
}

static uint32_t index_of(const struct cs_reader *reader, uint64_t position)
{
	return (uint32_t)position & (reader->slots_count - 1);
}

static uint64_t word_offset(const struct cs_reader *reader, uint64_t position)
{
	return CS_COMMIT_OFFSET + (uint64_t)index_of(reader, position) * sizeof(uint64_t);
}

/* The head, or -EPROTO if no writer of ours can have stored it. */
static int load_head(const struct cs_reader *reader, uint64_t *ret)
{
	uint64_t head = atomic_load_explicit(&reader->header->head, memory_order_acquire);

	if (head - reader->released > reader->slots_count ||
	    head - reader->position > head - reader->released)
		return -EPROTO;
	*ret = head;
	return 0;
}

/*
 * Fetch the words of the positions from @position on, up to @head and the end of the lap, twice: a
 * copy made by the kernel need not be atomic per word, but two equal copies are one value that the
 * word really had (it changes at most twice in a lap: claimed, committed).
 */
static int fetch_words(struct cs_reader *reader, uint64_t position, uint64_t head)
{
	uint64_t again[CS_READER_WORDS];
	uint64_t left = head - position;
	uint32_t n = reader->slots_count - index_of(reader, position);
	int r;

	n = n < CS_READER_WORDS ? n : CS_READER_WORDS;
	n = left < n ? (uint32_t)left : n;
	reader->words_count = 0;
	r = reader->io.read(reader->io.context, again, word_offset(reader, position),
			    n * (uint32_t)sizeof(uint64_t));
	if (r < 0)
		return r;
	r = reader->io.read(reader->io.context, reader->words, word_offset(reader, position),
			    n * (uint32_t)sizeof(uint64_t));
	if (r < 0)
		return r;
	/* pairs with: writers' commit, so that the record is read after its word */
	atomic_thread_fence(memory_order_acquire);
	for (uint32_t i = 0; i < n; i++) {
		if (reader->words[i] != again[i]) {
			n = i;
			break;
		}
	}
	reader->words_position = position;
	reader->words_count = n;
	return 0;
}

/* The word of @position; 0 (of no lap) while it is changing. */
static int word_at(struct cs_reader *reader, uint64_t position, uint64_t head, uint64_t *ret)
{
	uint64_t i = position - reader->words_position;
	int r;

	if (i >= reader->words_count) {
		r = fetch_words(reader, position, head);
		if (r < 0)
			return r;
		i = 0;
	}
	*ret = reader->words_count ? reader->words[i] : 0;
	return 0;
}

static int read_record(struct cs_reader *reader, uint64_t word, struct cs_entry *ret)
{
	uint32_t bytes = cs_word_len(word) * CS_SLOT_BYTES;
	uint64_t offset = cs_segment_slots_offset(reader->slots_count) +
			  (uint64_t)index_of(reader, reader->position) * CS_SLOT_BYTES;
	int r = reader->io.read(reader->io.context, ret->bytes, offset, bytes);

	if (r < 0)
		return r;
	ret->pid = cs_word_pid(word);
	ret->position = reader->position;
	reader->position += cs_word_len(word);
	if (sizeof(struct cs_record) + ret->record.payload_len > bytes) {
		reader->stats.corrupt++;
		return CS_READ_EMPTY;
	}
	reader->stats.records++;
	return CS_READ_RECORD;
}

int cs_reader_next(struct cs_reader *reader, struct cs_entry *ret)
{
	uint64_t head, word;
	int r = load_head(reader, &head);

	if (r < 0)
		return r;
	while (reader->position != head) {
		uint64_t left = head - reader->position;

		r = word_at(reader, reader->position, head, &word);
		if (r < 0)
			return r;
		if (!cs_word_of_lap(word, lap_of(reader, reader->position)) ||
		    cs_word_state(word) == CS_SLOT_CLAIMED || cs_word_state(word) == CS_SLOT_FREE) {
			reader->words_count = 0; /* look at it afresh next time */
			return CS_READ_HOLE;
		}
		if (cs_word_len(word) > left)
			return -EPROTO;
		if (cs_word_state(word) == CS_SLOT_PADDING) {
			reader->position += cs_word_len(word);
			continue;
		}
		if (cs_word_len(word) > CS_RUN_SLOTS_MAX ||
		    index_of(reader, reader->position) + cs_word_len(word) > reader->slots_count)
			return -EPROTO;
		r = read_record(reader, word, ret);
		if (r != CS_READ_EMPTY)
			return r;
	}
	return CS_READ_EMPTY;
}

/*
 * Slots from @position on that no word of their lap speaks for, and whether a committed run stands
 * behind them. @skip: slots to pass over first (the length of a claimed run).
 */
static int scan_hole(struct cs_reader *reader, uint64_t head, uint32_t skip, uint32_t *ret_len,
		     bool *ret_commits_behind)
{
	uint64_t at = reader->position + skip, word;
	bool ended = skip != 0;
	int r;

	*ret_len = skip;
	*ret_commits_behind = false;
	while (at < head) {
		r = word_at(reader, at, head, &word);
		if (r < 0)
			return r;
		if (!cs_word_of_lap(word, lap_of(reader, at)) ||
		    cs_word_state(word) == CS_SLOT_FREE) {
			*ret_len += !ended;
			at++;
			continue;
		}
		ended = true;
		if (cs_word_state(word) == CS_SLOT_COMMITTED) {
			*ret_commits_behind = true;
			break;
		}
		at += cs_word_len(word);
	}
	reader->words_count = 0;
	return 0;
}

int cs_reader_hole(struct cs_reader *reader, struct cs_hole *ret)
{
	uint64_t head, word;
	uint32_t skip = 0;
	int r = load_head(reader, &head);

	if (r < 0)
		return r;
	if (reader->position == head)
		return -ENOENT;
	reader->words_count = 0;
	r = word_at(reader, reader->position, head, &word);
	if (r < 0)
		return r;
	*ret = (struct cs_hole){ .position = reader->position };
	if (cs_word_of_lap(word, lap_of(reader, reader->position)) &&
	    cs_word_state(word) != CS_SLOT_FREE) {
		if (cs_word_state(word) != CS_SLOT_CLAIMED)
			return -ENOENT;
		skip = cs_word_len(word);
		if (skip > head - reader->position || skip > CS_RUN_SLOTS_MAX ||
		    index_of(reader, reader->position) + skip > reader->slots_count)
			return -EPROTO;
		ret->claimed = true;
		ret->pid = cs_word_pid(word);
	}
	return scan_hole(reader, head, skip, &ret->len, &ret->commits_behind);
}

static int quarantine(struct cs_reader *reader, const struct cs_hole *hole)
{
	/* clang-tidy 14 does not see that scan_hole() has set it. NOLINTNEXTLINE(clang-analyzer-core.*) */
	uint64_t entry = (uint64_t)hole->len << 32 | index_of(reader, hole->position);

	for (unsigned i = 0; i < CS_QUARANTINE_MAX; i++) {
		uint64_t q =
			atomic_load_explicit(&reader->header->quarantine[i], memory_order_relaxed);

		if (q >> 32)
			continue;
		/* Seen by writers through the release word: it is stored before that moves on. */
		atomic_store_explicit(&reader->header->quarantine[i], entry, memory_order_relaxed);
		reader->quarantine_pid[i] = hole->pid;
		return (int)i;
	}
	return -ENOSPC;
}

static void lift_one(struct cs_reader *reader, unsigned i)
{
	/*
	 * Slot 0 and length 0 would read as "empty list" in the first word; keep the low half
	 * non-zero so that entries behind a lifted first one are still looked at.
	 */
	atomic_store_explicit(&reader->header->quarantine[i], 1, memory_order_relaxed);
	reader->quarantine_pid[i] = 0;
}

void cs_reader_lift(struct cs_reader *reader, uint32_t pid)
{
	for (unsigned i = 0; i < CS_QUARANTINE_MAX; i++) {
		uint64_t q =
			atomic_load_explicit(&reader->header->quarantine[i], memory_order_relaxed);

		if (q >> 32 && (!pid || reader->quarantine_pid[i] == pid))
			lift_one(reader, i);
	}
}

static int give_up_claimed(struct cs_reader *reader, const struct cs_hole *hole, bool dead)
{
	uint64_t lap = lap_of(reader, hole->position);
	int slot = -1, r;
	bool swapped;

	if (!dead) {
		slot = quarantine(reader, hole);
		if (slot < 0)
			return slot;
	}
	CS_TESTPOINT("before_give_up");
	r = reader->io.swap(reader->io.context, word_offset(reader, hole->position),
			    cs_word_make(lap, hole->pid, hole->len, CS_SLOT_CLAIMED),
			    cs_word_padding(lap, hole->len), &swapped);
	if (r < 0)
		return r;
	if (swapped)
		reader->stats.torn++;
	else if (slot >= 0)
		lift_one(reader, (unsigned)slot);
	return 0;
}

/*
 * Any slot of an unclaimed hole may be the first of a run whose writer is yet to claim it: mark each
 * one, so that every late claim finds a word of its lap and fails.
 */
static int give_up_unclaimed(struct cs_reader *reader, const struct cs_hole *hole, bool dead)
{
	bool swapped;
	int r;

	for (uint32_t i = 0; i < hole->len; i++) {
		uint64_t position = hole->position + i;
		uint64_t lap = lap_of(reader, position), old = 0;

		r = reader->io.read(reader->io.context, &old, word_offset(reader, position),
				    sizeof(old));
		if (r < 0)
			return r;
		if (!cs_word_before_lap(old, lap))
			break;
		r = reader->io.swap(reader->io.context, word_offset(reader, position), old,
				    cs_word_padding(lap, 1), &swapped);
		if (r < 0)
			return r;
		if (!swapped)
			break;
		reader->stats.torn += i == 0;
		reader->unclaimed_given_up |= !dead;
	}
	return 0;
}

int cs_reader_give_up(struct cs_reader *reader, bool writer_dead)
{
	struct cs_hole hole;
	int r = cs_reader_hole(reader, &hole);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	r = hole.claimed ? give_up_claimed(reader, &hole, writer_dead)
			 : give_up_unclaimed(reader, &hole, writer_dead);
	reader->words_count = 0;
	return r;
}

void cs_reader_release(struct cs_reader *reader)
{
	if (reader->released == reader->position)
		return;
	reader->released = reader->position;
	/* pairs with: writers' load of the release word */
	atomic_store_explicit(&reader->header->release, reader->position, memory_order_release);
}

/* Punch the whole pages of slots [@first, @first + @n) of a table whose entries have @size bytes. */
static int punch_entries(struct cs_reader *reader, uint64_t table, uint64_t first, uint64_t n,
			 uint64_t size)
{
	uint64_t from = table + first * size, to = table + (first + n) * size;

	from = (from + CS_PAGE_BYTES - 1) & ~(uint64_t)(CS_PAGE_BYTES - 1);
	to &= ~(uint64_t)(CS_PAGE_BYTES - 1);
	if (from >= to || to <= CS_PAGE_BYTES)
		return 0;
	return reader->io.punch(reader->io.context, from, to - from);
}

static int punch_reserved(struct cs_reader *reader, uint64_t position, uint64_t n)
{
	while (n) {
		uint64_t index = index_of(reader, position);
		uint64_t part = reader->slots_count - index;
		int r;

		part = part < n ? part : n;
		r = punch_entries(reader, cs_segment_slots_offset(reader->slots_count), index, part,
				  CS_SLOT_BYTES);
		/*
		 * The page with the padding's own word stays, for a reader that comes after us. A
		 * writer that sleeps before its claim must find the word we left for it, so commit
		 * words are not zeroed once an unclaimed run of a live process was given up.
		 */
		if (r == 0 && !reader->unclaimed_given_up)
			r = punch_entries(reader, CS_COMMIT_OFFSET, index + 1, part - 1,
					  sizeof(uint64_t));
		if (r < 0)
			return r;
		position += part;
		n -= part;
	}
	return 0;
}

int cs_reader_trim(struct cs_reader *reader)
{
	uint64_t position = reader->position, expected = position, old = 0;
	uint32_t n;
	bool swapped;
	int r;

	if (!reader->io.punch || reader->slots_count < 2 * TRIM_LEAVES_SLOTS ||
	    reader->released != position)
		return 0;
	n = reader->slots_count - TRIM_LEAVES_SLOTS;
	/* The writers' own way to reserve: fails if anyone wrote since we read. */
	if (!atomic_compare_exchange_strong_explicit(&reader->header->head, &expected, position + n,
						     memory_order_relaxed, memory_order_relaxed))
		return 0;
	CS_TESTPOINT("trim_reserved");
	r = reader->io.read(reader->io.context, &old, word_offset(reader, position), sizeof(old));
	if (r < 0)
		return r;
	r = reader->io.swap(reader->io.context, word_offset(reader, position), old,
			    cs_word_padding(lap_of(reader, position), n), &swapped);
	if (r < 0)
		return r;
	r = punch_reserved(reader, position, n);
	if (r < 0)
		return r;
	CS_TESTPOINT("trim_punched");
	reader->position = position + n;
	reader->words_count = 0;
	reader->stats.trims++;
	cs_reader_release(reader);
	return 1;
}
