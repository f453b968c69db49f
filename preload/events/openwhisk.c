/* SPDX-License-Identifier: Apache-2.0 */

#include "preload/events/openwhisk.h"

#include "preload/descriptors/follow.h"
#include "preload/descriptors/served.h"
#include "preload/events/stdio_scan.h"
#include "preload/http/http_probe.h"
#include "preload/propagation/propagate.h"

_Static_assert(sizeof(struct cs_stdio_scan) <= sizeof(struct cs_http_text), "it is where that was");

/* --- code --- */

static bool marked(unsigned which)
{
	return cs_segment_marked(cs_shim.header, which);
}

/* One that is asked twice refuses the second: that is no failure of the start. */
static void emit_failed(const struct cs_conn_event *event)
{
	struct cs_rec_invocation_end rec = {
		.bytes = event->response_bytes,
		.source = CS_INVOCATION_HTTP,
		.outcome = CS_INVOCATION_INIT_ERROR,
		.status = event->status,
	};

	cs_emit(CS_RECORD_INVOCATION_END, CS_PRIORITY_HIGH, event->time_ns, &rec, sizeof(rec), NULL,
		0);
}

static void answered(const struct cs_conn_event *event)
{
	bool whole = event->status && !(event->flags & CS_RESPONSE_ABORTED);

	if (marked(CS_MARK_LOADED) || !whole)
		return;
	if (event->status >= 200 && event->status < 300)
		cs_mark_own(CS_MARK_LOADED, event->time_ns);
	else
		emit_failed(event);
}

/* Of a fork child nothing is known but that it is busy. */
static void come(const struct cs_conn_event *event)
{
	if (cs_pid() != (uint32_t)cs_shim.header->pid || marked(CS_MARK_LOADED))
		return;
	cs_mark_at(CS_MARK_FETCH, event->time_ns);
	cs_shim_resume_init();
}

void cs_openwhisk_load(const struct cs_conn *conn, const struct cs_conn_event *event)
{
	if (event->type == CS_CONN_REQUEST) {
		come(event);
		cs_served_aside(conn->connection, event->sequence, 0, event->time_ns);
	} else if (event->type == CS_CONN_RESPONSE_END) {
		cs_shim_end_init();
		answered(event);
		cs_served_aside(conn->connection, event->sequence, CS_ASIDE_OVER, event->time_ns);
	}
}

/* --- events --- */

bool cs_openwhisk_runs(const struct cs_http_text *text)
{
	return cs_shim.openwhisk && cs_http_is_post(text, CS_HTTP_WHISK_RUN);
}

void cs_openwhisk_body_begin(struct cs_conn *conn)
{
	cs_stdio_scan_begin(cs_conn_scratch(&cs_served_env, conn), false);
}

void cs_openwhisk_body_pass(struct cs_conn *conn, const unsigned char *data, size_t len)
{
	struct cs_stdio_scan *scan = cs_conn_scratch(&cs_served_env, conn);

	if (data)
		cs_stdio_scan_feed(scan, data, len);
	else
		scan->lines.dead = scan->lines.cut = true; /* what is whole by now is kept */
}

void cs_openwhisk_body_end(struct cs_conn *conn, uint32_t sequence)
{
	struct cs_stdio_scan *scan = cs_conn_scratch(&cs_served_env, conn);
	struct {
		struct cs_rec_event rec;
		unsigned char of[CS_EVENT_OF_BYTES];
	} head = { .rec = { .messages = 1,
			    .source = CS_INVOCATION_HTTP,
			    .service = CS_EVENT_OPENWHISK,
			    .id_len = CS_EVENT_OF_BYTES } };
	struct cs_event_of of = { conn->connection, sequence };
	const struct cs_current_key key = { conn->connection, sequence, CS_CURRENT_HTTP };
	bool whole = cs_stdio_scan_end(scan), told;

	head.rec.flags =
		(uint16_t)((scan->lines.cut ? CS_EVENT_CUT : 0) | (scan->web ? CS_EVENT_WEB : 0));
	head.rec.text_len = (uint16_t)(CS_EVENT_OF_BYTES + scan->lines.used);
	__builtin_memcpy(head.of, &of, CS_EVENT_OF_BYTES);
	told = !whole || cs_emit_parts(CS_RECORD_EVENT, CS_PRIORITY_LOW, cs_now(),
				       (const struct iovec[]){
					       { &head, sizeof(head.rec) + CS_EVENT_OF_BYTES },
					       { scan->text, scan->lines.used } },
				       2);
	if (told && cs_propagate_asked(CS_PROPAGATE_ANY))
		cs_propagate_settle(&key, scan->text, whole ? scan->lines.used : 0);
}
