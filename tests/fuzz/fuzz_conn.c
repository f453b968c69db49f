/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Any order of events on a connection, with any bytes. An operation is a byte that says what
 * happens and, for bytes in and out, one that says how many of the rest pass. Requests come in
 * order, each gets at most one response and exactly one end, and all memory is given back.
 */
#include <string.h>

#include "preload/http/conn.h"
#include "tests/fuzz/fuzz.h"

#define GENERATION 3u

static unsigned char conn_items[sizeof(struct cs_conn)] __attribute__((aligned(64)));
static unsigned char text_items[sizeof(struct cs_conn_text)] __attribute__((aligned(8)));
static unsigned char memo_items[sizeof(struct cs_conn_memo)] __attribute__((aligned(64)));
static struct cs_pool conns, texts, memos;
static _Atomic uint32_t forks;
static uint32_t requests, responses, ends;
static bool aside;

/* A head that comes again is told without its text. */
static void check_kept(const struct cs_conn_event *event)
{
	const struct cs_http_kept *kept = &event->kept;
	size_t used = cs_http_kept_used(kept);

	CS_FUZZ_CHECK(kept->method_len && kept->target_len);
	CS_FUZZ_CHECK(used <= (event->text ? CS_HTTP_TEXT_BYTES : CS_HTTP_REQUEST_MEMO_TEXT));
	CS_FUZZ_CHECK(!event->text || kept->bytes == event->text->bytes);
	CS_FUZZ_CHECK(!kept->headers_len || kept->bytes[used - 1] == '\n');
}

static bool remembers(void)
{
	return true;
}

static void emit(struct cs_conn *conn, const struct cs_conn_event *event)
{
	CS_FUZZ_CHECK((uint32_t)(conn->connection >> 32) == GENERATION);
	switch (event->type) {
	case CS_CONN_REQUEST:
		CS_FUZZ_CHECK(event->sequence == requests);
		CS_FUZZ_CHECK(requests - ends < CS_CONN_PIPELINE);
		check_kept(event);
		CS_FUZZ_CHECK(event->version == 10 || event->version == 11);
		requests++;
		conn->wants_body = event->text && event->version == 10;
		break;
	case CS_CONN_REQUEST_END:
		CS_FUZZ_CHECK(conn->wants_body && event->sequence == requests - 1);
		break;
	case CS_CONN_RESPONSE:
		CS_FUZZ_CHECK(event->sequence == ends && responses == ends);
		CS_FUZZ_CHECK(event->sequence < requests);
		responses++;
		break;
	case CS_CONN_RESPONSE_END:
		CS_FUZZ_CHECK(event->sequence == ends && ends < requests);
		CS_FUZZ_CHECK(event->status == 0 || responses == ends + 1);
		ends++;
		responses = ends; /* a request that is given up has no response */
		break;
	case CS_CONN_HEAD_UNFOLLOWED:
		break;
	case CS_CONN_ASIDE:
		CS_FUZZ_CHECK(!aside);
		aside = true;
		break;
	case CS_CONN_ASIDE_OVER:
		CS_FUZZ_CHECK(aside);
		aside = false;
		break;
	}
}

/* Scratch memory is the callback's own while the body passes. */
static void look(struct cs_conn *conn, const unsigned char *data, size_t len);

static const struct cs_conn_env env = {
	.conns = &conns,
	.texts = &texts,
	.memos = &memos,
	.emit = emit,
	.content = look,
	.remembers = remembers,
	.forks = &forks,
};

static void look(struct cs_conn *conn, const unsigned char *data, size_t len)
{
	CS_FUZZ_CHECK(conn->wants_body && len > 0);
	memset(cs_conn_scratch(&env, conn), data ? data[len - 1] : 0xff,
	       sizeof(struct cs_http_text));
}

/* Takes up to 255 of the input's bytes, in two buffers, or only counts them. */
static size_t pass(struct cs_conn *conn, const uint8_t *data, size_t size, unsigned how)
{
	size_t len = size && data[0] < size - 1 ? data[0] : size ? size - 1 : 0;
	struct iovec iov[2] = { { .iov_len = len / 3 }, { .iov_len = len - len / 3 } };
	const uint8_t *at = data + (size > 0);

	memcpy(&iov[0].iov_base, &at, sizeof(at));
	at += len / 3;
	memcpy(&iov[1].iov_base, &at, sizeof(at));
	if (how & 1)
		cs_conn_received(&env, conn, GENERATION, how & 2 ? NULL : iov, len, 1);
	else
		cs_conn_sent(&env, conn, GENERATION, how & 2 ? NULL : iov, len, 2, 3);
	return len + (size > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned references = 1;
	struct cs_conn *conn;

	requests = responses = ends = 0;
	aside = false;
	cs_pool_init(&conns, conn_items, 1, sizeof(struct cs_conn));
	cs_pool_init(&texts, text_items, 1, sizeof(struct cs_conn_text));
	cs_pool_init(&memos, memo_items, 1, sizeof(struct cs_conn_memo));
	conn = cs_pool_item(&conns, cs_conn_open(&env, GENERATION, 9, 0));
	while (size && references) {
		uint8_t what = data[0];

		data++;
		size--;
		if (what < 240) {
			size_t used = pass(conn, data, size, what % 8 < 6 ? what % 2 : what);

			data += used;
			size -= used;
		} else if (what < 242) {
			cs_conn_shutdown(&env, conn, GENERATION, 4);
		} else if (what < 244) {
			cs_conn_lose(&env, conn, GENERATION, 4);
		} else if (what < 248) {
			references += cs_conn_ref(conn, GENERATION);
		} else {
			cs_conn_unref(&env, conn, GENERATION, what & 1, 4);
			references--;
		}
	}
	for (; references; references--)
		cs_conn_unref(&env, conn, GENERATION, true, 5);
	CS_FUZZ_CHECK(requests == ends && !aside);
	CS_FUZZ_CHECK(cs_pool_take(&conns) == 0 && cs_pool_take(&texts) == 0 &&
		      cs_pool_take(&memos) == 0);
	return 0;
}
