/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Unit tests of collector/spans_http: each line of the tables is a sentence of OpenTelemetry's semantic conventions
 * for HTTP spans, or an example of RFC 9112 sections 3.2 and 3.3.
 */
#include "collector/spans/spans_http.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

/* --- targets --- */

struct asked {
	char method[8], target[96], host[64], address[48]; /* "": there is none */
	unsigned port;
	char url[96], server[48]; /* "": nobody said whom */
	unsigned server_port;
};

static struct asked asked[] = {
	/* origin-form: the authority is that of Host */
	{ "GET", "/where", "www.example.org", "10.0.0.1", 8080, "http://www.example.org/where",
	  "www.example.org", 80 },
	{ "GET", "/a", "example.org:8080", "10.0.0.1", 9, "http://example.org:8080/a",
	  "example.org", 8080 },
	{ "GET", "/", "[2001:db8::1]:81", "::1", 9, "http://[2001:db8::1]:81/", "2001:db8::1", 81 },
	{ "GET", "/", "[2001:db8::1]", "::1", 9, "http://[2001:db8::1]/", "2001:db8::1", 80 },
	{ "GET", "/", "example.org:", "10.0.0.1", 9, "http://example.org:/", "example.org", 80 },
	{ "GET", "/", "example.org:no", "", 0, "http://example.org:no/", "example.org", 80 },
	{ "GET", "/", "example.org:70000", "", 0, "http://example.org:70000/", "example.org", 80 },
	/* without Host: where the connection leads */
	{ "GET", "/a", "", "db.test", 8080, "http://db.test:8080/a", "db.test", 8080 },
	{ "GET", "/a", "", "10.0.0.1", 80, "http://10.0.0.1/a", "10.0.0.1", 80 },
	{ "GET", "/a", "", "::1", 80, "http://[::1]/a", "::1", 80 },
	{ "GET", "/a", "", "::1", 8080, "http://[::1]:8080/a", "::1", 8080 },
	{ "GET", "/a", "", "10.0.0.1", 0, "http://10.0.0.1/a", "10.0.0.1", 80 },
	{ "GET", "/a", "", "", 0, "", "", 0 },
	/* absolute-form: its own host counts, whatever Host says, and its scheme */
	{ "GET", "http://www.example.org/pub/WWW/", "proxy:1", "10.0.0.1", 3128,
	  "http://www.example.org/pub/WWW/", "www.example.org", 80 },
	{ "GET", "https://example.org/a", "", "10.0.0.1", 3128, "https://example.org/a",
	  "example.org", 443 },
	{ "GET", "HTTPS://example.org:8443", "", "", 0, "HTTPS://example.org:8443", "example.org",
	  8443 },
	{ "GET", "ftp://[::1]:21/file", "", "", 0, "ftp://[::1]:21/file", "::1", 21 },
	{ "GET", "http:///a", "", "", 0, "", "", 0 },
	{ "GET", "/a://b", "example.org", "", 0, "http://example.org/a://b", "example.org", 80 },
	/* credentials are redacted */
	{ "GET", "http://username:password@www.example.com/a", "", "", 0,
	  "http://REDACTED:REDACTED@www.example.com/a", "www.example.com", 80 },
	{ "GET", "http://username@www.example.com:81/a@b", "", "", 0,
	  "http://REDACTED@www.example.com:81/a@b", "www.example.com", 81 },
	{ "GET", "/", "user:word@example.org", "", 0, "http://REDACTED:REDACTED@example.org/",
	  "example.org", 80 },
	/* authority-form */
	{ "CONNECT", "server.example.com:443", "other:1", "10.0.0.1", 3128,
	  "http://server.example.com:443", "server.example.com", 443 },
	{ "CONNECT", "[::1]:443", "", "10.0.0.1", 3128, "http://[::1]:443", "::1", 443 },
	/* asterisk-form: "OPTIONS http://www.example.org:8001", as the last proxy sends it */
	{ "OPTIONS", "*", "www.example.org:8001", "10.0.0.1", 9, "http://www.example.org:8001",
	  "www.example.org", 8001 },
	{ "OPTIONS", "*", "", "10.0.0.1", 81, "http://10.0.0.1:81", "10.0.0.1", 81 },
};

ParameterizedTestParameters(spans_http, what_a_request_asked_for)
{
	return cr_make_param_array(struct asked, asked, sizeof(asked) / sizeof(asked[0]));
}

