/* SPDX-License-Identifier: Apache-2.0 */

/* Verified memory files; see segment_file.h. */
#include "collector/intake/segment_file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "preload/wire/segment.h"

#ifndef F_SEAL_EXEC
#define F_SEAL_EXEC 0x0020 /* Linux 6.3; set by the kernel itself where vm.memfd_noexec says so */
#endif

#define SEALS_WANTED (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

enum cs_refusal cs_segment_file_vet(int fd, uint64_t *ret_bytes)
{
	int seals = fcntl(fd, F_GET_SEALS), flags;
	struct statfs fs;
	struct stat st;

	if (seals < 0)
		return CS_REFUSAL_NOT_MEMFD;
	flags = fcntl(fd, F_GETFL);
	if (flags < 0 || (flags & O_ACCMODE) != O_RDWR)
		return CS_REFUSAL_NOT_MEMFD;
	/* hugetlbfs has seals, too: its pages are too large to be given back one by one */
	if (fstatfs(fd, &fs) < 0 || fs.f_type != TMPFS_MAGIC || fstat(fd, &st) < 0)
		return CS_REFUSAL_NOT_MEMFD;
	if ((seals & ~F_SEAL_EXEC) != SEALS_WANTED)
		return CS_REFUSAL_SEALS;
	*ret_bytes = (uint64_t)st.st_size;
	return CS_REFUSAL_NONE;
}

enum cs_refusal cs_segment_file_check_hello(const void *message, size_t len, uint64_t segment_bytes)
{
	struct cs_hello hello;

	if (len != sizeof(hello))
		return CS_REFUSAL_HELLO;
	memcpy(&hello, message, sizeof(hello));
	if (hello.magic != CS_WIRE_MAGIC)
		return CS_REFUSAL_HELLO;
	if (hello.version != CS_WIRE_VERSION)
		return CS_REFUSAL_VERSION;
	if (hello.hello_bytes != sizeof(hello))
		return CS_REFUSAL_HELLO;
	return hello.segment_bytes == segment_bytes ? CS_REFUSAL_NONE : CS_REFUSAL_SIZE;
}

static struct cs_clock_shift shift_of(const struct cs_header *header)
{
	struct cs_clock_anchors ours = cs_clock_shift_now();
	struct cs_clock_anchors theirs = { header->attach_monotonic_ns, header->attach_realtime_ns,
					   header->attach_boottime_ns };

	return cs_clock_shift_between(&theirs, &ours);
}

enum cs_refusal cs_segment_file_open(int fd, uint64_t bytes, struct cs_segment_file *ret)
{
	cs_cleanup(cs_closep) int owned = fd;
	struct cs_header *header;
	uint32_t slots, lanes;
	int r;

	if (bytes < cs_segment_bytes(CS_SLOTS_MIN, 1) ||
	    bytes > cs_segment_bytes(CS_SLOTS_MAX, CS_LANES))
		return CS_REFUSAL_SIZE;
	header = mmap(NULL, CS_PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (header == MAP_FAILED)
		return CS_REFUSAL_RESOURCES;
	r = cs_segment_check(header, bytes, &slots, &lanes);
	if (r < 0) {
		munmap(header, CS_PAGE_BYTES);
		return CS_REFUSAL_HEADER;
	}
	*ret = (struct cs_segment_file){
		.fd = cs_take_fd(&owned),
		.header = header,
		.bytes = bytes,
		.slots = slots,
		.lanes = lanes,
		.shift = shift_of(header),
	};
	return CS_REFUSAL_NONE;
}

void cs_segment_file_close(struct cs_segment_file *file)
{
	if (file->header)
		munmap(file->header, CS_PAGE_BYTES);
	cs_closep(&file->fd);
	*file = (struct cs_segment_file){ .fd = -EBADF };
}

static int read_at(void *context, void *dst, uint64_t offset, uint32_t len)
{
	const struct cs_segment_lane *lane = context;
	uint32_t done = 0;

	while (done < len) {
		ssize_t n = pread(lane->file->fd, (char *)dst + done, len - done,
				  (off_t)(lane->begin + offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) /* 0: beyond the sealed end, which geometry excludes */
			return n < 0 ? -errno : -EIO;
		done += (uint32_t)n;
	}
	return 0;
}

/* Rare (holes, trims), so a page of the commit table is mapped for the one instruction. */
static int swap_at(void *context, uint64_t offset, uint64_t expected, uint64_t desired,
		   bool *swapped)
{
	const struct cs_segment_lane *lane = context;
	uint64_t page = offset & ~(uint64_t)(CS_PAGE_BYTES - 1);
	char *base = (char *)lane->header;

	if (page) {
		base = mmap(NULL, CS_PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, lane->file->fd,
			    (off_t)(lane->begin + page));
		if (base == MAP_FAILED)
			return -errno;
	}
	/* pairs with: writers' claim and commit; the word is theirs or ours, by this CAS */
	*swapped = atomic_compare_exchange_strong_explicit(
		(_Atomic uint64_t *)(void *)(base + (offset - page)), &expected, desired,
		memory_order_acq_rel, memory_order_acquire);
	if (page)
		munmap(base, CS_PAGE_BYTES);
	return 0;
}

static int punch_at(void *context, uint64_t offset, uint64_t len)
{
	const struct cs_segment_lane *lane = context;

	return fallocate(lane->file->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			 (off_t)(lane->begin + offset), (off_t)len) < 0
		       ? -errno
		       : 0;
}

int cs_segment_lane_open(const struct cs_segment_file *file, uint32_t lane,
			 struct cs_segment_lane *ret)
{
	uint64_t begin = lane * cs_segment_lane_bytes(file->slots);
	struct cs_header *header = file->header;

	if (lane) {
		header = mmap(NULL, CS_PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, file->fd,
			      (off_t)begin);
		if (header == MAP_FAILED)
			return -errno;
	}
	*ret = (struct cs_segment_lane){ .file = file, .header = header, .begin = begin };
	return 0;
}

void cs_segment_lane_close(struct cs_segment_lane *lane)
{
	if (lane->begin)
		munmap(lane->header, CS_PAGE_BYTES);
	*lane = (struct cs_segment_lane){ 0 };
}

struct cs_reader_io cs_segment_lane_io(struct cs_segment_lane *lane)
{
	return (struct cs_reader_io){
		.context = lane, .read = read_at, .swap = swap_at, .punch = punch_at
	};
}
