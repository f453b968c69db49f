/* SPDX-License-Identifier: Apache-2.0 */

#include <stdio.h>
#include <string.h>

#include "preload/http/http_request.h"
#include "preload/http/http_response.h"
#include "tests/conformance/http/story.h"

static void stop(struct story *ret, enum cs_http_verdict verdict, size_t at)
{
	ret->stopped = true;
	ret->stopped_at = at;
	ret->reason = verdict == CS_HTTP_NOT_HTTP ? "not HTTP" : "not followed";
}

static void keep(char *to, size_t size, const char *from, size_t len)
{
	snprintf(to, size, "%.*s", (int)len, from);
}

static void take_request_head(struct story_head *head, const struct cs_http_request *request,
			      const struct cs_http_text *text)
{
	const char *target = text->bytes + text->method_len;

	head->minor = request->version - 10u;
	keep(head->method, sizeof(head->method), text->bytes, text->method_len);
	keep(head->target, sizeof(head->target), target, text->target_len);
	keep(head->headers, sizeof(head->headers), target + text->target_len, text->headers_len);
}

static void requests(struct story *ret, const uint8_t *bytes, size_t len)
{
	struct cs_http_request request = { 0 };
	static struct cs_http_text text;
	size_t at = 0, begin = 0, used;

	while (at < len && ret->count < STORY_EVENTS_MAX) {
		enum cs_http_verdict verdict =
			cs_http_request_feed(&request, &text, bytes + at, len - at, &used);
		struct story_head *head = &ret->heads[ret->count];

		at += used;
		switch (verdict) {
		case CS_HTTP_MORE:
			break;
		case CS_HTTP_HEAD:
			head->at = begin;
			head->end = at;
			take_request_head(head, &request, &text);
			ret->count++;
			if (!cs_http_request_idle(&request))
				break;
			head->over = true;
			head->over_at = begin = at;
			break;
		case CS_HTTP_END:
			head[-1].over = true;
			head[-1].over_at = begin = at;
			break;
		case CS_HTTP_NOT_HTTP:
		case CS_HTTP_UNFOLLOWED:
			stop(ret, verdict, at);
			return;
		}
	}
}

static void responses(struct story *ret, const uint8_t *bytes, size_t len)
{
	struct cs_http_response response;
	size_t at = 0, begin = 0, used;

	cs_http_response_init(&response, false);
	while (at < len && ret->count < STORY_EVENTS_MAX) {
		enum cs_http_verdict verdict =
			cs_http_response_feed(&response, NULL, bytes + at, len - at, &used);
		struct story_head *head = &ret->heads[ret->count];

		at += used;
		switch (verdict) {
		case CS_HTTP_MORE:
			if (cs_http_response_idle(&response))
				begin = at;
			break;
		case CS_HTTP_HEAD:
			head->at = begin;
			head->end = at;
			head->minor = response.version - 10u;
			head->status = response.status;
			ret->count++;
			if (!cs_http_response_over(&response))
				break;
			head->over = true;
			head->over_at = begin = at;
			ret->upgraded = cs_http_response_tunnel(&response);
			cs_http_response_init(&response, false);
			if (ret->upgraded)
				return;
			break;
		case CS_HTTP_END:
			head[-1].over = true;
			head[-1].over_at = begin = at;
			cs_http_response_init(&response, false);
			break;
		case CS_HTTP_NOT_HTTP:
		case CS_HTTP_UNFOLLOWED:
			stop(ret, verdict, at);
			return;
		}
	}
}

void story_ours(struct story *ret, const uint8_t *bytes, size_t len, bool of_responses)
{
	memset(ret, 0, sizeof(*ret));
	if (of_responses)
		responses(ret, bytes, len);
	else
		requests(ret, bytes, len);
}
