/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A connection to the Lambda Runtime API with any bytes in both directions, cut anywhere: what is
 * told of it lies inside of its texts, comes in order, and all memory is given back. The first byte
 * says how many of the next are AWS_LAMBDA_RUNTIME_API; then an operation is a byte that says what
 * happens and one that says how many of the rest pass.
 */
#include <netinet/in.h>
#include <string.h>

#include "preload/events/lambda_call.h"
#include "preload/http/conn.h"
#include "tests/fuzz/fuzz.h"

#define GENERATION 3u
#define TEXTS      2u

static unsigned char conn_items[sizeof(struct cs_conn)] __attribute__((aligned(64)));
static unsigned char text_items[TEXTS * sizeof(struct cs_conn_text)] __attribute__((aligned(8)));
static struct cs_pool conns, texts;
static _Atomic uint32_t forks;
static uint32_t requests, wholes, responses, ends;

static void emit(struct cs_conn *conn, const struct cs_conn_event *event);

static const struct cs_conn_env env = {
	.conns = &conns, .texts = &texts, .emit = emit, .forks = &forks, .caller = true
};

static void check_part(const struct cs_http_text *text, struct cs_lambda_part part)
{
	CS_FUZZ_CHECK(part.len > 0);
	CS_FUZZ_CHECK((uint32_t)part.offset + part.len <= cs_http_text_used(text));
}

static enum cs_lambda_call check_text(const struct cs_http_text *text)
{
	struct cs_lambda_part id = { 0 };
	enum cs_lambda_call call;

	CS_FUZZ_CHECK(cs_http_text_used(text) <= CS_HTTP_TEXT_BYTES);
	call = cs_lambda_call_of(text, &id);
	if (call == CS_LAMBDA_RESPONSE || call == CS_LAMBDA_ERROR) {
		check_part(text, id);
		CS_FUZZ_CHECK(id.offset + id.len < text->method_len + text->target_len);
	}
	if (cs_lambda_event_id(text, &id)) {
		check_part(text, id);
		CS_FUZZ_CHECK(id.offset > text->method_len + text->target_len);
	}
	return call;
}

static void emit(struct cs_conn *conn, const struct cs_conn_event *event)
{
	switch (event->type) {
	case CS_CONN_REQUEST:
		CS_FUZZ_CHECK(event->sequence == requests && requests == ends);
		check_text(event->text);
		requests++;
		break;
	case CS_CONN_REQUEST_END:
		CS_FUZZ_CHECK(event->sequence == requests - 1 && wholes < requests);
		check_text(event->text);
		wholes = requests;
		break;
	case CS_CONN_RESPONSE:
		CS_FUZZ_CHECK(event->sequence == requests - 1 && responses == ends);
		CS_FUZZ_CHECK(cs_conn_asked(&env, conn));
		check_text(cs_conn_asked(&env, conn));
		if (event->text)
			check_text(event->text);
		CS_FUZZ_CHECK(!event->text || !event->text->method_len);
		responses++;
		break;
	case CS_CONN_RESPONSE_END:
		CS_FUZZ_CHECK(event->sequence == ends && ends < requests);
		ends++;
		responses = ends;
		break;
	case CS_CONN_HEAD_UNFOLLOWED:
		break;
	case CS_CONN_ASIDE:
	case CS_CONN_ASIDE_OVER:
		CS_FUZZ_CHECK(false); /* not of a caller's */
	}
}

/* Takes up to 255 of the input's bytes, in two buffers. */
static size_t pass(struct cs_conn *conn, const uint8_t *data, size_t size, bool reads)
{
	size_t len = size && data[0] < size - 1 ? data[0] : size ? size - 1 : 0;
	struct iovec iov[2] = { { .iov_len = len / 3 }, { .iov_len = len - len / 3 } };
	const uint8_t *at = data + (size > 0);

	memcpy(&iov[0].iov_base, &at, sizeof(at));
	at += len / 3;
	memcpy(&iov[1].iov_base, &at, sizeof(at));
	if (reads)
		cs_conn_sent(&env, conn, GENERATION, iov, len, 2, 2);
	else
		cs_conn_received(&env, conn, GENERATION, iov, len, 1);
	return len + (size > 0);
}

/* Whatever the variable says. An address that fits has its port. */
static size_t read_api(const uint8_t *data, size_t size)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	size_t len = size && data[0] % 64 < size ? data[0] % 64 : 0;
	struct cs_lambda_api api;
	char value[65];

	memcpy(value, data + (size > 0), len);
	value[len] = '\0';
	cs_lambda_api_read(&api, value);
	in.sin_port = htons(api.port);
	in.sin_addr.s_addr = htonl(api.address);
	CS_FUZZ_CHECK(cs_lambda_api_is(&api, (const void *)&in, sizeof(in)));
	in.sin_port = (in_port_t)~in.sin_port;
	CS_FUZZ_CHECK(!cs_lambda_api_is(&api, (const void *)&in, sizeof(in)));
	return len + (size > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t used = read_api(data, size);
	struct cs_conn *conn;

	requests = wholes = responses = ends = 0;
	cs_pool_init(&conns, conn_items, 1, sizeof(struct cs_conn));
	cs_pool_init(&texts, text_items, TEXTS, sizeof(struct cs_conn_text));
	conn = cs_pool_item(&conns, cs_conn_open(&env, GENERATION, 9, 0));
	data += used;
	size -= used;
	while (size) {
		uint8_t what = data[0];

		data++;
		size--;
		if (what < 250) {
			used = pass(conn, data, size, what & 1);
			data += used;
			size -= used;
		} else {
			cs_conn_lose(&env, conn, GENERATION, 4);
		}
	}
	cs_conn_unref(&env, conn, GENERATION, true, 5);
	CS_FUZZ_CHECK(requests == ends);
	CS_FUZZ_CHECK(cs_pool_take(&conns) == 0);
	for (unsigned i = 0; i < TEXTS; i++)
		CS_FUZZ_CHECK(cs_pool_take(&texts) != CS_POOL_NONE);
	return 0;
}
