/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Writers and readers that are stopped at each labelled point of their code (preload/wire/testpoint.h)
 * and are killed there, or jump away from it, or go on when their slots were given up long ago and
 * used by others. Whatever they left, the reader afterwards returns exactly what was committed, once
 * and in order, and the ring is as good as new.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "tests/support/memory_segment.h"

#define SLOTS       256u
#define TRIM_SLOTS  4096u
#define VICTIM      4711u /* tags */
#define OTHER       4712u
#define VICTIM_LEN  5u /* slots of its record */
#define OTHER_FIRST 100u
#define OTHER_COUNT 3u

enum fate {
	KILLED,      /* at the label */
	LATE,        /* sleeps at the label while others go round the ring, then goes on */
	JUMPED_OVER, /* leaves by longjmp, as from a signal handler, and lives */
};

static const char *const fates[] = { "killed", "late", "jumped over" };

/* Where in the ring the victim's record comes to lie. */
enum place {
	IN_THE_MIDDLE,
	AT_THE_END,          /* padding must be written first */
	BEHIND_A_QUARANTINE, /* idem, around a run that was given up */
};

static const char *const places[] = { "in the middle", "at the end", "behind a quarantine" };

/* What a writer that gets as far has left. */
enum left {
	NOTHING, /* not even reserved */
	UNCLAIMED,
	CLAIMED,
	COMMITTED,
};

static const struct {
	const char *label;
	enum left left;
	bool padding_only;
} writer_labels[] = {
	{ "before_reserve", NOTHING, false }, { "before_padding", UNCLAIMED, true },
	{ "padding", UNCLAIMED, true },       { "reserved", UNCLAIMED, false },
	{ "claimed", CLAIMED, false },        { "before_commit", CLAIMED, false },
	{ "committed", COMMITTED, false },
};

static const char *const reader_labels[] = { "quarantined", "trim_reserved", "trim_padded",
					     "trim_punched" };

/* --- labels -------------------------------------------------------------------------------------- */

static const char *armed; /* label at which this process stops, dies or jumps */
static enum fate armed_fate;
static sigjmp_buf away;
static char scene[128];

#define CHECK(condition, a, b)                                                                     \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "kill_writer: %s: line %d: %s: %lld, %lld\n", scene,       \
				__LINE__, #condition, (long long)(a), (long long)(b));             \
			exit(1);                                                                   \
		}                                                                                  \
	} while (0)

static bool is_known(const char *label)
{
	for (unsigned i = 0; i < sizeof(writer_labels) / sizeof(writer_labels[0]); i++) {
		if (strcmp(label, writer_labels[i].label) == 0)
			return true;
	}
	for (unsigned i = 0; i < sizeof(reader_labels) / sizeof(reader_labels[0]); i++) {
		if (strcmp(label, reader_labels[i]) == 0)
			return true;
	}
	return false;
}

void cs_testpoint(const char *label)
{
	if (!is_known(label)) {
		fprintf(stderr, "kill_writer: the label %s is new: add it to the list\n", label);
		exit(1);
	}
	if (!armed || strcmp(armed, label) != 0)
		return;
	armed = NULL;
	if (armed_fate == KILLED)
		raise(SIGKILL);
	if (armed_fate == LATE)
		raise(SIGSTOP);
	if (armed_fate == JUMPED_OVER)
		siglongjmp(away, 1);
}

/* --- records ------------------------------------------------------------------------------------- */

struct scene {
	struct memory_segment segment;
	struct cs_ring ring;
	struct cs_reader reader;
	bool patient; /* a hole is not given up */
	bool dead;    /* else: is its writer dead? */
};

static void write_record(struct scene *s, uint32_t tag, uint64_t stamp, uint32_t slots)
{
	uint32_t len = slots * CS_SLOT_BYTES - (uint32_t)sizeof(struct cs_record);
	struct cs_claim claim;
	int r = cs_ring_reserve(&s->ring, tag, CS_RECORD_FILE, len, CS_PRIORITY_HIGH, &claim);

	CHECK(r == 0, r, stamp);
	claim.record->time_ns = stamp;
	claim.record->thread = tag;
	memset(claim.record + 1, (int)stamp, len);
	cs_ring_commit(&claim);
}

/* The next record is that one, whole. */
static void expect(struct scene *s, uint32_t tag, uint64_t stamp, uint32_t slots)
{
	static struct cs_entry entry;
	uint32_t len = slots * CS_SLOT_BYTES - (uint32_t)sizeof(struct cs_record);
	int r = cs_reader_next(&s->reader, &entry);

	while (r == CS_READ_HOLE && !s->patient) {
		CHECK(cs_reader_give_up(&s->reader, s->dead) == 0, s->reader.position, stamp);
		r = cs_reader_next(&s->reader, &entry);
	}
	CHECK(r == CS_READ_RECORD, r, stamp);
	CHECK(entry.record.time_ns == stamp, entry.record.time_ns, stamp);
	CHECK(entry.record.thread == tag && entry.pid == tag, entry.pid, tag);
	CHECK(entry.record.payload_len == len, entry.record.payload_len, len);
	for (uint32_t i = 0; i < len; i++)
		CHECK(entry.bytes[sizeof(entry.record) + i] == (unsigned char)stamp, i, stamp);
}

