/* SPDX-License-Identifier: Apache-2.0 */

/* The life of a connection: who has it, who may touch it, when it is over. */
#include "preload/http/conn.h"

#include <stdatomic.h>

#include "preload/http/conn_receive.h"
#include "preload/http/conn_send.h"
#include "preload/layout.h"

#define REF      0x10000ull
#define REF_MASK 0xffff0000ull

uint32_t cs_conn_open(const struct cs_conn_env *env, uint32_t generation, int fd, uint64_t socket)
{
	uint32_t index = cs_pool_take(env->conns);
	struct cs_conn *conn;

	if (index == CS_POOL_NONE)
		return index;
	conn = cs_pool_item(env->conns, index);
	conn->forks = atomic_load_explicit(env->forks, memory_order_relaxed);
	conn->connection = (uint32_t)fd | (uint64_t)generation << CS_CONN_GENERATION;
	conn->socket = socket;
	conn->text = CS_POOL_NONE;
	conn->response_text = CS_POOL_NONE;
	conn->request_memo = CS_POOL_NONE;
	conn->came_again = true; /* the first is kept at once */
	conn->sending = CS_CONN_NOTHING;
	conn->behind = 0;
	conn->wants_body = 0;
	conn->wants_more = 0;
	conn->memo.len = 0;
	cs_http_request_init(&conn->request);
	atomic_store_explicit(&conn->requests, 0, memory_order_relaxed);
	atomic_store_explicit(&conn->responses, 0, memory_order_relaxed);
	/* pairs with: conn.state */
	atomic_store_explicit(&conn->state, (uint64_t)generation << CS_CONN_GENERATION | REF,
			      memory_order_release);
	return index;
}

bool cs_conn_ref(struct cs_conn *conn, uint32_t generation)
{
	uint64_t state = atomic_load_explicit(&conn->state, memory_order_relaxed);

	do {
		if (!cs_conn_is_generation(state, generation) || state & CS_CONN_CLOSING ||
		    (state & REF_MASK) == REF_MASK)
			return false;
	} while (!atomic_compare_exchange_weak_explicit(
		&conn->state, &state, state + REF, memory_order_relaxed, memory_order_relaxed));
	return true;
}

CS_HOT void cs_conn_set_blocking(struct cs_conn *conn, uint32_t generation, bool blocking)
{
	uint64_t state = atomic_load_explicit(&conn->state, memory_order_relaxed), next;

	do {
		next = blocking ? state | CS_CONN_BLOCKING : state & ~(uint64_t)CS_CONN_BLOCKING;
		if (!cs_conn_is_generation(state, generation) || next == state)
			return;
	} while (!atomic_compare_exchange_weak_explicit(
		&conn->state, &state, next, memory_order_relaxed, memory_order_relaxed));
}

void cs_conn_set_waited(struct cs_conn *conn, uint32_t generation)
{
	uint64_t state = atomic_load_explicit(&conn->state, memory_order_relaxed);

	while (cs_conn_is_generation(state, generation) && !(state & CS_CONN_WAITED) &&
	       !atomic_compare_exchange_weak_explicit(&conn->state, &state, state | CS_CONN_WAITED,
						      memory_order_relaxed, memory_order_relaxed))
		;
}

/* Who else was given it may have changed that. */
CS_HOT bool cs_conn_was_waited_for(struct cs_conn *conn)
{
	uint64_t state = atomic_load_explicit(&conn->state, memory_order_relaxed);

	if (state & CS_CONN_WAITED)
		atomic_fetch_and_explicit(&conn->state, ~(uint64_t)CS_CONN_WAITED,
					  memory_order_relaxed);
	return state & (CS_CONN_BLOCKING | CS_CONN_WAITED) && !(state & CS_CONN_SHARED);
}

/* Is the last request a CONNECT that is not answered? Then nobody knows what comes behind it. */
static bool asks_for_tunnel(const struct cs_conn *conn)
{
	uint32_t last = atomic_load_explicit(&conn->requests, memory_order_relaxed) - 1;

	return cs_conn_outstanding(conn) && cs_conn_received_of(conn, last) & CS_CONN_TO_CONNECT;
}

bool cs_conn_may_begin(const struct cs_conn *conn, uint32_t generation)
{
	uint64_t state = atomic_load_explicit(&conn->state, memory_order_relaxed);

	return cs_conn_is_generation(state, generation) &&
	       !(state & (CS_CONN_RECEIVING | CS_CONN_LOST_IN | CS_CONN_CLOSING)) &&
	       cs_http_request_idle(&conn->request) && !asks_for_tunnel(conn);
}

void cs_conn_share(struct cs_conn *conn, uint32_t generation)
{
	uint64_t state = atomic_load_explicit(&conn->state, memory_order_relaxed);

	while (cs_conn_is_generation(state, generation) && !(state & CS_CONN_SHARED) &&
	       !atomic_compare_exchange_weak_explicit(&conn->state, &state, state | CS_CONN_SHARED,
						      memory_order_relaxed, memory_order_relaxed))
		;
}

