/* SPDX-License-Identifier: Apache-2.0 */

/* Calls inside of TLS, by its records; see call.h. */
#include "preload/calls/call_turns.h"

/* The client's last handshake message in TLS 1.3, encrypted: 4 + 32 or 48 of it, and 17. */
#define FINISHED_SHORT 53u
#define FINISHED_LONG  69u
#define ALERT          19u /* idem, of what it says as it leaves: 2 */
#define END_OF_EARLY   21u /* idem, that its early data is over (RFC 8446 section 4.5): 4, and 17 */

static uint16_t version_of(uint64_t bits)
{
	return (uint16_t)(bits >> VERSION_AT);
}

static void is_secured(const struct cs_conn_env *env, struct cs_conn *conn, uint64_t now_ns)
{
	struct cs_call_event event = {
		.type = CS_CALL_SECURED,
		.time_ns = now_ns,
		.version = version_of(cs_call_bits(conn)),
	};

	cs_call_set_bits(conn, SECURED);
	cs_call_tell(env, conn, &event);
}

static void says_hello(const struct cs_conn_env *env, struct cs_conn *conn,
		       const struct cs_tls_piece *piece, uint64_t now_ns)
{
	struct cs_call_event event = { .type = CS_CALL_HELLO, .time_ns = now_ns };
	const unsigned char *name = NULL;

	event.text_len = cs_tls_server_name(piece->body, piece->len, &name);
	event.text = (const char *)name;
	cs_call_set_bits(conn, HELLO_TOLD);
	cs_call_tell(env, conn, &event);
}

/*
 * Data that the client sends with its hello, ahead of the server's (RFC 8446 section 2.3); and its word that
 * this is over, behind the server's, which is none.
 */
static bool is_early(struct cs_conn *conn, const struct cs_tls_piece *piece)
{
	uint64_t bits = cs_call_bits(conn);

	if (!(bits & HELLO_TOLD))
		return false;
	if (!(bits & GREETED))
		cs_call_set_bits(conn, AHEAD);
	return !(bits & GREETED) || (bits & AHEAD && piece->record_len == END_OF_EARLY);
}

static void piece_out(const struct cs_conn_env *env, struct cs_conn *conn,
		      const struct cs_tls_piece *piece, uint64_t now_ns)
{
	uint64_t bits = cs_call_bits(conn);

	if (piece->type == CS_TLS_HANDSHAKE && piece->first && !(bits & HELLO_TOLD))
		says_hello(env, conn, piece, now_ns);
	if (piece->type != CS_TLS_DATA)
		return;
	if (!(bits & SECURED) && is_early(conn, piece)) {
		if (bits & GREETED)
			return;
	} else if (!(bits & SECURED)) {
		is_secured(env, conn, now_ns);
		if (bits & TLS_1_3 &&
		    (piece->record_len == FINISHED_SHORT || piece->record_len == FINISHED_LONG))
			return;
	}
	if (bits & TLS_1_3 && piece->record_len == ALERT)
		return;
	if (piece->first)
		cs_call_goes_out(env, conn, NULL, 0, piece->len, now_ns);
	else if (cs_call_begun(conn))
		cs_call_goes_on(conn, piece->len);
}

static void piece_in(const struct cs_conn_env *env, struct cs_conn *conn,
		     const struct cs_tls_piece *piece, uint64_t now_ns)
{
	uint64_t bits = cs_call_bits(conn);

	if (piece->type == CS_TLS_HANDSHAKE && piece->first && !version_of(bits)) {
		uint64_t version = cs_tls_server_version(piece->body, piece->len);

		cs_call_set_bits(conn, version << VERSION_AT | GREETED |
					       (version >= 0x0304 ? TLS_1_3 : 0));
	}
	if (piece->type == CS_TLS_DATA && bits & SECURED)
		cs_call_comes_in(env, conn, piece->len, now_ns);
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

enum cs_conn_raw_verdict cs_call_tls_out(const struct cs_conn_env *env, struct cs_conn *conn,
					 const unsigned char *data, size_t len, uint64_t now_ns)
{
	return each_piece(env, conn, &conn->out.tls, data, len, now_ns, piece_out);
}

enum cs_conn_raw_verdict cs_call_tls_in(const struct cs_conn_env *env, struct cs_conn *conn,
					const unsigned char *data, size_t len, uint64_t now_ns)
{
	if (!conn->in.is_tls) /* until now it was a database's words in the clear */
		__builtin_memset(&conn->in.tls, 0, sizeof(conn->in.tls));
	conn->in.is_tls = true;
	return each_piece(env, conn, &conn->in.tls, data, len, now_ns, piece_in);
}
