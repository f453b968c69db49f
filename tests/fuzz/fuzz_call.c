/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Any bytes, in any order and pieces, on a connection of the process's own. An operation is a byte that
 * says which way, and one that says how many of the rest pass; each piece is a copy of its own size, so that
 * a sanitizer sees what is read. Calls come in order, what is told of answers is of calls that began, texts
 * are within their bounds, and all memory is given back.
 */
#include <stdlib.h>
#include <string.h>

#include "preload/call.h"
#include "tests/fuzz/fuzz.h"

#define GENERATION 3u

static unsigned char conn_items[sizeof(struct cs_conn)] __attribute__((aligned(64)));
static unsigned char text_items[sizeof(struct cs_conn_text)] __attribute__((aligned(8)));
static struct cs_pool conns, texts;
static _Atomic uint32_t forks;
static uint32_t begun, ended;

static void emit(struct cs_conn *conn, const struct cs_conn_event *event)
{
	if (event->type == CS_CONN_REQUEST) {
		CS_FUZZ_CHECK(event->sequence == begun);
		CS_FUZZ_CHECK(cs_http_text_used(event->text) <= CS_HTTP_TEXT_BYTES);
		begun++;
	}
	if (event->type == CS_CONN_RESPONSE_END) {
		CS_FUZZ_CHECK(event->sequence < begun && event->sequence >= ended);
		ended = event->sequence + 1;
	}
}

static void tell(struct cs_conn *conn, const struct cs_call_event *event)
{
	volatile char last = 0;

	for (size_t i = 0; i < event->text_len; i++)
		last = event->text[i];
	(void)last;
	switch (event->type) {
	case CS_CALL_HELLO:
		CS_FUZZ_CHECK(event->text_len <= CS_TLS_NAME_MAX);
		break;
	case CS_CALL_LEFT:
	case CS_CALL_SECURED:
		break;
	case CS_CALL_BEGINS:
		CS_FUZZ_CHECK(event->sequence == begun && event->text_len < CS_OPERATION_MAX);
		begun++;
		break;
	case CS_CALL_SO_FAR:
		CS_FUZZ_CHECK(event->sequence == begun - 1 && event->bytes_in);
		break;
	}
}

static const struct cs_call_env env = {
	.conn = { .conns = &conns,
		  .texts = &texts,
		  .emit = emit,
		  .forks = &forks,
		  .raw_out = cs_call_out,
		  .raw_in = cs_call_in,
		  .raw_over = cs_call_over,
		  .raw_tunnel = cs_call_tunnel },
	.tell = tell,
};

static size_t pass(struct cs_conn *conn, const uint8_t *data, size_t size, unsigned how,
		   uint64_t now_ns)
{
	size_t len = size && data[0] < size - 1 ? data[0] : size ? size - 1 : 0;
	unsigned char *piece = malloc(len ? len : 1);
	struct iovec iov = { .iov_base = piece, .iov_len = len };

	CS_FUZZ_CHECK(piece);
	memcpy(piece, data + (size > 0), len);
	if (how & 1)
		cs_conn_received(&env.conn, conn, GENERATION, how & 2 ? NULL : &iov, len, now_ns);
	else
		cs_conn_sent(&env.conn, conn, GENERATION, how & 2 ? NULL : &iov, len, now_ns,
			     now_ns);
	free(piece);
	return len + (size > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t now_ns = 1;
	struct cs_conn *conn;

	begun = ended = 0;
	memset(conn_items, 0, sizeof(conn_items));
	cs_pool_init(&conns, conn_items, 1, sizeof(struct cs_conn));
	cs_pool_init(&texts, text_items, 1, sizeof(struct cs_conn_text));
	conn = cs_pool_item(&conns, cs_conn_open(&env.conn, GENERATION, 9, 0));
	cs_call_open(conn, false);
	while (size) {
		uint8_t what = data[0];
		size_t used;

		now_ns += what * 1000u;
		used = pass(conn, data + 1, size - 1, what % 16 ? what % 2 : what / 16, now_ns);
		data += used + 1;
		size -= used + 1;
	}
	cs_conn_unref(&env.conn, conn, GENERATION, true, now_ns);
	CS_FUZZ_CHECK(cs_pool_take(&conns) == 0 && cs_pool_take(&texts) == 0);
	return 0;
}