const struct cs_http_text *cs_conn_asked(const struct cs_conn_env *env, const struct cs_conn *conn)
{
	const struct cs_conn_text *text;

	if (conn->text == CS_POOL_NONE)
		return NULL;
	text = cs_pool_item(env->texts, conn->text);
	return &text->text;
}

void *cs_conn_scratch(const struct cs_conn_env *env, const struct cs_conn *conn)
{
	struct cs_conn_text *text =
		cs_pool_item(env->texts, env->caller ? conn->response_text : conn->text);

	return text->scratch;
}

void cs_conn_tell_unfollowed(const struct cs_conn_env *env, struct cs_conn *conn)
{
	struct cs_conn_event event = { .type = CS_CONN_HEAD_UNFOLLOWED };

	env->emit(conn, &event);
}

#define MEMO_PATIENCE_MAX 64u

/* A head that is kept costs more than one that is looked at. */
static bool is_patient(struct cs_conn *conn)
{
	if (conn->came_again)
		conn->memo_patience = 0;
	else if (conn->memo_missed++ < conn->memo_patience)
		return true;
	else if (conn->memo_patience < MEMO_PATIENCE_MAX)
		conn->memo_patience = (uint8_t)(conn->memo_patience * 2 + 1);
	conn->memo_missed = 0;
	conn->came_again = false;
	return false;
}

static void put_memo(const struct cs_conn_env *env, struct cs_conn *conn)
{
	if (conn->request_memo != CS_POOL_NONE)
		cs_pool_put(env->memos, conn->request_memo);
	conn->request_memo = CS_POOL_NONE;
}

void cs_conn_remember(const struct cs_conn_env *env, struct cs_conn *conn,
		      const struct cs_http_text *text, const unsigned char *head)
{
	struct cs_conn_memo *memo;

	if (!env->remembers() || is_patient(conn))
		return;
	if (conn->request_memo == CS_POOL_NONE)
		conn->request_memo = cs_pool_take(env->memos);
	if (conn->request_memo == CS_POOL_NONE) {
		conn->came_again = true; /* there may be one next time */
		return;
	}
	memo = cs_pool_item(env->memos, conn->request_memo);
	if (!cs_http_request_memo_keep(&memo->memo, &conn->request, text, head, conn->head_bytes))
		put_memo(env, conn);
}

void cs_conn_put_text(const struct cs_conn_env *env, struct cs_conn *conn)
{
	cs_conn_put_text_by(env, conn);
	put_memo(env, conn);
}

void cs_conn_put_response_text(const struct cs_conn_env *env, struct cs_conn *conn)
{
	if (conn->response_text != CS_POOL_NONE)
		cs_pool_put(env->texts, conn->response_text);
	conn->response_text = CS_POOL_NONE;
}

uint64_t cs_conn_show(const struct cs_conn_env *env, struct cs_conn *conn,
		      const unsigned char *data, size_t content)
{
	if (!content)
		return 1; /* framing */
	env->content(conn, data, content);
	return content;
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
			cs_conn_tell_response(env, conn, 0);
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
		cs_conn_end_response(env, conn, flags, now_ns);
	}
}

/* Of an upgrade to HTTP/2 the answer to the request itself comes there, too (RFC 7540, section 3.2). */
void cs_conn_end_http(const struct cs_conn_env *env, struct cs_conn *conn, const unsigned char *end,
		      size_t part, uint64_t now_ns)
{
	bool answers_there = end && part == conn->response.head_bytes &&
			     conn->response.status == 101 &&
			     cs_http_upgrades_to_http2(end - part, part);

	cs_conn_end_response(env, conn, answers_there ? CS_RESPONSE_UNFOLLOWED : 0, now_ns);
}

void cs_conn_finish(const struct cs_conn_env *env, struct cs_conn *conn, uint64_t state)
{
	uint32_t index =
		(uint32_t)(((unsigned char *)conn - env->conns->items) / env->conns->item_bytes);
	struct cs_conn_event over = {
		.type = CS_CONN_ASIDE_OVER,
		.time_ns = atomic_load_explicit(&conn->closed_ns, memory_order_relaxed),
	};

	if (env->raw_over)
		env->raw_over(env, conn);
	cs_conn_end_all(env, conn, (state & (CS_CONN_LOST_OUT | CS_CONN_UNSEEN)) != 0,
			over.time_ns);
	if (state & CS_CONN_ASIDE_TOLD)
		env->emit(conn, &over);
	cs_conn_put_text(env, conn);
	if (env->caller)
		cs_conn_put_response_text(env, conn);
	atomic_store_explicit(&conn->state, 0, memory_order_relaxed);
	cs_pool_put(env->conns, index);
}

