/* SPDX-License-Identifier: Apache-2.0 */

#include "preload/http/http_probe.h"

#include <stdint.h>

struct name {
	uint8_t len;
	char text[39];
};

#define X(text) { sizeof(text) - 1, text },
static const struct name agents[] = { CS_HTTP_PROBE_AGENTS(X) };
static const struct name headers[] = { CS_HTTP_PROBE_HEADERS(X) };
static const struct name paths[] = { CS_HTTP_PROBE_PATHS(X) };
#undef X

static bool same(const char *text, const struct name *name)
{
	for (size_t i = 0; i < name->len; i++) {
		if (text[i] != name->text[i])
			return false;
	}
	return true;
}

bool cs_http_probe_agent(const char *agent, size_t len)
{
	/* Most begin as none of these does. */
#define X(text) | 1u << (text[0] & 31)
	static const uint32_t first = 0 CS_HTTP_PROBE_AGENTS(X);
#undef X

	if (!len || !(first >> (agent[0] & 31) & 1))
		return false;
	for (size_t i = 0; i < sizeof(agents) / sizeof(agents[0]); i++) {
		if (len >= agents[i].len && same(agent, &agents[i]))
			return true;
	}
	return false;
}

bool cs_http_probe_header(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		if (len == headers[i].len && same(name, &headers[i]))
			return true;
	}
	return false;
}

bool cs_http_probe_target(const struct cs_http_text *text)
{
	static const struct name get = { 3, "GET" }, head = { 4, "HEAD" };
	const char *target = text->bytes + text->method_len;

	if (!(text->method_len == get.len && same(text->bytes, &get)) &&
	    !(text->method_len == head.len && same(text->bytes, &head)))
		return false;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		if (text->target_len == paths[i].len && same(target, &paths[i]))
			return true;
	}
	return false;
}

bool cs_http_is_post(const struct cs_http_text *text, const char *target)
{
	static const struct name post = { 4, "POST" };
	const char *asked = text->bytes + text->method_len;
	size_t n = 0;

	if (text->method_len != post.len || !same(text->bytes, &post))
		return false;
	while (n < text->target_len && target[n] && asked[n] == target[n])
		n++;
	return n == text->target_len && !target[n];
}
