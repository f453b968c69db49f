/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What the parts of a followed connection share: conn.c, which is its life; conn_receive.h, the direction in which
 * requests come; and conn_send.h, that of the responses; and who may touch it.
 *
 * The directions are inlined: once in conn.c, for whatever environment, and once in descriptors/served.c, whose
 * connections are those of the hot path, and whose environment the compiler knows then. Nobody else's.
 */
#pragma once

#include <stdatomic.h>

#include "preload/http/conn.h"

#define CS_CONN_WAY static inline __attribute__((always_inline))

/* Bits of cs_conn.state */
#define CS_CONN_RECEIVING  0x01u /* a thread is busy with the receiving direction */
#define CS_CONN_SENDING    0x02u
#define CS_CONN_CLOSING    0x04u /* whoever clears the last busy bit ends the connection */
#define CS_CONN_LOST_IN    0x08u /* no more is understood of what comes in */
#define CS_CONN_LOST_OUT   0x10u
#define CS_CONN_UNSEEN     0x20u  /* the close went by unseen */
#define CS_CONN_SHARED     0x40u  /* another process was given it */
#define CS_CONN_BLOCKING   0x80u  /* a read waits for bytes, as far as was seen */
#define CS_CONN_ASIDE_TOLD 0x100u /* what passes now is somebody's of whom nothing is told */
#define CS_CONN_SAID_ALL   0x200u /* the process will send no more */
#define CS_CONN_TO_TUNNEL  0x400u /* what comes in is not looked at, whatever is answered */
#define CS_CONN_WAITED     0x800u /* a thread has waited for it, and for nothing else */
#define CS_CONN_BUSY       (CS_CONN_RECEIVING | CS_CONN_SENDING)
#define CS_CONN_LOST       (CS_CONN_LOST_IN | CS_CONN_LOST_OUT)
#define CS_CONN_GENERATION 32 /* from this bit on */

/* Bits of cs_conn.received: what the request makes of the response */
#define CS_CONN_TO_HEAD    0x1u
#define CS_CONN_TO_CONNECT 0x2u
#define CS_CONN_TO_PROBE   0x4u
#define CS_CONN_TO_LOAD    0x8u

/* Values of cs_conn.sending */
enum {
	CS_CONN_NOTHING,
	CS_CONN_HEAD_BEGUN,
	CS_CONN_HEAD_TOLD,
};

/** cs_conn_outstanding() - requests without a whole response. Context: signal. */
static inline uint32_t cs_conn_outstanding(const struct cs_conn *conn)
{
	/* pairs with: conn.requests, conn.responses */
	return atomic_load_explicit(&conn->requests, memory_order_acquire) -
	       atomic_load_explicit(&conn->responses, memory_order_acquire);
}

/** cs_conn_received_of() - what cs_conn.received has of request @sequence. Context: signal. */
static inline uint64_t cs_conn_received_of(const struct cs_conn *conn, uint32_t sequence)
{
	return atomic_load_explicit(&conn->received[sequence % CS_CONN_PIPELINE],
				    memory_order_relaxed);
}

/** cs_conn_time() - a stamp, or if it was left out, what the clock says now. Context: signal. */
static inline uint64_t cs_conn_time(const struct cs_conn_env *env, uint64_t ns)
{
	return ns || !env->now ? ns : env->now();
}

/**
 * cs_conn_show() - hand content, the next @content bytes, to who wants it
 *
 * Context: signal; the one thread in the direction.
 * Return:  of how many bytes all or none are content.
 */
uint64_t cs_conn_show(const struct cs_conn_env *env, struct cs_conn *conn,
		      const unsigned char *data, size_t content);

/** cs_conn_tell_unfollowed() - a head is not followed. Context: signal; the one thread in the direction. */
void cs_conn_tell_unfollowed(const struct cs_conn_env *env, struct cs_conn *conn);

/**
 * cs_conn_remember() - of a server's, whose env remembers: its head, of @conn->head_bytes, may come again
 *
 * A connection whose heads do not is looked at ever more seldom. Nothing happens if there is no room.
 * Context: signal; the one thread in the receiving direction.
 */
void cs_conn_remember(const struct cs_conn_env *env, struct cs_conn *conn,
		      const struct cs_http_text *text, const unsigned char *head);

