/* SPDX-License-Identifier: Apache-2.0 */

#include "preload/http/http_memo.h"

#include "preload/http/http_names.h"
#include "preload/layout.h"

/* Whose values are nobody's secret. */
static const struct cs_http_listed names[] = {
#define X(text) { sizeof(text) - 1, text },
	X("date") X("server") X("connection") X("keep-alive") X("content-type") X("content-length")
		X("transfer-encoding") X("cache-control") X("vary") X("x-powered-by")
#undef X
};

static bool is_common(const unsigned char *at, size_t left)
{
	size_t len = 0;

	while (len < left && at[len] != ':')
		len++;
	return len < left && cs_http_is_listed(names, sizeof(names) / sizeof(names[0]), at, len);
}

/* Of a head, which ended with an empty line when it was read: it is the program's memory, and may have changed. */
static bool all_common(const unsigned char *data, size_t len)
{
	size_t at = 0;

	for (;;) {
		while (at < len && data[at] != '\n')
			at++;
		if (at == len)
			return false;
		at++;
		if (len - at <= 2)
			return true;
		if (!is_common(data + at, len - at))
			return false;
	}
}

void cs_http_memo_keep(struct cs_http_memo *memo, const struct cs_http_response *response,
		       const unsigned char *data, size_t len)
{
	memo->len = 0;
	if (len > CS_HTTP_MEMO_BYTES || !all_common(data, len))
		return;
	__builtin_memcpy(memo->bytes, data, len);
	memo->content_length = response->fields.content_length;
	memo->status = response->status;
	memo->version = response->version;
	memo->flags = response->fields.flags;
	memo->len = (uint16_t)len;
}

CS_HOT size_t cs_http_memo_feed(const struct cs_http_memo *memo, struct cs_http_response *response,
				const unsigned char *data, size_t len,
				enum cs_http_verdict *ret_verdict)
{
	if (!memo->len || len < memo->len || __builtin_memcmp(data, memo->bytes, memo->len) != 0)
		return 0;
	response->fields.content_length = memo->content_length;
	response->fields.flags = memo->flags;
	response->status = memo->status;
	response->version = memo->version;
	response->head_bytes = memo->len;
	*ret_verdict = cs_http_response_begin_body(response);
	return memo->len;
}
