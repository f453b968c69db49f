/* SPDX-License-Identifier: Apache-2.0 */

#include "preload/descriptors/served.h"

#include "preload/descriptors/follow.h"
#include "preload/events/event_body.h"
#include "preload/events/openwhisk.h"
#include "preload/http/conn_receive.h"
#include "preload/http/conn_send.h"
#include "preload/layout.h"
#include "preload/propagation/propagate.h"

/* Values of cs_conn.wants_body */
enum {
	BODY_UNWANTED,
	BODY_EVENT, /* lambda_scan.h */
	BODY_WHISK, /* openwhisk.h */
};

#define SERVED static inline __attribute__((always_inline))

/* Mostly it is reached: who asks need not be known then. */
SERVED void mark(unsigned which, uint64_t now_ns)
{
	if (!cs_segment_marked(cs_shim.header, which))
		cs_mark_own(which, now_ns);
}

#define EVENT_FLAGS (CS_HTTP_CLOUD_EVENT | CS_HTTP_CLOUD_EVENTS | CS_HTTP_AZURE_CALL)

/* What its body is, by its headers, and what is looked for in it. */
static __attribute__((noinline)) void look_at_body(struct cs_conn *conn, uint32_t sequence,
						   const struct cs_http_text *text)
{
	struct cs_event_of of = { conn->connection, sequence };
	uint8_t flags = conn->request.fields.flags;
	enum cs_scan_form form = CS_SCAN_AZURE;

	if (cs_shim.openwhisk && cs_openwhisk_runs(text)) {
		cs_openwhisk_body_begin(conn);
		conn->wants_body = BODY_WHISK;
		return;
	}
	if (!(flags & EVENT_FLAGS))
		return;
	if (flags & CS_HTTP_CLOUD_EVENT)
		form = CS_SCAN_CLOUD_EVENT;
	else if (flags & CS_HTTP_CLOUD_EVENTS)
		form = CS_SCAN_CLOUD_EVENTS;
	cs_lambda_scan_begin(cs_conn_scratch(&cs_served_env, conn), form, (const char *)&of,
			     CS_EVENT_OF_BYTES);
	conn->wants_body = BODY_EVENT;
}

static void pass_body(struct cs_conn *conn, const unsigned char *data, size_t len)
{
	if (conn->wants_body == BODY_WHISK)
		cs_openwhisk_body_pass(conn, data, len);
	else
		cs_event_body_pass(cs_conn_scratch(&cs_served_env, conn), CS_INVOCATION_HTTP, data,
				   len);
}

static void end_body(struct cs_conn *conn, uint32_t sequence)
{
	size_t len;

	if (conn->wants_body == BODY_WHISK)
		cs_openwhisk_body_end(conn, sequence);
	else
		(void)cs_event_body_end(cs_conn_scratch(&cs_served_env, conn), CS_INVOCATION_HTTP,
					&len);
}

/*
 * What is rare stands apart, and is told of an event what it needs: so the compiler keeps the event in registers
 * everywhere else.
 */
static __attribute__((noinline)) void hand_on(struct cs_rec_request *rec, uint64_t time_ns,
					      const struct cs_http_text *text, unsigned char *head,
					      uint32_t head_bytes)
{
	struct cs_conn_event event = {
		.time_ns = time_ns,
		.text = text,
		.head = head,
		.head_bytes = head_bytes,
	};

	cs_propagate_request(&event, rec);
}

SERVED void fill_request(struct cs_rec_request *rec, const struct cs_conn *conn,
			 const struct cs_conn_event *event, uint32_t flags)
{
	const struct cs_http_kept *kept = &event->kept;

	*rec = (struct cs_rec_request){
		.connection = conn->connection,
		.sequence = event->sequence,
		.flags = flags,
		.socket = conn->socket,
		.method_len = kept->method_len,
		.target_len = kept->target_len,
		.headers_len = kept->headers_len,
		.version = event->version,
	};
}

