/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The two directions of an action loop; see stdio_loop.h. Each has a try-lock: two threads at once in one
 * direction do not know their own order, and end the following. An event is told when its line is whole,
 * with its first byte's time.
 */
#include "preload/events/stdio_loop.h"

#include <fcntl.h>

#include "preload/descriptors/inherited.h"
#include "preload/descriptors/logs.h"
#include "preload/events/stdio_scan.h"
#include "preload/hooks/borrowed.h"
#include "preload/propagation/propagate.h"
#include "preload/shim.h"
#include "preload/sys.h"
#include "preload/tables.h"
#include "preload/text.h"

#ifndef F_GETPIPE_SZ
#define F_GETPIPE_SZ 1032
#endif

#define ANSWERS 3 /* the descriptor */

struct direction {
	_Atomic uint32_t busy;
	bool within; /* a line has begun, and has not ended */
	uint64_t first_ns;
	uint64_t bytes;
	struct cs_stdio_scan scan;
};

struct loop {
	struct direction in;
	struct direction out;
	uint64_t asked_ns;         /* when a read of the next line began; written by who reads */
	bool asked;                /* since the last line was whole */
	_Atomic bool writes;       /* its writes to the answers are seen */
	_Atomic uint32_t begun;    /* events told */
	_Atomic uint32_t ended;    /* of these, those whose end was told */
	_Atomic uint64_t begun_ns; /* first byte of the last event */
};

_Static_assert(sizeof(struct loop) <= CS_STDIO_BYTES, "it fits");

_Atomic bool cs_stdio_on;

bool cs_stdio_is_loop(void)
{
	return cs_sys3(SYS_fcntl, ANSWERS, F_GETPIPE_SZ, 0) > 0;
}

void cs_stdio_start(void)
{
	if (!(cs_shim.header->flags & CS_HEADER_LOOP) || !cs_shim.tables)
		return;
	cs_fd_replace(0, CS_INHERITED_WORD(0));
	cs_fd_replace(ANSWERS, cs_fd_make(cs_fd_next_generation(), CS_FD_ANSWERS, 0, 0));
	atomic_store_explicit(&cs_stdio_on, true, memory_order_relaxed);
}

static struct loop *loop_memory(void)
{
	return (void *)((unsigned char *)cs_shim.tables + CS_TABLES_STDIO_BEGIN);
}

/* Whose order is not known any more is not followed any more. */
static bool enter(struct direction *direction)
{
	if (!atomic_exchange_explicit(&direction->busy, 1, memory_order_acquire))
		return true;
	atomic_store_explicit(&cs_stdio_on, false, memory_order_relaxed);
	cs_count(CS_FACT_LOOP_UNSEEN);
	return false;
}

static void leave(struct direction *direction)
{
	atomic_store_explicit(&direction->busy, 0, memory_order_release);
}

/* --- records --- */

static void emit_end(const struct direction *out, uint32_t sequence, uint16_t outcome,
		     uint16_t flags, uint64_t time_ns)
{
	struct cs_rec_invocation_end rec = {
		.first_ns = flags & CS_INVOCATION_UNSEEN ? 0 : out->first_ns,
		.bytes = flags & CS_INVOCATION_UNSEEN ? 0 : out->bytes,
		.source = CS_INVOCATION_STDIO,
		.outcome = outcome,
		.flags = flags,
		.text_len = sizeof(sequence),
		.id_len = sizeof(sequence),
		.headers_offset = sizeof(sequence),
	};

	if (cs_propagate_asked(CS_PROPAGATE_ANY) && outcome != CS_INVOCATION_ACK)
		cs_propagate_ended(CS_CURRENT_STDIO, sequence, 0);
	cs_emit(CS_RECORD_INVOCATION_END, CS_PRIORITY_HIGH, time_ns, &rec, sizeof(rec),
		(const char *)&sequence, sizeof(sequence));
}

/* What was answered unseen: the process asked for more, at @time_ns. */
static void end_unseen(struct loop *loop, uint64_t time_ns)
{
	uint32_t begun = atomic_load_explicit(&loop->begun, memory_order_acquire);
	uint32_t ended = atomic_load_explicit(&loop->ended, memory_order_relaxed);

	while (ended != begun) {
		if (atomic_compare_exchange_weak_explicit(&loop->ended, &ended, ended + 1,
							  memory_order_relaxed,
							  memory_order_relaxed))
			emit_end(&loop->out, ended++, CS_INVOCATION_RESPONSE, CS_INVOCATION_UNSEEN,
				 time_ns);
	}
}

/* --- events --- */

static void begin_event(struct loop *loop)
{
	loop->in.first_ns = cs_now();
	/* Not of one that came with the last, of a proxy that does not wait. */
	if (loop->asked)
		end_unseen(loop, loop->asked_ns);
}

/* Its record; @lines: of ours, behind those of the event. */
static bool emit_event(struct loop *loop, uint32_t sequence, char *lines, uint32_t lines_len)
{
	struct cs_stdio_scan *scan = &loop->in.scan;
	struct cs_rec_invocation rec = {
		.source = CS_INVOCATION_STDIO,
		.text_len = (uint16_t)(sizeof(sequence) + scan->lines.used + lines_len),
		.id_len = sizeof(sequence),
		.flags = (uint16_t)((scan->lines.cut ? CS_REQUEST_HEADERS_CUT : 0) |
				    (scan->web ? CS_INVOCATION_WEB : 0)),
	};

	return cs_emit_parts(CS_RECORD_INVOCATION, CS_PRIORITY_LOW, loop->in.first_ns,
			     (const struct iovec[]){ { &rec, sizeof(rec) },
						     { &sequence, sizeof(sequence) },
						     { scan->text, scan->lines.used },
						     { lines, lines_len } },
			     4);
}

