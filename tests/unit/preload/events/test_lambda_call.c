/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of preload/lambda_call: what is a call of the Lambda Runtime API, and what is not. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <string.h>

#include "preload/events/lambda_call.h"
#include "preload/wire/records.h"

static struct cs_http_text text_of(const char *method, const char *target, const char *headers)
{
	struct cs_http_text text = { .method_len = (uint16_t)strlen(method),
				     .target_len = (uint16_t)strlen(target),
				     .headers_len = (uint16_t)strlen(headers) };

	snprintf(text.bytes, sizeof(text.bytes), "%s%s%s", method, target, headers);
	return text;
}

struct call_row {
	enum cs_lambda_call call;
	char method[8];
	char target[64];
	char id[16];
};

ParameterizedTestParameters(lambda_call, which_one_a_request_is)
{
#define EVENTS "/2018-06-01/runtime/invocation/"
	static struct call_row rows[] = {
		{ CS_LAMBDA_NEXT, "GET", EVENTS "next", "" },
		{ CS_LAMBDA_RESPONSE, "POST", EVENTS "r-1/response", "r-1" },
		{ CS_LAMBDA_ERROR, "POST", EVENTS "r-1/error", "r-1" },
		{ CS_LAMBDA_RESPONSE, "POST", EVENTS "next/response", "next" },
		{ CS_LAMBDA_INIT_ERROR, "POST", "/2018-06-01/runtime/init/error", "" },
		{ CS_LAMBDA_RESTORE_ERROR, "POST", "/2018-06-01/runtime/restore/error", "" },
		{ CS_LAMBDA_RESTORE_NEXT, "GET", "/2018-06-01/runtime/restore/next", "" },
		{ CS_LAMBDA_OTHER, "POST", "/2018-06-01/runtime/restore/next", "" },
		{ CS_LAMBDA_OTHER, "GET", "/2018-06-01/runtime/restore/error", "" },
		{ CS_LAMBDA_OTHER, "POST", EVENTS "next", "" },
		{ CS_LAMBDA_OTHER, "HEAD", EVENTS "next", "" },
		{ CS_LAMBDA_OTHER, "get", EVENTS "next", "" },
		{ CS_LAMBDA_OTHER, "GET", EVENTS "next/", "" },
		{ CS_LAMBDA_OTHER, "GET", EVENTS "nex", "" },
		{ CS_LAMBDA_OTHER, "GET", "/2018-06-02/runtime/invocation/next", "" },
		{ CS_LAMBDA_OTHER, "GET", "/2020-01-01/extension/event/next", "" },
		{ CS_LAMBDA_REGISTER, "POST", "/2020-01-01/extension/register", "" },
		{ CS_LAMBDA_OTHER, "GET", "/2020-01-01/extension/register", "" },
		{ CS_LAMBDA_OTHER, "POST", "/2020-01-01/extension/registered", "" },
		{ CS_LAMBDA_OTHER, "GET", EVENTS "r-1/response", "" },
		{ CS_LAMBDA_OTHER, "PUT", EVENTS "r-1/response", "" },
		{ CS_LAMBDA_OTHER, "POST", EVENTS "/response", "" },
		{ CS_LAMBDA_OTHER, "POST", EVENTS "r-1", "" },
		{ CS_LAMBDA_OTHER, "POST", EVENTS "r-1/", "" },
		{ CS_LAMBDA_OTHER, "POST", EVENTS "a/b/response", "" },
		{ CS_LAMBDA_OTHER, "POST", EVENTS "r-1/responses", "" },
		{ CS_LAMBDA_OTHER, "POST", EVENTS, "" },
		{ CS_LAMBDA_OTHER, "POST", "/", "" },
	};

	return cr_make_param_array(struct call_row, rows, sizeof(rows) / sizeof(rows[0]));
}

ParameterizedTest(struct call_row *row, lambda_call, which_one_a_request_is)
{
	struct cs_http_text text = text_of(row->method, row->target, "x: y\n");
	struct cs_lambda_part id = { 0 };
	char found[64];

	cr_assert(eq(u32, cs_lambda_call_of(&text, &id), row->call), "%s", row->target);
	if (row->call != CS_LAMBDA_RESPONSE && row->call != CS_LAMBDA_ERROR)
		return;
	snprintf(found, sizeof(found), "%.*s", id.len, text.bytes + id.offset);
	cr_assert(eq(str, found, row->id));
}

