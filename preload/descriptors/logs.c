/* SPDX-License-Identifier: Apache-2.0 */

/* Log lines into the ring; see logs.h. */
#include "preload/descriptors/logs.h"

#include <stddef.h>

#include "preload/descriptors/inherited.h"
#include "preload/hooks/borrowed.h"
#include "preload/layout.h"
#include "preload/shim.h"
#include "preload/sys.h"
#include "preload/tables.h"
#include "preload/text.h"

#define TEXT_MAX        (CS_RECORD_PAYLOAD_MAX - (uint32_t)sizeof(struct cs_rec_log))
#define FRAME_HEAD      16u         /* of a frame: type, length, time */
#define FRAME_MAGIC     0xa55a0000u /* in the upper half of its type */
#define FRAME_BYTES_MAX (1u << 20)  /* a longer one is none */

_Static_assert(CS_LOGS_RATE_BYTES >= CS_LOGS_WRITE_MAX, "a write fits a window");

struct cs_logs cs_logs = { .on = CS_LOGS_STDERR | CS_LOGS_EARLY };

/* A write to standard output that nobody may read yet; its text follows. */
struct early_write {
	uint64_t time_ns;
	uint64_t thread;
	uint32_t len;
	uint32_t lost;
};

struct early {
	_Atomic uint32_t busy; /* a try-lock: who finds it taken leaves its write out, counted */
	uint32_t pid;          /* a fork child has none of its parent's */
	uint32_t used;
	uint32_t reserved;
	unsigned char bytes[CS_LOGS_EARLY_BYTES - 16];
};

_Static_assert(sizeof(struct early) == CS_LOGS_EARLY_BYTES, "layout");
_Static_assert(CS_FDS_BYTES % CS_PAGE_BYTES == 0, "whole pages");

/* Bytes out of an iovec, in order; there are as many as are asked for. */
struct cursor {
	const struct iovec *iov;
	size_t offset;
};

static void lose(uint64_t bytes)
{
	cs_segment_count(cs_shim.header, CS_FACT_LOG_BYTES_LOST, bytes);
}

/* @to: NULL: they are passed over. */
static void copy(struct cursor *from, unsigned char *to, size_t len)
{
	while (len) {
		size_t n = from->iov->iov_len - from->offset;

		if (n > len)
			n = len;
		if (n && to) {
			__builtin_memcpy(to, (const char *)from->iov->iov_base + from->offset, n);
			to += n;
		}
		len -= n;
		from->offset += n;
		if (from->offset == from->iov->iov_len) {
			from->iov++;
			from->offset = 0;
		}
	}
}

/* --- which stream --- */

CS_AT_START void cs_logs_variable(const char *variable)
{
	static const char logs[] = "COLDSPAN_LOGS=", framed[] = "_LAMBDA_TELEMETRY_LOG_FD=";
	const char *value = variable + sizeof(logs) - 1;
	int fd = 0;

	if (cs_text_starts(variable, logs)) {
		if (cs_text_equal(value, "off") || cs_text_equal(value, "0"))
			atomic_store_explicit(&cs_logs.on, 0, memory_order_relaxed);
		return;
	}
	if (!cs_text_starts(variable, framed))
		return;
	value = variable + sizeof(framed) - 1;
	for (; *value >= '0' && *value <= '9' && fd < 65536; value++)
		fd = fd * 10 + (*value - '0');
	cs_logs.framed_fd = *value ? 0 : fd;
}

void cs_logs_start(void)
{
	int fd = cs_logs.framed_fd;

	if (fd <= 2 || (uint32_t)fd >= cs_fds.count || !cs_logs_any(CS_LOGS_STDERR))
		return;
	cs_fd_replace(fd, CS_INHERITED_WORD(CS_LOG_FRAMED));
	atomic_fetch_or_explicit(&cs_logs.on, CS_LOGS_FRAMED, memory_order_relaxed);
}

