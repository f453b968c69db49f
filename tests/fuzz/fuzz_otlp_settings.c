/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What operators and servers write: endpoint URLs, header lists, Retry-After. What is accepted must
 * be fit for a request's head: nothing in it may end a line.
 */
#include <string.h>

#include "base/arena.h"
#include "exporters/net/endpoint.h"
#include "exporters/net/retry_after.h"
#include "exporters/otlp/headers.h"
#include "tests/fuzz/fuzz.h"

#define NOW_UNIX_S 1795219200 /* 2026-11-21 */

static bool is_line(const char *text)
{
	for (; *text; text++) {
		if (((unsigned char)*text < 0x20 && *text != '\t') || *text == 0x7f)
			return false;
	}
	return true;
}

static void check_endpoint(const char *text, const char *append)
{
	struct cs_endpoint endpoint;
	struct cs_diag diag = { 0 };

	if (cs_endpoint_parse(text, append, &endpoint, &diag) < 0) {
		CS_FUZZ_CHECK(diag.text[0]);
		return;
	}
	CS_FUZZ_CHECK(endpoint.host[0] && endpoint.port);
	CS_FUZZ_CHECK(endpoint.path[0] == '/');
	CS_FUZZ_CHECK(is_line(endpoint.path) && !strchr(endpoint.path, ' '));
	CS_FUZZ_CHECK(is_line(endpoint.authority) && !strchr(endpoint.authority, ' '));
	CS_FUZZ_CHECK(strstr(endpoint.authority, endpoint.host));
	CS_FUZZ_CHECK(!append || strstr(endpoint.path, append));
}

static void check_headers(const char *text)
{
	struct cs_http_header items[CS_OTLP_HEADERS_MAX];
	struct cs_arena arena = { 0 };
	struct cs_diag diag = { 0 };
	size_t count;

	if (cs_otlp_headers_parse(text, &arena, items, CS_OTLP_HEADERS_MAX, &count, &diag) < 0) {
		CS_FUZZ_CHECK(diag.text[0]);
	} else {
		CS_FUZZ_CHECK(count <= CS_OTLP_HEADERS_MAX);
		for (size_t i = 0; i < count; i++) {
			CS_FUZZ_CHECK(items[i].name[0]);
			CS_FUZZ_CHECK(!strpbrk(items[i].name, " :,=\t\r\n"));
			CS_FUZZ_CHECK(is_line(items[i].value));
		}
	}
	cs_arena_deinit(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	uint32_t seconds;

	if (!text)
		return 0;
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	check_endpoint(text, "v1/traces");
	check_endpoint(text, NULL);
	check_headers(text);
	if (cs_retry_after_parse(text, NOW_UNIX_S, &seconds) == 0)
		CS_FUZZ_CHECK(seconds <= CS_RETRY_AFTER_MAX_S);
	free(text);
	return 0;
}
