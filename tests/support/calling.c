/* SPDX-License-Identifier: Apache-2.0 */

/* A connection of the process's own; see calling.h. */
#include "tests/support/calling.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GENERATION 7u
#define DESCRIPTOR 5
#define SAID_MAX   4096u

struct cs_conn *calling;

static unsigned char conn_items[sizeof(struct cs_conn)] __attribute__((aligned(64)));
static unsigned char text_items[sizeof(struct cs_conn_text)] __attribute__((aligned(8)));
static struct cs_pool conns, texts;
static _Atomic uint32_t forks;
static char said[2][SAID_MAX]; /* since the last call, and before that */
static size_t said_len;
static unsigned saying;

static struct cs_call_env env = {
	.conn = { .conns = &conns,
		  .texts = &texts,
		  .forks = &forks,
		  .raw_out = cs_call_out,
		  .raw_in = cs_call_in,
		  .raw_over = cs_call_over,
		  .raw_tunnel = cs_call_tunnel },
};

void calling_open(cs_conn_emit_fn emit, calling_tell_fn tell)
{
	env.conn.emit = emit;
	env.tell = tell;
	memset(conn_items, 0, sizeof(conn_items));
	cs_pool_init(&conns, conn_items, 1, sizeof(struct cs_conn));
	cs_pool_init(&texts, text_items, 1, sizeof(struct cs_conn_text));
	calling = cs_pool_item(&conns, cs_conn_open(&env.conn, GENERATION, DESCRIPTOR, 0));
	cs_call_open(calling, false);
	calling_said();
}

void calling_pass(bool goes_out, const void *bytes, size_t len, uint64_t now_ns)
{
	unsigned char *piece = malloc(len ? len : 1);
	struct iovec iov = { .iov_base = piece, .iov_len = len };

	if (!piece)
		abort();
	if (bytes)
		memcpy(piece, bytes, len);
	if (goes_out)
		cs_conn_received(&env.conn, calling, GENERATION, bytes ? &iov : NULL, len, now_ns);
	else
		cs_conn_sent(&env.conn, calling, GENERATION, bytes ? &iov : NULL, len, now_ns,
			     now_ns);
	free(piece);
}

void calling_skip(uint64_t now_ns)
{
	cs_conn_skip(&env.conn, calling, GENERATION, now_ns);
}

bool calling_close(uint64_t now_ns)
{
	cs_conn_unref(&env.conn, calling, GENERATION, true, now_ns);
	return cs_pool_take(&conns) == 0 && cs_pool_take(&texts) == 0;
}

const char *calling_said(void)
{
	const char *ret = said[saying];

	saying = !saying;
	said_len = 0;
	*said[saying] = '\0';
	return ret;
}

void calling_say(const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(said[saying] + said_len, SAID_MAX - said_len, format, args);
	va_end(args);
	if (len > 0 && (size_t)len < SAID_MAX - said_len)
		said_len += (size_t)len;
	else
		said[saying][said_len] = '\0';
}
