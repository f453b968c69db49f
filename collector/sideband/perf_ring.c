/* SPDX-License-Identifier: Apache-2.0 */

/* Rings of perf events; see perf_ring.h. The protocol of head and tail: linux/perf_event.h. */
#include "collector/sideband/perf_ring.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define PAGES_MIN 2u

static size_t page_bytes(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

static int open_event(int cpu, size_t ring_bytes, uint64_t read_format)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_DUMMY,
		.sample_type = PERF_SAMPLE_TIME,
		.read_format = read_format,
		.sample_id_all = 1,
		.inherit = 1,
		.exclude_kernel = 1, /* what an unprivileged user may have */
		.exclude_hv = 1,
		.task = 1,
		.comm = 1,
		.comm_exec = 1,
		.mmap = 1,
		.mmap2 = 1,
		.use_clockid = 1,
		.clockid = CLOCK_MONOTONIC,
		.watermark = 1,
		.wakeup_watermark = (uint32_t)(ring_bytes / 2),
	};
	long fd = syscall(SYS_perf_event_open, &attr, 0, cpu, -1, PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : (int)fd;
}

static int open_sized(int cpu, size_t pages, struct cs_perf_ring *ret)
{
	size_t bytes = pages * page_bytes();
	struct cs_perf_ring ring = { .bytes = bytes, .tells_lost = true };

	ring.fd = open_event(cpu, bytes, PERF_FORMAT_LOST);
	if (ring.fd == -EINVAL) {
		ring.tells_lost = false;
		ring.fd = open_event(cpu, bytes, 0);
	}
	if (ring.fd < 0)
		return ring.fd;
	ring.page =
		mmap(NULL, page_bytes() + bytes, PROT_READ | PROT_WRITE, MAP_SHARED, ring.fd, 0);
	if (ring.page == MAP_FAILED) {
		int r = errno == EPERM ? -EDQUOT : -errno;

		close(ring.fd);
		return r;
	}
	*ret = ring;
	return 0;
}

int cs_perf_ring_open(int cpu, size_t pages, struct cs_perf_ring *ret)
{
	int r;

	do {
		r = open_sized(cpu, pages, ret);
		pages /= 2;
	} while ((r == -EDQUOT || r == -ENOMEM) && pages >= PAGES_MIN);
	return r;
}

void cs_perf_ring_close(struct cs_perf_ring *ring)
{
	if (ring->fd < 0)
		return;
	munmap(ring->page, page_bytes() + ring->bytes);
	close(ring->fd);
	ring->fd = -EBADF;
}

/* Out of the ring at a position that only grows; what wraps comes in two pieces. */
static void copy_out(const struct cs_perf_ring *ring, uint64_t at, void *dst, size_t len)
{
	const uint8_t *data = (const uint8_t *)ring->page + page_bytes();
	size_t offset = (size_t)at & (ring->bytes - 1), first = ring->bytes - offset;

	if (first > len)
		first = len;
	memcpy(dst, data + offset, first);
	memcpy((uint8_t *)dst + first, data, len - first);
}

size_t cs_perf_ring_take(struct cs_perf_ring *ring, uint8_t *record)
{
	struct perf_event_mmap_page *page = ring->page;
	uint64_t head =
		__atomic_load_n(&page->data_head, __ATOMIC_ACQUIRE); /* pairs with: kernel */
	uint64_t tail = page->data_tail;
	struct perf_event_header header;

	if (head - tail < sizeof(header))
		return 0;
	copy_out(ring, tail, &header, sizeof(header));
	if (header.size < sizeof(header) || header.size > head - tail) {
		__atomic_store_n(&page->data_tail, head, __ATOMIC_RELEASE);
		return 0;
	}
	copy_out(ring, tail, record, header.size);
	__atomic_store_n(&page->data_tail, tail + header.size, __ATOMIC_RELEASE);
	return header.size;
}

uint64_t cs_perf_ring_lost(const struct cs_perf_ring *ring)
{
	uint64_t values[2]; /* value, lost */

	if (!ring->tells_lost || read(ring->fd, values, sizeof(values)) != (ssize_t)sizeof(values))
		return 0;
	return values[1];
}
