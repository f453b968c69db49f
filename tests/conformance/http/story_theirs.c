/* SPDX-License-Identifier: Apache-2.0 */

/* It is given one byte after the other, so that each call back says where it is. */
#include <http_parser.h>
#include <stdio.h>
#include <string.h>

#include "preload/http/http.h"
#include "preload/http/http_names.h"
#include "tests/conformance/http/story.h"

struct reading {
	struct story *story;
	struct story_head head; /* being read */
	size_t at;              /* bytes fed, the one being fed included */
	size_t begin;           /* of the message */
	char url[8192];
	size_t url_len;
	char name[128];
	size_t name_len;
	size_t value_at; /* in the headers of the head */
	bool in_value, is_response, in_trailer;
	bool silent; /* it is an interim response */
};

static struct reading *of(const http_parser *parser)
{
	return parser->data;
}

static size_t append(char *to, size_t size, size_t used, const char *from, size_t len)
{
	size_t room = used < size - 1 ? size - 1 - used : 0, n = len < room ? len : room;

	memcpy(to + used, from, n);
	to[used + n] = '\0';
	return used + n;
}

/* A header is whole: blanks at its end are no part of it (RFC 9110 section 5.5). */
static void end_header(struct reading *r)
{
	char *headers = r->head.headers;
	size_t len = strlen(headers);

	while (r->in_value && len > r->value_at &&
	       (headers[len - 1] == ' ' || headers[len - 1] == '\t'))
		headers[--len] = '\0';
	if (r->in_value)
		append(headers, sizeof(r->head.headers), len, "\n", 1);
	r->in_value = false;
	r->name_len = 0;
}

static bool is_kept(const struct reading *r)
{
	return !r->is_response && !r->in_trailer && cs_http_is_kept(r->name, r->name_len);
}

static int on_field(http_parser *parser, const char *text, size_t len)
{
	struct reading *r = of(parser);

	if (r->in_value)
		end_header(r);
	for (size_t i = 0; i < len; i++) {
		char c = cs_http_lower((unsigned char)text[i]);

		r->name_len = append(r->name, sizeof(r->name), r->name_len, &c, 1);
	}
	return 0;
}

static int on_value(http_parser *parser, const char *text, size_t len)
{
	struct reading *r = of(parser);
	size_t used = strlen(r->head.headers), size = sizeof(r->head.headers);

	if (!is_kept(r)) {
		r->name_len = 0;
		return 0;
	}
	if (!r->in_value) {
		used = append(r->head.headers, size, used, r->name, r->name_len);
		used = append(r->head.headers, size, used, ": ", 2);
		r->value_at = used;
	}
	append(r->head.headers, size, used, text, len);
	r->in_value = true;
	return 0;
}

static int on_url(http_parser *parser, const char *text, size_t len)
{
	struct reading *r = of(parser);

	r->url_len = append(r->url, sizeof(r->url), r->url_len, text, len);
	return 0;
}

static int on_begin(http_parser *parser)
{
	struct reading *r = of(parser);

	memset(&r->head, 0, sizeof(r->head));
	r->head.at = r->begin;
	r->url_len = 0;
	r->url[0] = '\0';
	r->in_trailer = r->in_value = r->silent = false;
	r->name_len = 0;
	return 0;
}

static void take_target(struct reading *r, bool is_connect)
{
	struct http_parser_url parts;
	const char *target = "/";
	size_t len = 1;

	http_parser_url_init(&parts);
	if (is_connect || (r->url[0] == '*' && r->url[1])) {
		len = 0; /* no path, but whom to connect to; or what nobody has a name for */
	} else if (http_parser_parse_url(r->url, r->url_len, 0, &parts) != 0) {
		len = 0; /* an authority that it does not understand */
	} else if (parts.field_set & 1 << UF_PATH) {
		target = r->url + parts.field_data[UF_PATH].off;
		len = parts.field_data[UF_PATH].len;
	}
	snprintf(r->head.target, sizeof(r->head.target), "%.*s", (int)len, target);
}

static int on_head(http_parser *parser)
{
	struct reading *r = of(parser);

	end_header(r);
	r->in_trailer = true;
	r->head.end = r->at;
	r->head.minor = parser->http_minor;
	if (r->is_response) {
		r->head.status = parser->status_code;
	} else {
		snprintf(r->head.method, sizeof(r->head.method), "%s",
			 http_method_str((enum http_method)parser->method));
		take_target(r, parser->method == HTTP_CONNECT);
	}
	r->silent = r->head.status / 100 == 1 && r->head.status != 101;
	if (!r->silent)
		r->story->heads[r->story->count++] = r->head;
	/* No body, whatever its headers say (RFC 9112 section 6.3, 1): it leaves that to its user. */
	return r->is_response &&
	       (r->head.status / 100 == 1 || r->head.status == 204 || r->head.status == 304);
}

static int on_end(http_parser *parser)
{
	struct reading *r = of(parser);
	struct story_head *head = r->story->heads + r->story->count - 1;

	r->begin = r->at;
	if (r->silent)
		return 0;
	head->over = true;
	head->over_at = r->at;
	r->story->upgraded = parser->upgrade || head->status == 101;
	return 0;
}

void story_theirs(struct story *ret, const uint8_t *bytes, size_t len, bool responses)
{
	static const http_parser_settings settings = {
		.on_message_begin = on_begin,
		.on_url = on_url,
		.on_header_field = on_field,
		.on_header_value = on_value,
		.on_headers_complete = on_head,
		.on_message_complete = on_end,
	};
	static struct reading r;
	http_parser parser;

	memset(ret, 0, sizeof(*ret));
	memset(&r, 0, sizeof(r));
	r.story = ret;
	r.is_response = responses;
	http_parser_init(&parser, responses ? HTTP_RESPONSE : HTTP_REQUEST);
	parser.data = &r;
	while (r.at < len && !ret->upgraded && ret->count < STORY_EVENTS_MAX) {
		r.at++;
		http_parser_execute(&parser, &settings, (const char *)bytes + r.at - 1, 1);
		if (HTTP_PARSER_ERRNO(&parser) == HPE_OK)
			continue;
		ret->stopped = true;
		ret->stopped_at = r.at;
		ret->reason = http_errno_name(HTTP_PARSER_ERRNO(&parser));
		return;
	}
}
