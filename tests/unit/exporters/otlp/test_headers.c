/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of exporters/otlp/headers. */
#include "exporters/otlp/headers.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <string.h>

static struct cs_http_header items[CS_OTLP_HEADERS_MAX];
static struct cs_arena arena;
static struct cs_diag diag;

static int parse(const char *text, size_t *ret_count)
{
	memset(&diag, 0, sizeof(diag));
	cs_arena_deinit(&arena);
	return cs_otlp_headers_parse(text, &arena, items, CS_OTLP_HEADERS_MAX, ret_count, &diag);
}

Test(otlp_headers, a_list_is_read_trimmed_and_decoded)
{
	size_t n;

	cr_assert(eq(int, parse("api-key=abc, x = a%20%2C%3d%C3%A4 ,,e=,p=50%,q=a=b", &n), 0));
	cr_assert(eq(sz, n, 5));
	cr_assert(eq(str, (char *)items[0].name, (char *)"api-key"));
	cr_assert(eq(str, (char *)items[0].value, (char *)"abc"));
	cr_assert(eq(str, (char *)items[1].name, (char *)"x"));
	cr_assert(eq(str, (char *)items[1].value, (char *)"a ,=ä"));
	cr_assert(eq(str, (char *)items[2].value, (char *)""));
	cr_assert(eq(str, (char *)items[3].value, (char *)"50%"));
	cr_assert(eq(str, (char *)items[4].value, (char *)"a=b"));
	cs_arena_deinit(&arena);
}

Test(otlp_headers, nothing_is_an_empty_list)
{
	size_t n = 9;

	cr_assert(eq(int, parse("", &n), 0));
	cr_assert(eq(sz, n, 0));
	cr_assert(eq(int, parse(" , ,", &n), 0));
	cr_assert(eq(sz, n, 0));
}

Test(otlp_headers, mistakes_are_named_and_values_are_not)
{
	static const struct {
		const char *text, *says;
	} rows[] = {
		{ "secret", "name=value" },
		{ "=secret", "name=value" },
		{ "a b=secret", "'a b' is not a header name" },
		{ "a:=secret", "'a:' is not a header name" },
		{ "k=secret%0d%0aX: y", "the value of k has a control character" },
		{ "k=secret%00x", "the value of k has a control character" },
		{ "k=secret%7f", "the value of k has a control character" },
		{ "Host=secret", "host is set by the exporter" },
		{ "CONTENT-length=secret", "content-length is set by the exporter" },
		{ "Transfer-Encoding=secret", "transfer-encoding is set by the exporter" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t n = 9;

		cr_assert(eq(int, parse(rows[i].text, &n), -EINVAL), "%s", rows[i].text);
		cr_assert(strstr(diag.text, rows[i].says) != NULL, "%s: %s", rows[i].text,
			  diag.text);
		cr_assert(strstr(diag.text, "OTEL_EXPORTER_OTLP_[TRACES_]HEADERS: ") == diag.text);
		cr_assert(eq(ptr, strstr(diag.text, "secret"), NULL));
		cr_assert(eq(sz, n, 9));
	}
	cs_arena_deinit(&arena);
}

Test(otlp_headers, too_many_are_refused)
{
	char text[1000] = "";
	size_t n;

	for (unsigned i = 0; i < CS_OTLP_HEADERS_MAX; i++)
		strcat(text, "a=b,");
	cr_assert(eq(int, parse(text, &n), 0));
	cr_assert(eq(sz, n, CS_OTLP_HEADERS_MAX));
	strcat(text, "a=b");
	cr_assert(eq(int, parse(text, &n), -E2BIG));
	cs_arena_deinit(&arena);
}
