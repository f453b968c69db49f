/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Unit tests of preload/stdio_scan: what is kept of a line of OpenWhisk's action loop, and that it is what a
 * JSON library finds.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/line_oracle.h"

#define PARENT "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

struct row {
	char lines[256];
	char json[512];
};

ParameterizedTestParameters(stdio_scan, events)
{
	static struct row rows[] = {
		{ "action_name: /guest/hello\naction_version: 0.0.1\nactivation_id: a1\n"
		  "deadline: 1700000000000\nnamespace: guest\ntransaction_id: t1\n",
		  "{\"api_key\":\"S\",\"activation_id\":\"a1\",\"transaction_id\":\"t1\",\"value\":"
		  "{\"activation_id\":\"S\",\"password\":\"S\"},\"namespace\":\"guest\","
		  "\"action_name\":\"/guest/hello\",\"action_version\":\"0.0.1\","
		  "\"deadline\":\"1700000000000\"}" },
		{ "deadline: 1700000000000\n", "{\"deadline\": 1700000000000 }" },
		{ "", "{\"deadline\":-17,\"namespace\":true,\"action_name\":[\"S\"]}" },
		{ "", "{\"deadline\":1.5,\"namespace\":{\"namespace\":\"S\"}}" },
		{ "traceparent: " PARENT "\n",
		  "{\"value\":{\"__ow_headers\":{\"Traceparent\":\"" PARENT "\",\"cookie\":\"S\"},"
		  "\"traceparent\":\"S\"},\"traceparent\":\"S\"}" },
		{ "", "{\"value\":[{\"__ow_headers\":{\"b3\":\"0\"}}],\"v\":{\"__ow_headers\":"
		      "{\"b3\":\"0\"}}}" },
		{ "",
		  "{\"value\":{\"x\":{\"__ow_headers\":{\"b3\":\"0\"}},\"__ow_headers\":[\"b3\"]}}" },
		{ "activation_id: a\n",
		  "{\"activation\\u005fid\":\"\\u0061\",\"namespace\":\"\\u00e9\"}" },
		{ "", "[{\"activation_id\":\"S\"}]" },
	};

	return cr_make_param_array(struct row, rows, sizeof(rows) / sizeof(rows[0]));
}

ParameterizedTest(struct row *row, stdio_scan, events)
{
	static struct line_told told, looked_up;
	size_t len = strlen(row->json);

	for (size_t piece = 1; piece <= len; piece++) {
		line_scan(false, (const unsigned char *)row->json, len, piece, &told);
		told.text[told.len] = '\0';
		cr_assert(eq(str, told.text, row->lines));
		cr_assert(not(told.cut));
		cr_assert(eq(int, told.object, row->json[0] == '{'));
	}
	line_look_up(false, (const unsigned char *)row->json, len, &looked_up);
	looked_up.text[looked_up.len] = '\0';
	cr_assert(eq(str, looked_up.text, row->lines));
	cr_assert(eq(int, looked_up.web, told.web));
}

struct answer_row {
	bool failed;
	bool ok;
	bool object;
	char json[64];
};

ParameterizedTestParameters(stdio_scan, answers)
{
	static struct answer_row rows[] = {
		{ false, true, true, "{\"ok\":true}" },
		{ false, true, true, "{ \"ok\" : true }" },
		{ false, false, true, "{\"ok\":false}" },
		{ false, false, true, "{\"ok\":\"true\"}" },
		{ false, false, true, "{\"a\":{\"ok\":true,\"error\":1}}" },
		{ true, false, true, "{\"error\":\"no\"}" },
		{ true, false, true, "{\"a\":1,\"error\":null}" },
		{ false, false, false, "[{\"error\":1}]" },
		{ false, false, true, "{\"errors\":1}" },
	};

	return cr_make_param_array(struct answer_row, rows, sizeof(rows) / sizeof(rows[0]));
}

ParameterizedTest(struct answer_row *row, stdio_scan, answers)
{
	static struct line_told told;
	size_t len = strlen(row->json);

	for (size_t piece = 1; piece <= len; piece++) {
		line_scan(true, (const unsigned char *)row->json, len, piece, &told);
		cr_assert(eq(int, told.failed, row->failed));
		cr_assert(eq(int, told.ok, row->ok));
		cr_assert(eq(int, told.object, row->object));
	}
}

Test(stdio_scan, what_is_no_json_is_no_event)
{
	static const char *const lines[] = { "",
					     "x",
					     "{",
					     "{\"activation_id\":\"a\"",
					     "{} {}",
					     "{\"activation_id\":\"a\",}",
					     "\"activation_id\"" };
	static struct line_told told;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		line_scan(false, (const unsigned char *)lines[i], strlen(lines[i]), 1, &told);
		cr_assert(not(told.object), "%s", lines[i]);
		cr_assert(not(told.cut), "%s", lines[i]);
	}
}

/* What comes behind it is not known; the event is one all the same. */
Test(stdio_scan, beyond_its_bound_it_looks_no_further)
{
	size_t len = CS_KEPT_BYTES + 100, used;
	char *line = malloc(len);
	static struct line_told told;

	cr_assert(line != NULL);
	memset(line, 'x', len);
	used = (size_t)sprintf(line, "{\"activation_id\":\"a\",\"value\":\"");
	line[used] = 'x';
	memcpy(line + len - 24, "\",\"transaction_id\":\"t\"}", 23);
	line_scan(false, (const unsigned char *)line, len - 1, 4096, &told);
	told.text[told.len] = '\0';
	cr_assert(told.object && told.cut);
	cr_assert(eq(str, told.text, (char *)"activation_id: a\n"));
	free(line);
}

Test(stdio_scan, a_value_that_is_too_long_is_left_out_and_said)
{
	char line[2 * CS_STDIO_VALUE_MAX];
	static struct line_told told;
	int len = snprintf(line, sizeof(line), "{\"namespace\":\"%0*d\",\"activation_id\":\"a\"}",
			   CS_STDIO_VALUE_MAX + 1, 7);

	line_scan(false, (const unsigned char *)line, (size_t)len, SIZE_MAX, &told);
	told.text[told.len] = '\0';
	cr_assert(told.object && told.cut);
	cr_assert(eq(str, told.text, (char *)"activation_id: a\n"));
}
