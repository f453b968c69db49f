/* SPDX-License-Identifier: Apache-2.0 */

#include "preload/conn.h"

#include <stdatomic.h>

#include "preload/http_probe.h"
#include "preload/wire/records.h"

/* Bits of cs_conn.state */
#define RECEIVING 0x01u /* a thread is busy with the receiving direction */
#define SENDING   0x02u
#define CLOSING   0x04u /* whoever clears the last busy bit ends the connection */
#define LOST_IN   0x08u /* no more is understood of what comes in */
#define LOST_OUT  0x10u
#define UNSEEN    0x20u /* the close went by unseen */
#define SHARED    0x40u /* another process was given it */
#define BLOCKING  0x80u /* a read waits for bytes, as far as was seen */
#define BUSY      (RECEIVING | SENDING)
#define LOST      (LOST_IN | LOST_OUT)

/* Bits of cs_conn.received: what the request makes of the response */
#define TO_HEAD    0x1u
#define TO_CONNECT 0x2u
#define TO_PROBE   0x4u

#define REF        0x10000ull
#define REF_MASK   0xffff0000ull
#define GENERATION 32

/* Values of cs_conn.sending */
enum {
	NOTHING,
	HEAD_BEGUN,
	HEAD_TOLD,
};

static bool is_generation(uint64_t state, uint32_t generation)
{
	return (uint32_t)(state >> GENERATION) == generation;
}

static uint32_t outstanding(const struct cs_conn *conn)
{
	/* pairs with: conn.requests, conn.responses */
	return atomic_load_explicit(&conn->requests, memory_order_acquire) -
	       atomic_load_explicit(&conn->responses, memory_order_acquire);
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
	conn->sending = NOTHING;
	conn->wants_body = false;
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
		if (!is_generation(state, generation) || state & CLOSING ||
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
		next = blocking ? state | BLOCKING : state & ~(uint64_t)BLOCKING;
		if (!is_generation(state, generation) || next == state)
			return;
	} while (!atomic_compare_exchange_weak_explicit(
		&conn->state, &state, next, memory_order_relaxed, memory_order_relaxed));
}

/* Who else was given it may have changed that. */
bool cs_conn_is_blocking(const struct cs_conn *conn)
{
	return (atomic_load_explicit(&conn->state, memory_order_relaxed) & (BLOCKING | SHARED)) ==
	       BLOCKING;
}

void cs_conn_share(struct cs_conn *conn, uint32_t generation)
{
	uint64_t state = atomic_load_explicit(&conn->state, memory_order_relaxed);

	while (is_generation(state, generation) && !(state & SHARED) &&
	       !atomic_compare_exchange_weak_explicit(&conn->state, &state, state | SHARED,
						      memory_order_relaxed, memory_order_relaxed))
		;
}

static void put_response_text(const struct cs_conn_env *env, struct cs_conn *conn)
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
	uint64_t received = atomic_load_explicit(&conn->received[sequence % CS_CONN_PIPELINE],
						 memory_order_relaxed);
	struct cs_conn_event event = {
		.type = CS_CONN_RESPONSE_END,
		.sequence = sequence,
		.time_ns = now_ns,
		.request_bytes = received >> CS_CONN_RECEIVED_BITS,
		.flags = flags,
		.probe = received & TO_PROBE,
	};

	if (conn->sending != NOTHING)
		event.response_bytes = conn->response_bytes;
	if (conn->sending == HEAD_TOLD)
		event.status = conn->response.status;
	env->emit(conn, &event);
	if (env->caller) {
		put_response_text(env, conn);
		conn->wants_body = false;
	}
	conn->sending = NOTHING;
	/* pairs with: conn.responses; the slot may be used again */
	atomic_store_explicit(&conn->responses, sequence + 1, memory_order_release);
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
	uint64_t received = atomic_load_explicit(&conn->received[sequence % CS_CONN_PIPELINE],
						 memory_order_relaxed);
	struct cs_conn_event event = {
		.type = CS_CONN_RESPONSE,
		.sequence = sequence,
		.time_ns = conn->response_ns,
		.status = status,
		.probe = received & TO_PROBE,
		.text = response_text(env, conn),
	};

	env->emit(conn, &event);
	if (env->caller && !conn->wants_body)
		put_response_text(env, conn);
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

