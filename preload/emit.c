/* SPDX-License-Identifier: Apache-2.0 */

/* Clock, identity of the writing process, and records; see shim.h. */
#include <time.h>

#include "preload/descriptors/follow.h"
#include "preload/layout.h"
#include "preload/shim.h"
#include "preload/sys.h"
#include "preload/text.h"
#include "preload/wire/facts.h"

struct cs_shim cs_shim;

CS_AT_START uint64_t cs_now(void)
{
	struct timespec ts;

	cs_shim.clock(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

int cs_errno(void)
{
	return cs_shim.errno_location ? *cs_shim.errno_location() : 0;
}

void cs_set_errno(int value)
{
	if (cs_shim.errno_location)
		*cs_shim.errno_location() = value;
}

long cs_result(long raw)
{
	if (!cs_sys_failed(raw))
		return raw;
	cs_set_errno((int)-raw);
	return -1;
}

uint32_t cs_pid_found(void)
{
	cs_adopt(0, 0, 0, 0);
	return atomic_load_explicit(&cs_shim.wiped->pid, memory_order_relaxed);
}

/* The clock's id is the kernel's encoding of the number, in both libcs: ~number << 3 | 6. */
uint32_t cs_thread_number(void)
{
	void *self = cs_shim.thread_self && cs_shim.thread_clock ? cs_shim.thread_self() : NULL;
	int clock = 0;

	if (!self || cs_shim.thread_clock(self, &clock) != 0 || (clock & 7) != 6)
		return 0;
	return (uint32_t) ~(clock >> 3);
}

/* A filter that does not know getpid may kill for it; then nobody could say whose a record is. */
static uint32_t ask_pid(void)
{
	if (!atomic_load_explicit(&cs_shim.filtered, memory_order_relaxed))
		return (uint32_t)cs_sys0(SYS_getpid);
	atomic_fetch_or_explicit(&cs_shim.header->stand_down, 1ull << CS_STAND_DOWN_FILTERED,
				 memory_order_relaxed);
	atomic_store_explicit(&cs_shim.watching, false, memory_order_relaxed);
	return 0;
}

void cs_adopt(uint32_t pid, unsigned kind, uint64_t begin_ns, uint32_t ppid)
{
	struct cs_rec_process rec = { .ppid = (int32_t)ppid,
				      .kind = kind,
				      .spawn_begin_ns = begin_ns };
	uint32_t unknown = 0;

	/* A signal handler may be first: then it has written the record, less what only we know. */
	cs_shim.spawn_begin_ns = begin_ns;
	cs_shim.spawn_kind = kind;
	if (!pid)
		pid = ask_pid();
	if (!pid ||
	    !atomic_compare_exchange_strong_explicit(&cs_shim.wiped->pid, &unknown, pid,
						     memory_order_relaxed, memory_order_relaxed))
		return;
	cs_follow_adopted();
	cs_emit(CS_RECORD_PROCESS, CS_PRIORITY_HIGH, cs_now(), &rec, sizeof(rec), NULL, 0);
}

void cs_mark_told(unsigned mark, uint64_t now_ns)
{
	struct cs_rec_ready rec = { .mark = mark };

	if (cs_pid() == (uint32_t)cs_shim.header->pid)
		cs_mark_at(mark, now_ns);
	else
		cs_emit(CS_RECORD_READY, CS_PRIORITY_HIGH, now_ns, &rec, sizeof(rec), NULL, 0);
}

bool cs_emit_begin(unsigned type, enum cs_priority priority, uint64_t time_ns, uint32_t payload_len,
		   struct cs_claim *claim)
{
	return cs_emit_claim(type, priority, time_ns, payload_len, claim);
}

bool cs_emit_has_room(void)
{
	const struct cs_ring *ring = cs_lanes_pick(&cs_shim.lanes, cs_thread_pointer(), cs_pid());
	uint64_t head = atomic_load_explicit(&ring->header->head, memory_order_relaxed);
	/* pairs with: reader's store of the release word */
	uint64_t release = atomic_load_explicit(&ring->header->release, memory_order_acquire);

	return head - release + CS_RUN_SLOTS_MAX <= ring->low_limit;
}

void cs_emit(unsigned type, enum cs_priority priority, uint64_t time_ns, const void *fixed,
	     uint32_t fixed_len, const char *text, uint32_t text_len)
{
	struct cs_claim claim;
	unsigned char *payload;

	if (!cs_emit_claim(type, priority, time_ns, fixed_len + text_len, &claim))
		return;
	payload = (unsigned char *)(claim.record + 1);
	__builtin_memcpy(payload, fixed, fixed_len);
	if (text_len)
		__builtin_memcpy(payload + fixed_len, text, text_len);
	cs_ring_commit(&claim);
}

bool cs_emit_parts(unsigned type, enum cs_priority priority, uint64_t time_ns,
		   const struct iovec *parts, unsigned count)
{
	struct cs_claim claim;
	unsigned char *payload;
	size_t len = 0;

	for (unsigned i = 0; i < count; i++)
		len += parts[i].iov_len;
	if (!cs_emit_begin(type, priority, time_ns, (uint32_t)len, &claim))
		return false;
	payload = (unsigned char *)(claim.record + 1);
	for (unsigned i = 0; i < count; i++) {
		__builtin_memcpy(payload, parts[i].iov_base, parts[i].iov_len);
		payload += parts[i].iov_len;
	}
	cs_ring_commit(&claim);
	return true;
}
