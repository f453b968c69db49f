/* SPDX-License-Identifier: Apache-2.0 */

/* The life of a connection: who has it, who may touch it, when it is over. */
#include "preload/http/conn.h"

#include <stdatomic.h>

#include "preload/http/conn_ways.h"

#define REF        0x10000ull
#define REF_MASK   0xffff0000ull
#define GENERATION 32

static bool is_generation(uint64_t state, uint32_t generation)
{
	return (uint32_t)(state >> GENERATION) == generation;
}

uint32_t cs_conn_open(const struct cs_conn_env *env, uint32_t generation, int fd, uint64_t socket)
{
	uint32_t index = cs_pool_take(env->conns);
	struct cs_conn *conn;

	if (index == CS_POOL_NONE)
		return index;
	conn = cs_pool_item(env->conns, index);
	conn->forks = atomic_load_explicit(env->forks, memory_order_relaxed);
	conn->connection = (uint32_t)fd | (uint64_t)generation << GENERATION;
	conn->socket = socket;
	conn->text = CS_POOL_NONE;
	conn->response_text = CS_POOL_NONE;
	conn->sending = CS_CONN_NOTHING;
	conn->behind = 0;
	conn->wants_body = 0;
	conn->wants_more = 0;
	cs_http_request_init(&conn->request);
	atomic_store_explicit(&conn->requests, 0, memory_order_relaxed);
	atomic_store_explicit(&conn->responses, 0, memory_order_relaxed);
	/* pairs with: conn.state */
	atomic_store_explicit(&conn->state, (uint64_t)generation << GENERATION | REF,
			      memory_order_release);
	return index;
}

bool cs_conn_ref(struct cs_conn *conn, uint32_t generation)
{
	uint64_t state = atomic_load_explicit(&conn->state, memory_order_relaxed);

	do {
		if (!is_generation(state, generation) || state & CS_CONN_CLOSING ||
		    (state & REF_MASK) == REF_MASK)
			return false;
	} while (!atomic_compare_exchange_weak_explicit(
		&conn->state, &state, state + REF, memory_order_relaxed, memory_order_relaxed));
	return true;
}

void cs_conn_set_blocking(struct cs_conn *conn, uint32_t generation, bool blocking)
{
	uint64_t state = atomic_load_explicit(&conn->state, memory_order_relaxed), next;

	do {
		next = blocking ? state | CS_CONN_BLOCKING : state & ~(uint64_t)CS_CONN_BLOCKING;
		if (!is_generation(state, generation) || next == state)
			return;
	} while (!atomic_compare_exchange_weak_explicit(
		&conn->state, &state, next, memory_order_relaxed, memory_order_relaxed));
}

void cs_conn_set_waited(struct cs_conn *conn, uint32_t generation)
{
	uint64_t state = atomic_load_explicit(&conn->state, memory_order_relaxed);

	while (is_generation(state, generation) && !(state & CS_CONN_WAITED) &&
	       !atomic_compare_exchange_weak_explicit(&conn->state, &state, state | CS_CONN_WAITED,
						      memory_order_relaxed, memory_order_relaxed))
		;
}

/* Who else was given it may have changed that. */
bool cs_conn_was_waited_for(struct cs_conn *conn)
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

	return is_generation(state, generation) &&
	       !(state & (CS_CONN_RECEIVING | CS_CONN_LOST_IN | CS_CONN_CLOSING)) &&
	       cs_http_request_idle(&conn->request) && !asks_for_tunnel(conn);
}

