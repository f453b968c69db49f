/* SPDX-License-Identifier: Apache-2.0 */

#include "collector/intake/segment_file.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "preload/wire/segment.h"

#define SLOTS 64u
#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

static int make(int seals)
{
	int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct cs_header *header;

	cr_assert(eq(int, ftruncate(fd, (off_t)cs_segment_bytes(SLOTS, 1)), 0));
	header = mmap(NULL, CS_PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	cs_segment_format(header, SLOTS, 1);
	munmap(header, CS_PAGE_BYTES);
	cr_assert(eq(int, fcntl(fd, F_ADD_SEALS, seals), 0));
	return fd;
}

static struct cs_hello hello(void)
{
	return (struct cs_hello){ .magic = CS_WIRE_MAGIC,
				  .version = CS_WIRE_VERSION,
				  .hello_bytes = sizeof(struct cs_hello),
				  .segment_bytes = cs_segment_bytes(SLOTS, 1) };
}

Test(segment_file, exactly_the_three_seals_are_accepted)
{
	uint64_t bytes = 0;

	cr_expect(eq(int, cs_segment_file_vet(make(SEALS), &bytes), CS_REFUSAL_NONE));
	cr_expect(eq(u64, bytes, cs_segment_bytes(SLOTS, 1)));
	cr_expect(eq(int, cs_segment_file_vet(make(0), &bytes), CS_REFUSAL_SEALS));
	cr_expect(eq(int, cs_segment_file_vet(make(SEALS & ~F_SEAL_SHRINK), &bytes),
		     CS_REFUSAL_SEALS));
	cr_expect(
		eq(int, cs_segment_file_vet(make(SEALS & ~F_SEAL_GROW), &bytes), CS_REFUSAL_SEALS));
	cr_expect(
		eq(int, cs_segment_file_vet(make(SEALS & ~F_SEAL_SEAL), &bytes), CS_REFUSAL_SEALS));
	cr_expect(
		eq(int, cs_segment_file_vet(make(SEALS | F_SEAL_WRITE), &bytes), CS_REFUSAL_SEALS));
}

Test(segment_file, anything_but_a_writable_memory_file_is_refused)
{
	int memory = make(SEALS), pipes[2];
	char path[64];
	uint64_t bytes;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", memory);
	cr_assert(eq(int, pipe(pipes), 0));
	cr_expect(eq(int, cs_segment_file_vet(pipes[0], &bytes), CS_REFUSAL_NOT_MEMFD));
	cr_expect(eq(int, cs_segment_file_vet(open("/", O_RDONLY | O_DIRECTORY), &bytes),
		     CS_REFUSAL_NOT_MEMFD));
	cr_expect(eq(int, cs_segment_file_vet(open(path, O_RDONLY), &bytes), CS_REFUSAL_NOT_MEMFD));
	cr_expect(eq(int, cs_segment_file_vet(open(path, O_PATH), &bytes), CS_REFUSAL_NOT_MEMFD));
}

Test(segment_file, a_hello_must_be_whole_and_fit_its_file)
{
	struct cs_hello good = hello(), bad;
	uint64_t bytes = cs_segment_bytes(SLOTS, 1);

	cr_expect(
		eq(int, cs_segment_file_check_hello(&good, sizeof(good), bytes), CS_REFUSAL_NONE));
	cr_expect(eq(int, cs_segment_file_check_hello(&good, sizeof(good) - 1, bytes),
		     CS_REFUSAL_HELLO));
	cr_expect(eq(int, cs_segment_file_check_hello(&good, sizeof(good), bytes + 4096),
		     CS_REFUSAL_SIZE));
	bad = good;
	bad.magic++;
	cr_expect(eq(int, cs_segment_file_check_hello(&bad, sizeof(bad), bytes), CS_REFUSAL_HELLO));
	bad = good;
	bad.version++;
	cr_expect(
		eq(int, cs_segment_file_check_hello(&bad, sizeof(bad), bytes), CS_REFUSAL_VERSION));
}

Test(segment_file, a_header_that_does_not_hold_together_is_refused)
{
	struct cs_segment_file file = { .fd = -EBADF };
	int fd = make(SEALS);
	uint32_t slots = 2 * SLOTS;

	cr_assert(eq(int, cs_segment_file_open(fd, cs_segment_bytes(SLOTS, 1), &file),
		     CS_REFUSAL_NONE));
	cr_expect(eq(u32, file.slots, SLOTS));
	cs_segment_file_close(&file);
	cr_expect(eq(ptr, file.header, NULL));
	cr_expect(eq(int, fcntl(fd, F_GETFD), -1), "the descriptor was taken and closed");

	fd = make(SEALS);
	cr_assert(eq(i64, pwrite(fd, &slots, 4, offsetof(struct cs_header, slots)), 4));
	cr_expect(eq(int, cs_segment_file_open(fd, cs_segment_bytes(SLOTS, 1), &file),
		     CS_REFUSAL_HEADER));
	cr_expect(eq(int, fcntl(fd, F_GETFD), -1), "taken also on failure");
}

Test(segment_file, the_reader_reaches_every_byte_and_no_further)
{
	struct cs_segment_file file;
	struct cs_segment_lane lane;
	struct cs_reader_io io;
	uint64_t word = 0, last;
	bool swapped;

	cr_assert(eq(int, cs_segment_file_open(make(SEALS), cs_segment_bytes(SLOTS, 1), &file),
		     CS_REFUSAL_NONE));
	cr_assert(eq(int, cs_segment_lane_open(&file, 0, &lane), 0));
	io = cs_segment_lane_io(&lane);
	last = cs_segment_bytes(SLOTS, 1) - sizeof(word);
	cr_expect(eq(int, io.swap(io.context, last, 0, 42, &swapped), 0));
	cr_expect(swapped);
	cr_expect(eq(int, io.swap(io.context, last, 0, 43, &swapped), 0));
	cr_expect(not(swapped));
	cr_expect(eq(int, io.read(io.context, &word, last, sizeof(word)), 0));
	cr_expect(eq(u64, word, 42));
	cr_expect(lt(int, io.read(io.context, &word, last + 4, sizeof(word)), 0));
	cr_expect(eq(int, io.swap(io.context, CS_COMMIT_OFFSET, 0, 7, &swapped), 0));
	cr_expect(eq(int, io.read(io.context, &word, CS_COMMIT_OFFSET, sizeof(word)), 0));
	cr_expect(eq(u64, word, 7));
	cr_expect(eq(int, io.punch(io.context, CS_PAGE_BYTES, CS_PAGE_BYTES), 0));
	cr_expect(eq(int, io.read(io.context, &word, last, sizeof(word)), 0));
	cr_expect(eq(u64, word, 0));
	cs_segment_file_close(&file);
}

Test(segment_file, lanes_do_not_reach_into_each_other)
{
	uint64_t bytes = cs_segment_bytes(SLOTS, 2), half = bytes / 2, word = 0;
	int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct cs_segment_lane lanes[2];
	struct cs_segment_file file;
	struct cs_header *header;
	struct cs_reader_io io;
	bool swapped;

	cr_assert(eq(int, ftruncate(fd, (off_t)bytes), 0));
	header = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	cs_segment_format(header, SLOTS, 2);
	cr_assert(eq(int, cs_segment_file_open(fd, bytes, &file), CS_REFUSAL_NONE));
	cr_assert(eq(u32, file.lanes, 2));
	for (uint32_t i = 0; i < 2; i++)
		cr_assert(eq(int, cs_segment_lane_open(&file, i, &lanes[i]), 0));
	io = cs_segment_lane_io(&lanes[1]);
	cr_expect(eq(int, io.swap(io.context, CS_COMMIT_OFFSET, 0, 7, &swapped), 0));
	cr_expect(eq(int, io.swap(io.context, half - 8, 0, 8, &swapped), 0));
	lanes[1].header->head = 9;
	cr_expect(eq(int, io.read(io.context, &word, CS_COMMIT_OFFSET, 8), 0));
	cr_expect(eq(u64, word, 7));
	memcpy(&word, (char *)header + half + CS_COMMIT_OFFSET, 8);
	cr_expect(eq(u64, word, 7));
	memcpy(&word, (char *)header + bytes - 8, 8);
	cr_expect(eq(u64, word, 8));
	cr_expect(eq(u64, header->head, 0));
	io = cs_segment_lane_io(&lanes[0]);
	cr_expect(eq(int, io.read(io.context, &word, CS_COMMIT_OFFSET, 8), 0));
	cr_expect(eq(u64, word, 0));
	for (uint32_t i = 0; i < 2; i++)
		cs_segment_lane_close(&lanes[i]);
	cs_segment_file_close(&file);
}
