/* SPDX-License-Identifier: Apache-2.0 */

/* The attach; see attach.h. */
#include "preload/start/attach.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include "coldspan_config.h"
#include "preload/events/stdio_loop.h"
#include "preload/shim.h"
#include "preload/start/identity.h"
#include "preload/start/loader.h"
#include "preload/sys.h"
#include "preload/tables.h"
#include "preload/text.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U /* Linux 6.3; vm.memfd_noexec may demand it, older kernels refuse */
#endif

/* Below such a limit, on address space or on private memory, all of it is the function's. */
#define LIMIT_MIN_BYTES (1ull << 30)
#define ANCHOR_MAX_NS   20000u /* between the first and the last look at the clocks */
#define ANCHOR_TRIES    3u

_Static_assert(sizeof(struct cs_wiped) <= CS_PAGE_BYTES, "a page");

struct limit {
	uint64_t soft;
	uint64_t hard;
};

static uint64_t soft_limit(int resource)
{
	struct limit limit = { .soft = UINT64_MAX };

	cs_sys4(SYS_prlimit64, 0, resource, 0, &limit);
	return limit.soft;
}

static uint64_t clock_ns(int clock)
{
	struct timespec ts = { 0 };

	cs_shim.clock(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* Connect first: without a collector an attach costs two system calls. */
static int reach_collector(const struct cs_start *start)
{
	const char *path = cs_start_env(start, "COLDSPAN_SOCKET");
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	size_t len;
	long fd, r;

	if (!path || !*path)
		path = CS_SOCKET_PATH;
	len = cs_text_len(path);
	if (len >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	__builtin_memcpy(addr.sun_path, path, len + 1);
	fd = cs_sys3(SYS_socket, AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return (int)fd;
	r = cs_sys3(SYS_connect, fd, &addr, sizeof(addr));
	if (r < 0) {
		cs_sys1(SYS_close, fd);
		return (int)r;
	}
	return (int)fd;
}

/*
 * With vm.overcommit_memory=2 a page of the ring that cannot be had is a SIGBUS, so the ring is
 * allocated whole. In that mode alone MAP_NORESERVE is not honoured: a mapping larger than any
 * machine's memory tells, without a look into /proc. It is asked for where it shares no page table
 * with anything else, in which the kernel would look for pages to free (that took 6 us of 9).
 * Under a limit on address space or private memory it fails as well: then the ring is allocated whole
 * without need.
 */
static int strict_overcommit(void)
{
	const uint64_t bytes = 1ull << 44;
	long p = cs_sys6(SYS_mmap, (long)bytes, (long)bytes, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (cs_sys_failed(p))
		return 1;
	cs_sys2(SYS_munmap, p, bytes);
	return 0;
}

/* @lanes: as many as are wanted; one of a ring that must be allocated whole. */
static int make_memfd(uint32_t *lanes, int *ret_prealloc)
{
	uint64_t bytes;
	long fd, r;

	fd = cs_sys2(SYS_memfd_create, "coldspan",
		     MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);
	if (fd == -EINVAL)
		fd = cs_sys2(SYS_memfd_create, "coldspan", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return (int)fd;
	*ret_prealloc = strict_overcommit();
	if (*ret_prealloc)
		*lanes = 1;
	bytes = cs_segment_bytes(CS_SLOTS_DEFAULT, *lanes);
	r = cs_sys2(SYS_ftruncate, fd, bytes);
	if (r == 0 && *ret_prealloc)
		r = cs_sys4(SYS_fallocate, fd, 0, 0, bytes);
	if (r == 0)
		r = cs_sys3(SYS_fcntl, fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
	if (r < 0) {
		cs_sys1(SYS_close, fd);
		return (int)r;
	}
	return (int)fd;
}

static int map_segment(int fd, uint64_t bytes, void **ret)
{
	long p = cs_sys6(SYS_mmap, 0, (long)bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (cs_sys_failed(p))
		return (int)p;
	*ret = (void *)p;
	return 0;
}

static long map_private(uint64_t bytes)
{
	return cs_sys6(SYS_mmap, 0, (long)bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

/*
 * What is ours alone, in one mapping: the tables, without which the rest can do, and a page
 * that tells a fork child that it is one. The page comes last, where the kernel has just put the
 * segment's first: each page touched costs a start 1.5 us, and each page table that needs 2 more.
 */
static int map_own(void)
{
	/* Touched or not, all of a private mapping counts against RLIMIT_DATA. */
	bool whole = soft_limit(RLIMIT_DATA) >= LIMIT_MIN_BYTES;
	long p = -ENOMEM, r;

	if (whole) {
		p = map_private(CS_PAGE_BYTES + CS_TABLES_BYTES);
		whole = !cs_sys_failed(p);
	}
	if (!whole)
		p = map_private(CS_PAGE_BYTES);
	if (cs_sys_failed(p))
		return (int)p;
	cs_shim.tables = whole ? (void *)p : NULL;
	cs_shim.wiped = (struct cs_wiped *)(whole ? p + (long)CS_TABLES_BYTES : p);
	r = cs_sys3(SYS_madvise, cs_shim.wiped, CS_PAGE_BYTES, MADV_WIPEONFORK);
	if (r < 0)
		return (int)r; /* attach_to() takes it back */
	/* Or the table's first touch would cost a huge page. Refused where there are none. */
	if (whole)
		cs_sys3(SYS_madvise, cs_shim.tables, CS_TABLES_BYTES, MADV_NOHUGEPAGE);
	return 0;
}

static void unmap_own(void)
{
	if (cs_shim.tables)
		cs_sys2(SYS_munmap, cs_shim.tables, CS_TABLES_BYTES + CS_PAGE_BYTES);
	else if (cs_shim.wiped)
		cs_sys2(SYS_munmap, cs_shim.wiped, CS_PAGE_BYTES);
	cs_shim.tables = NULL;
}

/*
 * The three clocks at one moment. Whoever loses the processor between two of them reads them again: all
 * wall times of the process come of it.
 */
static void read_anchors(struct cs_header *header)
{
	uint64_t begin_ns = clock_ns(CLOCK_MONOTONIC), before_ns = begin_ns;
	uint64_t real_ns, boot_ns, after_ns;

	for (unsigned tries = ANCHOR_TRIES;; before_ns = after_ns) {
		real_ns = clock_ns(CLOCK_REALTIME);
		boot_ns = clock_ns(CLOCK_BOOTTIME);
		after_ns = clock_ns(CLOCK_MONOTONIC);
		if (after_ns - before_ns < ANCHOR_MAX_NS || !--tries)
			break;
	}
	header->attach_monotonic_ns = begin_ns;
	header->attach_realtime_ns = real_ns - (before_ns - begin_ns);
	header->attach_boottime_ns = boot_ns - (before_ns - begin_ns);
}

static void fill_in(struct cs_header *header, uint32_t lanes, const struct cs_start *start,
		    uint64_t entered_ns)
{
	struct timespec cpu = { 0 };

	cs_segment_format(header, CS_SLOTS_DEFAULT, lanes);
	/* First of all: what is measured here must not contain our own work. */
	cs_sys2(SYS_clock_gettime, CLOCK_PROCESS_CPUTIME_ID, &cpu);
	read_anchors(header);
	header->attach_cpu_ns = (uint64_t)cpu.tv_sec * 1000000000u + (uint64_t)cpu.tv_nsec;
	header->attach_thread = cs_thread_pointer();
	header->pid = (int32_t)cs_sys0(SYS_getpid);
	header->ppid = (int32_t)cs_sys0(SYS_getppid);
	header->uid = start->uid;
	header->gid = start->gid;
	header->flags |= cs_loader_has("musl") ? CS_HEADER_MUSL : 0;
	header->identity_len = cs_identity_write(start, header->identity, CS_IDENTITY_BYTES);
	header->flags |= cs_shim.openwhisk && cs_stdio_is_loop() ? CS_HEADER_LOOP : 0;
	cs_segment_mark(header, CS_MARK_ATTACH, entered_ns);
}

static int announce(int sock, int memfd, const struct cs_header *header)
{
	struct cs_hello hello = {
		.magic = CS_WIRE_MAGIC,
		.version = CS_WIRE_VERSION,
		.hello_bytes = sizeof(hello),
		.segment_bytes = header->segment_bytes,
		.pid = header->pid,
		.attach_monotonic_ns = header->attach_monotonic_ns,
	};
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec iov = { &hello, sizeof(hello) };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = &control,
			      .msg_controllen = CMSG_LEN(sizeof(int)) };
	long r;

	control.head.cmsg_level = SOL_SOCKET;
	control.head.cmsg_type = SCM_RIGHTS;
	control.head.cmsg_len = CMSG_LEN(sizeof(int));
	__builtin_memcpy(CMSG_DATA(&control.head), &memfd, sizeof(memfd));
	r = cs_sys3(SYS_sendmsg, sock, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
	return r == sizeof(hello) ? 0 : r < 0 ? (int)r : -EIO;
}

static int attach_to(int sock, uint32_t lanes, const struct cs_start *start, uint64_t entered_ns)
{
	void *segment = NULL;
	int prealloc = 0, r;
	int memfd = make_memfd(&lanes, &prealloc);
	uint64_t bytes = cs_segment_bytes(CS_SLOTS_DEFAULT, lanes);

	if (memfd < 0)
		return memfd;
	r = map_segment(memfd, bytes, &segment);
	if (r == 0)
		r = map_own();
	if (r == 0) {
		cs_shim.header = segment;
		cs_shim.header->flags = prealloc ? CS_HEADER_PREALLOC : 0;
		fill_in(cs_shim.header, lanes, start, entered_ns);
		cs_lanes_init(&cs_shim.lanes, segment);
		atomic_store_explicit(&cs_shim.wiped->pid, (uint32_t)cs_shim.header->pid,
				      memory_order_relaxed);
		r = announce(sock, memfd, cs_shim.header);
	}
	cs_sys1(SYS_close, memfd);
	if (r < 0) {
		if (segment)
			cs_sys2(SYS_munmap, segment, bytes);
		unmap_own();
	}
	return r;
}

int cs_attach(const struct cs_start *start, uint64_t entered_ns)
{
	uint64_t file_bytes_max = soft_limit(RLIMIT_FSIZE);
	uint32_t lanes = CS_LANES;
	int sock, r;

	/* ftruncate beyond the limit on file sizes is a SIGXFSZ. */
	if (file_bytes_max < cs_segment_bytes(CS_SLOTS_DEFAULT, lanes))
		lanes = 1;
	if (file_bytes_max < cs_segment_bytes(CS_SLOTS_DEFAULT, lanes))
		return -EFBIG;
	if (soft_limit(RLIMIT_AS) < LIMIT_MIN_BYTES)
		return -ENOMEM;
	sock = reach_collector(start);
	if (sock < 0)
		return sock;
	r = attach_to(sock, lanes, start, entered_ns);
	cs_sys1(SYS_close, sock);
	return r;
}