static void expect_empty(struct scene *s)
{
	static struct cs_entry entry;
	int r = cs_reader_next(&s->reader, &entry);

	CHECK(r == CS_READ_EMPTY, r, s->reader.position);
}

/* Laps of records of all lengths, each read and released. */
static void go_round(struct scene *s, unsigned laps)
{
	uint64_t end = s->segment.header->head + (uint64_t)laps * s->ring.slots_count;

	for (uint64_t i = 1; s->segment.header->head < end; i++) {
		write_record(s, OTHER, i % 90, (uint32_t)(i % 7) + 1);
		expect(s, OTHER, i % 90, (uint32_t)(i % 7) + 1);
		cs_reader_release(&s->reader);
	}
	expect_empty(s);
}

static void set_up(struct scene *s, uint32_t slots)
{
	memory_segment_init(&s->segment, slots);
	cs_ring_init(&s->ring, s->segment.bytes, 0);
	cs_reader_init(&s->reader, s->segment.header, slots, &s->segment.io);
	s->patient = true;
}

static void skip_slots(struct scene *s, uint32_t n)
{
	for (; n > 0; n--) {
		write_record(s, OTHER, 1, 1);
		expect(s, OTHER, 1, 1);
		cs_reader_release(&s->reader);
	}
}

/* --- writers ------------------------------------------------------------------------------------- */

static void put_in_place(struct scene *s, enum place place)
{
	struct cs_claim claim;

	set_up(s, SLOTS);
	skip_slots(s, place == AT_THE_END ? SLOTS - 3 : 10);
	if (place != BEHIND_A_QUARANTINE)
		return;
	/* Somebody's run is given up; then once round, so that it lies three slots ahead. */
	CHECK(cs_ring_reserve(&s->ring, OTHER, CS_RECORD_FILE, 100, CS_PRIORITY_HIGH, &claim) == 0,
	      0, 0);
	CHECK(cs_reader_give_up(&s->reader, false) == 0, 0, 0);
	skip_slots(s, SLOTS - 5);
}

/* The victim: one record at which it meets its fate, and one more if it lives. */
static void be_the_victim(struct scene *s, const char *label, enum fate fate)
{
	armed = label;
	armed_fate = fate == KILLED ? LATE : fate; /* stopped first, so that others see it so */
	if (sigsetjmp(away, 1) == 0)
		write_record(s, VICTIM, 50, VICTIM_LEN);
	write_record(s, VICTIM, 60, 2);
	if (fate == JUMPED_OVER)
		raise(SIGSTOP); /* it lives on */
	_exit(armed ? 2 : 0);
}

/* From here on holes are given up, the first of which is what the victim left. */
static void give_up(struct scene *s, enum left left, bool dead)
{
	static struct cs_entry entry;
	struct cs_hole hole;
	int r = cs_reader_next(&s->reader, &entry); /* steps over padding, up to the hole */

	CHECK(r == CS_READ_HOLE, r, left);
	CHECK(cs_reader_hole(&s->reader, &hole) == 0, left, 0);
	CHECK(hole.claimed == (left == CLAIMED), hole.claimed, left);
	CHECK(hole.pid == (left == CLAIMED ? VICTIM : 0), hole.pid, left);
	CHECK(hole.commits_behind, hole.len, hole.position);
	s->patient = false;
	s->dead = dead;
}

static void expect_others(struct scene *s)
{
	for (unsigned i = 0; i < OTHER_COUNT; i++)
		expect(s, OTHER, OTHER_FIRST + i, i + 1);
}

