/* SPDX-License-Identifier: Apache-2.0 */

/* Calls on one connection; see call.h. */
#include "preload/call.h"

#include <stdatomic.h>

/* Bits of cs_conn.calling */
#define PROTOCOL   0xffull /* 1 + enum cs_call_protocol; 0: not known yet */
#define CONNECTING 0x100ull
#define ENCRYPTED  0x200ull
#define TLS_1_3    0x400ull
#define HELLO_TOLD 0x800ull
#define SECURED    0x1000ull
#define EARLY      0x2000ull /* something came that nothing had been asked for, as far as was seen */
#define VERSION_AT 16        /* the server's choice */

/* How often an answer is told of whenever more of it comes; then how much later than the last time. */
#define TELL_FIRST 4u
#define TELL_PART  8u
#define TELL_LEAST 50000u /* ns */

/* The client's last handshake message in TLS 1.3, encrypted: 4 + 32 or 48 of it, and 17. */
#define FINISHED_SHORT 53u
#define FINISHED_LONG  69u

static uint64_t bits_of(const struct cs_conn *conn)
{
	return atomic_load_explicit(&conn->calling, memory_order_relaxed);
}

static void set_bits(struct cs_conn *conn, uint64_t bits)
{
	atomic_fetch_or_explicit(&conn->calling, bits, memory_order_relaxed);
}

static enum cs_call_protocol protocol_of(uint64_t bits)
{
	return (enum cs_call_protocol)((bits & PROTOCOL) - 1);
}

static bool is_encrypted(uint64_t bits)
{
	return bits & ENCRYPTED || protocol_of(bits) == CS_CALL_TLS;
}

void cs_call_open(struct cs_conn *conn, bool connecting)
{
	__builtin_memset(&conn->in, 0, sizeof(conn->in));
	conn->request.outgoing = true;
	atomic_store_explicit(&conn->calling, connecting ? CONNECTING : 0, memory_order_relaxed);
}

bool cs_call_is_http(const struct cs_conn *conn)
{
	return protocol_of(bits_of(conn)) == CS_CALL_HTTP;
}

bool cs_call_is_there(struct cs_conn *conn)
{
	if (!(bits_of(conn) & CONNECTING))
		return false;
	return atomic_fetch_and_explicit(&conn->calling, ~CONNECTING, memory_order_relaxed) &
	       CONNECTING;
}

/* Both directions may come here at once with the first bytes: the first one's word counts. */
static uint64_t decide(struct cs_conn *conn, enum cs_call_protocol protocol)
{
	uint64_t bits = bits_of(conn);

	while (!(bits & PROTOCOL) && !atomic_compare_exchange_weak_explicit(
					     &conn->calling, &bits, bits | ((uint64_t)protocol + 1),
					     memory_order_relaxed, memory_order_relaxed))
		;
	return bits_of(conn);
}

static void tell(const struct cs_conn_env *env, struct cs_conn *conn, struct cs_call_event *event)
{
	uint64_t bits = bits_of(conn);

	event->protocol = protocol_of(bits);
	event->encrypted = is_encrypted(bits);
	((const struct cs_call_env *)(const void *)env)->tell(conn, event);
}

/* --- calls --- */

static uint32_t begun(const struct cs_conn *conn)
{
	/* pairs with: conn.requests */
	return atomic_load_explicit(&conn->requests, memory_order_acquire);
}

static bool is_answered(const struct cs_conn *conn, uint32_t count)
{
	/* pairs with: conn.responses */
	return atomic_load_explicit(&conn->responses, memory_order_acquire) == count;
}

static uint64_t load(const _Atomic uint64_t *at)
{
	return atomic_load_explicit(at, memory_order_relaxed);
}

static void store(_Atomic uint64_t *at, uint64_t value)
{
	atomic_store_explicit(at, value, memory_order_relaxed);
}

/* What came of call number @count, if that was not told. */
static void tell_so_far(const struct cs_conn_env *env, struct cs_conn *conn, uint32_t count,
			bool more)
{
	struct cs_call_event event = {
		.type = CS_CALL_SO_FAR,
		.sequence = count - 1,
		.more = more,
		.time_ns = load(&conn->in.last_ns),
		.first_ns = load(&conn->in.first_ns),
		.bytes_in = load(&conn->in.bytes),
		.bytes_out = load(&conn->received[(count - 1) % CS_CONN_PIPELINE]) >>
			     CS_CONN_RECEIVED_BITS,
	};

	if (event.time_ns == load(&conn->in.told_ns))
		return;
	/* In TLS 1.3 tickets come before the first answer, and look like one. */
	if (bits_of(conn) & TLS_1_3 && count == 1)
		event.first_ns = 0;
	store(&conn->in.told_ns, event.time_ns);
	tell(env, conn, &event);
}

