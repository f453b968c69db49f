/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Any bytes, in any order and pieces, on a connection of the process's own. An operation is a byte that
 * says which way, and one that says how many of the rest pass. Calls come in order, what is told of answers is of calls that began, texts
 * are within their bounds, and all memory is given back.
 */
#include "tests/fuzz/fuzz.h"
#include "tests/support/calling.h"

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
	case CS_CALL_CHANGES:
		CS_FUZZ_CHECK(event->text_len <= CS_DATABASE_MAX);
		break;
	case CS_CALL_SO_FAR:
		CS_FUZZ_CHECK(event->sequence == begun - 1 && event->bytes_in);
		break;
	}
}

static size_t pass(const uint8_t *data, size_t size, unsigned how, uint64_t now_ns)
{
	size_t len = size && data[0] < size - 1 ? data[0] : size ? size - 1 : 0;

	calling_pass(how & 1, how & 2 ? NULL : data + (size > 0), len, now_ns);
	return len + (size > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t now_ns = 1;

	begun = ended = 0;
	calling_open(emit, tell);
	while (size) {
		uint8_t what = data[0];
		size_t used;

		now_ns += what * 1000u;
		used = pass(data + 1, size - 1, what % 16 ? what % 2 : what / 16, now_ns);
		data += used + 1;
		size -= used + 1;
	}
	CS_FUZZ_CHECK(calling_close(now_ns));
	return 0;
}
