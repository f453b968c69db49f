/* SPDX-License-Identifier: Apache-2.0 */

#include "preload/descriptors/received.h"

#include "preload/http/http.h"

static bool is_token(unsigned char c)
{
	return cs_http_is_token(c);
}

/* Where what @part takes ends; @from: it takes nothing. */
static size_t skip(const unsigned char *data, size_t len, size_t from, bool (*part)(unsigned char))
{
	while (from < len && part(data[from]))
		from++;
	return from;
}

static bool is_visible(unsigned char c)
{
	return c > ' ' && c != 0x7f;
}

bool cs_received_is_request(const unsigned char *data, size_t len)
{
	static const char version[] = "HTTP/1.";
	size_t at = skip(data, len, 0, is_token), target;

	if (!at || at > CS_HTTP_METHOD_MAX || at == len || data[at] != ' ')
		return false;
	target = ++at;
	at = skip(data, len, at, is_visible);
	if (at == target || at == len || data[at++] != ' ' || data[target] == '?' ||
	    data[target] == '#')
		return false;
	for (size_t i = 0; version[i]; i++, at++) {
		if (at == len || data[at] != (unsigned char)version[i])
			return false;
	}
	if (at == len || (data[at] != '0' && data[at] != '1'))
		return false;
	at++;
	if (at < len && data[at] == '\r')
		at++;
	return at < len && data[at] == '\n';
}