static void goes_on(struct cs_conn *conn, uint32_t count, size_t len)
{
	_Atomic uint64_t *bytes = &conn->received[(count - 1) % CS_CONN_PIPELINE];

	store(bytes, load(bytes) + ((uint64_t)len << CS_CONN_RECEIVED_BITS));
}

static void goes_out(const struct cs_conn_env *env, struct cs_conn *conn, const unsigned char *data,
		     size_t len, uint64_t now_ns)
{
	struct cs_call_event event = { .type = CS_CALL_BEGINS, .time_ns = now_ns };
	uint64_t bits = bits_of(conn);
	uint32_t count = begun(conn);
	char operation[CS_OPERATION_MAX];

	if (count && !is_answered(conn, count)) {
		goes_on(conn, count, len);
		return;
	}
	if (!is_encrypted(bits)) {
		if (!cs_sniff_begins(protocol_of(bits), data, len))
			return;
		event.text_len = cs_sniff_operation(protocol_of(bits), data, len, operation);
		event.text = operation;
	}
	if (count)
		tell_so_far(env, conn, count, false);
	event.sequence = count;
	tell(env, conn, &event);
	store(&conn->received[count % CS_CONN_PIPELINE], (uint64_t)len << CS_CONN_RECEIVED_BITS);
	/* pairs with: conn.requests */
	atomic_store_explicit(&conn->requests, count + 1, memory_order_release);
}

static void comes_in(const struct cs_conn_env *env, struct cs_conn *conn, size_t len,
		     uint64_t now_ns)
{
	struct cs_call_in *in = &conn->in;
	uint32_t count = begun(conn);
	uint64_t first_ns, told_ns;

	if (!count)
		return;
	if (in->sequence != count) {
		in->sequence = count;
		store(&in->first_ns, now_ns);
		store(&in->told_ns, 0);
		store(&in->bytes, 0);
		in->tellings = 0;
	}
	store(&in->bytes, load(&in->bytes) + len);
	store(&in->last_ns, now_ns);
	/* pairs with: conn.responses */
	atomic_store_explicit(&conn->responses, count, memory_order_release);
	first_ns = load(&in->first_ns);
	told_ns = load(&in->told_ns);
	if (in->tellings++ < TELL_FIRST ||
	    now_ns - told_ns >= (told_ns - first_ns) / TELL_PART + TELL_LEAST)
		tell_so_far(env, conn, count, true);
}

/* --- TLS --- */

static void is_secured(const struct cs_conn_env *env, struct cs_conn *conn, uint64_t now_ns)
{
	struct cs_call_event event = {
		.type = CS_CALL_SECURED,
		.time_ns = now_ns,
		.version = (uint16_t)(bits_of(conn) >> VERSION_AT),
	};

	set_bits(conn, SECURED);
	tell(env, conn, &event);
}

static void says_hello(const struct cs_conn_env *env, struct cs_conn *conn,
		       const struct cs_tls_piece *piece, uint64_t now_ns)
{
	struct cs_call_event event = { .type = CS_CALL_HELLO, .time_ns = now_ns };
	const unsigned char *name = NULL;

	event.text_len = cs_tls_server_name(piece->body, piece->len, &name);
	event.text = (const char *)name;
	set_bits(conn, HELLO_TOLD);
	tell(env, conn, &event);
}

static void piece_out(const struct cs_conn_env *env, struct cs_conn *conn,
		      const struct cs_tls_piece *piece, uint64_t now_ns)
{
	uint64_t bits = bits_of(conn);

	if (piece->type == CS_TLS_HANDSHAKE && piece->first && !(bits & HELLO_TOLD))
		says_hello(env, conn, piece, now_ns);
	if (piece->type != CS_TLS_DATA)
		return;
	if (!(bits & SECURED)) {
		is_secured(env, conn, now_ns);
		if (bits & TLS_1_3 &&
		    (piece->record_len == FINISHED_SHORT || piece->record_len == FINISHED_LONG))
			return;
	}
	if (piece->first)
		goes_out(env, conn, NULL, piece->len, now_ns);
	else if (begun(conn))
		goes_on(conn, begun(conn), piece->len);
}

