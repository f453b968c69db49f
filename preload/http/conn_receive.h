/* SPDX-License-Identifier: Apache-2.0 */

/* The direction of a connection in which requests come; see conn_ways.h. */
#pragma once

#include "preload/http/conn_ways.h"
#include "preload/http/http_probe.h"

CS_CONN_WAY void cs_conn_put_text_by(const struct cs_conn_env *env, struct cs_conn *conn)
{
	if (conn->text != CS_POOL_NONE)
		cs_pool_put(env->texts, conn->text);
	conn->text = CS_POOL_NONE;
	if (!env->caller)
		conn->wants_body = 0;
}

CS_CONN_WAY bool is_connect(const struct cs_http_text *text)
{
	static const char connect[] = "CONNECT";

	if (text->method_len != sizeof(connect) - 1)
		return false;
	for (size_t i = 0; i < sizeof(connect) - 1; i++) {
		if (text->bytes[i] != connect[i])
			return false;
	}
	return true;
}

CS_CONN_WAY uint64_t bits_of(const struct cs_conn_env *env, const struct cs_conn *conn,
			     const struct cs_http_text *text)
{
	uint64_t bits = conn->request.head_method ? CS_CONN_TO_HEAD
			: is_connect(text)        ? CS_CONN_TO_CONNECT
						  : 0;

	if (env->caller)
		return bits;
	if (conn->request.fields.flags & CS_HTTP_PROBE || cs_http_probe_target(text))
		bits |= CS_CONN_TO_PROBE;
	else if (env->loads && *env->loads && cs_http_is_post(text, CS_HTTP_WHISK_INIT))
		bits |= CS_CONN_TO_LOAD;
	return bits;
}

CS_CONN_WAY void tell_request(const struct cs_conn_env *env, struct cs_conn *conn,
			      const struct cs_conn_event *event, uint64_t bits)
{
	env->emit(conn, event);
	atomic_store_explicit(&conn->received[event->sequence % CS_CONN_PIPELINE],
			      (uint64_t)conn->head_bytes << CS_CONN_RECEIVED_BITS | bits,
			      memory_order_relaxed);
	/* pairs with: conn.requests */
	atomic_store_explicit(&conn->requests, event->sequence + 1, memory_order_release);
}

/*
 * Is it the head of the connection's last request again? There is no need for texts then. Such a head is neither a
 * probe's nor a CONNECT. Return: bytes taken.
 */
CS_CONN_WAY size_t begin_again(const struct cs_conn_env *env, struct cs_conn *conn,
			       const unsigned char *data, uint64_t bytes, uint64_t now_ns)
{
	struct cs_conn_memo *memo;
	struct cs_conn_event event = { .type = CS_CONN_REQUEST };
	size_t used;

	if (conn->request_memo == CS_POOL_NONE || !data || conn->text != CS_POOL_NONE ||
	    !env->remembers() || cs_conn_outstanding(conn) >= CS_CONN_PIPELINE)
		return 0;
	memo = cs_pool_item(env->memos, conn->request_memo);
	used = cs_http_request_memo_feed(&memo->memo, &conn->request, data, bytes, &event.kept);
	if (!used)
		return 0;
	conn->came_again = true;
	conn->first_byte_ns = now_ns;
	conn->head_bytes = (uint32_t)used;
	event.sequence = atomic_load_explicit(&conn->requests, memory_order_relaxed);
	event.time_ns = now_ns;
	event.version = conn->request.version;
	tell_request(env, conn, &event, conn->request.head_method ? CS_CONN_TO_HEAD : 0);
	return used;
}

/* A head is complete. Behind a CONNECT come anybody's bytes: no more requests are looked for. */
CS_CONN_WAY uint64_t begin_request(const struct cs_conn_env *env, struct cs_conn *conn,
				   const struct cs_http_text *text, const unsigned char *head)
{
	uint64_t bits = bits_of(env, conn, text);
	struct cs_conn_event event = {
		.type = CS_CONN_REQUEST,
		.sequence = atomic_load_explicit(&conn->requests, memory_order_relaxed),
		.time_ns = conn->first_byte_ns,
		.flags = text->flags,
		.version = conn->request.version,
		.probe = bits & CS_CONN_TO_PROBE,
		.load = bits & CS_CONN_TO_LOAD,
		.text = text,
		.kept = { text->bytes, text->method_len, text->target_len, text->headers_len },
		/* the function's own, which may be changed */
		.head = (unsigned char *)(uintptr_t)head,
		.head_bytes = conn->head_bytes,
	};

	tell_request(env, conn, &event, bits);
	if (!env->caller && env->remembers && head && event.sequence &&
	    !(bits & ~(uint64_t)CS_CONN_TO_HEAD))
		cs_conn_remember(cs_conn_rare(env), conn, text, head);
	return bits & CS_CONN_TO_CONNECT && !env->raw_tunnel ? CS_CONN_LOST_IN | CS_CONN_TO_TUNNEL
							     : 0;
}

CS_CONN_WAY void count_body(struct cs_conn *conn, uint64_t bytes)
{
	uint32_t last = atomic_load_explicit(&conn->requests, memory_order_relaxed) - 1;
	_Atomic uint64_t *received = &conn->received[last % CS_CONN_PIPELINE];
	uint64_t sum = atomic_load_explicit(received, memory_order_relaxed) +
		       (bytes << CS_CONN_RECEIVED_BITS);

	atomic_store_explicit(received, sum, memory_order_relaxed);
}

