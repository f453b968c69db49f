/* SPDX-License-Identifier: Apache-2.0 */

/* Calls on one connection; see call.h. */
#include "preload/calls/call_turns.h"

_Static_assert(sizeof(struct cs_call_out) <= sizeof(struct cs_http_request), "a larger connection");
_Static_assert(sizeof(struct cs_call_in) <= sizeof(struct cs_http_response), "a larger connection");

static void begin_http(struct cs_conn *conn)
{
	cs_http_request_init(&conn->request);
	conn->request.outgoing = true;
}

void cs_call_open(struct cs_conn *conn, bool connecting)
{
	__builtin_memset(&conn->in, 0, sizeof(conn->in));
	begin_http(conn);
	conn->outbound = CS_POOL_NONE;
	atomic_store_explicit(&conn->calling, connecting ? CONNECTING : 0, memory_order_relaxed);
}

bool cs_call_is_http(const struct cs_conn *conn)
{
	return cs_call_protocol_of(cs_call_bits(conn)) == CS_CALL_HTTP;
}

bool cs_call_may_be_http(const struct cs_conn *conn)
{
	uint64_t bits = cs_call_bits(conn);

	return !(bits & (EARLY | ENCRYPTED)) &&
	       (!(bits & PROTOCOL) || cs_call_protocol_of(bits) == CS_CALL_HTTP);
}

bool cs_call_is_there(struct cs_conn *conn)
{
	if (!(cs_call_bits(conn) & CONNECTING))
		return false;
	return atomic_fetch_and_explicit(&conn->calling, ~CONNECTING, memory_order_relaxed) &
	       CONNECTING;
}

/* Both directions may come here at once with the first bytes: the first one's word counts. */
static uint64_t decide(struct cs_conn *conn, enum cs_call_protocol protocol)
{
	uint64_t bits = cs_call_bits(conn);

	while (!(bits & PROTOCOL) && !atomic_compare_exchange_weak_explicit(
					     &conn->calling, &bits, bits | ((uint64_t)protocol + 1),
					     memory_order_relaxed, memory_order_relaxed))
		;
	return cs_call_bits(conn);
}

/* Of these the handshake may come after a word in the clear. */
static bool turns_to_tls(uint64_t bits, const unsigned char *data, size_t len)
{
	enum cs_call_protocol protocol = cs_call_protocol_of(bits);

	return (protocol == CS_CALL_POSTGRESQL || protocol == CS_CALL_MYSQL) &&
	       !(bits & ENCRYPTED) && cs_sniff_tls(data, len);
}

enum cs_conn_raw_verdict cs_call_out(const struct cs_conn_env *env, struct cs_conn *conn,
				     const unsigned char *data, size_t len, uint64_t now_ns)
{
	uint64_t bits = cs_call_bits(conn);

	if (!len)
		return CS_CONN_RAW_TAKEN;
	if (!(bits & PROTOCOL)) {
		bits = decide(conn, data ? cs_sniff_out(data, len) : CS_CALL_UNKNOWN);
		if (bits & TUNNEL && cs_call_protocol_of(bits) == CS_CALL_HTTP)
			begin_http(conn);
	}
	if (cs_call_protocol_of(bits) == CS_CALL_HTTP)
		return CS_CONN_RAW_HTTP;
	if (!(bits & SAID))
		__builtin_memset(&conn->out, 0, sizeof(conn->out));
	cs_call_set_bits(conn, SAID);
	if (!data)
		return CS_CONN_RAW_LOST;
	if (!cs_call_begun(conn) && turns_to_tls(bits, data, len)) {
		cs_call_set_bits(conn, ENCRYPTED);
		bits |= ENCRYPTED;
	}
	if (cs_call_is_encrypted(bits))
		return cs_call_tls_out(env, conn, data, len, now_ns);
	if (cs_call_is_database(bits))
		cs_call_db_out(env, conn, data, len, now_ns);
	else
		cs_call_goes_out(env, conn, NULL, 0, len, now_ns);
	return CS_CONN_RAW_TAKEN;
}

enum cs_conn_raw_verdict cs_call_in(const struct cs_conn_env *env, struct cs_conn *conn,
				    const unsigned char *data, size_t len, uint64_t now_ns)
{
	uint64_t bits = cs_call_bits(conn);

	if (!len)
		return CS_CONN_RAW_TAKEN;
	if (!(bits & PROTOCOL) && data && cs_sniff_in(data, len) == CS_CALL_MYSQL) {
		if (cs_sniff_mariadb(data, len))
			cs_call_set_bits(conn, MARIADB);
		bits = decide(conn, CS_CALL_MYSQL);
	}
	if (cs_call_protocol_of(bits) == CS_CALL_HTTP &&
	    !cs_call_is_answered(conn, cs_call_begun(conn)))
		return CS_CONN_RAW_HTTP;
	if (!(bits & PROTOCOL) || cs_call_protocol_of(bits) == CS_CALL_HTTP) {
		cs_call_set_bits(conn, EARLY);
		return CS_CONN_RAW_TAKEN;
	}
	if (cs_call_is_encrypted(bits))
		return data ? cs_call_tls_in(env, conn, data, len, now_ns) : CS_CONN_RAW_LOST;
	if (cs_call_is_database(bits) && data)
		cs_call_db_in(env, conn, data, len, now_ns);
	else
		cs_call_comes_in(env, conn, len, now_ns);
	return CS_CONN_RAW_TAKEN;
}

bool cs_call_was_early(struct cs_conn *conn)
{
	uint64_t bits = cs_call_bits(conn);

	if (!(bits & EARLY) || cs_call_protocol_of(bits) != CS_CALL_HTTP ||
	    cs_call_is_answered(conn, cs_call_begun(conn)))
		return false;
	return atomic_fetch_and_explicit(&conn->calling, ~EARLY, memory_order_relaxed) & EARLY;
}

/* Nobody writes before he has read that. */
void cs_call_tunnel(struct cs_conn *conn)
{
	__builtin_memset(&conn->in, 0, sizeof(conn->in));
	conn->in.before = cs_call_begun(conn);
	cs_call_set_bits(conn, TUNNEL);
	atomic_fetch_and_explicit(&conn->calling, ~(PROTOCOL | SAID | EARLY), memory_order_relaxed);
}

void cs_call_over(const struct cs_conn_env *env, struct cs_conn *conn)
{
	uint64_t bits = cs_call_bits(conn);
	uint32_t count = cs_call_begun(conn);
	struct cs_call_event left = {
		.type = CS_CALL_LEFT,
		.time_ns = atomic_load_explicit(&conn->closed_ns, memory_order_relaxed),
	};

	if (bits & CONNECTING)
		cs_call_tell(env, conn, &left);
	if (bits & PROTOCOL && cs_call_protocol_of(bits) != CS_CALL_HTTP && count &&
	    cs_call_is_answered(conn, count))
		cs_call_end_turn(env, conn, count);
}
