/* SPDX-License-Identifier: Apache-2.0 */

/* The ring, reader's half: words, records, holes; see reader.h. */
#include "preload/wire/reader.h"

#include <errno.h>
#include <string.h>

#include "preload/wire/reader_internal.h"
#include "preload/wire/segment.h"

#define AHEAD_SLOTS       64u  /* a page */
#define SCAN_BEHIND_SLOTS 256u /* how far behind a hole a commit is looked for */

/*
 * ThreadSanitizer knows no fences, and gcc refuses to compile them for it. The race tests load the
 * words with acquire order themselves.
 */
#ifdef __SANITIZE_THREAD__
#define FENCE_ACQUIRE() ((void)0)
#else
#define FENCE_ACQUIRE() atomic_thread_fence(memory_order_acquire)
#endif

/*
 * Runs that were read with the one before them, since all are committed: one call for several records. Of
 * the readers that a thread has, the last that read has it.
 */
static _Thread_local struct {
	const struct cs_reader *reader; /* whose; NULL: nobody's */
	uint64_t position;
	uint32_t count; /* slots */
	unsigned char bytes[AHEAD_SLOTS * CS_SLOT_BYTES];
} ahead;

_Static_assert(CS_RUN_SLOTS_MAX <= AHEAD_SLOTS, "any run fits");

/* --- start --------------------------------------------------------------------------------------- */

void cs_reader_init(struct cs_reader *reader, struct cs_header *header, uint32_t slots,
		    const struct cs_reader_io *io)
{
	*reader = (struct cs_reader){ .header = header, .io = *io, .slots_count = slots };
	if (ahead.reader == reader)
		ahead.reader = NULL; /* of one that was here before */
	reader->slots_shift = (uint32_t)__builtin_ctz(slots);
	reader->released = atomic_load_explicit(&header->release, memory_order_relaxed);
	reader->position = reader->released;
	reader->open_trim = atomic_load_explicit(&header->trim, memory_order_relaxed);
	cs_reader_inherit_quarantine(reader);
}

/* --- words --------------------------------------------------------------------------------------- */

int cs_reader_load_head(struct cs_reader *reader, uint64_t *ret)
{
	uint64_t head = atomic_load_explicit(&reader->header->head, memory_order_acquire);

	/* Positions count up from 0 for as long as a process can live: one that wraps was forged. */
	if (head < reader->position || reader->position < reader->released ||
	    head - reader->released > reader->slots_count)
		return -EPROTO;
	reader->words_fresh = false;
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
	FENCE_ACQUIRE();
	for (uint32_t i = 0; i < n; i++) {
		if (reader->words[i] != again[i]) {
			n = i;
			break;
		}
	}
	reader->words_position = position;
	reader->words_count = n;
	reader->words_fresh = true;
	return 0;
}

int cs_reader_word_at(struct cs_reader *reader, uint64_t position, uint64_t head, uint64_t *ret)
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

int cs_reader_fresh_word_at(struct cs_reader *reader, uint64_t position, uint64_t head,
			    uint64_t *ret)
{
	if (!reader->words_fresh)
		reader->words_count = 0;
	return cs_reader_word_at(reader, position, head, ret);
}

/* --- reading ------------------------------------------------------------------------------------- */

/* Slots from the reader's position on, @len of which are committed: all that are known to be, to the lap's end. */
static uint32_t committed_from(const struct cs_reader *reader, uint32_t len)
{
	uint32_t room = reader->slots_count - index_of(reader, reader->position);
	uint64_t at = reader->position + len - reader->words_position;

	room = room < AHEAD_SLOTS ? room : AHEAD_SLOTS;
	while (at < reader->words_count) {
		uint64_t word = reader->words[at];
		uint32_t more = cs_word_len(word);

		if (!speaks(reader, word, reader->words_position + at) ||
		    cs_word_state(word) != CS_SLOT_COMMITTED || more > room - len)
			break;
		len += more;
		at += more;
	}
	return len;
}

/* The slots of the run at the reader's position. */
static int read_slots(struct cs_reader *reader, uint32_t len, unsigned char *ret)
{
	uint64_t offset = cs_segment_slots_offset(reader->slots_count) +
			  (uint64_t)index_of(reader, reader->position) * CS_SLOT_BYTES;
	uint64_t i = reader->position - ahead.position;
	int r;

	if (ahead.reader != reader || i >= ahead.count || ahead.count - i < len) {
		ahead.reader = NULL;
		i = 0;
		ahead.count = committed_from(reader, len);
		r = reader->io.read(reader->io.context, ahead.bytes, offset,
				    ahead.count * CS_SLOT_BYTES);
		if (r < 0)
			return r;
		ahead.reader = reader;
		ahead.position = reader->position;
	}
	memcpy(ret, ahead.bytes + i * CS_SLOT_BYTES, (size_t)len * CS_SLOT_BYTES);
	return 0;
}

static int read_record(struct cs_reader *reader, uint64_t word, struct cs_entry *ret)
{
	uint32_t bytes = cs_word_len(word) * CS_SLOT_BYTES;
	int r = read_slots(reader, cs_word_len(word), ret->bytes);

	if (r < 0)
		return r;
	ret->pid = cs_word_pid(word);
	ret->position = reader->position;
	reader->position += cs_word_len(word);
	if (sizeof(struct cs_record) + ret->record.payload_len > bytes)
		return ++reader->stats.corrupt > CS_READER_CORRUPT_MAX ? -EPROTO : CS_READ_EMPTY;
	reader->stats.records++;
	return CS_READ_RECORD;
}

