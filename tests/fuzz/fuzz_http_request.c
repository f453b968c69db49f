/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Anything that a client may send. The first two bytes say how it is cut, and which byte differs when it comes
 * again: every cut must be understood like the whole, what comes again as if it were new, and what is kept must
 * stay within its limits.
 */
#include <string.h>

#include "preload/descriptors/received.h"
#include "preload/http/baggage.h"
#include "preload/http/http_request.h"
#include "preload/http/http_request_memo.h"
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

struct head {
	struct cs_http_request request;
	struct cs_http_text text;
	size_t used;
};

static bool scan_head(struct head *head, const uint8_t *data, size_t size)
{
	memset(head, 0, sizeof(*head));
	return cs_http_request_feed(&head->request, &head->text, data, size, &head->used) ==
	       CS_HTTP_HEAD;
}

/* A head that is taken for the last one again is what the scanner makes of it. */
static void check_again(struct cs_http_request_memo *memo, const uint8_t *data, size_t size)
{
	struct cs_http_request request = { 0 };
	struct cs_http_kept kept;
	size_t used = cs_http_request_memo_feed(memo, &request, data, size, &kept);
	static struct head anew;

	if (!used)
		return;
	CS_FUZZ_CHECK(scan_head(&anew, data, size));
	CS_FUZZ_CHECK(used == anew.used && request.head_bytes == anew.request.head_bytes);
	CS_FUZZ_CHECK(kept.method_len == anew.text.method_len);
	CS_FUZZ_CHECK(kept.target_len == anew.text.target_len);
	CS_FUZZ_CHECK(kept.headers_len == anew.text.headers_len);
	CS_FUZZ_CHECK(!memcmp(kept.bytes, anew.text.bytes, cs_http_text_used(&anew.text)));
	CS_FUZZ_CHECK(request.version == anew.request.version);
	CS_FUZZ_CHECK(request.head_method == anew.request.head_method);
	CS_FUZZ_CHECK(request.fields.flags == anew.request.fields.flags);
	CS_FUZZ_CHECK(cs_http_request_idle(&request) == cs_http_request_idle(&anew.request));
	CS_FUZZ_CHECK(cs_http_body_content(&request.body, size) ==
		      cs_http_body_content(&anew.request.body, size));
}

/* The same bytes come again, and others, of which one byte differs. */
static void check_memo(const uint8_t *data, size_t size, size_t differs, uint8_t by)
{
	struct cs_http_request_memo memo = { 0 };
	uint8_t other[CS_HTTP_REQUEST_MEMO_BYTES];
	static struct head head;

	if (!scan_head(&head, data, size) || head.used != head.request.head_bytes)
		return;
	if (!cs_http_request_memo_keep(&memo, &head.request, &head.text, data, head.used))
		return;
	check_again(&memo, data, size);
	CS_FUZZ_CHECK(memo.len == head.used);
	memcpy(other, data, memo.len);
	other[differs % memo.len] ^= by;
	check_again(&memo, other, memo.len);
	check_again(&memo, data, size);
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
	check_memo(data, size, first, (uint8_t)step);
	cs_transcript_requests(&whole, data, size, size, 1);
	cs_transcript_requests(&cut, data, size, first, step);
	CS_FUZZ_CHECK(whole.len == cut.len && memcmp(whole.text, cut.text, whole.len) == 0);
	return 0;
}
