/* SPDX-License-Identifier: Apache-2.0 */

/* The direction of a connection in which responses go; see conn_ways.h. */
#pragma once

#include "preload/http/conn_ways.h"
#include "preload/wire/records.h"

/* The answer to the oldest outstanding request is over. */
CS_CONN_WAY void cs_conn_end_response(const struct cs_conn_env *env, struct cs_conn *conn,
				      uint16_t flags, uint64_t now_ns)
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

CS_CONN_WAY struct cs_http_text *response_text(const struct cs_conn_env *env,
					       const struct cs_conn *conn)
{
	struct cs_conn_text *text;

	if (!env->caller || conn->response_text == CS_POOL_NONE)
		return NULL;
	text = cs_pool_item(env->texts, conn->response_text);
	return &text->text;
}

CS_CONN_WAY void cs_conn_tell_response(const struct cs_conn_env *env, struct cs_conn *conn,
				       uint16_t status)
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

/* What a caller keeps of the head. Interim responses have left nothing in it. */
CS_CONN_WAY void begin_response_text(const struct cs_conn_env *env, struct cs_conn *conn)
{
	struct cs_http_text *text;

	if (conn->response_text == CS_POOL_NONE)
		conn->response_text = cs_pool_take(env->texts);
	text = response_text(env, conn);
	if (text)
		cs_http_text_clear(text);
}

/* Bytes go out: the first of a response, if none has begun. Not without a request. */
CS_CONN_WAY bool begin_response(const struct cs_conn_env *env, struct cs_conn *conn,
				uint64_t begin_ns)
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
	/* UNTIMED: a request has come since the clock was left alone, and was answered behind the last one. */
	conn->response_ns = cs_conn_time(env, begin_ns == CS_CONN_UNTIMED ? 0 : begin_ns);
	conn->response_bytes = 0;
	conn->response_forks = (uint16_t)atomic_load_explicit(env->forks, memory_order_relaxed);
	if (env->caller)
		begin_response_text(env, conn);
	return true;
}

/* The next bytes of a response. One of a server's is mostly like the last. */
CS_CONN_WAY enum cs_http_verdict feed(const struct cs_conn_env *env, struct cs_conn *conn,
				      const unsigned char *data, uint64_t bytes, size_t *ret_used)
{
	bool fresh = !env->caller && data && conn->sending == CS_CONN_HEAD_BEGUN &&
		     cs_http_response_idle(&conn->response);
	enum cs_http_verdict verdict;

	if (fresh)
		*ret_used = cs_http_memo_feed(&conn->memo, &conn->response, data, bytes, &verdict);
	if (fresh && *ret_used)
		return verdict;
	verdict = cs_http_response_feed(&conn->response, response_text(env, conn), data, bytes,
					ret_used);
	if (fresh && verdict == CS_HTTP_HEAD && conn->response.head_bytes == *ret_used)
		cs_http_memo_keep(&conn->memo, &conn->response, data, *ret_used);
	return verdict;
}

CS_CONN_WAY uint64_t cs_conn_transmit(const struct cs_conn_env *env, struct cs_conn *conn,
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
			part = cs_conn_show(cs_conn_rare(env), conn, data,
					    cs_http_response_content(&conn->response, bytes));
		verdict = feed(env, conn, data, part, &used);
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
			cs_conn_tell_response(env, conn, conn->response.status);
			conn->sending = CS_CONN_HEAD_TOLD;
			if (!cs_http_response_over(&conn->response))
				break;
			if (cs_http_response_tunnel(&conn->response)) {
				cs_conn_end_http(cs_conn_rare(env), conn, data, used, end_ns);
				if (!env->raw_tunnel || bytes)
					return CS_CONN_LOST; /* another protocol follows */
				env->raw_tunnel(conn);
				break;
			}
			__attribute__((fallthrough));
		case CS_HTTP_END:
			cs_conn_end_response(env, conn, 0, end_ns);
			break;
		case CS_HTTP_NOT_HTTP:
		case CS_HTTP_UNFOLLOWED:
			cs_conn_end_all(cs_conn_rare(env), conn, true, end_ns);
			return CS_CONN_LOST;
		}
	}
	return 0;
}

CS_CONN_WAY uint64_t take_out(const struct cs_conn_env *env, struct cs_conn *conn,
			      const unsigned char *data, uint64_t bytes, uint64_t begin_ns,
			      uint64_t end_ns)
{
	enum cs_conn_raw_verdict verdict =
		env->raw_in ? env->raw_in(env, conn, data, bytes, end_ns) : CS_CONN_RAW_HTTP;

	return verdict == CS_CONN_RAW_HTTP
		       ? cs_conn_transmit(env, conn, data, bytes, begin_ns, end_ns)
		       : cs_conn_raw_lost(verdict);
}

/* Of cs_conn.state, what the next write need not ask the clock for. */
CS_CONN_WAY uint64_t answering(const struct cs_conn *conn)
{
	return conn->sending == CS_CONN_HEAD_TOLD && cs_conn_outstanding(conn) == 1
		       ? CS_CONN_ANSWERING
		       : 0;
}

/* cs_conn_sent(), of an environment that may be known. */
CS_CONN_WAY void cs_conn_sent_by(const struct cs_conn_env *env, struct cs_conn *conn,
				 uint32_t generation, const struct iovec *iov, uint64_t bytes,
				 uint64_t begin_ns, uint64_t end_ns)
{
	uint64_t lost = 0;

	if (!cs_conn_enter(conn, generation, CS_CONN_SENDING, CS_CONN_LOST_OUT))
		return;
	if (!iov)
		lost = take_out(env, conn, NULL, bytes, begin_ns, end_ns);
	while (iov && bytes && !lost) {
		uint64_t part = iov->iov_len < bytes ? iov->iov_len : bytes;

		lost = take_out(env, conn, iov->iov_base, part, begin_ns, end_ns);
		bytes -= part;
		iov++;
	}
	if (conn->wants_more)
		env->more(conn);
	cs_conn_leave(env, conn, CS_CONN_SENDING, lost | answering(conn), end_ns);
}
