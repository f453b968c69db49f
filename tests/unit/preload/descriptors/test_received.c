/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of preload/received: request lines, and what is none. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>
#include <string.h>

#include "preload/descriptors/received.h"

struct sample {
	char bytes[80];
	int is_request;
};

static struct sample samples[] = {
	{ "GET / HTTP/1.1\r\nHost: h\r\n\r\n", 1 },
	{ "POST /a?b=c HTTP/1.0\n", 1 },
	{ "OPTIONS * HTTP/1.1\r\n", 1 },
	{ "M-SEARCH * HTTP/1.1\r\n", 1 },
	{ "GET http://h/p HTTP/1.0\r\n", 1 },
	{ "GET http://h/p HTTP/1.9\r\n", 0 },
	{ "GET ?a HTTP/1.1\r\n", 0 },
	{ "GET #a HTTP/1.1\r\n", 0 },
	{ "GET /?a#b HTTP/1.1\r\n", 1 },
	{ "", 0 },
	{ "GET", 0 },
	{ "GET ", 0 },
	{ "GET /", 0 },
	{ "GET / ", 0 },
	{ "GET / HTTP/1.", 0 },
	{ "GET / HTTP/1.1", 0 },
	{ "GET / HTTP/1.1\r", 0 },
	{ "GET / HTTP/1.1\rx", 0 },
	{ "GET / HTTP/1.1 \r\n", 0 },
	{ "GET / HTTP/2.0\r\n", 0 },
	{ "GET / HTTP/1.x\r\n", 0 },
	{ "GET / FTTP/1.1\r\n", 0 },
	{ "GET  / HTTP/1.1\r\n", 0 },
	{ "GET /a b HTTP/1.1\r\n", 0 },
	{ " GET / HTTP/1.1\r\n", 0 },
	{ "\r\nGET / HTTP/1.1\r\n", 0 },
	{ "GE(T / HTTP/1.1\r\n", 0 },
	{ "GET /\x01 HTTP/1.1\r\n", 0 },
	{ "GET /\x7f HTTP/1.1\r\n", 0 },
	{ "HTTP/1.1 200 OK\r\n", 0 },
	{ "EHLO h\r\n", 0 },
	{ "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 0 },
	{ "\x16\x03\x01", 0 },
	{ "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEF / HTTP/1.1\r\n", 1 },
	{ "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFG / HTTP/1.1\r\n", 0 },
};

ParameterizedTestParameters(received, a_request_line_is_told_from_anything_else)
{
	return cr_make_param_array(struct sample, samples, sizeof(samples) / sizeof(samples[0]));
}

ParameterizedTest(struct sample *sample, received, a_request_line_is_told_from_anything_else)
{
	size_t len = strlen(sample->bytes);

	cr_assert(eq(int, cs_received_is_request((const unsigned char *)sample->bytes, len),
		     sample->is_request),
		  "%s", sample->bytes);
}

/* No byte behind those that were read is looked at. */
Test(received, a_line_that_is_cut_anywhere_is_none)
{
	const char line[] = "GET / HTTP/1.1\r\n";

	for (size_t len = 0; len < sizeof(line) - 1; len++)
		cr_assert(eq(int, cs_received_is_request((const unsigned char *)line, len), 0),
			  "%zu", len);
	cr_assert(
		eq(int, cs_received_is_request((const unsigned char *)line, sizeof(line) - 1), 1));
}