static void emit_handed_on(struct loop *loop, uint32_t sequence)
{
	const struct cs_propagate_begun begun = {
		.key = { sequence, 0, CS_CURRENT_STDIO },
		.lines = loop->in.scan.text,
		.lines_len = loop->in.scan.lines.used,
		.thread = cs_thread_pointer(),
	};
	char lines[CS_PROPAGATE_LINES_MAX];
	struct cs_context context;
	uint32_t added = cs_propagate_begin(&begun, &context, lines);

	cs_propagate_count(&begun, emit_event(loop, sequence, lines, added) ? &context : NULL);
}

static void end_event(struct loop *loop)
{
	uint32_t sequence = atomic_load_explicit(&loop->begun, memory_order_relaxed);

	loop->asked = false;
	if (!cs_stdio_scan_end(&loop->in.scan))
		return;
	if (cs_propagate_asked(CS_PROPAGATE_ANY))
		emit_handed_on(loop, sequence);
	else
		(void)emit_event(loop, sequence, NULL, 0);
	atomic_store_explicit(&loop->begun_ns, loop->in.first_ns, memory_order_relaxed);
	/* pairs with: loop.begun */
	atomic_store_explicit(&loop->begun, sequence + 1, memory_order_release);
}

/* --- answers --- */

/*
 * Which event is answered: the oldest that has no end. An answer that began before the last event had come
 * is of the one before it, whose end was told unseen meanwhile.
 */
static bool answered(struct loop *loop, uint32_t *ret)
{
	uint32_t begun = atomic_load_explicit(&loop->begun, memory_order_acquire);
	uint32_t ended = atomic_load_explicit(&loop->ended, memory_order_relaxed);
	bool last_is_later =
		loop->out.first_ns < atomic_load_explicit(&loop->begun_ns, memory_order_relaxed);

	if (ended != begun && !(last_is_later && ended + 1 == begun)) {
		atomic_store_explicit(&loop->ended, ended + 1, memory_order_relaxed);
		*ret = ended;
		return true;
	}
	*ret = begun - 1 - last_is_later;
	return begun > last_is_later;
}

static void end_answer(struct loop *loop)
{
	struct cs_stdio_scan *scan = &loop->out.scan;
	uint64_t now_ns = cs_now();
	uint32_t sequence = 0;
	uint16_t outcome = CS_INVOCATION_RESPONSE;

	atomic_store_explicit(&loop->writes, true, memory_order_relaxed);
	(void)cs_stdio_scan_end(scan);
	if (!atomic_load_explicit(&loop->begun, memory_order_relaxed))
		outcome = scan->ok ? CS_INVOCATION_ACK : 0;
	else if (!answered(loop, &sequence))
		outcome = 0;
	else if (scan->failed)
		outcome = CS_INVOCATION_ERROR;
	if (!outcome) {
		cs_count(CS_FACT_LOOP_UNSEEN);
		return;
	}
	emit_end(&loop->out, sequence, outcome, 0, now_ns);
	cs_logs_answering();
}

/* --- lines --- */

static void feed(struct loop *loop, struct direction *direction, const unsigned char *data,
		 size_t len, uint64_t begin_ns)
{
	bool in = direction == &loop->in;

	while (len) {
		size_t line = cs_text_until((const char *)data, len, '\n');

		if (line && !direction->within) {
			direction->within = true;
			direction->bytes = 0;
			direction->first_ns = begin_ns;
			cs_stdio_scan_begin(&direction->scan, !in);
			if (in)
				begin_event(loop);
		}
		cs_stdio_scan_feed(&direction->scan, data, line);
		direction->bytes += line;
		data += line;
		len -= line;
		if (!len)
			return;
		data++;
		len--;
		if (!direction->within)
			continue;
		direction->within = false;
		direction->bytes++;
		if (in)
			end_event(loop);
		else
			end_answer(loop);
	}
}

static void pass(struct loop *loop, struct direction *direction, const struct iovec *iov,
		 uint64_t bytes, uint64_t begin_ns)
{
	for (; bytes; iov++) {
		size_t n = iov->iov_len < bytes ? iov->iov_len : bytes;

		feed(loop, direction, iov->iov_base, n, begin_ns);
		bytes -= n;
	}
}

/* @iov NULL: whatever passed may have had the end of a line, or of many. */
static void lose(void)
{
	atomic_store_explicit(&cs_stdio_on, false, memory_order_relaxed);
	cs_count(CS_FACT_LOOP_UNSEEN);
}

static bool may_look(void)
{
	return cs_stdio_wanted() && cs_shim_watching() && cs_tables_may_change();
}

void cs_stdio_asks(void)
{
	struct loop *loop = loop_memory();

	if (!may_look() || loop->in.within)
		return;
	loop->asked_ns = cs_now();
	loop->asked = true;
	if (!atomic_load_explicit(&loop->writes, memory_order_relaxed))
		end_unseen(loop, loop->asked_ns);
}

void cs_stdio_received(const struct iovec *iov, uint64_t bytes)
{
	struct loop *loop = loop_memory();

	if (!may_look())
		return;
	if (!iov) {
		lose();
	} else if (enter(&loop->in)) {
		pass(loop, &loop->in, iov, bytes, 0);
		leave(&loop->in);
	}
}

void cs_stdio_sent(const struct iovec *iov, uint64_t bytes, uint64_t begin_ns)
{
	struct loop *loop = loop_memory();

	if (!may_look())
		return;
	if (!iov) {
		lose();
	} else if (enter(&loop->out)) {
		pass(loop, &loop->out, iov, bytes, begin_ns);
		leave(&loop->out);
	}
}
