/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Eight writers and a reader on one ring, for ThreadSanitizer and for the eye: every record that is
 * read is exactly what its writer wrote, comes once and in its writer's order, and what was
 * committed is read. In the second round writers also dawdle in the middle of a record, or never
 * come back to it (as when a signal handler jumps away), and the reader gives those up; what was
 * committed may then be missing only if it was given up. In both rounds the reader trims.
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/race/stress.h"
#include "tests/support/memory_segment.h"

#define WRITERS      8u
#define RECORDS      20000u /* per writer */
#define PAYLOAD_MAX  300u
#define ABANDONS_MAX 3u /* per round: the quarantine has 6 entries and dawdlers need some */
#define PATIENCE     4u /* looks at a hole before it is given up, if others commit behind it */

struct round {
	struct memory_segment segment;
	struct cs_ring ring;
	bool disturbed; /* writers dawdle and abandon */
	_Atomic unsigned running;
	_Atomic unsigned abandoned;
};

struct writer {
	struct round *round;
	uint32_t id;
	uint64_t random;
	unsigned char *committed; /* by sequence number; read after the writer has ended */
	uint64_t committed_count;
};

struct seen {
	unsigned char seen[WRITERS][RECORDS];
	uint32_t next[WRITERS];
	uint64_t given_up_slots;
};

static uint32_t payload_len(uint32_t writer, uint32_t sequence)
{
	return (writer * 131 + sequence * 37) % (PAYLOAD_MAX + 1);
}

static unsigned char payload_byte(uint32_t writer, uint32_t sequence, uint32_t at)
{
	return (unsigned char)(writer * 29 + sequence * 7 + at * 3 + (sequence >> 8));
}

static void dawdle(struct writer *writer)
{
	for (uint32_t n = draw(&writer->random, 100); n > 0; n--)
		sched_yield();
}

/* Returns false if the ring is full. */
static bool write_one(struct writer *writer, uint32_t sequence)
{
	struct round *round = writer->round;
	uint32_t len = payload_len(writer->id, sequence);
	enum cs_priority priority = sequence % 2 ? CS_PRIORITY_HIGH : CS_PRIORITY_LOW;
	bool slow = round->disturbed && draw(&writer->random, 200) == 0;
	struct cs_claim claim;
	unsigned char *payload;

	if (cs_ring_reserve(&round->ring, 1000 + writer->id, CS_RECORD_FILE, len, priority,
			    &claim) < 0)
		return false;
	claim.record->time_ns = sequence;
	claim.record->thread = writer->id;
	payload = (unsigned char *)(claim.record + 1);
	for (uint32_t at = 0; at < len; at++) {
		if (slow && at == len / 2)
			dawdle(writer);
		payload[at] = payload_byte(writer->id, sequence, at);
	}
	if (slow && draw(&writer->random, 20) == 0 &&
	    atomic_fetch_add_explicit(&round->abandoned, 1, memory_order_relaxed) < ABANDONS_MAX)
		return true;
	cs_ring_commit(&claim);
	writer->committed[sequence] = 1;
	writer->committed_count++;
	return true;
}

static void *write_all(void *argument)
{
	struct writer *writer = argument;

	for (uint32_t sequence = 0; sequence < RECORDS; sequence++) {
		while (!write_one(writer, sequence))
			sched_yield();
	}
	atomic_fetch_sub_explicit(&writer->round->running, 1, memory_order_release);
	return NULL;
}

static void take(struct seen *seen, const struct cs_entry *entry)
{
	uint64_t writer = entry->record.thread, sequence = entry->record.time_ns;
	const unsigned char *payload = entry->bytes + sizeof(struct cs_record);

	if (writer >= WRITERS || sequence >= RECORDS)
		fail("a record of nobody", writer, sequence);
	if (entry->pid != 1000 + writer || entry->record.type != CS_RECORD_FILE ||
	    entry->record.payload_len != payload_len((uint32_t)writer, (uint32_t)sequence))
		fail("a torn head", writer, sequence);
	for (uint32_t at = 0; at < entry->record.payload_len; at++) {
		if (payload[at] != payload_byte((uint32_t)writer, (uint32_t)sequence, at))
			fail("a torn payload", writer, sequence);
	}
	if (sequence < seen->next[writer])
		fail("twice, or out of order", writer, sequence);
	seen->next[writer] = (uint32_t)sequence + 1;
	seen->seen[writer][sequence] = 1;
}

