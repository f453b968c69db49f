/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of preload/outbound_head and outbound_write: which requests are added to, and short counts. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "preload/propagation/outbound_head.h"
#include "preload/propagation/outbound_write.h"

#define HOST "Host: h\r\n"

static size_t find(const char *text)
{
	return cs_outbound_find((const unsigned char *)text, strlen(text));
}

/* --- which --- */

struct request_case {
	char text[160];
};

ParameterizedTestParameters(outbound, these_are_added_to)
{
	static struct request_case cases[] = {
		{ "GET / HTTP/1.1\r\n" HOST "\r\n" },
		{ "POST /a?b=%20#c HTTP/1.1\r\nhost:h\r\nContent-Length: 4\r\n\r\nbody" },
		{ "OPTIONS * HTTP/1.1\r\n" HOST "\r\n" },
		{ "GET http://h/ HTTP/1.1\r\n" HOST "\r\n" },
		{ "AZ / HTTP/1.1\r\n" HOST "\r\n" },
		{ "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEF / HTTP/1.1\r\n" HOST "\r\n" }, /* 32 letters */
		{ "GET / HTTP/1.1\r\nX-Empty:\r\n" HOST "Y: \t z \t\r\n\r\n" },
		{ "GET / HTTP/1.1\r\n" HOST "Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n" },
		{ "POST / HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 9\r\n\r\n" },
		{ "GET / HTTP/1.1\r\n" HOST "Cookie: traceparent=1\r\nX: b3: 1\r\n\r\n" },
		{ "GET / HTTP/1.1\r\n" HOST "X-Traceparent: 1\r\nTraceparents: 1\r\n\r\n" },
		{ "GET / HTTP/1.1\r\n" HOST "X-Utf8: \303\244\r\n\r\n" },
	};

	return cr_make_param_array(struct request_case, cases, sizeof(cases) / sizeof(cases[0]));
}

ParameterizedTest(struct request_case *c, outbound, these_are_added_to)
{
	const char *end = strstr(c->text, "\r\n\r\n");

	cr_expect(eq(sz, find(c->text), (size_t)(end + 2 - c->text)), "%s", c->text);
	for (size_t len = 0; len < (size_t)(end + 4 - c->text); len++)
		cr_expect(eq(sz, cs_outbound_find((const unsigned char *)c->text, len), (size_t)0),
			  "not of its first %zu bytes: %s", len, c->text);
}

ParameterizedTestParameters(outbound, these_are_left_alone)
{
	static struct request_case cases[] = {
		{ "" },
		{ "GET / HTTP/1.0\r\n" HOST "\r\n" },
		{ "GET / HTTP/1.1\r\n\r\n" },
		{ "GET / HTTP/1.1\r\n" HOST HOST "\r\n" },
		{ "GET / HTTP/2.0\r\n" HOST "\r\n" },
		{ "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" },
		{ "get / HTTP/1.1\r\n" HOST "\r\n" },
		{ "GET  / HTTP/1.1\r\n" HOST "\r\n" },
		{ " / HTTP/1.1\r\n" HOST "\r\n" },
		{ "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFG / HTTP/1.1\r\n" HOST "\r\n" },
		{ "GET  HTTP/1.1\r\n" HOST "\r\n" },
		{ "GET #a: b\r\n" HOST "\r\n" },
		{ "GET / / HTTP/1.1\r\n" HOST "\r\n" },
		{ "GET /\303\244 HTTP/1.1\r\n" HOST "\r\n" },
		{ "GET /\177 HTTP/1.1\r\n" HOST "\r\n" },
		{ "GET / HTTP/1.1\n" HOST "\r\n" },
		{ "GET / HTTP/1.1\r\nHost: h\n\r\n" },
		{ "GET / HTTP/1.1\r\n" HOST " folded\r\n\r\n" },
		{ "GET / HTTP/1.1\r\n" HOST "A : b\r\n\r\n" },
		{ "GET / HTTP/1.1\r\n" HOST "no colon\r\n\r\n" },
		{ "GET / HTTP/1.1\r\n" HOST "A: b\rc\r\n\r\n" },
		{ "GET / HTTP/1.1\r\n" HOST "A: \001\r\n\r\n" },
		{ "CONNECT h:443 HTTP/1.1\r\n" HOST "\r\n" },
		{ "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\n" HOST "\r\n" },
		{ "POST /2020-01-01/extension/register HTTP/1.1\r\n" HOST "\r\n" },
		{ "PUT /2022-07-01/telemetry HTTP/1.1\r\n" HOST "\r\n" },
		{ "OPTIONS rtsp://h/ RTSP/1.0\r\nCSeq: 1\r\n\r\n" },
		{ "EHLO h\r\n" },
		{ "GET ?a HTTP/1.1\r\n" HOST "\r\n" },
		{ "GET #a HTTP/1.1\r\n" HOST "\r\n" },
		{ "POST / HTTP/1.1\r\n" HOST "Content-Length: x\r\n\r\n" },
		{ "POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nContent-Length: 1\r\n\r\n" },
		{ "POST / HTTP/1.1\r\n" HOST
		  "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n" },
		{ "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip\r\n\r\n" },
		{ "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked, gzip\r\n\r\n" },
		{ "GET / HTTP/1.1\r\n" HOST "traceparent: x\r\n\r\n" },
		{ "GET / HTTP/1.1\r\n" HOST "TRACEPARENT:\r\n\r\n" },
		{ "GET / HTTP/1.1\r\nTraceState: a=1\r\n" HOST "\r\n" },
		{ "GET / HTTP/1.1\r\n" HOST "b3: 0\r\n\r\n" },
		{ "GET / HTTP/1.1\r\n" HOST "X-B3-Sampled: 0\r\n\r\n" },
		{ "GET / HTTP/1.1\r\n" HOST "X-Amzn-Trace-Id: Root=1\r\n\r\n" },
		{ "GET / HTTP/1.1\r\n" HOST "X-Cloud-Trace-Context: 1/2\r\n\r\n" },
		{ "GET / HTTP/1.1\r\n" HOST "uber-trace-id: 1:2:0:1\r\n\r\n" },
		{ "GET / HTTP/1.1\r\n" HOST "uber-trace-id:1:2:0:1\r\n\r\n" },
		{ "GET / HTTP/1.1\r\n" HOST "sw8: 1\r\n\r\n" },
		{ "GET / HTTP/1.1\r\n" HOST "x-datadog-trace-id: 1\r\n\r\n" },
		{ "GET / HTTP/1.1\r\n" HOST "sentry-trace: 1\r\n\r\n" },
	};

	return cr_make_param_array(struct request_case, cases, sizeof(cases) / sizeof(cases[0]));
}