/** cs_conn_put_text() - no more heads come in: their text and memo are needed no more. Context: as above. */
void cs_conn_put_text(const struct cs_conn_env *env, struct cs_conn *conn);

/** cs_conn_put_response_text() - of a caller: what is kept of the response is needed no more. */
void cs_conn_put_response_text(const struct cs_conn_env *env, struct cs_conn *conn);

/**
 * cs_conn_end_all() - nothing more will be sent: end what is outstanding
 * @lost: how much of it is not known
 *
 * Context: signal; the one thread in the sending direction.
 */
void cs_conn_end_all(const struct cs_conn_env *env, struct cs_conn *conn, bool lost,
		     uint64_t now_ns);

/**
 * cs_conn_end_http() - with this response: what follows is another protocol, or anybody's bytes
 * @end:  behind the last byte of its head; NULL: only the number of bytes is known
 * @part: how many of its bytes stand before that
 *
 * Context: signal; the one thread in the sending direction.
 */
void cs_conn_end_http(const struct cs_conn_env *env, struct cs_conn *conn, const unsigned char *end,
		      size_t part, uint64_t now_ns);

/** cs_conn_finish() - the last reference is gone and nobody is busy: exactly one thread comes here. */
void cs_conn_finish(const struct cs_conn_env *env, struct cs_conn *conn, uint64_t state);

/**
 * cs_conn_tell_aside() - no more is understood of it: somebody of whom nothing is told may have begun
 *
 * @lost: bits that are about to be added to @state
 *
 * Context: signal; the one thread in a direction.
 * Return:  cs_conn.state now, which was @state.
 */
uint64_t cs_conn_tell_aside(const struct cs_conn_env *env, struct cs_conn *conn, uint64_t state,
			    uint64_t lost, uint64_t now_ns);

/** cs_conn_rare() - the env for the functions above, which are not inlined. */
CS_CONN_WAY const struct cs_conn_env *cs_conn_rare(const struct cs_conn_env *env)
{
	return env->general ? env->general : env;
}

CS_CONN_WAY bool cs_conn_is_generation(uint64_t state, uint32_t generation)
{
	return (uint32_t)(state >> CS_CONN_GENERATION) == generation;
}

/* Become the one thread in a direction. */
CS_CONN_WAY bool cs_conn_enter(struct cs_conn *conn, uint32_t generation, uint64_t busy,
			       uint64_t lost)
{
	uint64_t state = atomic_load_explicit(&conn->state, memory_order_relaxed);
	uint64_t next;

	do {
		if (!cs_conn_is_generation(state, generation) || state & (CS_CONN_CLOSING | lost))
			return false;
		next = state & busy ? state | CS_CONN_LOST : state | busy;
		/* pairs with: conn.state */
	} while (!atomic_compare_exchange_weak_explicit(
		&conn->state, &state, next, memory_order_acquire, memory_order_relaxed));
	return !(state & busy);
}

/* Be it no longer; @lost: what cannot be followed any more, and other bits that are true from now on. */
CS_CONN_WAY void cs_conn_leave(const struct cs_conn_env *env, struct cs_conn *conn, uint64_t busy,
			       uint64_t lost, uint64_t now_ns)
{
	uint64_t state = atomic_load_explicit(&conn->state, memory_order_relaxed);
	uint64_t next;

	do {
		if (__builtin_expect(((state | lost) & CS_CONN_LOST) != 0, 0))
			state = cs_conn_tell_aside(cs_conn_rare(env), conn, state, lost, now_ns);
		next = (state & ~(busy | CS_CONN_ANSWERING)) | lost;
		/* pairs with: conn.state; acquire, as finish() reads what the other direction wrote */
	} while (!atomic_compare_exchange_weak_explicit(
		&conn->state, &state, next, memory_order_acq_rel, memory_order_relaxed));
	if (next & CS_CONN_CLOSING && !(next & CS_CONN_BUSY))
		cs_conn_finish(cs_conn_rare(env), conn, next);
}

CS_CONN_WAY uint64_t cs_conn_raw_lost(enum cs_conn_raw_verdict verdict)
{
	return verdict == CS_CONN_RAW_LOST ? CS_CONN_LOST : 0;
}
