/* SPDX-License-Identifier: Apache-2.0 */

/* Where a header may be put into a request; see outbound_head.h. */
#include "preload/propagation/outbound_head.h"

#include <stdbool.h>
#include <stdint.h>

#include "preload/http/http.h"
#include "preload/http/http_fields.h"

struct head {
	const unsigned char *data;
	size_t at;
	size_t len;
};

static bool takes(struct head *head, const char *text)
{
	size_t at = head->at;

	while (*text) {
		if (at == head->len || head->data[at++] != (unsigned char)*text++)
			return false;
	}
	head->at = at;
	return true;
}

/* Are there @len bytes at @at that are @text, in any case? */
static bool is(const unsigned char *at, size_t len, const char *text)
{
	size_t i = 0;

	while (i < len && text[i] && cs_http_lower(at[i]) == text[i])
		i++;
	return i == len && !text[i];
}

static bool begins(const unsigned char *at, size_t len, const char *text)
{
	size_t i = 0;

	while (i < len && text[i] && cs_http_lower(at[i]) == text[i])
		i++;
	return !text[i];
}

static bool take_method(struct head *head)
{
	size_t begin = head->at;

	while (head->at < head->len && head->data[head->at] >= 'A' && head->data[head->at] <= 'Z')
		head->at++;
	return head->at > begin && head->at - begin <= CS_HTTP_METHOD_MAX &&
	       !is(head->data + begin, head->at - begin, "connect") && takes(head, " ");
}

/* The APIs of AWS Lambda have the date of their version first. */
static bool is_lambda_api(const unsigned char *at, size_t len)
{
	return begins(at, len, "/2018-06-01/runtime/") || begins(at, len, "/2020-01-01/") ||
	       begins(at, len, "/2020-08-15/") || begins(at, len, "/2022-07-01/");
}

static bool take_target(struct head *head)
{
	size_t begin = head->at;

	if (begin < head->len && (head->data[begin] == '?' || head->data[begin] == '#'))
		return false; /* no target at all, to the scanner */
	while (head->at < head->len && head->data[head->at] > 0x20 && head->data[head->at] < 0x7f)
		head->at++;
	return head->at > begin && !is_lambda_api(head->data + begin, head->at - begin) &&
	       takes(head, " HTTP/1.1\r\n");
}

/* By whatever carrier somebody has said already whose it is. */
static bool is_carrier(const unsigned char *name, size_t len)
{
	static const char names[][24] = {
		"traceparent",
		"tracestate",
		"b3",
		"x-amzn-trace-id",
		"sw8",
		"x-cloud-trace-context",
		"uber-trace-id",
		"x-datadog-trace-id",
		"sentry-trace",
		"elastic-apm-traceparent",
		"newrelic",
		"ot-tracer-traceid",
		"x-ot-span-context",
		"grpc-trace-bin",
		"x-instana-t",
		"x-dynatrace",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (is(name, len, names[i]))
			return true;
	}
	return begins(name, len, "x-b3-");
}

/* One header line. */
static bool take_line(struct head *head, unsigned *hosts)
{
	size_t begin = head->at, len;
	unsigned char c = 0;

	while (head->at < head->len && cs_http_is_token(head->data[head->at]))
		head->at++;
	len = head->at - begin;
	if (!len || !takes(head, ":") || is_carrier(head->data + begin, len))
		return false;
	*hosts += is(head->data + begin, len, "host");
	while (head->at < head->len) {
		c = head->data[head->at];
		if ((c < 0x20 && c != '\t') || c == 0x7f)
			break;
		head->at++;
	}
	return takes(head, "\r\n");
}

/*
 * Is it plain how the body is framed, too? Where it is not the call is not followed, and nobody would have the span that the
 * callee stood below.
 */
static bool is_framed(const unsigned char *lines, size_t len)
{
	struct cs_http_fields fields;
	size_t used;

	cs_http_fields_init(&fields);
	if (cs_http_fields_feed(&fields, NULL, lines, len, &used) != CS_HTTP_HEAD || used != len)
		return false;
	return !(fields.flags & CS_HTTP_HAS_CODING) ||
	       (fields.flags & CS_HTTP_CHUNKED && !(fields.flags & CS_HTTP_HAS_LENGTH));
}

size_t cs_outbound_find(const unsigned char *data, size_t len)
{
	struct head head = { data, 0, len < CS_OUTBOUND_HEAD_MAX ? len : CS_OUTBOUND_HEAD_MAX };
	unsigned lines = 0, hosts = 0;
	size_t end, begin;

	if (!take_method(&head) || !take_target(&head))
		return 0;
	begin = head.at;
	for (;;) {
		end = head.at;
		if (takes(&head, "\r\n"))
			return hosts == 1 && is_framed(data + begin, head.at - begin) ? end : 0;
		if (++lines > CS_OUTBOUND_LINES_MAX || !take_line(&head, &hosts))
			return 0;
	}
}
