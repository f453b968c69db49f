/* SPDX-License-Identifier: Apache-2.0 */

/* A real HTTP server on loopback, on the loop of the test itself, that answers as told. */
#pragma once

#include <event2/event.h>
#include <event2/http.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One answer; they are used up in order, then everything is answered 200 with an empty body. */
struct answer {
	int status;              /* 0: close the connection without a reply; -1: never answer */
	const char *retry_after; /* NULL: none */
	const char *type;        /* Content-Type; NULL: application/x-protobuf */
	const void *body;
	size_t body_len;
	bool close;      /* the connection after the answer */
	const char *raw; /* instead of all that: these bytes, and the end of the connection */
};

#define SERVER_REQUESTS_MAX 1100

struct server {
	struct evhttp *http;
	uint16_t port;
	char url[64];
	const struct answer *answers;
	size_t answers_count;
	size_t requests;
	struct { /* of each request */
		char *body;
		size_t body_len;
		char path[128];
		char headers[1024]; /* "Name: value\n"… */
		uint16_t peer_port; /* tells connections apart */
	} seen[SERVER_REQUESTS_MAX];
};

/** server_init() - listen on @address (NULL: 127.0.0.1) and @port (0: any). Ends on failure. */
void server_init(struct server *server, struct event_base *base, const char *address,
		 uint16_t port);

void server_deinit(struct server *server);
