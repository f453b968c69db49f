/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What the three parts of a followed connection share: conn.c, which is its life and decides who may
 * touch it; conn_receive.c, the direction in which requests come; and conn_send.c, that of the responses.
 * Nobody else's.
 */
#pragma once

#include <stdatomic.h>

#include "preload/http/conn.h"

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

/**
 * cs_conn_receive() - bytes came in
 * @data: @bytes bytes; NULL if only their number is known
 *
 * Context: signal; the one thread in the receiving direction.
 * Return:  bits of cs_conn.state: what of it cannot be followed any longer.
 */
uint64_t cs_conn_receive(const struct cs_conn_env *env, struct cs_conn *conn,
			 const unsigned char *data, uint64_t bytes, uint64_t now_ns);

/** cs_conn_put_text() - the text of a head that came in is needed no more. Context: as above. */
void cs_conn_put_text(const struct cs_conn_env *env, struct cs_conn *conn);

/** cs_conn_transmit() - bytes went out. Context, parameters, return: as above, of the other direction. */
uint64_t cs_conn_transmit(const struct cs_conn_env *env, struct cs_conn *conn,
			  const unsigned char *data, uint64_t bytes, uint64_t begin_ns,
			  uint64_t end_ns);

/**
 * cs_conn_end_all() - nothing more will be sent: end what is outstanding
 * @lost: how much of it is not known
 *
 * Context: signal; the one thread in the sending direction.
 */
void cs_conn_end_all(const struct cs_conn_env *env, struct cs_conn *conn, bool lost,
		     uint64_t now_ns);

/** cs_conn_put_response_text() - of a caller: what is kept of the response is needed no more. */
void cs_conn_put_response_text(const struct cs_conn_env *env, struct cs_conn *conn);