void cs_conn_share(struct cs_conn *conn, uint32_t generation)
{
	uint64_t state = atomic_load_explicit(&conn->state, memory_order_relaxed);

	while (is_generation(state, generation) && !(state & CS_CONN_SHARED) &&
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

uint64_t cs_conn_show(const struct cs_conn_env *env, struct cs_conn *conn,
		      const unsigned char *data, size_t content)
{
	if (!content)
		return 1; /* framing */
	env->content(conn, data, content);
	return content;
}

/* The last reference is gone and nobody is busy: exactly one thread comes here. */
static void finish(const struct cs_conn_env *env, struct cs_conn *conn, uint64_t state)
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

/* Become the one thread in a direction. */
static bool enter(struct cs_conn *conn, uint32_t generation, uint64_t busy, uint64_t lost)
{
	uint64_t state = atomic_load_explicit(&conn->state, memory_order_relaxed);
	uint64_t next;

	do {
		if (!is_generation(state, generation) || state & (CS_CONN_CLOSING | lost))
			return false;
		next = state & busy ? state | CS_CONN_LOST : state | busy;
		/* pairs with: conn.state */
	} while (!atomic_compare_exchange_weak_explicit(
		&conn->state, &state, next, memory_order_acquire, memory_order_relaxed));
	return !(state & busy);
}

/* Does somebody of whom nothing is told begin? In a tunnel when the request for it is over. */
static bool is_aside(const struct cs_conn_env *env, const struct cs_conn *conn, uint64_t state)
{
	return !env->caller && !(state & (CS_CONN_ASIDE_TOLD | CS_CONN_SAID_ALL)) &&
	       (!(state & CS_CONN_TO_TUNNEL) || !cs_conn_outstanding(conn));
}

/* Once; while busy with a direction, so that the connection is still there. Return: its state now. */
static uint64_t tell_aside(const struct cs_conn_env *env, struct cs_conn *conn, uint64_t now_ns)
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

static void leave(const struct cs_conn_env *env, struct cs_conn *conn, uint64_t busy, uint64_t lost,
		  uint64_t now_ns)
{
	uint64_t state = atomic_load_explicit(&conn->state, memory_order_relaxed);
	uint64_t next;

	do {
		if ((state | lost) & CS_CONN_LOST && is_aside(env, conn, state | lost))
			state = tell_aside(env, conn, now_ns);
		next = (state & ~busy) | lost;
		/* pairs with: conn.state; acquire, as finish() reads what the other direction wrote */
	} while (!atomic_compare_exchange_weak_explicit(
		&conn->state, &state, next, memory_order_acq_rel, memory_order_relaxed));
	if (next & CS_CONN_CLOSING && !(next & CS_CONN_BUSY))
		finish(env, conn, next);
}

static uint64_t raw_lost(enum cs_conn_raw_verdict verdict)
{
	return verdict == CS_CONN_RAW_LOST ? CS_CONN_LOST : 0;
}

static uint64_t take_in(const struct cs_conn_env *env, struct cs_conn *conn,
			const unsigned char *data, uint64_t bytes, uint64_t now_ns)
{
	enum cs_conn_raw_verdict verdict =
		env->raw_out ? env->raw_out(env, conn, data, bytes, now_ns) : CS_CONN_RAW_HTTP;

	return verdict == CS_CONN_RAW_HTTP ? cs_conn_receive(env, conn, data, bytes, now_ns)
					   : raw_lost(verdict);
}

static uint64_t take_out(const struct cs_conn_env *env, struct cs_conn *conn,
			 const unsigned char *data, uint64_t bytes, uint64_t begin_ns,
			 uint64_t end_ns)
{
	enum cs_conn_raw_verdict verdict =
		env->raw_in ? env->raw_in(env, conn, data, bytes, end_ns) : CS_CONN_RAW_HTTP;

	return verdict == CS_CONN_RAW_HTTP
		       ? cs_conn_transmit(env, conn, data, bytes, begin_ns, end_ns)
		       : raw_lost(verdict);
}

void cs_conn_received(const struct cs_conn_env *env, struct cs_conn *conn, uint32_t generation,
		      const struct iovec *iov, uint64_t bytes, uint64_t now_ns)
{
	uint64_t lost = 0;

	if (!enter(conn, generation, CS_CONN_RECEIVING, CS_CONN_LOST_IN))
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
		cs_conn_put_text(env, conn);
	leave(env, conn, CS_CONN_RECEIVING, lost, now_ns);
}

void cs_conn_sent(const struct cs_conn_env *env, struct cs_conn *conn, uint32_t generation,
		  const struct iovec *iov, uint64_t bytes, uint64_t begin_ns, uint64_t end_ns)
{
	uint64_t lost = 0;

	if (!enter(conn, generation, CS_CONN_SENDING, CS_CONN_LOST_OUT))
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
	leave(env, conn, CS_CONN_SENDING, lost, end_ns);
}

void cs_conn_shutdown(const struct cs_conn_env *env, struct cs_conn *conn, uint32_t generation,
		      uint64_t now_ns)
{
	if (!enter(conn, generation, CS_CONN_SENDING, CS_CONN_LOST_OUT))
		return;
	cs_conn_end_all(env, conn, false, now_ns);
	leave(env, conn, CS_CONN_SENDING, CS_CONN_LOST | CS_CONN_SAID_ALL, now_ns);
}

void cs_conn_lose(const struct cs_conn_env *env, struct cs_conn *conn, uint32_t generation,
		  uint64_t now_ns)
{
	uint64_t state;

	if (enter(conn, generation, CS_CONN_SENDING, CS_CONN_LOST_OUT)) {
		cs_conn_end_all(env, conn, true, now_ns);
		leave(env, conn, CS_CONN_SENDING, CS_CONN_LOST, now_ns);
		return;
	}
	state = atomic_load_explicit(&conn->state, memory_order_relaxed);
	while (is_generation(state, generation) && (state & CS_CONN_LOST) != CS_CONN_LOST &&
	       !atomic_compare_exchange_weak_explicit(&conn->state, &state, state | CS_CONN_LOST,
						      memory_order_relaxed, memory_order_relaxed))
		;
}

void cs_conn_skip(const struct cs_conn_env *env, struct cs_conn *conn, uint32_t generation,
		  uint64_t now_ns)
{
	if (!enter(conn, generation, CS_CONN_SENDING, CS_CONN_LOST_OUT))
		return;
	cs_conn_end_all(env, conn, true, now_ns);
	leave(env, conn, CS_CONN_SENDING, 0, now_ns);
}

void cs_conn_unref(const struct cs_conn_env *env, struct cs_conn *conn, uint32_t generation,
		   bool seen, uint64_t now_ns)
{
	uint64_t state = atomic_load_explicit(&conn->state, memory_order_relaxed);
	uint64_t next;

	do {
		if (!is_generation(state, generation) || state & CS_CONN_CLOSING)
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
		finish(env, conn, next);
}