SERVED void write_request(const struct cs_conn *conn, const struct cs_conn_event *event,
			  uint32_t flags)
{
	const struct cs_http_kept *kept = &event->kept;
	const uint32_t fixed = sizeof(struct cs_rec_request);
	const uint32_t text = cs_http_kept_used(kept);
	struct cs_claim claim;
	unsigned char *payload;

	if (!cs_emit_claim(CS_RECORD_REQUEST, CS_PRIORITY_LOW, event->time_ns, fixed + text,
			   &claim))
		return;
	payload = (unsigned char *)(claim.record + 1);
	fill_request((void *)payload, conn, event, flags);
	__builtin_memcpy(payload + fixed, kept->bytes, text);
	cs_ring_commit(&claim);
}

SERVED void emit_request(struct cs_conn *conn, const struct cs_conn_event *event)
{
	uint32_t flags = event->flags;

	if (conn->owner == (uint32_t)cs_shim.header->pid)
		flags |= CS_REQUEST_OF_FIRST;
	if (cs_conn_was_waited_for(conn))
		flags |= CS_REQUEST_BLOCKING;
	conn->owner = cs_pid();
	mark(CS_MARK_REQUEST, event->time_ns);
	cs_shim_end_init();
	if (cs_propagate_asked(CS_PROPAGATE_ANY)) {
		struct cs_rec_request rec;

		fill_request(&rec, conn, event, flags);
		hand_on(&rec, event->time_ns, event->text, event->head, event->head_bytes);
	} else {
		write_request(conn, event, flags);
	}
	if (event->text && (cs_shim.openwhisk || conn->request.fields.flags & EVENT_FLAGS))
		look_at_body(conn, event->sequence, event->text);
}

/* Mostly its end comes with the same call, and both are one record. */
SERVED void emit_response(struct cs_conn *conn, const struct cs_conn_event *event)
{
	mark(CS_MARK_RESPONSE, event->time_ns);
	if (cs_propagate_asked(CS_PROPAGATE_ANY))
		cs_propagate_answered(CS_CURRENT_HTTP, conn->connection, event->sequence);
	conn->wants_more = 1;
}

/* It goes on: its first byte is told by itself. */
SERVED void tell_more(struct cs_conn *conn)
{
	struct cs_rec_response *rec;
	struct cs_claim claim;

	conn->wants_more = 0;
	if (!cs_emit_claim(CS_RECORD_RESPONSE, CS_PRIORITY_HIGH, conn->response_ns, sizeof(*rec),
			   &claim))
		return;
	rec = (void *)(claim.record + 1);
	*rec = (struct cs_rec_response){
		.connection = conn->connection,
		.sequence = atomic_load_explicit(&conn->responses, memory_order_relaxed),
		.status = conn->response.status,
	};
	cs_ring_commit(&claim);
}

SERVED void write_end(const struct cs_conn *conn, const struct cs_conn_event *event, bool begins)
{
	struct cs_rec_response_begin begin = { conn->response_ns };
	struct cs_rec_response_end *rec;
	struct cs_claim claim;

	if (!cs_emit_claim(CS_RECORD_RESPONSE_END, CS_PRIORITY_HIGH, event->time_ns,
			   (uint32_t)(sizeof(*rec) + (begins ? sizeof(begin) : 0)), &claim))
		return;
	rec = (void *)(claim.record + 1);
	*rec = (struct cs_rec_response_end){
		.connection = conn->connection,
		.sequence = event->sequence,
		.status = event->status,
		.flags = event->flags,
		.request_bytes = event->request_bytes,
		.response_bytes = event->response_bytes,
	};
	if (begins)
		__builtin_memcpy(rec + 1, &begin, sizeof(begin));
	cs_ring_commit(&claim);
}

SERVED void emit_end(struct cs_conn *conn, const struct cs_conn_event *event)
{
	bool begins = conn->wants_more;

	conn->wants_more = 0;
	/* A fork child that closes what its parent was asked has nothing to tell. */
	if (!event->response_bytes && conn->owner != cs_pid())
		return;
	mark(CS_MARK_RESPONSE_END, event->time_ns);
	if (cs_propagate_asked(CS_PROPAGATE_ANY))
		cs_propagate_ended(CS_CURRENT_HTTP, conn->connection, event->sequence);
	write_end(conn, event, begins);
}

void cs_served_aside(uint64_t connection, uint32_t sequence, unsigned flags, uint64_t time_ns)
{
	struct cs_rec_aside rec = {
		.connection = connection,
		.sequence = sequence,
		.flags = (uint16_t)flags,
	};

	if (cs_propagate_asked(CS_PROPAGATE_ANY))
		cs_propagate_aside(connection, sequence, flags & CS_ASIDE_OVER);
	cs_emit(CS_RECORD_ASIDE, CS_PRIORITY_LOW, time_ns, &rec, sizeof(rec), NULL, 0);
}