static void run_writer(unsigned which, enum fate fate, enum place place)
{
	const char *label = writer_labels[which].label;
	enum left left = writer_labels[which].left;
	bool holed = left == UNCLAIMED || left == CLAIMED;
	struct scene s;
	int status;
	pid_t pid;

	snprintf(scene, sizeof(scene), "writer %s at %s, %s", fates[fate], label, places[place]);
	put_in_place(&s, place);
	pid = fork();
	CHECK(pid >= 0, errno, 0);
	if (pid == 0)
		be_the_victim(&s, label, fate);
	CHECK(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status), status, 0);
	/* From here on as the collector: others write, what is committed is read. */
	for (unsigned i = 0; i < OTHER_COUNT; i++)
		write_record(&s, OTHER, OTHER_FIRST + i, i + 1);
	if (fate == KILLED) {
		kill(pid, SIGKILL);
		CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status), status, 0);
	}
	if (left == COMMITTED)
		expect(&s, VICTIM, 50, VICTIM_LEN);
	if (holed)
		give_up(&s, left, fate == KILLED);
	if (fate == JUMPED_OVER)
		expect(&s, VICTIM, 60, 2);
	expect_others(&s);
	expect_empty(&s);
	cs_reader_release(&s.reader);
	s.patient = true;
	go_round(&s, 3);
	if (fate == LATE) {
		kill(pid, SIGCONT);
		CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status), status, 0);
		CHECK(WEXITSTATUS(status) == 0, status, 0);
		if (left == NOTHING)
			expect(&s, VICTIM, 50, VICTIM_LEN);
		expect(&s, VICTIM, 60, 2);
		cs_reader_release(&s.reader);
		go_round(&s, 2);
	} else if (fate == JUMPED_OVER) {
		kill(pid, SIGKILL);
		CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status), status, 0);
	}
	/* All writers but us are dead: nothing stays out of use. */
	cs_reader_lift(&s.reader, 0);
	go_round(&s, 2);
	cs_reader_lift(&s.reader, 0);
	CHECK(s.segment.header->quarantine[0] == 0, s.segment.header->quarantine[0], 0);
	CHECK(s.reader.stats.corrupt == 0 && s.segment.header->dropped[CS_RECORD_FILE] == 0, 0, 0);
	CHECK((s.reader.stats.torn > 0) == (holed || place == BEHIND_A_QUARANTINE),
	      s.reader.stats.torn, left);
	memory_segment_deinit(&s.segment);
}

/* --- readers ------------------------------------------------------------------------------------- */

/* What the reader that dies does: reads two records, releases the first, gives up, trims. */
static void be_the_reader(struct scene *s, const char *label)
{
	expect(s, OTHER, 1, 3);
	cs_reader_release(&s->reader);
	expect(s, OTHER, 2, 2);
	armed = label;
	armed_fate = KILLED;
	CHECK(cs_reader_give_up(&s->reader, false) == 0, 0, 0);
	expect(s, OTHER, 3, 4);
	cs_reader_release(&s->reader);
	CHECK(cs_reader_trim(&s->reader) == 1, s->reader.position, 0);
	_exit(2);
}

static void run_reader(const char *label)
{
	struct cs_claim claim;
	struct scene s;
	int status;
	pid_t pid;

	snprintf(scene, sizeof(scene), "reader killed at %s", label);
	set_up(&s, TRIM_SLOTS);
	write_record(&s, OTHER, 1, 3);
	write_record(&s, OTHER, 2, 2);
	CHECK(cs_ring_reserve(&s.ring, VICTIM, CS_RECORD_FILE, 300, CS_PRIORITY_HIGH, &claim) == 0,
	      0, 0);
	write_record(&s, OTHER, 3, 4);
	pid = fork();
	CHECK(pid >= 0, errno, 0);
	if (pid == 0)
		be_the_reader(&s, label);
	CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status), status, 0);
	CHECK(WTERMSIG(status) == SIGKILL, status, 0);
	/* The next one starts at the release word: what was read and not released comes again. */
	cs_reader_init(&s.reader, s.segment.header, TRIM_SLOTS, &s.segment.io);
	write_record(&s, OTHER, 4, 1);
	if (strcmp(label, "quarantined") == 0) {
		expect(&s, OTHER, 2, 2);
		/* The quarantine that was noted already is gone around, or given up again. */
		CHECK(cs_reader_give_up(&s.reader, false) == 0, 0, 0);
		expect(&s, OTHER, 3, 4);
	}
	expect(&s, OTHER, 4, 1);
	expect_empty(&s);
	cs_reader_release(&s.reader);
	/* The late writer comes at last. */
	memset(claim.record, 0xee, 4 * CS_SLOT_BYTES);
	cs_ring_commit(&claim);
	go_round(&s, 2);
	cs_reader_lift(&s.reader, 0);
	go_round(&s, 2);
	CHECK(cs_reader_trim(&s.reader) == 1, s.reader.position, 0);
	go_round(&s, 2);
	CHECK(s.segment.header->quarantine[0] == 0, s.segment.header->quarantine[0], 0);
	CHECK(s.segment.header->dropped[CS_RECORD_FILE] == 0, 0, 0);
	memory_segment_deinit(&s.segment);
}

int main(void)
{
	unsigned scenes = 0;

	for (unsigned i = 0; i < sizeof(writer_labels) / sizeof(writer_labels[0]); i++) {
		for (enum fate fate = KILLED; fate <= JUMPED_OVER; fate++) {
			for (enum place p = IN_THE_MIDDLE; p <= BEHIND_A_QUARANTINE; p++) {
				if (writer_labels[i].padding_only && p == IN_THE_MIDDLE)
					continue;
				run_writer(i, fate, p);
				scenes++;
			}
		}
	}
	for (unsigned i = 0; i < sizeof(reader_labels) / sizeof(reader_labels[0]); i++) {
		run_reader(reader_labels[i]);
		scenes++;
	}
	printf("%u scenes, each read to exactly what was committed\n", scenes);
	return 0;
}