/* CS_LOG_NONE: it is no log of ours. */
static unsigned stream_of(int fd, uint64_t word)
{
	unsigned which = word ? (unsigned)cs_fd_value(word) : (unsigned)fd;

	if (word ? cs_fd_kind(word) != CS_FD_INHERITED : which > 2)
		return CS_LOG_NONE;
	if (which < CS_LOG_STDOUT || which > CS_LOG_FRAMED || !cs_inherited_is(fd, word, which))
		return CS_LOG_NONE;
	return which;
}

bool cs_logs_wanted(int fd, uint64_t word)
{
	unsigned stream = stream_of(fd, word);
	uint32_t bits = stream == CS_LOG_STDOUT ? CS_LOGS_STDOUT | CS_LOGS_EARLY : 1u << stream;

	return stream != CS_LOG_NONE && cs_logs_any(bits);
}

/* --- how much --- */

/* How many of @bytes may be taken now. */
static uint32_t grant(uint64_t now_ns, uint32_t bytes)
{
	uint64_t window = now_ns >> CS_LOGS_WINDOW_SHIFT & UINT32_MAX;
	uint64_t old = atomic_load_explicit(&cs_logs.budget, memory_order_relaxed), next;
	uint32_t used, granted;

	do {
		used = old >> 32 == window ? (uint32_t)old : 0;
		granted = CS_LOGS_RATE_BYTES - used < bytes ? CS_LOGS_RATE_BYTES - used : bytes;
		next = window << 32 | (used + granted);
	} while (!atomic_compare_exchange_weak_explicit(
		&cs_logs.budget, &old, next, memory_order_relaxed, memory_order_relaxed));
	return granted;
}

/* --- into the ring --- */

/* @len bytes that are there, in as many records as they take; @lost more are not. */
static void emit(unsigned stream, uint64_t time_ns, uint64_t thread, struct cursor *from,
		 uint32_t len, uint64_t lost)
{
	while (len) {
		struct cs_rec_log rec = { .stream = (uint8_t)stream };
		struct cs_claim claim;
		unsigned char *payload;

		rec.text_len = (uint16_t)(len < TEXT_MAX ? len : TEXT_MAX);
		len -= rec.text_len;
		if (len)
			rec.flags = CS_LOG_CONTINUES;
		else
			rec.lost = lost < UINT32_MAX ? (uint32_t)lost : UINT32_MAX;
		if (!cs_emit_begin(CS_RECORD_LOG, CS_PRIORITY_LOW, time_ns,
				   (uint32_t)sizeof(rec) + rec.text_len, &claim)) {
			lose(len + rec.text_len); /* the ring is full: what follows would be torn */
			return;
		}
		claim.record->thread = thread;
		payload = (unsigned char *)(claim.record + 1);
		__builtin_memcpy(payload, &rec, sizeof(rec));
		copy(from, payload + sizeof(rec), rec.text_len);
		cs_ring_commit(&claim);
	}
}

/* --- standard output, before it is known --- */

static struct early *early_memory(void)
{
	return cs_shim.tables ? (void *)((unsigned char *)cs_shim.tables + CS_TABLES_LOGS_BEGIN)
			      : NULL;
}

static void flush_early(struct early *early)
{
	uint32_t at = 0;

	while (early->pid == cs_pid() && at < early->used) {
		struct early_write *write = (void *)(early->bytes + at);
		struct iovec iov = { write + 1, write->len };
		struct cursor from = { .iov = &iov };

		emit(CS_LOG_STDOUT, write->time_ns, write->thread, &from, write->len, write->lost);
		at += (uint32_t)sizeof(*write) + ((write->len + 7) & ~7u);
	}
	early->used = 0;
}