/* Nothing more will be sent: end what is outstanding. @lost: how much of it we do not know. */
static void end_all(const struct cs_conn_env *env, struct cs_conn *conn, bool lost, uint64_t now_ns)
{
	uint32_t forks = atomic_load_explicit(env->forks, memory_order_relaxed);
	bool passed = atomic_load_explicit(&conn->state, memory_order_relaxed) & SHARED;
	bool shared = passed || forks != conn->forks;

	while (outstanding(conn)) {
		uint16_t flags = CS_RESPONSE_ABORTED;

		if (conn->sending == HEAD_BEGUN)
			tell_response(env, conn, 0);
		if (lost)
			flags = CS_RESPONSE_UNFOLLOWED;
		else if (conn->sending == HEAD_TOLD && !passed &&
			 (uint16_t)forks == conn->response_forks &&
			 cs_http_response_ends_by_close(&conn->response))
			flags = CS_RESPONSE_CLOSED;
		else if (shared)
			flags = CS_RESPONSE_UNFOLLOWED; /* who else has it may answer, or go on */
		end_response(env, conn, flags, now_ns);
	}
}

/* The last reference is gone and nobody is busy: exactly one thread comes here. */
static void finish(const struct cs_conn_env *env, struct cs_conn *conn, uint64_t state)
{
	uint32_t index =
		(uint32_t)(((unsigned char *)conn - env->conns->items) / env->conns->item_bytes);

	if (env->raw_over)
		env->raw_over(env, conn);
	end_all(env, conn, (state & (LOST_OUT | UNSEEN)) != 0,
		atomic_load_explicit(&conn->closed_ns, memory_order_relaxed));
	if (conn->text != CS_POOL_NONE)
		cs_pool_put(env->texts, conn->text);
	if (env->caller)
		put_response_text(env, conn);
	atomic_store_explicit(&conn->state, 0, memory_order_relaxed);
	cs_pool_put(env->conns, index);
}

/* Become the one thread in a direction. */
static bool enter(struct cs_conn *conn, uint32_t generation, uint64_t busy, uint64_t lost)
{
	uint64_t state = atomic_load_explicit(&conn->state, memory_order_relaxed);
	uint64_t next;

	do {
		if (!is_generation(state, generation) || state & (CLOSING | lost))
			return false;
		next = state & busy ? state | LOST : state | busy;
		/* pairs with: conn.state */
	} while (!atomic_compare_exchange_weak_explicit(
		&conn->state, &state, next, memory_order_acquire, memory_order_relaxed));
	return !(state & busy);
}

static void leave(const struct cs_conn_env *env, struct cs_conn *conn, uint64_t busy, uint64_t lost)
{
	uint64_t state = atomic_load_explicit(&conn->state, memory_order_relaxed);
	uint64_t next;

	do {
		next = (state & ~busy) | lost;
		/* pairs with: conn.state; acquire, as finish() reads what the other direction wrote */
	} while (!atomic_compare_exchange_weak_explicit(
		&conn->state, &state, next, memory_order_acq_rel, memory_order_relaxed));
	if (next & CLOSING && !(next & BUSY))
		finish(env, conn, next);
}

static void put_text(const struct cs_conn_env *env, struct cs_conn *conn)
{
	if (conn->text != CS_POOL_NONE)
		cs_pool_put(env->texts, conn->text);
	conn->text = CS_POOL_NONE;
	if (!env->caller)
		conn->wants_body = false;
}

static void tell_unfollowed(const struct cs_conn_env *env, struct cs_conn *conn)
{
	struct cs_conn_event event = { .type = CS_CONN_HEAD_UNFOLLOWED };

	env->emit(conn, &event);
}

static bool is_connect(const struct cs_http_text *text)
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

static uint64_t bits_of(const struct cs_conn_env *env, const struct cs_conn *conn,
			const struct cs_http_text *text)
{
	uint64_t bits = conn->request.head_method ? TO_HEAD : is_connect(text) ? TO_CONNECT : 0;

	if (!env->caller &&
	    (conn->request.fields.flags & CS_HTTP_PROBE || cs_http_probe_target(text)))
		bits |= TO_PROBE;
	return bits;
}

