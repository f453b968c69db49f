/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of collector/perf_record and perf_ring: bytes as the kernel lays them out, and its own. */
#include "collector/sideband/perf_record.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "collector/sideband/perf_ring.h"

static uint8_t bytes[CS_PERF_RECORD_MAX];
static size_t len;

static void put(const void *data, size_t size)
{
	memcpy(bytes + len, data, size);
	len += size;
}

static void put_u32(uint32_t value)
{
	put(&value, sizeof(value));
}

static void put_u64(uint64_t value)
{
	put(&value, sizeof(value));
}

static void begin(uint32_t type, uint16_t misc)
{
	struct perf_event_header header = { .type = type, .misc = misc };

	len = 0;
	put(&header, sizeof(header));
}

static void end(uint64_t time_ns)
{
	struct perf_event_header *header = (void *)bytes;

	put_u64(time_ns);
	header->size = (uint16_t)len;
}

static void put_map(const char *path, size_t path_bytes)
{
	begin(PERF_RECORD_MMAP2, 0);
	put_u32(100);
	put_u32(101);
	put_u64(0x1000);
	put_u64(0x2000);
	put_u64(0);
	put_u32(8);
	put_u32(1);
	put_u64(77); /* inode */
	put_u64(0);
	put_u32(5);
	put_u32(2);
	put(path, path_bytes);
	end(40);
}

Test(perf_record, a_fork_tells_who_and_when)
{
	struct cs_perf_record record;

	begin(PERF_RECORD_FORK, 0);
	put_u32(100);
	put_u32(50);
	put_u32(102);
	put_u32(51);
	put_u64(7);
	end(8);
	cr_assert(eq(int, cs_perf_record_parse(bytes, len, &record), 0));
	cr_assert(eq(int, record.kind, CS_PERF_FORK));
	cr_assert(eq(i32, record.pid, 100));
	cr_assert(eq(i32, record.tid, 102));
	cr_assert(eq(i32, record.ppid, 50));
	cr_assert(eq(u64, record.time_ns, 7));
}

Test(perf_record, a_thread_that_names_itself_is_no_exec)
{
	struct cs_perf_record record;

	begin(PERF_RECORD_COMM, 0);
	put_u32(100);
	put_u32(100);
	put("worker\0", 8);
	end(8);
	cr_assert(eq(int, cs_perf_record_parse(bytes, len, &record), 0));
	cr_assert(eq(int, record.kind, CS_PERF_OTHER));
	((struct perf_event_header *)bytes)->misc = PERF_RECORD_MISC_COMM_EXEC;
	cr_assert(eq(int, cs_perf_record_parse(bytes, len, &record), 0));
	cr_assert(eq(int, record.kind, CS_PERF_EXEC));
	cr_assert(eq(str, (char *)record.name, (char *)"worker"));
	cr_assert(eq(u64, record.time_ns, 8));
}

Test(perf_record, what_is_mapped_is_a_file_or_nothing_to_us)
{
	struct cs_perf_record record;

	put_map("/lib/x.so\0\0\0\0\0\0", 16);
	cr_assert(eq(int, cs_perf_record_parse(bytes, len, &record), 0));
	cr_assert(eq(int, record.kind, CS_PERF_MAP));
	cr_assert(eq(i32, record.pid, 100));
	cr_assert(eq(str, (char *)record.name, (char *)"/lib/x.so"));
	put_map("[vdso]\0", 8);
	cr_assert(eq(int, cs_perf_record_parse(bytes, len, &record), 0));
	cr_assert(eq(int, record.kind, CS_PERF_OTHER));
}

Test(perf_record, a_name_without_an_end_is_cut_and_clean)
{
	struct cs_perf_record record;
	char path[1024];

	memset(path, 'a', sizeof(path));
	memcpy(path, "/\x1b[31m\xff", 7);
	put_map(path, sizeof(path));
	cr_assert(eq(int, cs_perf_record_parse(bytes, len, &record), 0));
	cr_assert(eq(sz, strlen(record.name), CS_PERF_NAME_BYTES - 1));
	cr_assert(strchr(record.name, '\x1b') == NULL);
	cr_assert(strchr(record.name, '\xff') == NULL);
}

Test(perf_record, lost_records_are_counted)
{
	struct cs_perf_record record;

	begin(PERF_RECORD_LOST, 0);
	put_u64(3);
	put_u64(17);
	end(90);
	cr_assert(eq(int, cs_perf_record_parse(bytes, len, &record), 0));
	cr_assert(eq(int, record.kind, CS_PERF_LOST));
	cr_assert(eq(u64, record.lost, 17));
	cr_assert(eq(u64, record.time_ns, 90));
}