static void piece_in(const struct cs_conn_env *env, struct cs_conn *conn,
		     const struct cs_tls_piece *piece, uint64_t now_ns)
{
	uint64_t bits = bits_of(conn);

	if (piece->type == CS_TLS_HANDSHAKE && piece->first && !(bits >> VERSION_AT)) {
		uint64_t version = cs_tls_server_version(piece->body, piece->len);

		set_bits(conn, version << VERSION_AT | (version >= 0x0304 ? TLS_1_3 : 0));
	}
	if (piece->type == CS_TLS_DATA && bits & SECURED)
		comes_in(env, conn, piece->len, now_ns);
}

static enum cs_conn_raw_verdict
each_piece(const struct cs_conn_env *env, struct cs_conn *conn, struct cs_tls_records *tls,
	   const unsigned char *data, size_t len, uint64_t now_ns,
	   void (*piece_fn)(const struct cs_conn_env *, struct cs_conn *,
			    const struct cs_tls_piece *, uint64_t))
{
	struct cs_tls_piece piece;

	while (len) {
		size_t used = cs_tls_records_next(tls, data, len, &piece);

		if (piece.len)
			piece_fn(env, conn, &piece, now_ns);
		data += used;
		len -= used;
	}
	return tls->broken ? CS_CONN_RAW_LOST : CS_CONN_RAW_TAKEN;
}

/* --- bytes --- */

/* Of these the handshake may come after a word in the clear. */
static bool turns_to_tls(uint64_t bits, const unsigned char *data, size_t len)
{
	enum cs_call_protocol protocol = protocol_of(bits);

	return (protocol == CS_CALL_POSTGRESQL || protocol == CS_CALL_MYSQL) &&
	       !(bits & ENCRYPTED) && cs_sniff_tls(data, len);
}

enum cs_conn_raw_verdict cs_call_out(const struct cs_conn_env *env, struct cs_conn *conn,
				     const unsigned char *data, size_t len, uint64_t now_ns)
{
	uint64_t bits = bits_of(conn);

	if (!len)
		return CS_CONN_RAW_TAKEN;
	if (!(bits & PROTOCOL)) {
		bits = decide(conn, data ? cs_sniff_out(data, len) : CS_CALL_UNKNOWN);
		if (protocol_of(bits) != CS_CALL_HTTP)
			__builtin_memset(&conn->out, 0, sizeof(conn->out));
	}
	if (protocol_of(bits) == CS_CALL_HTTP)
		return CS_CONN_RAW_HTTP;
	if (!data)
		return CS_CONN_RAW_LOST;
	if (!begun(conn) && turns_to_tls(bits, data, len)) {
		set_bits(conn, ENCRYPTED);
		bits |= ENCRYPTED;
	}
	if (is_encrypted(bits))
		return each_piece(env, conn, &conn->out.tls, data, len, now_ns, piece_out);
	goes_out(env, conn, data, len, now_ns);
	return CS_CONN_RAW_TAKEN;
}

enum cs_conn_raw_verdict cs_call_in(const struct cs_conn_env *env, struct cs_conn *conn,
				    const unsigned char *data, size_t len, uint64_t now_ns)
{
	uint64_t bits = bits_of(conn);

	if (!len)
		return CS_CONN_RAW_TAKEN;
	if (!(bits & PROTOCOL) && data && cs_sniff_in(data, len) == CS_CALL_MYSQL)
		bits = decide(conn, CS_CALL_MYSQL);
	if (protocol_of(bits) == CS_CALL_HTTP && !is_answered(conn, begun(conn)))
		return CS_CONN_RAW_HTTP;
	if (!(bits & PROTOCOL) || protocol_of(bits) == CS_CALL_HTTP) {
		set_bits(conn, EARLY);
		return CS_CONN_RAW_TAKEN;
	}
	if (!is_encrypted(bits)) {
		comes_in(env, conn, len, now_ns);
		return CS_CONN_RAW_TAKEN;
	}
	if (!data)
		return CS_CONN_RAW_LOST;
	return each_piece(env, conn, &conn->in.tls, data, len, now_ns, piece_in);
}

bool cs_call_was_early(struct cs_conn *conn)
{
	uint64_t bits = bits_of(conn);

	if (!(bits & EARLY) || protocol_of(bits) != CS_CALL_HTTP || is_answered(conn, begun(conn)))
		return false;
	return atomic_fetch_and_explicit(&conn->calling, ~EARLY, memory_order_relaxed) & EARLY;
}

void cs_call_over(const struct cs_conn_env *env, struct cs_conn *conn)
{
	uint64_t bits = bits_of(conn);
	uint32_t count = begun(conn);

	if (bits & PROTOCOL && protocol_of(bits) != CS_CALL_HTTP && count &&
	    is_answered(conn, count))
		tell_so_far(env, conn, count, false);
}
