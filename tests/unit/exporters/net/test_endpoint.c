/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of exporters/net/endpoint. */
#include "exporters/net/endpoint.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <string.h>

Test(endpoint, urls_are_taken_apart)
{
	static const struct {
		const char *url, *append, *host, *path, *authority;
		int port;
	} rows[] = {
		{ "http://a:4318", "v1/traces", "a", "/v1/traces", "a:4318", 4318 },
		{ "http://a:4318/", "v1/traces", "a", "/v1/traces", "a:4318", 4318 },
		{ "http://a/base", "v1/traces", "a", "/base/v1/traces", "a:80", 80 },
		{ "http://a/base//", "v1/traces", "a", "/base/v1/traces", "a:80", 80 },
		{ "http://a/b?c=d", "v1/traces", "a", "/b/v1/traces?c=d", "a:80", 80 },
		{ "http://a:1", NULL, "a", "/", "a:1", 1 },
		{ "http://a:1/v1/x/", NULL, "a", "/v1/x/", "a:1", 1 },
		{ "http://a?q=1", NULL, "a", "/?q=1", "a:80", 80 },
		{ "HTTP://A.example:80/x", NULL, "A.example", "/x", "A.example:80", 80 },
		{ "http://[::1]:4318", "v1/traces", "::1", "/v1/traces", "[::1]:4318", 4318 },
		{ "http://127.0.0.1:65535", NULL, "127.0.0.1", "/", "127.0.0.1:65535", 65535 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cs_endpoint e;
		struct cs_diag diag = { 0 };

		cr_assert(eq(int, cs_endpoint_parse(rows[i].url, rows[i].append, &e, &diag), 0),
			  "%s: %s", rows[i].url, diag.text);
		cr_assert(eq(str, e.host, (char *)rows[i].host));
		cr_assert(eq(str, e.path, (char *)rows[i].path));
		cr_assert(eq(str, e.authority, (char *)rows[i].authority));
		cr_assert(eq(int, e.port, rows[i].port));
	}
}

Test(endpoint, what_is_no_http_url_is_refused_with_a_reason)
{
	static const struct {
		const char *url, *says;
	} rows[] = {
		{ "", "has no scheme" },
		{ "localhost:4318", "has no scheme" },
		{ "//localhost", "has no scheme" },
		{ "ftp://a", "unknown scheme" },
		{ "unix:///run/x", "unknown scheme" },
		{ "http://", "names no host" },
		{ "http:///v1", "names no host" },
		{ "http://a:0", "port" },
		{ "http://a:65536", "is not a URL" },
		{ "http://a:b", "is not a URL" },
		{ "http://a b", "is not a URL" },
		{ "http://a/\r\nX: y", "is not a URL" },
		{ "http://[::1", "is not a URL" },
		{ "http://user:secret@a", "user name" },
		{ "http://a/#x", "'#'" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cs_endpoint e = { .port = 7 };
		struct cs_diag diag = { 0 };

		cr_assert(eq(int, cs_endpoint_parse(rows[i].url, NULL, &e, &diag), -EINVAL), "%s",
			  rows[i].url);
		cr_assert(strstr(diag.text, rows[i].says) != NULL, "%s: %s", rows[i].url,
			  diag.text);
		cr_assert(eq(int, e.port, 7), "untouched");
	}
}

Test(endpoint, a_password_in_the_url_is_not_repeated)
{
	struct cs_endpoint e;
	struct cs_diag diag = { 0 };

	cr_assert(eq(int, cs_endpoint_parse("http://u:secret@a", NULL, &e, &diag), -EINVAL));
	cr_assert(eq(ptr, strstr(diag.text, "secret"), NULL));
}

Test(endpoint, one_that_is_too_long_is_refused)
{
	struct cs_endpoint e;
	char url[2000];

	memset(url, 'a', sizeof(url));
	memcpy(url, "http://h/", 9);
	url[sizeof(url) - 1] = '\0';
	cr_assert(eq(int, cs_endpoint_parse(url, NULL, &e, NULL), -ENAMETOOLONG));
	url[8] = 'a';
	cr_assert(eq(int, cs_endpoint_parse(url, NULL, &e, NULL), -ENAMETOOLONG));
}