/* Does somebody of whom nothing is told begin? In a tunnel when the request for it is over. */
static bool is_aside(const struct cs_conn_env *env, const struct cs_conn *conn, uint64_t state)
{
	return !env->caller && !(state & (CS_CONN_ASIDE_TOLD | CS_CONN_SAID_ALL)) &&
	       (!(state & CS_CONN_TO_TUNNEL) || !cs_conn_outstanding(conn));
}

/* Once; while busy with a direction, so that the connection is still there. Return: its state now. */
static uint64_t tell_aside_once(const struct cs_conn_env *env, struct cs_conn *conn,
				uint64_t now_ns)
{
	struct cs_conn_event event = { .type = CS_CONN_ASIDE };
	uint64_t was =
		atomic_fetch_or_explicit(&conn->state, CS_CONN_ASIDE_TOLD, memory_order_relaxed);

	if (!(was & CS_CONN_ASIDE_TOLD)) {
		event.time_ns = cs_conn_time(env, now_ns);
		env->emit(conn, &event);
	}
	return was | CS_CONN_ASIDE_TOLD;
}

uint64_t cs_conn_tell_aside(const struct cs_conn_env *env, struct cs_conn *conn, uint64_t state,
			    uint64_t lost, uint64_t now_ns)
{
	return is_aside(env, conn, state | lost) ? tell_aside_once(env, conn, now_ns) : state;
}

void cs_conn_received(const struct cs_conn_env *env, struct cs_conn *conn, uint32_t generation,
		      const struct iovec *iov, uint64_t bytes, uint64_t now_ns)
{
	cs_conn_received_by(env, conn, generation, iov, bytes, now_ns);
}

void cs_conn_sent(const struct cs_conn_env *env, struct cs_conn *conn, uint32_t generation,
		  const struct iovec *iov, uint64_t bytes, uint64_t begin_ns, uint64_t end_ns)
{
	cs_conn_sent_by(env, conn, generation, iov, bytes, begin_ns, end_ns);
}

void cs_conn_shutdown(const struct cs_conn_env *env, struct cs_conn *conn, uint32_t generation,
		      uint64_t now_ns)
{
	if (!cs_conn_enter(conn, generation, CS_CONN_SENDING, CS_CONN_LOST_OUT))
		return;
	cs_conn_end_all(env, conn, false, now_ns);
	cs_conn_leave(env, conn, CS_CONN_SENDING, CS_CONN_LOST | CS_CONN_SAID_ALL, now_ns);
}

void cs_conn_lose(const struct cs_conn_env *env, struct cs_conn *conn, uint32_t generation,
		  uint64_t now_ns)
{
	uint64_t state;

	if (cs_conn_enter(conn, generation, CS_CONN_SENDING, CS_CONN_LOST_OUT)) {
		cs_conn_end_all(env, conn, true, now_ns);
		cs_conn_leave(env, conn, CS_CONN_SENDING, CS_CONN_LOST, now_ns);
		return;
	}
	state = atomic_load_explicit(&conn->state, memory_order_relaxed);
	while (cs_conn_is_generation(state, generation) && (state & CS_CONN_LOST) != CS_CONN_LOST &&
	       !atomic_compare_exchange_weak_explicit(&conn->state, &state, state | CS_CONN_LOST,
						      memory_order_relaxed, memory_order_relaxed))
		;
}

void cs_conn_skip(const struct cs_conn_env *env, struct cs_conn *conn, uint32_t generation,
		  uint64_t now_ns)
{
	if (!cs_conn_enter(conn, generation, CS_CONN_SENDING, CS_CONN_LOST_OUT))
		return;
	cs_conn_end_all(env, conn, true, now_ns);
	cs_conn_leave(env, conn, CS_CONN_SENDING, 0, now_ns);
}

void cs_conn_unref(const struct cs_conn_env *env, struct cs_conn *conn, uint32_t generation,
		   bool seen, uint64_t now_ns)
{
	uint64_t state = atomic_load_explicit(&conn->state, memory_order_relaxed);
	uint64_t next;

	do {
		if (!cs_conn_is_generation(state, generation) || state & CS_CONN_CLOSING)
			return;
		next = state - REF;
		if (!(next & REF_MASK)) {
			atomic_store_explicit(&conn->closed_ns, now_ns, memory_order_relaxed);
			next |= CS_CONN_CLOSING | (seen ? 0 : CS_CONN_UNSEEN);
		}
		/* pairs with: conn.state */
	} while (!atomic_compare_exchange_weak_explicit(
		&conn->state, &state, next, memory_order_acq_rel, memory_order_relaxed));
	if (next & CS_CONN_CLOSING && !(next & CS_CONN_BUSY))
		cs_conn_finish(env, conn, next);
}
