/* SPDX-License-Identifier: Apache-2.0 */

/* For unit tests of preload/http/conn: a connection, and what is told of it, one line an event. */
#pragma once

#include "preload/http/conn.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "preload/wire/records.h"

#define GENERATION 7u
#define FD         5
#define GET_A      "GET /a HTTP/1.1\r\n\r\n"                        /* 19 bytes */
#define HEAD_A     "HEAD /a HTTP/1.1\r\n\r\n"                       /* 20 bytes */
#define PUT_3      "PUT /p HTTP/1.1\r\nContent-Length: 3\r\n\r\n"   /* 38 bytes */
#define OK_2       "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi" /* 40 bytes */
#define OK_CLOSE   "HTTP/1.0 200 OK\r\n\r\n"                        /* 19 bytes */

static unsigned char conn_items[4 * sizeof(struct cs_conn)] __attribute__((aligned(64)));
static unsigned char text_items[2 * sizeof(struct cs_conn_text)] __attribute__((aligned(8)));
static struct cs_pool conns, texts;
static _Atomic uint32_t forks;
static char told[2048];
static size_t told_len;
static struct cs_conn *conn;

__attribute__((format(printf, 1, 2))) static inline void say(const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(told + told_len, sizeof(told) - told_len, format, args);
	va_end(args);
	told_len += (size_t)n;
}

static bool asides_said;
static bool env_wants; /* the callback wants the bodies of requests */

static inline void emit(struct cs_conn *of, const struct cs_conn_event *event)
{
	if (event->probe)
		say("probe: ");
	if (event->load)
		say("load: ");
	switch (event->type) {
	case CS_CONN_REQUEST:
		say("request %u %.*s %.*s @%lu\n", event->sequence, event->text->method_len,
		    event->text->bytes, event->text->target_len,
		    event->text->bytes + event->text->method_len, event->time_ns);
		of->wants_body = env_wants;
		break;
	case CS_CONN_REQUEST_END:
		if (env_wants)
			say("body whole\n");
		else
			say("asked %u in %lu @%lu\n", event->sequence, event->request_bytes,
			    event->time_ns);
		break;
	case CS_CONN_RESPONSE:
		say("response %u %u @%lu\n", event->sequence, event->status, event->time_ns);
		break;
	case CS_CONN_RESPONSE_END:
		say("end %u %u in %lu out %lu @%lu%s%s%s\n", event->sequence, event->status,
		    event->request_bytes, event->response_bytes, event->time_ns,
		    event->flags & CS_RESPONSE_CLOSED ? " closed" : "",
		    event->flags & CS_RESPONSE_ABORTED ? " aborted" : "",
		    event->flags & CS_RESPONSE_UNFOLLOWED ? " unfollowed" : "");
		break;
	case CS_CONN_HEAD_UNFOLLOWED:
		say("unfollowed\n");
		break;
	case CS_CONN_ASIDE:
		if (asides_said)
			say("aside @%lu\n", event->time_ns);
		break;
	case CS_CONN_ASIDE_OVER:
		if (asides_said)
			say("aside over @%lu\n", event->time_ns);
		break;
	}
}

static inline void content(struct cs_conn *of, const unsigned char *data, size_t len)
{
	if (data)
		say("content %.*s\n", (int)len, data);
	else
		say("content of %d\n", (int)len);
}

static bool env_loads; /* the process is brought its code */
static uint64_t clock_ns;
static unsigned clock_looks;

static inline uint64_t clock_now(void)
{
	clock_looks++;
	return ++clock_ns;
}

static const struct cs_conn_env env = { .conns = &conns,
					.texts = &texts,
					.emit = emit,
					.content = content,
					.now = clock_now,
					.forks = &forks,
					.loads = &env_loads };

static inline void setup(void)
{
	cs_pool_init(&conns, conn_items, 4, sizeof(struct cs_conn));
	cs_pool_init(&texts, text_items, 2, sizeof(struct cs_conn_text));
	conn = cs_pool_item(&conns, cs_conn_open(&env, GENERATION, FD, 3));
}

static inline void received_by(struct cs_conn *of, uint32_t generation, const char *bytes,
			       uint64_t at)
{
	struct iovec iov = { .iov_base = (char *)bytes, .iov_len = strlen(bytes) };

	cs_conn_received(&env, of, generation, &iov, iov.iov_len, at);
}

static inline void received(const char *bytes, uint64_t at)
{
	received_by(conn, GENERATION, bytes, at);
}

static inline void sent(const char *bytes, uint64_t begin, uint64_t end)
{
	struct iovec iov = { .iov_base = (char *)bytes, .iov_len = strlen(bytes) };

	cs_conn_sent(&env, conn, GENERATION, &iov, iov.iov_len, begin, end);
}

static inline void closed(uint64_t at)
{
	cs_conn_unref(&env, conn, GENERATION, true, at);
}

/* All that was told since the last call. */
#define TOLD(expected)                                                                             \
	do {                                                                                       \
		cr_assert(eq(str, told, (char *)(expected)));                                      \
		told_len = 0;                                                                      \
		told[0] = '\0';                                                                    \
	} while (0)

TestSuite(conn, .init = setup);
