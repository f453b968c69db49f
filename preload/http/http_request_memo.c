/* SPDX-License-Identifier: Apache-2.0 */

#include "preload/http/http_request_memo.h"

#include "preload/http/http_names.h"
#include "preload/http/swar.h"
#include "preload/layout.h"

#define LINE_REST 12u /* " " and " HTTP/1.x\r\n" of a request line */

/* What the scanner makes of the rest is told by these. Lambda's, CloudEvents' and probes' heads are looked at anew. */
#define FLAGS_KEPT (CS_HTTP_HAS_LENGTH | CS_HTTP_HAS_CODING | CS_HTTP_CHUNKED)

/* Whose values are nobody's secret. */
static const struct cs_http_listed names[] = {
#define X(text) { sizeof(text) - 1, text },
	X("host") X("user-agent") X("accept") X("accept-encoding") X("accept-language")
		X("connection") X("keep-alive") X("content-type") X("content-length")
			X("transfer-encoding") X("cache-control") X("pragma") X("via")
				X("forwarded") X("x-forwarded-for") X("x-forwarded-host")
					X("x-forwarded-port") X("x-forwarded-proto") X("x-real-ip")
#undef X
};

/* A line of a head: its name ends at @colon, its value is from @value to @end. */
struct line {
	const unsigned char *begin, *colon, *value, *end;
};

static bool is_common(const struct line *line)
{
	return cs_http_is_listed(names, sizeof(names) / sizeof(names[0]), line->begin,
				 (size_t)(line->colon - line->begin));
}

/* Of a head, which was read: but it is the program's memory, and may have changed. */
static bool next_line(const unsigned char *at, const unsigned char *end, struct line *ret)
{
	const unsigned char *p = at;

	while (p < end && *p != ':' && *p != '\r')
		p++;
	if (p == end || *p == '\r')
		return false;
	ret->begin = at;
	ret->colon = p++;
	while (p < end && *p == ' ')
		p++;
	ret->value = p;
	while (p < end && *p != '\r')
		p++;
	ret->end = p;
	return end - p >= 2 && cs_swar_is_crlf(p);
}

static size_t line_bytes(const struct cs_http_request_memo *memo)
{
	return (size_t)memo->method_len + memo->target_len + LINE_REST;
}

static size_t text_bytes(const struct cs_http_request_memo *memo)
{
	return (size_t)memo->method_len + memo->target_len + memo->headers_len;
}

/*
 * The text has the lines that are kept, in their order, as "name: value\n". Is @line the next of them, from @to on?
 * Return: bytes of that; 0: it is not.
 */
static size_t kept_bytes(const struct cs_http_request_memo *memo, const struct line *line,
			 size_t to)
{
	size_t name = (size_t)(line->colon - line->begin);
	size_t value = (size_t)(line->end - line->value);
	const char *text = memo->text + to;

	if (!value || to + name + 2 + value + 1 > text_bytes(memo) || text[name] != ':' ||
	    text[name + 1] != ' ' || text[name + 2 + value] != '\n')
		return 0;
	for (size_t i = 0; i < name; i++) {
		if (cs_http_lower(line->begin[i]) != text[i])
			return 0;
	}
	return __builtin_memcmp(line->value, text + name + 2, value) == 0 ? name + 2 + value + 1
									  : 0;
}

/* Look for the values that may differ. Return: false: there is a line that may not be kept. */
static bool find_ids(struct cs_http_request_memo *memo)
{
	size_t to = (size_t)memo->method_len + memo->target_len, part;
	const unsigned char *at = memo->head + line_bytes(memo), *end = memo->head + memo->len;
	struct line line;

	while (end - at > 2) {
		if (!next_line(at, end, &line))
			return false;
		part = kept_bytes(memo, &line, to);
		if (part && memo->ids_count == CS_HTTP_REQUEST_MEMO_IDS)
			return false;
		if (part)
			memo->ids[memo->ids_count++] = (struct cs_http_memo_id){
				.at = (uint16_t)(line.value - memo->head),
				.to = (uint16_t)(to + (size_t)(line.colon - line.begin) + 2),
				.len = (uint16_t)(line.end - line.value),
			};
		else if (!is_common(&line))
			return false;
		to += part;
		at = line.end + 2;
	}
	return at + 2 == end && cs_swar_is_crlf(at) && to == text_bytes(memo);
}