ParameterizedTest(struct request_case *c, outbound, these_are_left_alone)
{
	cr_expect(eq(sz, find(c->text), (size_t)0), "%s", c->text);
}

/* One more line might be too much for who reads it. */
Test(outbound, heads_that_are_long_are_left_alone)
{
	static char text[16384];
	size_t used = (size_t)sprintf(text, "GET / HTTP/1.1\r\n" HOST);

	for (unsigned i = 1; i < CS_OUTBOUND_LINES_MAX; i++)
		used += (size_t)sprintf(text + used, "A%u: b\r\n", i);
	strcpy(text + used, "\r\n");
	cr_expect(eq(sz, find(text), used));
	strcpy(text + used, "B: c\r\n\r\n");
	cr_expect(eq(sz, find(text), (size_t)0));
	used = (size_t)sprintf(text, "GET / HTTP/1.1\r\n" HOST "A: ");
	memset(text + used, 'x', CS_OUTBOUND_HEAD_MAX);
	strcpy(text + CS_OUTBOUND_HEAD_MAX - 4, "\r\n\r\n");
	cr_expect(eq(sz, find(text), (size_t)CS_OUTBOUND_HEAD_MAX - 2));
	memset(text + used, 'x', CS_OUTBOUND_HEAD_MAX);
	strcpy(text + CS_OUTBOUND_HEAD_MAX - 3, "\r\n\r\n");
	cr_expect(eq(sz, find(text), (size_t)0));
}

/* --- short counts --- */

static struct cs_outbound_text text;
static char taken[256];
static size_t taken_len;
static ssize_t takes; /* of the next call: bytes, or a negative errno */
static int calls, failed_with;

static int get_errno(void)
{
	return failed_with;
}

static ssize_t kernel(void *context, const struct iovec *iov, int count)
{
	size_t left = takes > 0 ? (size_t)takes : 0, before = taken_len;

	calls++;
	if (takes < 0) {
		failed_with = (int)-takes;
		return -1;
	}
	for (int i = 0; i < count; i++) {
		size_t part = iov[i].iov_len < left ? iov[i].iov_len : left;

		memcpy(taken + taken_len, iov[i].iov_base, part);
		taken_len += part;
		left -= part;
	}
	return (ssize_t)(taken_len - before);
}

/* "abc" and "def" with "OURS" behind the second byte; the kernel takes @n. */
static ssize_t issue(ssize_t n)
{
	char first[] = "abc", second[] = "def";
	struct iovec iov[] = { { first, 3 }, { second, 3 } };

	memcpy(text.bytes, "OURS", 4);
	text.len = 4;
	taken_len = 0;
	calls = 0;
	takes = n;
	return cs_outbound_issue(&text, iov, 2, 2, kernel, NULL);
}

Test(outbound, the_caller_is_told_of_his_bytes_alone)
{
	static const struct {
		ssize_t taken, told;
		int sent;
	} cases[] = { { 0, 0, 0 }, { 1, 1, 0 }, { 2, 2, 0 }, { 3, 2, 1 },  { 5, 2, 3 },
		      { 6, 2, 4 }, { 7, 3, 4 }, { 8, 4, 4 }, { 10, 6, 4 }, { -EAGAIN, -1, 0 } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cr_expect(eq(int, (int)issue(cases[i].taken), (int)cases[i].told));
		cr_expect(eq(int, (int)text.sent, cases[i].sent), "of %zd", cases[i].taken);
		cr_expect(eq(int, memcmp(taken, "abOURScdef", taken_len), 0));
		cr_expect(eq(int, calls, 1), "no call more than his own");
	}
}

Test(outbound, what_is_owed_goes_first)
{
	issue(3);
	takes = -EAGAIN;
	cr_expect(eq(int, (int)cs_outbound_settle(&text, kernel, get_errno, NULL),
		     (int)CS_OUTBOUND_WAITS));
	takes = 1; /* a byte a call */
	cr_expect(eq(int, (int)cs_outbound_settle(&text, kernel, get_errno, NULL),
		     (int)CS_OUTBOUND_PAID));
	cr_expect(eq(int, (int)taken_len, 6));
	cr_expect(eq(int, memcmp(taken, "abOURS", 6), 0));
	calls = 0;
	cr_expect(eq(int, (int)cs_outbound_settle(&text, kernel, get_errno, NULL),
		     (int)CS_OUTBOUND_PAID));
	cr_expect(eq(int, calls, 0));
}

Test(outbound, what_never_goes_is_the_callers_to_learn)
{
	issue(4);
	takes = -EPIPE;
	cr_expect(eq(int, (int)cs_outbound_settle(&text, kernel, get_errno, NULL),
		     (int)CS_OUTBOUND_REFUSED));
}