int cs_reader_scan_hole(struct cs_reader *reader, uint64_t head, uint32_t skip, uint32_t *ret_len,
			bool *ret_commits_behind)
{
	uint64_t at = reader->position + skip, ended_at = at, word;
	bool ended = skip != 0;
	int r;

	*ret_len = skip;
	*ret_commits_behind = false;
	/* Honest claims stand close together; a ring full of them must not cost its square. */
	while (at < head && !(ended && at - ended_at > SCAN_BEHIND_SLOTS)) {
		r = cs_reader_word_at(reader, at, head, &word);
		if (r < 0)
			return r;
		if (!speaks(reader, word, at)) {
			/* Of what is quarantined already, nobody may store a word. */
			ended |= cs_reader_quarantined_from(reader, at) != 0;
			*ret_len += !ended;
			at++;
			ended_at = ended ? ended_at : at;
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

/*
 * Nobody speaks for the position: slots to skip all the same, 0 if it is a hole. Of a quarantined run
 * one at a time: an earlier reader may have died between listing a hole and looking at it again, and
 * what was committed in it since is to be read.
 */
static int skip_unspoken(struct cs_reader *reader, uint64_t head, uint32_t *ret_skip)
{
	*ret_skip = cs_reader_quarantined_from(reader, reader->position) != 0;
	return *ret_skip ? 0 : cs_reader_finish_trim(reader, head, ret_skip);
}

/* Step over padding and quarantine to a committed run, whose word is returned. */
static int find_committed(struct cs_reader *reader, uint64_t head, uint64_t *ret_word)
{
	while (reader->position != head) {
		uint64_t word;
		uint32_t skip;
		int r = cs_reader_word_at(reader, reader->position, head, &word);

		/* What is no record may have become one since its word was fetched. */
		if (r == 0 && (!speaks(reader, word, reader->position) ||
			       cs_word_state(word) == CS_SLOT_CLAIMED))
			r = cs_reader_fresh_word_at(reader, reader->position, head, &word);
		if (r < 0)
			return r;
		if (!speaks(reader, word, reader->position)) {
			r = skip_unspoken(reader, head, &skip);
			if (r < 0 || !skip)
				return r < 0 ? r : CS_READ_HOLE;
			reader->position += skip;
			continue;
		}
		if (cs_word_state(word) == CS_SLOT_CLAIMED)
			return CS_READ_HOLE;
		if (cs_word_len(word) > head - reader->position)
			return -EPROTO;
		if (cs_word_state(word) == CS_SLOT_COMMITTED) {
			*ret_word = word;
			return CS_READ_RECORD;
		}
		reader->position += cs_word_len(word);
	}
	return CS_READ_EMPTY;
}

int cs_reader_next(struct cs_reader *reader, struct cs_entry *ret)
{
	uint64_t head, word = 0;
	int r = cs_reader_load_head(reader, &head);

	while (r == 0) {
		r = find_committed(reader, head, &word);
		if (r != CS_READ_RECORD)
			break;
		if (cs_word_len(word) > CS_RUN_SLOTS_MAX ||
		    index_of(reader, reader->position) + cs_word_len(word) > reader->slots_count)
			return -EPROTO;
		r = read_record(reader, word, ret);
		if (r != CS_READ_EMPTY)
			return r;
	}
	if (r == CS_READ_HOLE)
		reader->words_count = 0; /* look at it afresh next time */
	return r;
}

void cs_reader_unread(struct cs_reader *reader, const struct cs_entry *entry)
{
	reader->position = entry->position;
	reader->stats.records--;
}

void cs_reader_release(struct cs_reader *reader)
{
	cs_reader_lift_what_is_over(reader);
	if (reader->released == reader->position)
		return;
	reader->released = reader->position;
	/* pairs with: writers' load of the release word */
	atomic_store_explicit(&reader->header->release, reader->position, memory_order_release);
}

/* --- holes --------------------------------------------------------------------------------------- */

int cs_reader_hole(struct cs_reader *reader, struct cs_hole *ret)
{
	struct cs_hole hole = { .position = reader->position };
	uint64_t head, word;
	uint32_t skip = 0;
	int r = cs_reader_load_head(reader, &head);

	if (r < 0)
		return r;
	if (reader->position == head)
		return -ENOENT;
	r = cs_reader_fresh_word_at(reader, reader->position, head, &word);
	if (r < 0)
		return r;
	if (speaks(reader, word, reader->position)) {
		if (cs_word_state(word) != CS_SLOT_CLAIMED)
			return -ENOENT;
		skip = cs_word_len(word);
		if (skip > head - reader->position || skip > CS_RUN_SLOTS_MAX ||
		    index_of(reader, reader->position) + skip > reader->slots_count)
			return -EPROTO;
		hole.claimed = true;
		hole.pid = cs_word_pid(word);
	} else if (cs_reader_quarantined_from(reader, reader->position)) {
		return -ENOENT;
	}
	r = cs_reader_scan_hole(reader, head, skip, &hole.len, &hole.commits_behind);
	if (r < 0)
		return r;
	if (!hole.len) /* the word was changing at the first look and speaks at the second */
		return -ENOENT;
	*ret = hole;
	return 0;
}
