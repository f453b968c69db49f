/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The Lambda Runtime API as its client sees it; see lambda.h. An invocation begins when the head of
 * the response to `next` has come, and ends when its answer has gone out, wherever that happens.
 */
#include "preload/events/lambda.h"

#include <sys/socket.h>

#include "preload/descriptors/follow.h"
#include "preload/descriptors/logs.h"
#include "preload/events/event_body.h"
#include "preload/events/lambda_call.h"
#include "preload/events/lambda_scan.h"
#include "preload/hooks/borrowed.h"
#include "preload/propagation/propagate.h"
#include "preload/sys.h"

_Static_assert(sizeof(struct cs_lambda_scan) <= sizeof(struct cs_http_text) &&
		       _Alignof(struct cs_lambda_scan) <= 4,
	       "it lies in a connection's scratch memory");

static struct cs_lambda_scan *scan_of(const struct cs_conn *conn)
{
	return cs_conn_scratch(&cs_lambda_env, conn);
}

static void look_at_event(struct cs_conn *conn, const unsigned char *data, size_t len)
{
	cs_event_body_pass(scan_of(conn), CS_INVOCATION_LAMBDA, data, len);
}

/* How an event is known to hooks. */
static struct cs_current_key key_of(const char *id, size_t len)
{
	return (struct cs_current_key){ cs_propagate_hash(id, len), 0, CS_CURRENT_LAMBDA };
}

/* A body that is not whole is no event to anybody. */
static void event_came(struct cs_conn *conn, const struct cs_conn_event *event)
{
	struct cs_lambda_scan *scan = scan_of(conn);
	struct cs_current_key key;
	size_t len;

	if (event->flags & (CS_RESPONSE_ABORTED | CS_RESPONSE_UNFOLLOWED) ||
	    !cs_event_body_end(scan, CS_INVOCATION_LAMBDA, &len) ||
	    !cs_propagate_asked(CS_PROPAGATE_ANY))
		return;
	/* Who called stands in its headers, if it has any; who sent a message of a batch is not who. */
	key = key_of(scan->text, scan->id_len);
	cs_propagate_settle(&key, scan->text + scan->id_len, scan->batch ? 0 : len);
}

/*
 * It asked for an event. A program that does no more (curl, of a shell's loop) may write the event to
 * its standard output: only of who answers, too, that is a log.
 */
static _Atomic bool has_asked;

/* Whose trace it is is known when its body has come. */
static void emit_handed_on(const struct cs_conn_event *event, struct cs_rec_invocation *rec)
{
	const struct cs_http_text *text = event->text;
	const struct cs_propagate_begun begun = {
		.key = key_of(text->bytes + rec->id_offset, rec->id_len),
		.lines = text->bytes,
		.thread = cs_thread_pointer(),
		.how = CS_CURRENT_DEFERRED,
	};
	char lines[CS_PROPAGATE_LINES_MAX];
	struct cs_context context;
	uint32_t added = cs_propagate_begin(&begun, &context, lines);
	const struct iovec parts[] = {
		{ rec, sizeof(*rec) },
		{ (char *)(uintptr_t)text->bytes, text->headers_len },
		{ lines, added },
	};

	rec->text_len = (uint16_t)(rec->text_len + added);
	cs_propagate_count(&begun, cs_emit_parts(CS_RECORD_INVOCATION, CS_PRIORITY_LOW,
						 event->time_ns, parts, 3)
					   ? &context
					   : NULL);
}

/* The event is on its way to the runtime: its head is complete. */
static void emit_begin(struct cs_conn *conn, const struct cs_conn_event *event)
{
	const struct cs_http_text *text = event->text;
	struct cs_lambda_part id;
	struct cs_rec_invocation rec = {
		.asked_ns = conn->first_byte_ns,
		.source = CS_INVOCATION_LAMBDA,
	};

	if (event->status != 200 || !text || !cs_lambda_event_id(text, &id))
		return;
	rec.flags = text->flags;
	rec.text_len = text->headers_len;
	rec.id_offset = id.offset;
	rec.id_len = id.len;
	if (cs_propagate_asked(CS_PROPAGATE_ANY))
		emit_handed_on(event, &rec);
	else
		cs_emit(CS_RECORD_INVOCATION, CS_PRIORITY_LOW, event->time_ns, &rec, sizeof(rec),
			text->bytes, text->headers_len);
	if (id.len > CS_LAMBDA_SCAN_ID)
		return;
	cs_lambda_scan_begin(scan_of(conn), CS_SCAN_LAMBDA, text->bytes + id.offset, id.len);
	conn->wants_body = 1;
}

/* 0: it is the answer to nothing. */
static uint16_t outcome_of(enum cs_lambda_call call)
{
	switch (call) {
	case CS_LAMBDA_RESPONSE:
		return CS_INVOCATION_RESPONSE;
	case CS_LAMBDA_ERROR:
		return CS_INVOCATION_ERROR;
	case CS_LAMBDA_INIT_ERROR:
		return CS_INVOCATION_INIT_ERROR;
	case CS_LAMBDA_RESTORE_ERROR:
		return CS_INVOCATION_RESTORE_ERROR;
	case CS_LAMBDA_NEXT:
	case CS_LAMBDA_RESTORE_NEXT:
	case CS_LAMBDA_REGISTER:
	case CS_LAMBDA_OTHER:
		break;
	}
	return 0;
}