static __attribute__((noinline)) void emit_probe(const struct cs_conn *conn,
						 enum cs_conn_event_type type, uint32_t sequence,
						 uint64_t time_ns)
{
	if (type == CS_CONN_REQUEST)
		cs_count(CS_FACT_PROBES);
	if (type == CS_CONN_REQUEST || type == CS_CONN_RESPONSE_END)
		cs_served_aside(conn->connection, sequence,
				type == CS_CONN_REQUEST ? 0 : CS_ASIDE_OVER, time_ns);
}

static __attribute__((noinline)) void emit_load(const struct cs_conn *conn,
						enum cs_conn_event_type type, uint32_t sequence,
						uint64_t time_ns, uint64_t response_bytes,
						uint32_t status_flags)
{
	struct cs_conn_event event = {
		.type = type,
		.sequence = sequence,
		.time_ns = time_ns,
		.response_bytes = response_bytes,
		.status = (uint16_t)(status_flags >> 16),
		.flags = (uint16_t)status_flags,
	};

	cs_openwhisk_load(conn, &event);
}

SERVED void emit_event(struct cs_conn *conn, const struct cs_conn_event *event)
{
	if (event->probe) {
		emit_probe(conn, event->type, event->sequence, event->time_ns);
		return;
	}
	if (event->load) {
		emit_load(conn, event->type, event->sequence, event->time_ns, event->response_bytes,
			  (uint32_t)event->status << 16 | event->flags);
		return;
	}
	switch (event->type) {
	case CS_CONN_REQUEST:
		emit_request(conn, event);
		break;
	case CS_CONN_REQUEST_END:
		end_body(conn, event->sequence);
		break;
	case CS_CONN_RESPONSE:
		emit_response(conn, event);
		break;
	case CS_CONN_RESPONSE_END:
		emit_end(conn, event);
		break;
	case CS_CONN_HEAD_UNFOLLOWED:
		cs_count(CS_FACT_HEADS_UNFOLLOWED);
		break;
	case CS_CONN_ASIDE:
		cs_served_aside(conn->connection, CS_ASIDE_CONNECTION, 0, event->time_ns);
		break;
	case CS_CONN_ASIDE_OVER:
		cs_served_aside(conn->connection, CS_ASIDE_CONNECTION, CS_ASIDE_OVER,
				event->time_ns);
		break;
	}
}

/* What is to be changed, or looked at for more than its ids, is told with its text. */
SERVED bool remembers(void)
{
	return !cs_propagate_asked(CS_PROPAGATE_ANY) && !cs_shim.openwhisk;
}

const struct cs_conn_env cs_served_env = {
	.conns = &cs_fds.conns,
	.texts = &cs_fds.texts,
	.emit = emit_event,
	.content = pass_body,
	.remembers = remembers,
	.memos = &cs_fds.memos,
	.loads = &cs_shim.openwhisk,
	.more = tell_more,
	.now = cs_now,
	.forks = &cs_follow.forks,
};

/* What the compiler knows of it: the two below are all of the hot path in one piece each. It is nowhere in memory. */
static const struct cs_conn_env here = {
	.general = &cs_served_env,
	.conns = &cs_fds.conns,
	.texts = &cs_fds.texts,
	.emit = emit_event,
	.content = pass_body,
	.remembers = remembers,
	.memos = &cs_fds.memos,
	.loads = &cs_shim.openwhisk,
	.more = tell_more,
	.now = cs_now,
	.forks = &cs_follow.forks,
};

CS_HOT void cs_served_received(struct cs_conn *conn, uint32_t generation, const struct iovec *iov,
			       uint64_t bytes, uint64_t now_ns)
{
	cs_conn_received_by(&here, conn, generation, iov, bytes, now_ns);
}

CS_HOT void cs_served_sent(struct cs_conn *conn, uint32_t generation, const struct iovec *iov,
			   uint64_t bytes, uint64_t begin_ns)
{
	cs_conn_sent_by(&here, conn, generation, iov, bytes, begin_ns, 0);
}