Test(lambda_call, a_target_that_was_cut_is_none)
{
	struct cs_http_text text = text_of("GET", "/2018-06-01/runtime/invocation/next", "");
	struct cs_lambda_part id;

	text.flags = CS_REQUEST_TARGET_CUT;
	cr_assert(eq(u32, cs_lambda_call_of(&text, &id), CS_LAMBDA_OTHER));
}

Test(lambda_call, an_event_is_named_by_its_header)
{
	struct cs_http_text text =
		text_of("", "", "traceparent: 1\nlambda-runtime-aws-request-id: r-1\nb3: 0\n");
	struct cs_lambda_part id;

	cr_assert(cs_lambda_event_id(&text, &id));
	cr_assert(eq(int, strncmp(text.bytes + id.offset, "r-1\nb3", 6), 0));
	cr_assert(eq(u32, id.len, 3));
}

Test(lambda_call, without_that_header_or_with_an_empty_one_there_is_no_event)
{
	struct cs_http_text none = text_of("", "", "lambda-runtime-deadline-ms: 1\n");
	struct cs_http_text empty = text_of("", "", "lambda-runtime-aws-request-id: \n");
	struct cs_lambda_part id;

	cr_assert(not(cs_lambda_event_id(&none, &id)));
	cr_assert(not(cs_lambda_event_id(&empty, &id)));
}

struct api_row {
	char value[40];
	char address[40]; /* that is tried, "ADDRESS PORT" */
	bool same;
};

ParameterizedTestParameters(lambda_call, where_the_service_is)
{
	static struct api_row rows[] = {
		{ "127.0.0.1:9001", "127.0.0.1 9001", true },
		{ "127.0.0.1:9001", "::ffff:127.0.0.1 9001", true },
		{ "127.0.0.1:9001", "127.0.0.1 9002", false },
		{ "127.0.0.1:9001", "127.0.0.2 9001", false },
		{ "127.0.0.1:9001", "::1 9001", false },
		{ "127.0.0.1:9001", "::ffff:127.0.0.1 9002", false },
		{ "127.0.0.1:9001", "64:ff9b::127.0.0.1 9001", false },
		{ "169.254.100.1:9001", "169.254.100.1 9001", true },
		/* Only a resolver knows: the request line will tell. */
		{ "localhost:9001", "127.0.0.1 9001", true },
		{ "localhost:9001", "::1 9001", true },
		{ "[::1]:9001", "::1 9001", true },
		{ "1.2.3:9001", "127.0.0.1 9001", true },
		{ "256.0.0.1:9001", "127.0.0.1 9001", true },
		{ "localhost:9001", "127.0.0.1 9002", false },
		/* Nothing that could be called. */
		{ "127.0.0.1", "127.0.0.1 0", false },
		{ "127.0.0.1:", "127.0.0.1 0", false },
		{ ":9001", "127.0.0.1 9001", false },
		{ "127.0.0.1:9001x", "127.0.0.1 9001", false },
		{ "127.0.0.1:65537", "127.0.0.1 1", false },
		{ "127.0.0.1:99999999999999999999", "127.0.0.1 9001", false },
		{ "", "127.0.0.1 9001", false },
	};

	return cr_make_param_array(struct api_row, rows, sizeof(rows) / sizeof(rows[0]));
}

ParameterizedTest(struct api_row *row, lambda_call, where_the_service_is)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	struct cs_lambda_api api;
	char address[40];
	unsigned port;
	bool same;

	cr_assert(eq(int, sscanf(row->address, "%39s %u", address, &port), 2));
	in.sin_port = in6.sin6_port = htons((uint16_t)port);
	cs_lambda_api_read(&api, row->value);
	if (inet_pton(AF_INET, address, &in.sin_addr) == 1)
		same = cs_lambda_api_is(&api, (const void *)&in, sizeof(in));
	else if (inet_pton(AF_INET6, address, &in6.sin6_addr) == 1)
		same = cs_lambda_api_is(&api, (const void *)&in6, sizeof(in6));
	else
		cr_fatal("%s", address);
	cr_assert(eq(int, api.port &&same, row->same), "%s at %s", row->value, row->address);
}

Test(lambda_call, an_address_that_is_too_short_is_none)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(9001) };
	struct cs_lambda_api api;

	cs_lambda_api_read(&api, "localhost:9001");
	cr_assert(not(cs_lambda_api_is(&api, (const void *)&in, sizeof(in) - 1)));
	in.sin_family = AF_UNIX;
	cr_assert(not(cs_lambda_api_is(&api, (const void *)&in, sizeof(in))));
}
