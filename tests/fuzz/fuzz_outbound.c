/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Requests that a program sends, into which a header may be put: where it goes both the request and what
 * comes out of it must be heads to the scanner, which differ by that header alone. The first bytes of the
 * input say how much of each call the kernel takes: whatever it takes, nothing is lost or comes twice.
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "preload/http/http_request.h"
#include "preload/propagation/outbound_head.h"
#include "preload/propagation/outbound_write.h"
#include "preload/wire/records.h"
#include "tests/fuzz/fuzz.h"

#define OURS  "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n"
#define KEPT  "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\n"
#define TAKES 16u /* bytes of the input that say what the kernel takes */

/* --- as a head --- */

/* Bytes of the head at @data; 0: it is none. */
static size_t head_of(const uint8_t *data, size_t size, struct cs_http_text *text)
{
	struct cs_http_request request = { 0 };
	size_t used;

	return cs_http_request_feed(&request, text, data, size, &used) == CS_HTTP_HEAD ? used : 0;
}

static void check_heads(const uint8_t *data, size_t size, size_t at)
{
	uint8_t *with = malloc(size + sizeof(OURS) - 1);
	struct cs_http_text before, after;
	size_t head = head_of(data, size, &before), kept;

	CS_FUZZ_CHECK(with);
	memcpy(with, data, at);
	memcpy(with + at, OURS, sizeof(OURS) - 1);
	memcpy(with + at + sizeof(OURS) - 1, data + at, size - at);
	CS_FUZZ_CHECK(at + 2 <= size && data[at] == '\r' && data[at + 1] == '\n');
	CS_FUZZ_CHECK(head == at + 2);
	CS_FUZZ_CHECK(head_of(with, size + sizeof(OURS) - 1, &after) == head + sizeof(OURS) - 1);
	kept = cs_http_text_used(&before);
	CS_FUZZ_CHECK(!memcmp(before.bytes, after.bytes, kept));
	CS_FUZZ_CHECK(cs_http_text_used(&after) == kept + sizeof(KEPT) - 1 ||
		      after.flags & CS_REQUEST_HEADERS_CUT);
	CS_FUZZ_CHECK(after.flags & CS_REQUEST_HEADERS_CUT ||
		      !memcmp(after.bytes + kept, KEPT, sizeof(KEPT) - 1));
	free(with);
}

/* --- as calls --- */

struct kernel {
	const uint8_t *takes;
	size_t call;
	uint8_t *bytes;
	size_t used;
};

static int last_error;

static int get_errno(void)
{
	return last_error;
}

static ssize_t take(void *context, const struct iovec *iov, int count)
{
	struct kernel *kernel = context;
	uint8_t how = kernel->takes[kernel->call++ % TAKES];
	size_t left = how >= 0xf0 ? SIZE_MAX : how, taken = 0;

	if (!how && kernel->call < 1000) {
		last_error = EAGAIN;
		return -1;
	}
	if (!how)
		left = SIZE_MAX;
	for (int i = 0; i < count; i++) {
		size_t part = iov[i].iov_len < left ? iov[i].iov_len : left;

		memcpy(kernel->bytes + kernel->used, iov[i].iov_base, part);
		kernel->used += part;
		taken += part;
		left -= part;
	}
	return (ssize_t)taken;
}

/* A caller who sends all of @data, in as many calls as it takes. Return: was all of ours sent? */
static bool send_all(struct kernel *kernel, uint8_t *data, size_t size, size_t at)
{
	static struct cs_outbound_text text;
	struct iovec iov = { data, size };
	size_t sent = 0;
	ssize_t ret;

	memcpy(text.bytes, OURS, sizeof(OURS) - 1);
	text.len = sizeof(OURS) - 1;
	do {
		ret = cs_outbound_issue(&text, &iov, 1, at, take, kernel);
	} while (ret < 0);
	sent = (size_t)ret;
	CS_FUZZ_CHECK(text.sent == 0 || text.sent == text.len || sent == at);
	while (sent < size) {
		iov = (struct iovec){ data + sent, size - sent };
		if (text.sent &&
		    cs_outbound_settle(&text, take, get_errno, kernel) != CS_OUTBOUND_PAID)
			continue;
		ret = take(kernel, &iov, 1);
		sent += ret > 0 ? (size_t)ret : 0;
	}
	return text.sent;
}

static void check_calls(const uint8_t *takes, const uint8_t *data, size_t size, size_t at)
{
	struct kernel kernel = { .takes = takes, .bytes = malloc(size + sizeof(OURS)) };
	uint8_t *copy = malloc(size);

	CS_FUZZ_CHECK(kernel.bytes && copy);
	memcpy(copy, data, size);
	if (send_all(&kernel, copy, size, at)) {
		CS_FUZZ_CHECK(kernel.used == size + sizeof(OURS) - 1);
		CS_FUZZ_CHECK(!memcmp(kernel.bytes, data, at));
		CS_FUZZ_CHECK(!memcmp(kernel.bytes + at, OURS, sizeof(OURS) - 1));
		CS_FUZZ_CHECK(!memcmp(kernel.bytes + at + sizeof(OURS) - 1, data + at, size - at));
	} else {
		CS_FUZZ_CHECK(kernel.used == size && !memcmp(kernel.bytes, data, size));
	}
	free(copy);
	free(kernel.bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t at;

	if (size < TAKES)
		return 0;
	at = cs_outbound_find(data + TAKES, size - TAKES);
	if (!at)
		return 0;
	check_heads(data + TAKES, size - TAKES, at);
	check_calls(data, data + TAKES, size - TAKES, at);
	return 0;
}
