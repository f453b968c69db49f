/* SPDX-License-Identifier: Apache-2.0 */

/*
 * POST over one kept-alive HTTP/1.1 connection, by libevent's client on the caller's loop: one call
 * at a time, one time limit for all of it (look-up, connect, send, reply), no redirects, no proxy.
 * A host name is looked up when a connection is needed, without blocking (libevent's resolver;
 * "localhost" is 127.0.0.1, then ::1); all its addresses are tried.
 *
 * The program must ignore SIGPIPE: libevent writes with writev().
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "exporters/net/endpoint.h"

struct event_base;
struct cs_http_client;

struct cs_http_header {
	const char *name;
	const char *value; /* without line ends */
};

struct cs_http_call {
	const char *path;
	const struct cs_http_header *headers; /* beside Host and Content-Length */
	size_t headers_count;
	const void *body; /* not copied for a second attempt: valid until the reply */
	size_t body_len;
};

enum cs_http_failure {
	CS_HTTP_ANSWERED,    /* there is a reply, whatever it says */
	CS_HTTP_UNREACHABLE, /* no look-up or no connection */
	CS_HTTP_NO_REPLY,    /* connection closed, or garbage, before the reply was complete */
	CS_HTTP_TIMEOUT,
	CS_HTTP_REPLY_TOO_LARGE,
};

struct cs_http_reply {
	enum cs_http_failure failure;
	const char *error; /* one line for people if `failure`, else "" */
	bool stale;        /* CS_HTTP_NO_REPLY on a connection that an earlier call left open */
	int status;        /* 100..999 if answered, else 0 */
	const char *retry_after; /* NULL: none */
	bool protobuf;           /* Content-Type: application/x-protobuf */
	const uint8_t *body;     /* valid during the callback */
	size_t body_len;
};

/** cs_http_reply_fn() - the end of a call; may start the next one, must not free the client. */
typedef void (*cs_http_reply_fn)(void *user, const struct cs_http_reply *reply);

struct cs_http_client_options {
	const struct cs_endpoint *endpoint; /* copied */
	uint32_t timeout_ms;                /* of a call; 0: none */
	size_t reply_max_bytes;             /* of a reply's body */
	const char *refused; /* what to say where nobody listens; NULL: of a collector; borrowed */
};

/**
 * cs_http_client_new() - a client that is not yet connected
 * @base: must outlive it
 * @fn:   told the end of every call, never from inside cs_http_client_post()
 * @ret:  untouched on failure
 *
 * Context: loop.
 * Return:  0; -ENOMEM.
 */
int cs_http_client_new(struct event_base *base, const struct cs_http_client_options *options,
		       cs_http_reply_fn fn, void *user, struct cs_http_client **ret) cs_must_use;

/** cs_http_client_post() - start @call; none may be under way. Failures come as replies. */
void cs_http_client_post(struct cs_http_client *client, const struct cs_http_call *call);

/** cs_http_client_cancel() - forget the call under way, if any, without a reply. */
void cs_http_client_cancel(struct cs_http_client *client);

/** cs_http_client_free() - drop a call under way, without a reply. Return: NULL. Accepts NULL. */
struct cs_http_client *cs_http_client_free(struct cs_http_client *client);