/* A head is complete. Behind a CONNECT come anybody's bytes: no more requests are looked for. */
static uint64_t begin_request(const struct cs_conn_env *env, struct cs_conn *conn,
			      const struct cs_http_text *text, const unsigned char *head)
{
	uint32_t sequence = atomic_load_explicit(&conn->requests, memory_order_relaxed);
	uint64_t bits = bits_of(env, conn, text);
	struct cs_conn_event event = {
		.type = CS_CONN_REQUEST,
		.sequence = sequence,
		.time_ns = conn->first_byte_ns,
		.flags = text->flags,
		.version = conn->request.version,
		.probe = bits & TO_PROBE,
		.text = text,
		.head = (unsigned char *)(uintptr_t)
			head, /* the function's own, which may be changed */
		.head_bytes = conn->head_bytes,
	};

	if (outstanding(conn) >= CS_CONN_PIPELINE) {
		tell_unfollowed(env, conn);
		return LOST_IN;
	}
	env->emit(conn, &event);
	atomic_store_explicit(&conn->received[sequence % CS_CONN_PIPELINE],
			      (uint64_t)conn->head_bytes << CS_CONN_RECEIVED_BITS | bits,
			      memory_order_relaxed);
	/* pairs with: conn.requests */
	atomic_store_explicit(&conn->requests, sequence + 1, memory_order_release);
	return bits & TO_CONNECT ? LOST_IN : 0;
}

static void count_body(struct cs_conn *conn, uint64_t bytes)
{
	uint32_t last = atomic_load_explicit(&conn->requests, memory_order_relaxed) - 1;
	_Atomic uint64_t *received = &conn->received[last % CS_CONN_PIPELINE];
	uint64_t sum = atomic_load_explicit(received, memory_order_relaxed) +
		       (bytes << CS_CONN_RECEIVED_BITS);

	atomic_store_explicit(received, sum, memory_order_relaxed);
}

