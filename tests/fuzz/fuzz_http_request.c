/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Anything that a client may send. The first two bytes say how it is cut: every cut must be
 * understood like the whole, and what is kept must stay within its limits.
 */
#include <string.h>

#include "preload/descriptors/received.h"
#include "preload/http/baggage.h"
#include "preload/http/http_request.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/http_transcript.h"

static bool begins(const char *at, const char *end, const char *with)
{
	return (size_t)(end - at) >= strlen(with) && !memcmp(at, with, strlen(with));
}

/* Of baggage only what is named, as values that a header may have. */
static void check_baggage(const struct cs_http_text *text)
{
	const char *at = text->bytes + text->method_len + text->target_len;
	const char *end = at + text->headers_len;

	while (at < end) {
		const char *next = memchr(at, '\n', (size_t)(end - at)), *value;

		CS_FUZZ_CHECK(next && memchr(at, ':', (size_t)(next - at)));
		value = (const char *)memchr(at, ':', (size_t)(next - at)) + 2;
		if (begins(at, next, CS_BAGGAGE_PREFIX)) {
			CS_FUZZ_CHECK(begins(at, next, "baggage.k:") ||
				      begins(at, next, "baggage.userId:"));
			CS_FUZZ_CHECK(next - value <= (ptrdiff_t)CS_BAGGAGE_VALUE_MAX);
			for (; value < next; value++)
				CS_FUZZ_CHECK(*value > ' ' && *value < 0x7f &&
					      !strchr("\",;\\", *value));
		}
		at = next + 1;
	}
}

static void check_limits(const uint8_t *data, size_t size)
{
	struct cs_http_request request = { 0 };
	struct cs_http_text text;
	size_t position = 0, used;

	while (position < size) {
		enum cs_http_verdict verdict = cs_http_request_feed(
			&request, &text, data + position, size - position, &used);

		position += used;
		if (verdict == CS_HTTP_NOT_HTTP || verdict == CS_HTTP_UNFOLLOWED)
			return;
		if (verdict != CS_HTTP_HEAD)
			continue;
		CS_FUZZ_CHECK(used <= CS_HTTP_HEAD_MAX + 8);
		CS_FUZZ_CHECK(text.method_len >= 1 && text.method_len <= CS_HTTP_METHOD_MAX);
		CS_FUZZ_CHECK(text.target_len >= 1 && text.target_len <= CS_HTTP_TARGET_MAX);
		CS_FUZZ_CHECK(cs_http_text_used(&text) <= CS_HTTP_TEXT_BYTES);
		CS_FUZZ_CHECK(!memchr(text.bytes, '?', text.method_len + text.target_len));
		CS_FUZZ_CHECK(!text.headers_len ||
			      text.bytes[cs_http_text_used(&text) - 1] == '\n');
		check_baggage(&text);
	}
}

/* What makes a connection of a descriptor that was sent is the beginning of a request to the scanner. */
static void check_received(const uint8_t *data, size_t size)
{
	const uint8_t *end = memchr(data, '\n', size);
	struct cs_http_request request = { 0 };
	struct cs_http_text text;
	size_t used;

	if (!size || !cs_received_is_request(data, size))
		return;
	CS_FUZZ_CHECK(end);
	CS_FUZZ_CHECK(cs_received_is_request(data, (size_t)(end - data) + 1));
	CS_FUZZ_CHECK(!cs_received_is_request(data, (size_t)(end - data)));
	CS_FUZZ_CHECK(cs_http_request_feed(&request, &text, data, (size_t)(end - data) + 1,
					   &used) != CS_HTTP_NOT_HTTP);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct cs_transcript whole, cut;
	static struct cs_baggage_keys keys;
	size_t first, step;

	if (size < 2)
		return 0;
	if (!keys.count)
		cs_baggage_name(&keys, "k,userId");
	first = data[0];
	step = 1u + data[1];
	data += 2;
	size -= 2;
	check_limits(data, size);
	check_received(data, size);
	cs_transcript_requests(&whole, data, size, size, 1);
	cs_transcript_requests(&cut, data, size, first, step);
	CS_FUZZ_CHECK(whole.len == cut.len && memcmp(whole.text, cut.text, whole.len) == 0);
	return 0;
}