/* Does the head begin with this line, whole, so that nothing of it was skipped or cut? */
static bool is_whole_line(const struct cs_http_request_memo *memo)
{
	const unsigned char *target = memo->head + memo->method_len + 1;
	const unsigned char *rest = target + memo->target_len;

	return memo->len >= line_bytes(memo) &&
	       !__builtin_memcmp(memo->head, memo->text, memo->method_len) && target[-1] == ' ' &&
	       !__builtin_memcmp(target, memo->text + memo->method_len, memo->target_len) &&
	       *rest == ' ' && cs_swar_version(cs_swar_load(rest + 1)) == memo->version &&
	       cs_swar_is_crlf(rest + 1 + CS_SWAR_BYTES);
}

static bool has_room(const struct cs_http_request *request, const struct cs_http_text *text,
		     size_t len)
{
	return len <= CS_HTTP_REQUEST_MEMO_BYTES &&
	       cs_http_text_used(text) <= CS_HTTP_REQUEST_MEMO_TEXT && !text->flags &&
	       !text->baggage.members && !(request->fields.flags & ~FLAGS_KEPT);
}

/* Of the copy, whatever the program has made of its own since it was read. */
static bool is_framed_alike(const struct cs_http_request_memo *memo)
{
	size_t line = line_bytes(memo), used;
	struct cs_http_fields fields;

	cs_http_fields_init(&fields);
	return cs_http_fields_feed(&fields, NULL, memo->head + line, memo->len - line, &used) ==
		       CS_HTTP_HEAD &&
	       fields.flags == memo->flags && fields.content_length == memo->content_length;
}

static void copy(struct cs_http_request_memo *memo, const struct cs_http_request *request,
		 const struct cs_http_text *text, const unsigned char *head, size_t len)
{
	memo->content_length = request->fields.content_length;
	memo->method_len = text->method_len;
	memo->target_len = text->target_len;
	memo->headers_len = text->headers_len;
	memo->version = request->version;
	memo->flags = request->fields.flags;
	memo->head_method = request->head_method;
	memo->ids_count = 0;
	memo->len = (uint16_t)len;
	__builtin_memcpy(memo->head, head, len);
	__builtin_memcpy(memo->text, text->bytes, cs_http_text_used(text));
}

bool cs_http_request_memo_keep(struct cs_http_request_memo *memo,
			       const struct cs_http_request *request,
			       const struct cs_http_text *text, const unsigned char *head,
			       size_t len)
{
	if (has_room(request, text, len)) {
		copy(memo, request, text, head, len);
		if (is_whole_line(memo) && find_ids(memo) && is_framed_alike(memo))
			return true;
	}
	memo->len = 0;
	__builtin_memset(memo->head, 0, sizeof(memo->head)); /* it may be a secret */
	return false;
}

/* As the scanner takes it: no blanks around it, nothing that ends it. The head stands before the text. */
static bool is_value(const char *text, size_t len)
{
	const unsigned char *at = (const unsigned char *)text, *end = at + len;

	return *at != ' ' && end[-1] != ' ' && cs_swar_plain_end(at, end) == end;
}

static bool is_again(struct cs_http_request_memo *memo, const unsigned char *data)
{
	size_t at = 0;

	for (unsigned i = 0; i < memo->ids_count; i++) {
		const struct cs_http_memo_id *id = &memo->ids[i];

		if (__builtin_memcmp(data + at, memo->head + at, id->at - at) != 0)
			return false;
		__builtin_memcpy(memo->text + id->to, data + id->at, id->len);
		if (!is_value(memo->text + id->to, id->len)) {
			__builtin_memset(memo->text + id->to, 0, id->len); /* not only an id */
			return false;
		}
		at = (size_t)id->at + id->len;
	}
	return __builtin_memcmp(data + at, memo->head + at, memo->len - at) == 0;
}

CS_HOT size_t cs_http_request_memo_feed(struct cs_http_request_memo *memo,
					struct cs_http_request *request, const unsigned char *data,
					size_t len, struct cs_http_kept *ret_kept)
{
	if (!memo->len || len < memo->len || !cs_http_request_fresh(request) ||
	    !is_again(memo, data))
		return 0;
	request->fields.content_length = memo->content_length;
	request->fields.flags = memo->flags;
	request->head_bytes = memo->len;
	request->version = memo->version;
	request->head_method = memo->head_method;
	(void)cs_http_request_begin_body(request);
	*ret_kept = (struct cs_http_kept){
		.bytes = memo->text,
		.method_len = memo->method_len,
		.target_len = memo->target_len,
		.headers_len = memo->headers_len,
	};
	return memo->len;
}
