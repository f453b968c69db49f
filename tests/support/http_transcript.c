/* SPDX-License-Identifier: Apache-2.0 */

#include "tests/support/http_transcript.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "preload/http/http_request.h"
#include "preload/http/http_response.h"
#include "preload/wire/records.h"

__attribute__((format(printf, 2, 3))) static void say(struct cs_transcript *out, const char *format,
						      ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(out->text + out->len, sizeof(out->text) - out->len, format, args);
	va_end(args);
	if (n > 0)
		out->len += (size_t)n;
	if (out->len >= sizeof(out->text))
		out->len = sizeof(out->text) - 1;
}

/* The piece is copied, so that a sanitizer sees a scanner read behind its end. */
static uint8_t *piece(const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	if (!copy)
		abort();
	memcpy(copy, data, len);
	return copy;
}

static void say_head(struct cs_transcript *out, const struct cs_http_request *request,
		     const struct cs_http_text *text, size_t position)
{
	const char *headers = text->bytes + text->method_len + text->target_len;

	say(out, "HEAD@%zu %.*s %.*s %u%s%s%s%s", position, text->method_len, text->bytes,
	    text->target_len, text->bytes + text->method_len, request->version,
	    request->head_method ? " head" : "",
	    text->flags & CS_REQUEST_TARGET_CUT ? " target-cut" : "",
	    text->flags & CS_REQUEST_HEADERS_CUT ? " headers-cut" : "",
	    cs_http_request_idle(request) ? "" : " body");
	if (text->headers_len)
		say(out, " {%.*s}", text->headers_len, headers);
	say(out, "\n");
}

static int request_piece(struct cs_transcript *out, struct cs_http_request *request,
			 struct cs_http_text *text, const uint8_t *data, size_t len, size_t base)
{
	size_t position = 0, used;

	while (position < len) {
		enum cs_http_verdict verdict =
			cs_http_request_feed(request, text, data + position, len - position, &used);

		if (used > len - position)
			abort();
		position += used;
		switch (verdict) {
		case CS_HTTP_MORE:
			if (position != len)
				abort();
			break;
		case CS_HTTP_HEAD:
			say_head(out, request, text, base + position);
			break;
		case CS_HTTP_END:
			say(out, "END@%zu\n", base + position);
			break;
		case CS_HTTP_NOT_HTTP:
			say(out, "NOT HTTP\n");
			return 0;
		case CS_HTTP_UNFOLLOWED:
			say(out, "UNFOLLOWED\n");
			return 0;
		}
	}
	return 1;
}

void cs_transcript_requests(struct cs_transcript *out, const uint8_t *data, size_t len,
			    size_t first, size_t step)
{
	struct cs_http_request request = { 0 };
	struct cs_http_text text;
	size_t position = 0;
	int goes_on = 1;

	out->len = 0;
	out->text[0] = '\0';
	cs_http_request_init(&request);
	while (goes_on && position < len) {
		size_t want = position ? step : first;
		size_t take = want < len - position ? want : len - position;
		uint8_t *copy;

		if (take == 0)
			take = len - position < step ? len - position : step;
		copy = piece(data + position, take);
		goes_on = request_piece(out, &request, &text, copy, take, position);
		position += take;
		free(copy);
	}
}

static int response_piece(struct cs_transcript *out, struct cs_http_response *response,
			  const uint8_t *data, size_t len, size_t base, int no_body)
{
	size_t position = 0, used;

	while (position < len) {
		enum cs_http_verdict verdict = cs_http_response_feed(
			response, NULL, data + position, len - position, &used);

		if (used > len - position)
			abort();
		position += used;
		switch (verdict) {
		case CS_HTTP_MORE:
			if (position != len && !cs_http_response_idle(response))
				abort();
			break;
		case CS_HTTP_HEAD:
			say(out, "HEAD@%zu %u\n", base + position, response->status);
			if (cs_http_response_over(response)) {
				say(out, "END@%zu\n", base + position);
				cs_http_response_init(response, no_body);
			}
			break;
		case CS_HTTP_END:
			say(out, "END@%zu\n", base + position);
			cs_http_response_init(response, no_body);
			break;
		case CS_HTTP_NOT_HTTP:
			say(out, "NOT HTTP\n");
			return 0;
		case CS_HTTP_UNFOLLOWED:
			say(out, "UNFOLLOWED\n");
			return 0;
		}
	}
	return 1;
}

void cs_transcript_responses(struct cs_transcript *out, const uint8_t *data, size_t len,
			     size_t first, size_t step, int no_body)
{
	struct cs_http_response response = { 0 };
	size_t position = 0;
	int goes_on = 1;

	out->len = 0;
	out->text[0] = '\0';
	cs_http_response_init(&response, no_body);
	while (goes_on && position < len) {
		size_t want = position ? step : first;
		size_t take = want < len - position ? want : len - position;
		uint8_t *copy;

		if (take == 0)
			take = len - position < step ? len - position : step;
		copy = piece(data + position, take);
		goes_on = response_piece(out, &response, copy, take, position, no_body);
		position += take;
		free(copy);
	}
	if (goes_on && cs_http_response_ends_by_close(&response))
		say(out, "UNTIL CLOSE\n");
}
