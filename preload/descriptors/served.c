/* SPDX-License-Identifier: Apache-2.0 */

#include "preload/descriptors/served.h"

#include "preload/descriptors/follow.h"
#include "preload/events/event_body.h"
#include "preload/events/openwhisk.h"
#include "preload/propagation/propagate.h"

/* Values of cs_conn.wants_body */
enum {
	BODY_UNWANTED,
	BODY_EVENT, /* lambda_scan.h */
	BODY_WHISK, /* openwhisk.h */
};

/* Mostly it is reached: who asks need not be known then. */
static void mark(unsigned which, uint64_t now_ns)
{
	if (!cs_segment_marked(cs_shim.header, which))
		cs_mark_own(which, now_ns);
}

/* What its body is, by its headers, and what is looked for in it. */
static void look_at_body(struct cs_conn *conn, const struct cs_conn_event *event)
{
	struct cs_event_of of = { conn->connection, event->sequence };
	uint8_t flags = conn->request.fields.flags;
	enum cs_scan_form form = CS_SCAN_AZURE;

	if (cs_shim.openwhisk && cs_openwhisk_runs(event->text)) {
		cs_openwhisk_body_begin(conn);
		conn->wants_body = BODY_WHISK;
		return;
	}
	if (!(flags & (CS_HTTP_CLOUD_EVENT | CS_HTTP_CLOUD_EVENTS | CS_HTTP_AZURE_CALL)))
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

static void emit_request(struct cs_conn *conn, const struct cs_conn_event *event)
{
	const struct cs_http_text *text = event->text;
	struct cs_rec_request rec = {
		.connection = conn->connection,
		.sequence = event->sequence,
		.flags = event->flags,
		.socket = conn->socket,
		.method_len = text->method_len,
		.target_len = text->target_len,
		.headers_len = text->headers_len,
		.version = event->version,
	};

	if (conn->owner == (uint32_t)cs_shim.header->pid)
		rec.flags |= CS_REQUEST_OF_FIRST;
	if (cs_conn_was_waited_for(conn))
		rec.flags |= CS_REQUEST_BLOCKING;
	conn->owner = cs_pid();
	mark(CS_MARK_REQUEST, event->time_ns);
	cs_shim_end_init();
	if (cs_propagate_asked(CS_PROPAGATE_ANY))
		cs_propagate_request(event, &rec);
	else
		cs_emit(CS_RECORD_REQUEST, CS_PRIORITY_LOW, event->time_ns, &rec, sizeof(rec),
			text->bytes, cs_http_text_used(text));
	look_at_body(conn, event);
}

/* Mostly its end comes with the same call, and both are one record. */
static void emit_response(struct cs_conn *conn, const struct cs_conn_event *event)
{
	mark(CS_MARK_RESPONSE, event->time_ns);
	if (cs_propagate_asked(CS_PROPAGATE_ANY))
		cs_propagate_answered(CS_CURRENT_HTTP, conn->connection, event->sequence);
	conn->wants_more = 1;
}

/* It goes on: its first byte is told by itself. */
static void tell_more(struct cs_conn *conn)
{
	struct cs_rec_response rec = {
		.connection = conn->connection,
		.sequence = atomic_load_explicit(&conn->responses, memory_order_relaxed),
		.status = conn->response.status,
	};

	conn->wants_more = 0;
	cs_emit(CS_RECORD_RESPONSE, CS_PRIORITY_HIGH, conn->response_ns, &rec, sizeof(rec), NULL,
		0);
}

static void emit_end(struct cs_conn *conn, const struct cs_conn_event *event)
{
	struct cs_rec_response_end rec = {
		.connection = conn->connection,
		.sequence = event->sequence,
		.status = event->status,
		.flags = event->flags,
		.request_bytes = event->request_bytes,
		.response_bytes = event->response_bytes,
	};
	struct cs_rec_response_begin begin = { conn->response_ns };
	uint32_t begin_len = conn->wants_more ? sizeof(begin) : 0;

	conn->wants_more = 0;
	/* A fork child that closes what its parent was asked has nothing to tell. */
	if (!event->response_bytes && conn->owner != cs_pid())
		return;
	mark(CS_MARK_RESPONSE_END, event->time_ns);
	if (cs_propagate_asked(CS_PROPAGATE_ANY))
		cs_propagate_ended(CS_CURRENT_HTTP, rec.connection, rec.sequence);
	cs_emit(CS_RECORD_RESPONSE_END, CS_PRIORITY_HIGH, event->time_ns, &rec, sizeof(rec),
		(const char *)&begin, begin_len);
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

static void emit_probe(const struct cs_conn *conn, const struct cs_conn_event *event)
{
	if (event->type == CS_CONN_REQUEST)
		cs_count(CS_FACT_PROBES);
	if (event->type == CS_CONN_REQUEST || event->type == CS_CONN_RESPONSE_END)
		cs_served_aside(conn->connection, event->sequence,
				event->type == CS_CONN_REQUEST ? 0 : CS_ASIDE_OVER, event->time_ns);
}

static void emit(struct cs_conn *conn, const struct cs_conn_event *event)
{
	if (event->probe) {
		emit_probe(conn, event);
		return;
	}
	if (event->load) {
		cs_openwhisk_load(conn, event);
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

const struct cs_conn_env cs_served_env = {
	.conns = &cs_fds.conns,
	.texts = &cs_fds.texts,
	.emit = emit,
	.content = pass_body,
	.loads = &cs_shim.openwhisk,
	.more = tell_more,
	.now = cs_now,
	.forks = &cs_follow.forks,
};