static void tell_request_end(const struct cs_conn_env *env, struct cs_conn *conn,
			     const struct cs_http_text *text)
{
	uint32_t last = atomic_load_explicit(&conn->requests, memory_order_relaxed) - 1;
	uint64_t received = atomic_load_explicit(&conn->received[last % CS_CONN_PIPELINE],
						 memory_order_relaxed);
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
static bool begin_head(const struct cs_conn_env *env, struct cs_conn *conn, uint64_t now_ns)
{
	if (env->caller && outstanding(conn))
		return false;
	if (conn->text == CS_POOL_NONE)
		conn->text = cs_pool_take(env->texts);
	conn->first_byte_ns = now_ns;
	conn->head_bytes = 0;
	return conn->text != CS_POOL_NONE;
}

/* Returns LOST_IN when the direction cannot be followed any longer. */
/* Hands content to who wants it. Return: of how many bytes all or none are content. */
static uint64_t show_asked(const struct cs_conn_env *env, struct cs_conn *conn,
			   const unsigned char *data, uint64_t bytes)
{
	size_t content;

	if (env->caller || !conn->wants_body)
		return bytes;
	content = cs_http_body_content(&conn->request.body, bytes);
	if (!content)
		return 1; /* framing */
	env->content(conn, data, content);
	return content;
}

static uint64_t receive(const struct cs_conn_env *env, struct cs_conn *conn,
			const unsigned char *data, uint64_t bytes, uint64_t now_ns)
{
	const unsigned char *piece = data;

	while (bytes) {
		bool in_body = cs_http_request_in_body(&conn->request);
		bool wanted = !env->caller && conn->wants_body;
		struct cs_conn_text *text = NULL;
		enum cs_http_verdict verdict;
		uint64_t part = bytes;
		size_t used;

		if (cs_http_request_idle(&conn->request) && !begin_head(env, conn, now_ns)) {
			tell_unfollowed(env, conn);
			return LOST_IN;
		}
		if (wanted) /* its text is the callback's scratch memory now */
			part = show_asked(env, conn, data, bytes);
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
			tell_unfollowed(env, conn);
		if (verdict == CS_HTTP_UNFOLLOWED || verdict == CS_HTTP_NOT_HTTP)
			return LOST_IN;
		if (verdict == CS_HTTP_HEAD && text &&
		    begin_request(env, conn, &text->text,
				  conn->head_bytes <= (size_t)(data - piece)
					  ? data - conn->head_bytes
					  : NULL))
			return LOST_IN;
		if (env->caller && text && (verdict == CS_HTTP_HEAD || verdict == CS_HTTP_END) &&
		    cs_http_request_idle(&conn->request))
			tell_request_end(env, conn, &text->text);
		if (env->caller)
			continue;
		if (conn->wants_body && cs_http_request_idle(&conn->request))
			tell_request_end(env, conn, NULL);
		if (cs_http_request_idle(&conn->request) ||
		    (verdict == CS_HTTP_HEAD && !conn->wants_body))
			put_text(env, conn);
	}
	return 0;
}

/* What a caller keeps of the head. Interim responses have left nothing in it. */
static void begin_response_text(const struct cs_conn_env *env, struct cs_conn *conn)
{
	struct cs_http_text *text;

	if (conn->response_text == CS_POOL_NONE)
		conn->response_text = cs_pool_take(env->texts);
	text = response_text(env, conn);
	if (text)
		text->method_len = text->target_len = text->headers_len = text->flags = 0;
}

/* Bytes go out: the first of a response, if none has begun. Not without a request. */
static bool begin_response(const struct cs_conn_env *env, struct cs_conn *conn, uint64_t begin_ns)
{
	uint32_t sequence = atomic_load_explicit(&conn->responses, memory_order_relaxed);
	uint64_t received;

	if (conn->sending != NOTHING)
		return true;
	if (!outstanding(conn))
		return false;
	received = atomic_load_explicit(&conn->received[sequence % CS_CONN_PIPELINE],
					memory_order_relaxed);
	cs_http_response_init(&conn->response, received & TO_HEAD);
	conn->response.to_connect = received & TO_CONNECT;
	conn->sending = HEAD_BEGUN;
	conn->response_ns = begin_ns;
	conn->response_bytes = 0;
	conn->response_forks = (uint16_t)atomic_load_explicit(env->forks, memory_order_relaxed);
	if (env->caller)
		begin_response_text(env, conn);
	return true;
}

/* Hands content to who wants it. Return: of how many bytes all or none are content. */
static uint64_t show_content(const struct cs_conn_env *env, struct cs_conn *conn,
			     const unsigned char *data, uint64_t bytes)
{
	size_t content;

	if (!env->caller || !conn->wants_body)
		return bytes;
	content = cs_http_response_content(&conn->response, bytes);
	if (!content)
		return 1; /* framing */
	env->content(conn, data, content);
	return content;
}

static uint64_t transmit(const struct cs_conn_env *env, struct cs_conn *conn,
			 const unsigned char *data, uint64_t bytes, uint64_t begin_ns,
			 uint64_t end_ns)
{
	while (bytes) {
		enum cs_http_verdict verdict;
		uint64_t part;
		size_t used;

		if (!begin_response(env, conn, begin_ns))
			return LOST;
		part = show_content(env, conn, data, bytes);
		verdict = cs_http_response_feed(&conn->response, response_text(env, conn), data,
						part, &used);
		bytes -= used;
		if (data)
			data += used;
		conn->response_bytes += used;
		switch (verdict) {
		case CS_HTTP_MORE:
			if (cs_http_response_idle(&conn->response))
				conn->sending = NOTHING; /* it was an interim one */
			break;
		case CS_HTTP_HEAD:
			tell_response(env, conn, conn->response.status);
			conn->sending = HEAD_TOLD;
			if (!cs_http_response_over(&conn->response))
				break;
			end_response(env, conn, 0, end_ns);
			if (cs_http_response_tunnel(&conn->response))
				return LOST; /* another protocol follows */
			break;
		case CS_HTTP_END:
			end_response(env, conn, 0, end_ns);
			break;
		case CS_HTTP_NOT_HTTP:
		case CS_HTTP_UNFOLLOWED:
			end_all(env, conn, true, end_ns);
			return LOST;
		}
	}
	return 0;
}

static uint64_t raw_lost(enum cs_conn_raw_verdict verdict)
{
	return verdict == CS_CONN_RAW_LOST ? LOST : 0;
}

static uint64_t take_in(const struct cs_conn_env *env, struct cs_conn *conn,
			const unsigned char *data, uint64_t bytes, uint64_t now_ns)
{
	enum cs_conn_raw_verdict verdict =
		env->raw_out ? env->raw_out(env, conn, data, bytes, now_ns) : CS_CONN_RAW_HTTP;

	return verdict == CS_CONN_RAW_HTTP ? receive(env, conn, data, bytes, now_ns)
					   : raw_lost(verdict);
}

static uint64_t take_out(const struct cs_conn_env *env, struct cs_conn *conn,
			 const unsigned char *data, uint64_t bytes, uint64_t begin_ns,
			 uint64_t end_ns)
{
	enum cs_conn_raw_verdict verdict =
		env->raw_in ? env->raw_in(env, conn, data, bytes, end_ns) : CS_CONN_RAW_HTTP;

	return verdict == CS_CONN_RAW_HTTP ? transmit(env, conn, data, bytes, begin_ns, end_ns)
					   : raw_lost(verdict);
}

void cs_conn_received(const struct cs_conn_env *env, struct cs_conn *conn, uint32_t generation,
		      const struct iovec *iov, uint64_t bytes, uint64_t now_ns)
{
	uint64_t lost = 0;

	if (!enter(conn, generation, RECEIVING, LOST_IN))
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
		put_text(env, conn);
	leave(env, conn, RECEIVING, lost);
}

void cs_conn_sent(const struct cs_conn_env *env, struct cs_conn *conn, uint32_t generation,
		  const struct iovec *iov, uint64_t bytes, uint64_t begin_ns, uint64_t end_ns)
{
	uint64_t lost = 0;

	if (!enter(conn, generation, SENDING, LOST_OUT))
		return;
	if (!iov)
		lost = take_out(env, conn, NULL, bytes, begin_ns, end_ns);
	while (iov && bytes && !lost) {
		uint64_t part = iov->iov_len < bytes ? iov->iov_len : bytes;

		lost = take_out(env, conn, iov->iov_base, part, begin_ns, end_ns);
		bytes -= part;
		iov++;
	}
	leave(env, conn, SENDING, lost);
}

void cs_conn_shutdown(const struct cs_conn_env *env, struct cs_conn *conn, uint32_t generation,
		      uint64_t now_ns)
{
	if (!enter(conn, generation, SENDING, LOST_OUT))
		return;
	end_all(env, conn, false, now_ns);
	leave(env, conn, SENDING, LOST);
}

void cs_conn_lose(const struct cs_conn_env *env, struct cs_conn *conn, uint32_t generation,
		  uint64_t now_ns)
{
	uint64_t state;

	if (enter(conn, generation, SENDING, LOST_OUT)) {
		end_all(env, conn, true, now_ns);
		leave(env, conn, SENDING, LOST);
		return;
	}
	state = atomic_load_explicit(&conn->state, memory_order_relaxed);
	while (is_generation(state, generation) && (state & LOST) != LOST &&
	       !atomic_compare_exchange_weak_explicit(&conn->state, &state, state | LOST,
						      memory_order_relaxed, memory_order_relaxed))
		;
}

void cs_conn_skip(const struct cs_conn_env *env, struct cs_conn *conn, uint32_t generation,
		  uint64_t now_ns)
{
	if (!enter(conn, generation, SENDING, LOST_OUT))
		return;
	end_all(env, conn, true, now_ns);
	leave(env, conn, SENDING, 0);
}

void cs_conn_unref(const struct cs_conn_env *env, struct cs_conn *conn, uint32_t generation,
		   bool seen, uint64_t now_ns)
{
	uint64_t state = atomic_load_explicit(&conn->state, memory_order_relaxed);
	uint64_t next;

	do {
		if (!is_generation(state, generation) || state & CLOSING)
			return;
		next = state - REF;
		if (!(next & REF_MASK)) {
			atomic_store_explicit(&conn->closed_ns, now_ns, memory_order_relaxed);
			next |= CLOSING | (seen ? 0 : UNSEEN);
		}
		/* pairs with: conn.state */
	} while (!atomic_compare_exchange_weak_explicit(
		&conn->state, &state, next, memory_order_acq_rel, memory_order_relaxed));
	if (next & CLOSING && !(next & BUSY))
		finish(env, conn, next);
}