Test(perf_record, what_is_too_short_for_its_type_is_refused)
{
	static const uint32_t types[] = { PERF_RECORD_FORK, PERF_RECORD_EXIT, PERF_RECORD_COMM,
					  PERF_RECORD_MMAP2, PERF_RECORD_LOST };
	struct cs_perf_record record = { .pid = -7 };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		begin(types[i], 0);
		put_u32(1);
		end(1);
		cr_assert(eq(int, cs_perf_record_parse(bytes, len, &record), -EBADMSG));
	}
	begin(PERF_RECORD_FORK, 0);
	end(1);
	cr_assert(eq(int, cs_perf_record_parse(bytes, len - 1, &record), -EBADMSG));
	cr_assert(eq(int, cs_perf_record_parse(bytes, 7, &record), -EBADMSG));
	cr_assert(eq(i32, record.pid, -7)); /* untouched */
	begin(PERF_RECORD_THROTTLE, 0);
	end(1);
	cr_assert(eq(int, cs_perf_record_parse(bytes, len, &record), 0));
	cr_assert(eq(int, record.kind, CS_PERF_OTHER));
}

/* --- the kernel's own --- */

#define CPUS_MAX 1024

static struct cs_perf_ring rings[CPUS_MAX];
static unsigned rings_count;

static void open_rings(size_t pages)
{
	long cpus = sysconf(_SC_NPROCESSORS_CONF);

	for (int i = 0; i < cpus && i < CPUS_MAX; i++) {
		int r = cs_perf_ring_open(i, pages, &rings[rings_count]);

		if (r == -EACCES || r == -EPERM || r == -ENOSYS)
			cr_skip_test("perf_event_open: %s", strerror(-r));
		rings_count += r == 0;
	}
	cr_assert(rings_count > 0);
}

/* Records of @pid and @kind. @ret: the last one. */
static unsigned read_all(int32_t pid, enum cs_perf_kind kind, struct cs_perf_record *ret)
{
	struct cs_perf_record record;
	unsigned count = 0;
	size_t n;

	for (unsigned i = 0; i < rings_count; i++) {
		while ((n = cs_perf_ring_take(&rings[i], bytes))) {
			cr_assert(eq(int, cs_perf_record_parse(bytes, n, &record), 0));
			if (record.kind != kind || (pid && record.pid != pid))
				continue;
			*ret = record;
			count++;
		}
	}
	return count;
}

static uint64_t lost_of_all(void)
{
	uint64_t lost = 0;

	for (unsigned i = 0; i < rings_count; i++)
		lost += cs_perf_ring_lost(&rings[i]);
	return lost;
}

static pid_t live(void)
{
	pid_t pid = vfork();

	if (pid == 0)
		_exit(0);
	waitpid(pid, NULL, 0);
	return pid;
}

Test(perf_ring, the_kernel_tells_of_a_child_on_our_clock)
{
	struct cs_perf_record record;
	uint64_t before_ns, after_ns;
	pid_t pid;

	open_rings(8);
	before_ns = cs_clock_monotonic_ns();
	pid = live();
	after_ns = cs_clock_monotonic_ns();
	cr_assert(eq(u32, read_all(pid, CS_PERF_FORK, &record), 1));
	cr_assert(record.time_ns >= before_ns && record.time_ns <= after_ns);
	cr_assert(eq(i32, record.ppid, getpid()));
	cr_assert(eq(u64, lost_of_all(), 0));
	for (unsigned i = 0; i < rings_count; i++)
		cs_perf_ring_close(&rings[i]);
}

/* All on one CPU, so that it is one ring that is full and goes on. */
static void stay_here(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)sched_getcpu(), &set);
	cr_assert(eq(int, sched_setaffinity(0, sizeof(set), &set), 0));
}

Test(perf_ring, what_found_no_room_is_counted_and_the_rest_is_whole)
{
	enum {
		LIVES = 400
	};
	struct cs_perf_record record = { .lost = 0 };
	unsigned told;
	uint64_t lost;

	stay_here();
	open_rings(1); /* 4 KiB hold some 70 such records */
	for (unsigned i = 0; i < LIVES; i++)
		live();
	lost = lost_of_all();
	told = read_all(0, CS_PERF_FORK, &record);
	cr_assert(told > 0 && told < LIVES);
	if (rings[0].tells_lost)
		cr_assert(lost > 0);
	live(); /* the next record of the ring tells, too */
	cr_assert(read_all(0, CS_PERF_LOST, &record) > 0 && record.lost > 0);
}
