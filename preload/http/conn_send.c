/* SPDX-License-Identifier: Apache-2.0 */

/* The direction of a connection in which responses go; see conn_ways.h. */
#include "preload/http/conn_ways.h"

#include "preload/wire/records.h"

void cs_conn_put_response_text(const struct cs_conn_env *env, struct cs_conn *conn)
{
	if (conn->response_text != CS_POOL_NONE)
		cs_pool_put(env->texts, conn->response_text);
	conn->response_text = CS_POOL_NONE;
}

/* The answer to the oldest outstanding request is over. */
static void end_response(const struct cs_conn_env *env, struct cs_conn *conn, uint16_t flags,
			 uint64_t now_ns)
{
	uint32_t sequence = atomic_load_explicit(&conn->responses, memory_order_relaxed);
	uint64_t received = cs_conn_received_of(conn, sequence);
	struct cs_conn_event event = {
		.type = CS_CONN_RESPONSE_END,
		.sequence = sequence,
		.time_ns = cs_conn_time(env, now_ns),
		.request_bytes = received >> CS_CONN_RECEIVED_BITS,
		.flags = flags,
		.probe = received & CS_CONN_TO_PROBE,
		.load = received & CS_CONN_TO_LOAD,
	};

	if (conn->sending != CS_CONN_NOTHING)
		event.response_bytes = conn->response_bytes;
	if (conn->sending == CS_CONN_HEAD_TOLD)
		event.status = conn->response.status;
	env->emit(conn, &event);
	if (env->caller) {
		cs_conn_put_response_text(env, conn);
		conn->wants_body = 0;
	}
	conn->sending = CS_CONN_NOTHING;
	/* pairs with: conn.responses; the slot may be used again */
	atomic_store_explicit(&conn->responses, sequence + 1, memory_order_release);
	conn->behind = cs_conn_outstanding(conn) & 0xf; /* CS_CONN_PIPELINE at most */
}

static struct cs_http_text *response_text(const struct cs_conn_env *env, const struct cs_conn *conn)
{
	struct cs_conn_text *text;

	if (!env->caller || conn->response_text == CS_POOL_NONE)
		return NULL;
	text = cs_pool_item(env->texts, conn->response_text);
	return &text->text;
}

static void tell_response(const struct cs_conn_env *env, struct cs_conn *conn, uint16_t status)
{
	uint32_t sequence = atomic_load_explicit(&conn->responses, memory_order_relaxed);
	uint64_t received = cs_conn_received_of(conn, sequence);
	struct cs_conn_event event = {
		.type = CS_CONN_RESPONSE,
		.sequence = sequence,
		.time_ns = conn->response_ns,
		.status = status,
		.probe = received & CS_CONN_TO_PROBE,
		.load = received & CS_CONN_TO_LOAD,
		.text = response_text(env, conn),
	};

	env->emit(conn, &event);
	if (env->caller && !conn->wants_body)
		cs_conn_put_response_text(env, conn);
}

void cs_conn_end_all(const struct cs_conn_env *env, struct cs_conn *conn, bool lost,
		     uint64_t now_ns)
{
	uint32_t forks = atomic_load_explicit(env->forks, memory_order_relaxed);
	bool passed = atomic_load_explicit(&conn->state, memory_order_relaxed) & CS_CONN_SHARED;
	bool shared = passed || forks != conn->forks;

	while (cs_conn_outstanding(conn)) {
		uint16_t flags = CS_RESPONSE_ABORTED;

		if (conn->sending == CS_CONN_HEAD_BEGUN)
			tell_response(env, conn, 0);
		if (lost)
			flags = CS_RESPONSE_UNFOLLOWED;
		else if (conn->sending == CS_CONN_HEAD_TOLD && !passed &&
			 (uint16_t)forks == conn->response_forks &&
			 cs_http_response_ends_by_close(&conn->response))
			flags = CS_RESPONSE_CLOSED;
		else if (shared)
			flags = CS_RESPONSE_UNFOLLOWED; /* who else has it may answer, or go on */
		else if (conn->sending == CS_CONN_NOTHING && conn->behind)
			flags = CS_RESPONSE_UNFOLLOWED; /* it need not have been looked at */
		end_response(env, conn, flags, now_ns);
	}
}

/* What a caller keeps of the head. Interim responses have left nothing in it. */
static void begin_response_text(const struct cs_conn_env *env, struct cs_conn *conn)
{
	struct cs_http_text *text;

	if (conn->response_text == CS_POOL_NONE)
		conn->response_text = cs_pool_take(env->texts);
	text = response_text(env, conn);
	if (text)
		cs_http_text_clear(text);
}

/* Bytes go out: the first of a response, if none has begun. Not without a request. */
static bool begin_response(const struct cs_conn_env *env, struct cs_conn *conn, uint64_t begin_ns)
{
	uint32_t sequence = atomic_load_explicit(&conn->responses, memory_order_relaxed);
	uint64_t received;

	if (conn->sending != CS_CONN_NOTHING)
		return true;
	if (!cs_conn_outstanding(conn))
		return false;
	received = cs_conn_received_of(conn, sequence);
	cs_http_response_init(&conn->response, received & CS_CONN_TO_HEAD);
	conn->response.to_connect = received & CS_CONN_TO_CONNECT;
	conn->sending = CS_CONN_HEAD_BEGUN;
	conn->response_ns = begin_ns;
	conn->response_bytes = 0;
	conn->response_forks = (uint16_t)atomic_load_explicit(env->forks, memory_order_relaxed);
	if (env->caller)
		begin_response_text(env, conn);
	return true;
}

uint64_t cs_conn_transmit(const struct cs_conn_env *env, struct cs_conn *conn,
			  const unsigned char *data, uint64_t bytes, uint64_t begin_ns,
			  uint64_t end_ns)
{
	while (bytes) {
		enum cs_http_verdict verdict;
		uint64_t part = bytes;
		size_t used;

		if (!begin_response(env, conn, begin_ns))
			return CS_CONN_LOST;
		if (env->caller && conn->wants_body)
			part = cs_conn_show(env, conn, data,
					    cs_http_response_content(&conn->response, bytes));
		verdict = cs_http_response_feed(&conn->response, response_text(env, conn), data,
						part, &used);
		bytes -= used;
		if (data)
			data += used;
		conn->response_bytes += used;
		switch (verdict) {
		case CS_HTTP_MORE:
			if (cs_http_response_idle(&conn->response))
				conn->sending = CS_CONN_NOTHING; /* it was an interim one */
			break;
		case CS_HTTP_HEAD:
			tell_response(env, conn, conn->response.status);
			conn->sending = CS_CONN_HEAD_TOLD;
			if (!cs_http_response_over(&conn->response))
				break;
			end_response(env, conn, 0, end_ns);
			if (!cs_http_response_tunnel(&conn->response))
				break;
			if (!env->raw_tunnel || bytes)
				return CS_CONN_LOST; /* another protocol follows */
			env->raw_tunnel(conn);
			break;
		case CS_HTTP_END:
			end_response(env, conn, 0, end_ns);
			break;
		case CS_HTTP_NOT_HTTP:
		case CS_HTTP_UNFOLLOWED:
			cs_conn_end_all(env, conn, true, end_ns);
			return CS_CONN_LOST;
		}
	}
	return 0;
}
