/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The ring, reader's half. One reader per lane. It trusts nothing that the writers left: every
 * word and record is copied before it is interpreted, and positions are held against the head.
 * I/O goes through callbacks, so that the collector reads by pread (a mapping would allocate pages
 * for holes at its own cost) and tests read a plain mapping.
 *
 * The reader decides nothing about time or processes: a hole is reported, and the caller gives it
 * up when its rules say so (README.md, "Holes").
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "preload/wire/abi.h"
#include "preload/wire/records.h"

#define CS_READER_WORDS       64u  /* commit words fetched at once */
#define CS_READER_CORRUPT_MAX 256u /* corrupt records after which a segment is refused */

/* How the reader reaches the segment. All return 0 or a negative errno, which ends the segment. */
struct cs_reader_io {
	void *context;
	/* copy @len bytes from @offset of the segment */
	int (*read)(void *context, void *dst, uint64_t offset, uint32_t len);
	/* CAS the 64-bit word at @offset; *@swapped tells whether it held @expected (trimming) */
	int (*swap)(void *context, uint64_t offset, uint64_t expected, uint64_t desired,
		    bool *swapped);
	/* give the pages of a range back (page aligned); NULL: trimming is not wanted */
	int (*punch)(void *context, uint64_t offset, uint64_t len);
};

struct cs_reader_stats {
	uint64_t records;
	uint64_t torn;    /* holes given up (unclaimed neighbours count as one) */
	uint64_t corrupt; /* committed records whose inner length is impossible */
	uint64_t trims;
};

/* A quarantined run, as in the same place of the header's list. */
struct cs_quarantined {
	uint64_t position; /* of its first slot, in the lap in which it was given up */
	uint64_t until;    /* of a lifted run: the reservations that lie around it end here */
	uint32_t len;      /* slots; 0: no entry */
	uint32_t pid;      /* of the claim; 0: unclaimed, or left by an earlier reader */
	bool inherited;    /* @position is of an unknown lap: only its slot counts */
	bool over;         /* nobody writes to it any more: to be lifted */
};

struct cs_reader {
	struct cs_header *header; /* the mapped header page */
	struct cs_reader_io io;
	uint32_t slots_count;
	uint32_t slots_shift;
	uint64_t position;  /* next to read */
	uint64_t released;  /* last value stored to the release word */
	uint64_t trimmed;   /* position after the last trim: nothing was written since if equal */
	uint64_t open_trim; /* position + 1 of a trim that may have been cut short; 0: none */
	uint64_t words_position;
	uint32_t words_count;
	bool words_fresh; /* fetched by this call */
	uint64_t words[CS_READER_WORDS];
	struct cs_quarantined quarantined[CS_QUARANTINE_MAX];
	struct cs_quarantined lifted[CS_QUARANTINE_MAX]; /* still to be skipped, up to @until */
	struct cs_reader_stats stats;
};

/* One record as copied out of the ring. */
struct cs_entry {
	uint32_t pid; /* tag of the writer, in its pid namespace */
	uint64_t position;
	union {
		struct cs_record record; /* payload_len is within the copied bytes */
		unsigned char bytes[CS_RUN_SLOTS_MAX * CS_SLOT_BYTES];
	};
};

/* What stops the reader at its position. */
struct cs_hole {
	uint64_t position;
	uint32_t len; /* slots */
	bool claimed;
	uint32_t pid;        /* of the claim; 0 if unclaimed */
	bool commits_behind; /* later runs are committed already */
};

/**
 * cs_reader_init() - start at the release word, where the last reader stopped
 * @header: mapped header page of the lane, in a segment checked by cs_segment_check(), which gave @slots
 *
 * Context: any-thread. One reader per lane.
 */
void cs_reader_init(struct cs_reader *reader, struct cs_header *header, uint32_t slots,
		    const struct cs_reader_io *io);

enum cs_read {
	CS_READ_EMPTY = 0, /* nothing more was reserved */
	CS_READ_RECORD,    /* *ret is filled in */
	CS_READ_HOLE,      /* a run is not committed yet: see cs_reader_hole() */
};

/**
 * cs_reader_next() - take the next record
 * @ret: overwritten also when nothing is returned
 *
 * Context: owner.
 * Return:  enum cs_read; -EPROTO the writers broke the format (do not read on); errors of io.
 */
int cs_reader_next(struct cs_reader *reader, struct cs_entry *ret);

/**
 * cs_reader_hole() - describe the hole at the position
 *
 * Looks for commits behind it, so it costs up to a pass over the commit table: a few times a second
 * is enough for rules that count seconds.
 *
 * Context: owner.
 * Return:  0; -ENOENT none; -EPROTO as cs_reader_next(); errors of io.
 */
int cs_reader_hole(struct cs_reader *reader, struct cs_hole *ret);

/**
 * cs_reader_give_up() - step over the hole at the position; it is counted as torn
 * @writer_dead: no process can write to it any more, so that it need not be quarantined. Of an
 *               unclaimed hole nobody knows the writer: true only when all are dead
 *
 * Context: owner.
 * Return:  0 stepped over, or it was committed in the meantime: read on; -ENOSPC the quarantine is
 *          full (wait for a death, or cs_reader_lift()); errors as cs_reader_hole().
 */
int cs_reader_give_up(struct cs_reader *reader, bool writer_dead);

/**
 * cs_reader_lift() - @pid is dead: its quarantined runs may be used again. 0: everybody is dead, all
 * of them. A late writer that commits after all is noticed by cs_reader_release() itself.
 *
 * Context: owner.
 */
void cs_reader_lift(struct cs_reader *reader, uint32_t pid);

/**
 * cs_reader_unread() - take back the last cs_reader_next(): it comes again. Only before the next
 * call on the reader. Context: owner.
 */
void cs_reader_unread(struct cs_reader *reader, const struct cs_entry *entry);

/** cs_reader_release() - let the writers have what was read. Context: owner. */
void cs_reader_release(struct cs_reader *reader);

/**
 * cs_reader_trim() - give the pages of a quiet ring back; does nothing unless all is read and
 * released, something was written since the last time, and nobody writes in the meantime
 *
 * Return: 1 trimmed; 0 not now; errors of io.
 */
int cs_reader_trim(struct cs_reader *reader);