/* @text: of the request that was the answer. */
static void emit_end(const struct cs_conn *conn, const struct cs_conn_event *event,
		     const struct cs_http_text *text, uint64_t time_ns)
{
	struct cs_lambda_part id = { 0 };
	enum cs_lambda_call call = cs_lambda_call_of(text, &id);
	struct cs_rec_invocation_end rec = {
		.first_ns = conn->first_byte_ns,
		.bytes = event->request_bytes,
		.source = CS_INVOCATION_LAMBDA,
		.outcome = outcome_of(call),
		.flags = event->type == CS_CONN_RESPONSE ? CS_INVOCATION_REFUSED
			 : event->failed                 ? CS_INVOCATION_BROKEN
							 : 0,
		.status = event->status,
		.id_len = id.len,
	};
	uint16_t headers = (uint16_t)(text->method_len + text->target_len);
	uint16_t from = id.len ? id.offset : headers; /* what is before the id is always the same */

	if (!rec.outcome)
		return;
	if (atomic_load_explicit(&has_asked, memory_order_relaxed))
		cs_logs_serving();
	if (cs_propagate_asked(CS_PROPAGATE_ANY) && id.len)
		cs_propagate_ended(CS_CURRENT_LAMBDA,
				   cs_propagate_hash(text->bytes + id.offset, id.len), 0);
	rec.headers_offset = (uint16_t)(headers - from);
	rec.text_len = (uint16_t)(rec.headers_offset + text->headers_len);
	cs_emit(CS_RECORD_INVOCATION_END, CS_PRIORITY_HIGH, time_ns, &rec, sizeof(rec),
		text->bytes + from, rec.text_len);
}

static void asks(const struct cs_conn_event *event)
{
	struct cs_lambda_part id;
	enum cs_lambda_call call = cs_lambda_call_of(event->text, &id);

	if (call == CS_LAMBDA_RESTORE_NEXT)
		cs_mark_own(CS_MARK_RESTORE_NEXT, event->time_ns);
	if (call == CS_LAMBDA_REGISTER)
		cs_mark_own(CS_MARK_EXTENSION, event->time_ns);
	if (call != CS_LAMBDA_NEXT)
		return;
	cs_mark_own(CS_MARK_NEXT, event->time_ns);
	atomic_store_explicit(&has_asked, true, memory_order_relaxed);
	cs_shim_end_init();
}

static void is_answered(struct cs_conn *conn, const struct cs_conn_event *event)
{
	const struct cs_http_text *asked = cs_conn_asked(&cs_lambda_env, conn);
	struct cs_lambda_part id;
	enum cs_lambda_call call;

	if (!asked)
		return;
	call = cs_lambda_call_of(asked, &id);
	if (call == CS_LAMBDA_NEXT)
		emit_begin(conn, event);
	else if (call == CS_LAMBDA_RESTORE_NEXT && event->status == 200)
		cs_mark_own(CS_MARK_RESTORE, event->time_ns);
	else if (event->status >= 300)
		emit_end(conn, event, asked, event->time_ns);
}

static void emit(struct cs_conn *conn, const struct cs_conn_event *event)
{
	switch (event->type) {
	case CS_CONN_REQUEST:
		asks(event);
		break;
	case CS_CONN_REQUEST_END:
		emit_end(conn, event, event->text, cs_now());
		break;
	case CS_CONN_RESPONSE:
		is_answered(conn, event);
		break;
	case CS_CONN_RESPONSE_END:
		if (conn->wants_body)
			event_came(conn, event);
		break;
	case CS_CONN_HEAD_UNFOLLOWED:
		cs_count(CS_FACT_HEADS_UNFOLLOWED);
		break;
	case CS_CONN_ASIDE:
	case CS_CONN_ASIDE_OVER:
		break;
	}
}

const struct cs_conn_env cs_lambda_env = {
	.conns = &cs_fds.conns,
	.texts = &cs_fds.texts,
	.emit = emit,
	.content = look_at_event,
	.forks = &cs_follow.forks,
	.caller = true,
};

void cs_lambda_connected(int fd, const struct sockaddr *address, uint32_t len)
{
	uint32_t generation, index = CS_POOL_NONE;

	if (!cs_lambda_api_is(&cs_shim.lambda, address, len) || !cs_tables_may_change() ||
	    cs_fd_kind(cs_fd_word(fd)) == CS_FD_CALLER)
		return;
	cs_follow_forget(fd, false);
	generation = cs_fd_next_generation();
	if ((uint32_t)fd < cs_fds.count)
		index = cs_conn_open(&cs_lambda_env, generation, fd, 0);
	if (index == CS_POOL_NONE) {
		cs_count(CS_FACT_FDS_UNFOLLOWED);
		return;
	}
	cs_fd_replace(fd, cs_fd_make(generation, CS_FD_CALLER, index, 0));
}

void cs_lambda_sent(uint64_t word, const struct iovec *iov, uint64_t bytes, uint64_t begin_ns)
{
	cs_conn_received(&cs_lambda_env, cs_fd_conn(word), cs_fd_generation(word), iov, bytes,
			 begin_ns);
}

void cs_lambda_received(uint64_t word, const struct iovec *iov, uint64_t bytes)
{
	uint64_t now_ns = cs_now();

	cs_conn_sent(&cs_lambda_env, cs_fd_conn(word), cs_fd_generation(word), iov, bytes, now_ns,
		     now_ns);
}
