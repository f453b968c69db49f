/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What the files of call.h share; nobody else's: the bits of a connection, and what becomes of bytes that
 * are understood so far. Context of all: signal; while the thread is busy with the direction.
 */
#pragma once

#include <stdatomic.h>

#include "preload/calls/call.h"

/* Bits of cs_conn.calling */
#define PROTOCOL   0x0full /* 1 + enum cs_call_protocol; 0: not known yet */
#define SAID       0x10ull /* bytes went out: cs_conn.out is that of a call */
#define TUNNEL     0x20ull /* HTTP has made it one: what it speaks now is to be known anew */
#define CONNECTING 0x100ull
#define ENCRYPTED  0x200ull
#define TLS_1_3    0x400ull
#define HELLO_TOLD 0x800ull
#define SECURED    0x1000ull
#define EARLY      0x2000ull /* something came that nothing had been asked for, as far as was seen */
#define UNFRAMED                                                                                   \
	0x4000ull /* a database's messages are not understood: turns are all that is known */
#define ALTERED    0x8000ull /* MySQL: it is compressed; Redis: what comes unasked may be an answer */
#define VERSION_AT 16        /* the server's choice, 16 bits */
#define AHEAD      0x100000000ull /* TLS: data went out ahead of the hello of the server, ... */
#define GREETED    0x200000000ull /* ... which has come */
#define MARIADB    0x400000000ull /* MySQL: the server calls itself that */
#define EXECUTES   0x800000000ull /* Redis: another database is used if what was asked is executed */

static inline uint64_t cs_call_bits(const struct cs_conn *conn)
{
	return atomic_load_explicit(&conn->calling, memory_order_relaxed);
}

static inline void cs_call_set_bits(struct cs_conn *conn, uint64_t bits)
{
	atomic_fetch_or_explicit(&conn->calling, bits, memory_order_relaxed);
}

static inline void cs_call_clear_bits(struct cs_conn *conn, uint64_t bits)
{
	atomic_fetch_and_explicit(&conn->calling, ~bits, memory_order_relaxed);
}

static inline enum cs_call_protocol cs_call_protocol_of(uint64_t bits)
{
	return (enum cs_call_protocol)((bits & PROTOCOL) - 1);
}

static inline bool cs_call_is_encrypted(uint64_t bits)
{
	return bits & ENCRYPTED || cs_call_protocol_of(bits) == CS_CALL_TLS;
}

/** cs_call_is_database() - in the clear */
static inline bool cs_call_is_database(uint64_t bits)
{
	enum cs_call_protocol protocol = cs_call_protocol_of(bits);

	return !(bits & ENCRYPTED) && (protocol == CS_CALL_POSTGRESQL ||
				       protocol == CS_CALL_MYSQL || protocol == CS_CALL_REDIS);
}

/** cs_call_begun() - how many calls have begun on it */
static inline uint32_t cs_call_begun(const struct cs_conn *conn)
{
	/* pairs with: conn.requests */
	return atomic_load_explicit(&conn->requests, memory_order_acquire);
}

/** cs_call_is_answered() - has something come of the last of @count? */
static inline bool cs_call_is_answered(const struct cs_conn *conn, uint32_t count)
{
	/* pairs with: conn.responses */
	return atomic_load_explicit(&conn->responses, memory_order_acquire) == count;
}

/** cs_call_tell() - with the protocol and encryption of the connection */
void cs_call_tell(const struct cs_conn_env *env, struct cs_conn *conn, struct cs_call_event *event);

/** cs_call_goes_on() - more goes out, of the last call that began */
void cs_call_goes_on(struct cs_conn *conn, size_t len);

/**
 * cs_call_goes_out() - more goes out: of the last call, or of a new one, if something has come of the last
 * @operation: @operation_len bytes
 */
void cs_call_goes_out(const struct cs_conn_env *env, struct cs_conn *conn, const char *operation,
		      size_t operation_len, size_t len, uint64_t now_ns);

/** cs_call_comes_in() - something comes, of the last call that began */
void cs_call_comes_in(const struct cs_conn_env *env, struct cs_conn *conn, size_t len,
		      uint64_t now_ns);

/** cs_call_db_out(), cs_call_db_in() - the same of a database in the clear */
void cs_call_db_out(const struct cs_conn_env *env, struct cs_conn *conn, const unsigned char *data,
		    size_t len, uint64_t now_ns);
void cs_call_db_in(const struct cs_conn_env *env, struct cs_conn *conn, const unsigned char *data,
		   size_t len, uint64_t now_ns);

/** cs_call_end_turn() - tell what came of the last call, if it is not told; nothing more will */
void cs_call_end_turn(const struct cs_conn_env *env, struct cs_conn *conn, uint32_t count);

/* Bytes of TLS. */
enum cs_conn_raw_verdict cs_call_tls_out(const struct cs_conn_env *env, struct cs_conn *conn,
					 const unsigned char *data, size_t len, uint64_t now_ns);
enum cs_conn_raw_verdict cs_call_tls_in(const struct cs_conn_env *env, struct cs_conn *conn,
					const unsigned char *data, size_t len, uint64_t now_ns);