ParameterizedTest(struct asked *of, spans_http, what_a_request_asked_for)
{
	struct cs_http_target *target = malloc(sizeof(*target));
	bool is;

	cr_assert(target != NULL);
	is = cs_http_target_read(of->method, of->target, of->host,
				 *of->address ? of->address : NULL, of->port, target);
	cr_assert_eq(is, *of->url != '\0', "%s %s", of->method, of->target);
	if (is) {
		cr_expect(eq(str, target->url, of->url));
		cr_expect(eq(str, target->address, of->server));
		cr_expect(eq(u32, target->port, of->server_port));
	}
	free(target);
}

Test(spans_http, a_url_that_is_too_long_is_cut_between_characters)
{
	struct cs_http_target *target = malloc(sizeof(*target));
	char *path = malloc(CS_TELEMETRY_STRING_MAX);
	size_t len = 0;

	cr_assert(target && path);
	path[len++] = '/';
	while (len + 4 < CS_TELEMETRY_STRING_MAX) {
		memcpy(path + len, "\xe2\x82\xac", 3);
		len += 3;
	}
	path[len] = '\0';
	cr_assert(cs_http_target_read("GET", path, "example.org", NULL, 0, target));
	len = strlen(target->url);
	cr_assert(lt(sz, len, (size_t)CS_TELEMETRY_STRING_MAX));
	cr_assert(eq(str, target->url + len - 3, (char *)"\xe2\x82\xac"));
	free(path);
	free(target);
}

/* --- methods and versions --- */

static const char *said(const struct cs_attr_list *list, const char *key)
{
	for (size_t i = 0; i < list->count; i++) {
		if (!strcmp(list->items[i].key, key))
			return list->items[i].value.string;
	}
	return "";
}

struct method {
	char known[32], method[16]; /* "": the usual ones; unknown */
	char name[16], told[16], original[16];
};

static struct method methods[] = {
	{ "", "GET", "GET", "GET", "" },
	{ "", "CONNECT", "CONNECT", "CONNECT", "" },
	{ "", "PATCH", "PATCH", "PATCH", "" },
	{ "", "QUERY", "QUERY", "QUERY", "" },
	{ "", "get", "HTTP", "_OTHER", "get" },
	{ "", "PROPFIND", "HTTP", "_OTHER", "PROPFIND" },
	{ "", "GE", "HTTP", "_OTHER", "GE" },
	{ "", "GET,POST", "HTTP", "_OTHER", "GET,POST" },
	{ "", "_OTHER", "HTTP", "_OTHER", "" },
	{ "", "", "HTTP", "", "" },
	/* the operator's list is a full override */
	{ "PROPFIND,get", "PROPFIND", "PROPFIND", "PROPFIND", "" },
	{ "PROPFIND, get", "get", "get", "get", "" },
	{ "PROPFIND,get", "GET", "HTTP", "_OTHER", "GET" },
	{ ",", "GET", "HTTP", "_OTHER", "GET" },
};

ParameterizedTestParameters(spans_http, methods)
{
	return cr_make_param_array(struct method, methods, sizeof(methods) / sizeof(methods[0]));
}

ParameterizedTest(struct method *of, spans_http, methods)
{
	const char *method = *of->method ? of->method : NULL, *told;
	struct cs_arena arena;

	cs_arena_init(&arena, 4096);
	CS_ATTR_LIST(list, &arena);
	unsetenv("OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS");
	if (*of->known)
		setenv("OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS", of->known, 1);
	told = cs_http_method(cs_http_methods(), method);
	cs_spans_add_method(&list, told, method);
	cr_expect(eq(str, (char *)cs_http_span_name(told), of->name));
	cr_expect(eq(str, (char *)said(&list, "http.request.method"), of->told));
	cr_expect(eq(str, (char *)said(&list, "http.request.method_original"), of->original));
	cs_arena_deinit(&arena);
}

Test(spans_http, a_version_that_is_not_known_is_not_told)
{
	static const struct {
		unsigned version;
		const char *told;
	} versions[] = { { 10, "1.0" }, { 11, "1.1" }, { 20, "2" }, { 0, "" }, { 12, "" } };
	struct cs_arena arena;

	cs_arena_init(&arena, 4096);
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		CS_ATTR_LIST(list, &arena);
		cs_spans_add_http_version(&list, versions[i].version);
		cr_expect(eq(str, (char *)said(&list, "network.protocol.version"),
			     (char *)versions[i].told));
	}
	cs_arena_deinit(&arena);
}