/* Give the hole up if it has stood for long. Returns whether the reader may go on. */
static bool judge(struct cs_reader *reader, struct seen *seen, uint64_t *waited_at,
		  unsigned *waited, bool last)
{
	uint64_t before = reader->position;
	struct cs_hole hole;
	int r;

	if (*waited_at != before) {
		*waited_at = before;
		*waited = 0;
	}
	if (++*waited < PATIENCE && !last)
		return false;
	r = cs_reader_hole(reader, &hole);
	if (r < 0 || (!hole.commits_behind && !last))
		return r == -ENOENT;
	r = cs_reader_give_up(reader, last);
	if (r == -ENOSPC)
		return false;
	if (r < 0)
		fail("give up", (uint64_t)-r, 0);
	seen->given_up_slots += reader->position - before;
	return true;
}

static void read_all(struct round *round, struct cs_reader *reader, struct seen *seen)
{
	static struct cs_entry entry;
	uint64_t waited_at = UINT64_MAX, looks = 0;
	unsigned waited = 0;
	bool last = false;

	for (;;) {
		bool ended = atomic_load_explicit(&round->running, memory_order_acquire) == 0;
		int r = cs_reader_next(reader, &entry);

		if (r < 0)
			fail("next", (uint64_t)-r, reader->position);
		if (r == CS_READ_RECORD) {
			take(seen, &entry);
			if (++looks % 7)
				continue;
		} else if (r == CS_READ_HOLE && round->disturbed) {
			judge(reader, seen, &waited_at, &waited, last);
		}
		cs_reader_release(reader);
		if (r == CS_READ_EMPTY && looks % 5 == 0 && cs_reader_trim(reader) < 0)
			fail("trim", reader->position, 0);
		if (r == CS_READ_EMPTY && last)
			return;
		if (r == CS_READ_HOLE && last && !round->disturbed)
			fail("a hole that nobody left", reader->position, 0);
		last = ended;
		if (r != CS_READ_RECORD)
			sched_yield();
	}
}

static void run(const char *name, uint32_t slots, bool disturbed)
{
	static struct round round;
	static struct writer writers[WRITERS];
	static struct seen seen;
	static struct cs_reader reader;
	pthread_t threads[WRITERS];
	uint64_t committed = 0, missing = 0;

	round = (struct round){ .disturbed = disturbed, .running = WRITERS };
	memset(&seen, 0, sizeof(seen));
	memory_segment_init(&round.segment, slots);
	cs_ring_init(&round.ring, round.segment.bytes, 0);
	cs_reader_init(&reader, round.segment.header, slots, &round.segment.io);
	for (uint32_t i = 0; i < WRITERS; i++) {
		writers[i] = (struct writer){ .round = &round,
					      .id = i,
					      .random = 88172645463325252u + i };
		writers[i].committed = calloc(1, RECORDS);
		if (!writers[i].committed ||
		    pthread_create(&threads[i], NULL, write_all, &writers[i]) != 0)
			fail("no thread", i, 0);
	}
	read_all(&round, &reader, &seen);
	for (uint32_t i = 0; i < WRITERS; i++) {
		pthread_join(threads[i], NULL);
		committed += writers[i].committed_count;
		for (uint32_t s = 0; s < RECORDS; s++) {
			if (seen.seen[i][s] && !writers[i].committed[s])
				fail("read but never committed", i, s);
			missing += writers[i].committed[s] && !seen.seen[i][s];
		}
		free(writers[i].committed);
	}
	if (slots >= 4096 && !reader.stats.trims && cs_reader_trim(&reader) != 1)
		fail("a quiet ring was not trimmed", reader.position, 0);
	printf("%s: %llu committed, %llu read, %llu torn (%llu slots), %llu trims\n", name,
	       (unsigned long long)committed, (unsigned long long)reader.stats.records,
	       (unsigned long long)reader.stats.torn, (unsigned long long)seen.given_up_slots,
	       (unsigned long long)reader.stats.trims);
	fflush(stdout);
	if (reader.stats.records + missing != committed || reader.stats.corrupt)
		fail("numbers do not add up", missing, reader.stats.corrupt);
	if (missing > (disturbed ? seen.given_up_slots : 0))
		fail("committed, not given up, and lost", missing, seen.given_up_slots);
	memory_segment_deinit(&round.segment);
}

int main(void)
{
	run("small ring", 256, false);
	run("ring that is trimmed", 4096, false);
	run("small ring, disturbed", 256, true);
	run("ring that is trimmed, disturbed", 4096, true);
	return 0;
}