static void put_early(struct early *early, struct cursor *from, uint32_t len, uint64_t lost,
		      uint64_t time_ns)
{
	uint32_t room;
	struct early_write *write;

	if (early->pid != cs_pid()) {
		early->pid = cs_pid();
		early->used = 0;
	}
	room = (uint32_t)sizeof(early->bytes) - early->used;
	if (room < sizeof(*write) + 8) {
		lose(len);
		return;
	}
	room = (room - (uint32_t)sizeof(*write)) & ~7u;
	if (len > room) {
		lose(len - room);
		lost += len - room;
		len = room;
	}
	write = (void *)(early->bytes + early->used);
	*write = (struct early_write){ time_ns, cs_thread_pointer(), len,
				       lost < UINT32_MAX ? (uint32_t)lost : UINT32_MAX };
	copy(from, (unsigned char *)(write + 1), len);
	early->used += (uint32_t)sizeof(*write) + ((len + 7) & ~7u);
}

static bool lock(struct early *early)
{
	return !atomic_exchange_explicit(&early->busy, 1, memory_order_acquire);
}

static void unlock(struct early *early)
{
	atomic_store_explicit(&early->busy, 0, memory_order_release);
}

/* Whoever held the lock meanwhile looks again when it is done. */
static void tell_early(struct early *early)
{
	while (early && cs_logs_any(CS_LOGS_STDOUT) && early->used && lock(early)) {
		flush_early(early);
		unlock(early);
	}
}

void cs_logs_serving(void)
{
	/* Who read its standard input may be a process per event that serves itself something. */
	if (cs_inherited_any(CS_INHERITED_UNREAD))
		cs_logs_answering();
}

void cs_logs_answering(void)
{
	if (!cs_logs_any(CS_LOGS_EARLY) || cs_shim.own_event || !cs_tables_may_change())
		return;
	atomic_fetch_or_explicit(&cs_logs.on, CS_LOGS_STDOUT, memory_order_relaxed);
	atomic_fetch_and_explicit(&cs_logs.on, ~(uint32_t)CS_LOGS_EARLY, memory_order_relaxed);
	tell_early(early_memory());
}

/* --- frames --- */

static uint32_t big_endian(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/*
 * Only what is a frame, or goes on with one, may enter the ring: the number may have become another
 * file's unseen. Return: bytes of the write that belong to frames.
 */
static uint64_t framed(struct cursor from, uint64_t len)
{
	uint64_t left = atomic_load_explicit(&cs_logs.frame, memory_order_relaxed), taken = 0;
	unsigned char head[FRAME_HEAD];

	for (;;) {
		uint64_t part = left < len - taken ? left : len - taken;

		copy(&from, NULL, part);
		left -= part;
		taken += part;
		if (len - taken < FRAME_HEAD)
			break;
		copy(&from, head, FRAME_HEAD);
		if ((big_endian(head) & 0xffff0000u) != FRAME_MAGIC ||
		    big_endian(head + 4) > FRAME_BYTES_MAX)
			break;
		taken += FRAME_HEAD;
		left = big_endian(head + 4);
	}
	atomic_store_explicit(&cs_logs.frame, left, memory_order_relaxed);
	return taken;
}

void cs_logs_written(int fd, uint64_t word, const struct iovec *iov, uint64_t bytes,
		     uint64_t begin_ns)
{
	unsigned stream = stream_of(fd, word);
	struct early *early = early_memory();
	struct cursor from = { .iov = iov };
	uint32_t len;

	if (!cs_logs_wanted(fd, word) || cs_borrow_find())
		return;
	if (stream == CS_LOG_FRAMED)
		bytes = iov ? framed(from, bytes) : 0;
	len = bytes < CS_LOGS_WRITE_MAX ? (uint32_t)bytes : CS_LOGS_WRITE_MAX;
	len = iov ? grant(begin_ns, len) : 0;
	lose(bytes - len);
	if (!len)
		return;
	if (stream != CS_LOG_STDOUT || cs_logs_any(CS_LOGS_STDOUT)) {
		emit(stream, begin_ns, cs_thread_pointer(), &from, len, bytes - len);
	} else if (early && lock(early)) {
		put_early(early, &from, len, bytes - len, begin_ns);
		unlock(early);
		tell_early(early);
	} else {
		lose(len);
	}
}