CS_CONN_WAY void tell_request_end(const struct cs_conn_env *env, struct cs_conn *conn,
				  const struct cs_http_text *text)
{
	uint32_t last = atomic_load_explicit(&conn->requests, memory_order_relaxed) - 1;
	uint64_t received = cs_conn_received_of(conn, last);
	struct cs_conn_event event = {
		.type = CS_CONN_REQUEST_END,
		.sequence = last,
		.time_ns = conn->first_byte_ns,
		.request_bytes = received >> CS_CONN_RECEIVED_BITS,
		.failed = cs_http_body_failed(&conn->request.body),
		.text = text,
	};

	env->emit(conn, &event);
}

/*
 * Where a head may begin: room for its texts, and its time. A caller's last text is in use until the
 * response is complete.
 */
CS_CONN_WAY bool begin_head(const struct cs_conn_env *env, struct cs_conn *conn, uint64_t now_ns)
{
	if (env->caller && cs_conn_outstanding(conn))
		return false;
	if (conn->text == CS_POOL_NONE)
		conn->text = cs_pool_take(env->texts);
	conn->first_byte_ns = now_ns;
	conn->head_bytes = 0;
	return conn->text != CS_POOL_NONE;
}

CS_CONN_WAY uint64_t cs_conn_receive(const struct cs_conn_env *env, struct cs_conn *conn,
				     const unsigned char *data, uint64_t bytes, uint64_t now_ns)
{
	const unsigned char *piece = data;

	while (bytes) {
		bool in_body = cs_http_request_in_body(&conn->request);
		bool wanted = !env->caller && conn->wants_body;
		struct cs_conn_text *text = NULL;
		enum cs_http_verdict verdict;
		uint64_t part = bytes, lost = 0;
		size_t used;

		if (!env->caller && env->remembers && cs_http_request_idle(&conn->request)) {
			used = begin_again(env, conn, data, bytes, now_ns);
			if (used) {
				bytes -= used;
				data += used;
				continue;
			}
		}
		if (cs_http_request_idle(&conn->request) && !begin_head(env, conn, now_ns)) {
			cs_conn_tell_unfollowed(cs_conn_rare(env), conn);
			return CS_CONN_LOST_IN;
		}
		if (wanted) /* its text is the callback's scratch memory now */
			part = cs_conn_show(cs_conn_rare(env), conn, data,
					    cs_http_body_content(&conn->request.body, bytes));
		else if (conn->text != CS_POOL_NONE)
			text = cs_pool_item(env->texts, conn->text);
		verdict = cs_http_request_feed(&conn->request, text ? &text->text : NULL, data,
					       part, &used);
		bytes -= used;
		if (data)
			data += used;
		if (in_body)
			count_body(conn, used);
		else
			conn->head_bytes += (uint32_t)used;
		if (verdict == CS_HTTP_UNFOLLOWED && !in_body)
			cs_conn_tell_unfollowed(cs_conn_rare(env), conn);
		if (verdict == CS_HTTP_UNFOLLOWED || verdict == CS_HTTP_NOT_HTTP)
			return CS_CONN_LOST_IN;
		if (verdict == CS_HTTP_HEAD && text &&
		    cs_conn_outstanding(conn) >= CS_CONN_PIPELINE) {
			cs_conn_tell_unfollowed(cs_conn_rare(env), conn);
			return CS_CONN_LOST_IN;
		}
		if (verdict == CS_HTTP_HEAD && text)
			lost = begin_request(env, conn, &text->text,
					     conn->head_bytes <= (size_t)(data - piece)
						     ? data - conn->head_bytes
						     : NULL);
		if (lost)
			return lost;
		if (env->caller && text && (verdict == CS_HTTP_HEAD || verdict == CS_HTTP_END) &&
		    cs_http_request_idle(&conn->request))
			tell_request_end(env, conn, &text->text);
		if (env->caller)
			continue;
		if (conn->wants_body && cs_http_request_idle(&conn->request))
			tell_request_end(env, conn, NULL);
		if (cs_http_request_idle(&conn->request) ||
		    (verdict == CS_HTTP_HEAD && !conn->wants_body))
			cs_conn_put_text_by(env, conn);
	}
	return 0;
}

CS_CONN_WAY uint64_t take_in(const struct cs_conn_env *env, struct cs_conn *conn,
			     const unsigned char *data, uint64_t bytes, uint64_t now_ns)
{
	enum cs_conn_raw_verdict verdict =
		env->raw_out ? env->raw_out(env, conn, data, bytes, now_ns) : CS_CONN_RAW_HTTP;

	return verdict == CS_CONN_RAW_HTTP ? cs_conn_receive(env, conn, data, bytes, now_ns)
					   : cs_conn_raw_lost(verdict);
}

/* cs_conn_received(), of an environment that may be known. */
CS_CONN_WAY void cs_conn_received_by(const struct cs_conn_env *env, struct cs_conn *conn,
				     uint32_t generation, const struct iovec *iov, uint64_t bytes,
				     uint64_t now_ns)
{
	uint64_t lost = 0;

	if (!cs_conn_enter(conn, generation, CS_CONN_RECEIVING, CS_CONN_LOST_IN))
		return;
	if (!iov)
		lost = take_in(env, conn, NULL, bytes, now_ns);
	while (iov && bytes && !lost) {
		uint64_t part = iov->iov_len < bytes ? iov->iov_len : bytes;

		lost = take_in(env, conn, iov->iov_base, part, now_ns);
		bytes -= part;
		iov++;
	}
	if (lost && !env->caller)
		cs_conn_put_text(cs_conn_rare(env), conn);
	cs_conn_leave(env, conn, CS_CONN_RECEIVING, lost, now_ns);
}
