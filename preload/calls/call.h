/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Calls that the process makes itself, out of the bytes of one connection. HTTP/1 is left to the
 * scanners (conn.h). Elsewhere what goes out until something has come in is one call, and what comes in
 * until something goes out again its answer: nothing else is known of bytes inside TLS, and it is right
 * for whoever waits for an answer. Its end is known only with the next one, so that what came so far is
 * told as it comes, a few times each time, then more and more rarely: an eighth of its time after it was
 * told last. Of a database in the clear the end of an answer is known by its framing (call_db.h), and what
 * comes after that is no part of it.
 *
 * Pure but for atomics; called by conn.c while the thread is busy with the direction.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/calls/call_sniff.h"
#include "preload/http/conn.h"

enum cs_call_event_type {
	CS_CALL_HELLO,   /* a TLS handshake begins; text: the server's name */
	CS_CALL_SECURED, /* it is over */
	CS_CALL_LEFT,    /* the connection is closed before it was seen to be there */
	CS_CALL_BEGINS,  /* text: the operation */
	CS_CALL_CHANGES, /* another database; text: its name, or none */
	CS_CALL_SO_FAR,  /* an answer, up to here */
};

struct cs_call_event {
	enum cs_call_event_type type;
	enum cs_call_protocol protocol;
	uint32_t sequence; /* of the calls on the connection */
	uint16_t version;  /* of SECURED: as in struct cs_rec_connect */
	bool encrypted;
	bool more;   /* of SO_FAR: it may go on */
	bool mixed;  /* idem: of several queries, not all are of the same operation */
	bool failed; /* idem: the database says so; text: its code */
	uint64_t time_ns;
	uint64_t first_ns; /* of SO_FAR; 0: not known */
	uint64_t bytes_out;
	uint64_t bytes_in;
	uint32_t queries; /* of SO_FAR: that were asked together; 0: not known */
	const char *text;
	size_t text_len;
};

/* A connection of the process's own: @conn comes first, so that its address is that of the whole. */
struct cs_call_env {
	struct cs_conn_env conn;
	void (*tell)(struct cs_conn *conn, const struct cs_call_event *event);
};

/** cs_call_open() - make a connection one of these, before anybody knows of it. Context: signal. */
void cs_call_open(struct cs_conn *conn, bool connecting);

/** cs_call_is_http() - does it speak HTTP/1? Context: signal. */
bool cs_call_is_http(const struct cs_conn *conn);

/** cs_call_may_be_http() - does it speak HTTP/1, or nothing yet? Context: signal. */
bool cs_call_may_be_http(const struct cs_conn *conn);

/** cs_call_is_there() - it is connected; false: that was known. Context: signal. */
bool cs_call_is_there(struct cs_conn *conn);

/**
 * cs_call_was_early() - was a request of HTTP/1, told just now, answered before?
 *
 * One thread may read the answer while another has not come back from the call that asked.
 *
 * Context: signal. True once: then cs_conn_skip() it.
 */
bool cs_call_was_early(struct cs_conn *conn);

/* For struct cs_conn_env. */
enum cs_conn_raw_verdict cs_call_out(const struct cs_conn_env *env, struct cs_conn *conn,
				     const unsigned char *data, size_t len, uint64_t now_ns);
enum cs_conn_raw_verdict cs_call_in(const struct cs_conn_env *env, struct cs_conn *conn,
				    const unsigned char *data, size_t len, uint64_t now_ns);
void cs_call_over(const struct cs_conn_env *env, struct cs_conn *conn);
void cs_call_tunnel(struct cs_conn *conn);
