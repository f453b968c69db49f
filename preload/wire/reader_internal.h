/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What the files of the reader share and nobody else uses: reader.c (words, records, holes),
 * quarantine.c (giving up and lifting), trim.c (giving pages back).
 */
#pragma once

#include "preload/wire/reader.h"
#include "preload/wire/word.h"

static inline uint64_t lap_of(const struct cs_reader *reader, uint64_t position)
{
	return (position >> reader->slots_shift) + 1;
}

static inline uint32_t index_of(const struct cs_reader *reader, uint64_t position)
{
	return (uint32_t)position & (reader->slots_count - 1);
}

static inline uint64_t word_offset(const struct cs_reader *reader, uint64_t position)
{
	return CS_COMMIT_OFFSET + (uint64_t)index_of(reader, position) * sizeof(uint64_t);
}

/* Does a word speak for the slot at @position, or is it left over from an earlier lap? */
static inline bool speaks(const struct cs_reader *reader, uint64_t word, uint64_t position)
{
	return cs_word_of_lap(word, lap_of(reader, position)) &&
	       cs_word_state(word) != CS_SLOT_FREE;
}

static inline bool is_before(uint64_t position, uint64_t other)
{
	return (int64_t)(position - other) < 0;
}

/* The head, or -EPROTO if no writer of ours can have stored it. Begins a call: words grow stale. */
int cs_reader_load_head(struct cs_reader *reader, uint64_t *ret);

/* The word of @position (below @head), perhaps of an earlier call; 0, of no lap, while it changes. */
int cs_reader_word_at(struct cs_reader *reader, uint64_t position, uint64_t head, uint64_t *ret);

/* The same, fetched since cs_reader_load_head(). */
int cs_reader_fresh_word_at(struct cs_reader *reader, uint64_t position, uint64_t head,
			    uint64_t *ret);

/*
 * Slots from the reader's position on that no word of their lap speaks for, and whether a committed
 * run stands behind them. @skip: slots to pass over first (the length of a claimed run).
 */
int cs_reader_scan_hole(struct cs_reader *reader, uint64_t head, uint32_t skip, uint32_t *ret_len,
			bool *ret_commits_behind);

/* Take over the list in the header, which an earlier reader left. */
void cs_reader_inherit_quarantine(struct cs_reader *reader);

/* Slots from @position to the end of the quarantined run that it lies in, 0 if it lies in none. */
uint32_t cs_reader_quarantined_from(const struct cs_reader *reader, uint64_t position);

/* Take the entries off the list whose writers are dead, or have committed after all. */
void cs_reader_lift_what_is_over(struct cs_reader *reader);

/* Is the hole at the position a trim that was begun and cut short? Then its slots, else 0. */
int cs_reader_finish_trim(struct cs_reader *reader, uint64_t head, uint32_t *ret_skip);
