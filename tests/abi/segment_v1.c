/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The bytes of a segment of version 1, for ever: what this build writes equals the file that an
 * earlier one wrote, and this build reads that file. A difference is a new CS_WIRE_VERSION, or a
 * mistake.
 *
 *   segment_v1 FILE          compare and read
 *   segment_v1 --write FILE  make the file anew (only together with a new version)
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "preload/wire/segment.h"
#include "tests/support/memory_segment.h"

#define SLOTS 64u
#define PID   4711u

/*
 * The record types of the first release with the sizes they had then, in literal numbers: later
 * ones may grow at their end, and tables may gain entries. Each has a text of 3 bytes times its
 * number behind its fixed part, and counts up.
 */
static const struct {
	unsigned type;
	unsigned fixed;
} kinds[] = { { 1, 16 }, { 2, 16 }, { 3, 24 }, { 4, 32 }, { 5, 16 },
	      { 6, 24 }, { 7, 16 }, { 8, 32 }, { 9, 16 }, { 10, 32 } };

#define MARKS 15u
#define FACTS 15u
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static unsigned char payload_byte(unsigned type, unsigned at)
{
	return (unsigned char)(type * 16 + at);
}

static void fail(const char *what, unsigned long at)
{
	fprintf(stderr, "segment_v1: %s (%lu)\n", what, at);
	exit(1);
}

static void fill_header(struct cs_header *header)
{
	static const char identity[] = "exe=/bin/f\0argv0=f\0env.AWS_LAMBDA_FUNCTION_NAME=f";

	header->flags = CS_HEADER_CTOR_FIRST;
	header->identity_len = sizeof(identity);
	header->pid = 4711;
	header->ppid = 4710;
	header->uid = 1000;
	header->gid = 1001;
	header->attach_monotonic_ns = 0x1111111111;
	header->attach_realtime_ns = 0x2222222222;
	header->attach_boottime_ns = 0x3333333333;
	header->attach_cpu_ns = 0x4444444444;
	header->attach_thread = 0x5555555555;
	memcpy(header->identity, identity, sizeof(identity));
	for (unsigned mark = 0; mark < MARKS; mark++)
		cs_segment_mark(header, mark, 1000 + mark);
	for (unsigned fact = 0; fact < FACTS; fact++)
		cs_segment_count(header, fact, 2000 + fact);
	header->dropped[CS_RECORD_FILE] = 3;
	header->stand_down = 1ull << CS_STAND_DOWN_NO_TABLES;
}

static void write_records(struct memory_segment *segment)
{
	struct cs_ring ring;
	struct cs_claim claim;

	cs_ring_init(&ring, segment->bytes, 0);
	for (unsigned i = 0; i < KINDS; i++) {
		unsigned len = kinds[i].fixed + 3 * kinds[i].type;

		if (cs_ring_reserve(&ring, PID + i, kinds[i].type, len, CS_PRIORITY_HIGH, &claim))
			fail("no room for a record", i);
		claim.record->time_ns = 0x0102030405060700ull + i;
		claim.record->thread = 0x7f0000000000ull + i;
		for (unsigned at = 0; at < len; at++)
			((unsigned char *)(claim.record + 1))[at] = payload_byte(kinds[i].type, at);
		cs_ring_commit(&claim);
	}
	if (cs_ring_reserve(&ring, PID, CS_RECORD_FILE, 100, CS_PRIORITY_HIGH, &claim))
		fail("no room for a claim", KINDS);
}

static void read_records(struct memory_segment *segment)
{
	static struct cs_entry entry;
	struct cs_reader reader;
	struct cs_hole hole;
	uint32_t slots, lanes;

	if (cs_segment_check(segment->header, segment->len, &slots, &lanes) != 0)
		fail("the header is refused", 0);
	cs_reader_init(&reader, segment->header, slots, &segment->io);
	for (unsigned i = 0; i < KINDS; i++) {
		if (cs_reader_next(&reader, &entry) != CS_READ_RECORD)
			fail("a record is missing", i);
		if (entry.pid != PID + i || entry.record.type != kinds[i].type ||
		    entry.record.payload_len != kinds[i].fixed + 3 * kinds[i].type ||
		    entry.record.time_ns != 0x0102030405060700ull + i ||
		    entry.record.thread != 0x7f0000000000ull + i)
			fail("a record's head differs", i);
		for (unsigned at = 0; at < entry.record.payload_len; at++) {
			if (entry.bytes[sizeof(entry.record) + at] !=
			    payload_byte(kinds[i].type, at))
				fail("a payload differs", i);
		}
	}
	if (cs_reader_next(&reader, &entry) != CS_READ_HOLE ||
	    cs_reader_hole(&reader, &hole) != 0 || !hole.claimed || hole.pid != PID ||
	    hole.len != 2)
		fail("the claim is not seen", 0);
}

static void write_file(const struct memory_segment *segment, const char *path)
{
	FILE *file = fopen(path, "wb");

	if (!file || fwrite(segment->bytes, 1, segment->len, file) != segment->len ||
	    fclose(file) != 0)
		fail("cannot write the file", 0);
}

int main(int argc, char **argv)
{
	struct memory_segment segment, golden;
	FILE *file;

	memory_segment_init(&segment, SLOTS);
	fill_header(segment.header);
	write_records(&segment);
	if (argc == 3 && strcmp(argv[1], "--write") == 0) {
		write_file(&segment, argv[2]);
		return 0;
	}
	memory_segment_init(&golden, SLOTS);
	file = argc == 2 ? fopen(argv[1], "rb") : NULL;
	if (!file)
		fail("cannot open the file", 0);
	if (fread(golden.bytes, 1, golden.len, file) != golden.len || fgetc(file) != EOF)
		fail("the file has another length", (unsigned long)golden.len);
	fclose(file);
	read_records(&golden);
	for (unsigned long at = 0; at < segment.len; at++) {
		if (segment.bytes[at] != golden.bytes[at])
			fail("this byte differs", at);
	}
	return 0;
}
