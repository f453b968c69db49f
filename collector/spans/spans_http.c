/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What OpenTelemetry's semantic conventions for HTTP spans (docs/http/http-spans.md there) say of a method, a
 * version, and of whom and what a request asked; see spans_http.h.
 */
#include "collector/spans/spans_http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

#define METHOD_OTHER  "_OTHER"
#define KNOWN_METHODS "OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS" /* a full override, by commas */
#define PORT_HTTP     80u
#define PORT_HTTPS    443u
#define SEPARATOR     "://"

/* --- methods and versions --- */

static bool is_listed(const char *list, const char *method)
{
	size_t len = strlen(method);

	while (*list) {
		size_t n;

		list += strspn(list, ", ");
		n = strcspn(list, ", ");
		if (n && n == len && memcmp(list, method, n) == 0)
			return true;
		list += n;
	}
	return false;
}

const char *cs_http_methods(void)
{
	const char *list = getenv(KNOWN_METHODS);

	return list && *list ? list : "CONNECT,DELETE,GET,HEAD,OPTIONS,PATCH,POST,PUT,QUERY,TRACE";
}

/*
 * Anybody can invent methods, and each would be a span name and a label of its own. Names of methods are
 * case-sensitive.
 */
const char *cs_http_method(const char *known, const char *method)
{
	return !method || is_listed(known, method) ? method : METHOD_OTHER;
}

const char *cs_http_span_name(const char *told)
{
	return told && strcmp(told, METHOD_OTHER) != 0 ? told : "HTTP";
}

void cs_spans_add_method(struct cs_attr_list *list, const char *told, const char *method)
{
	if (!told)
		return;
	cs_attr_add_string(list, "http.request.method", told);
	if (strcmp(told, method) != 0)
		cs_attr_add_string(list, "http.request.method_original", method);
}

void cs_spans_add_http_version(struct cs_attr_list *list, unsigned version)
{
	if (version == 10)
		cs_attr_add_string(list, "network.protocol.version", "1.0");
	else if (version == 11)
		cs_attr_add_string(list, "network.protocol.version", "1.1");
	else if (version == 20)
		cs_attr_add_string(list, "network.protocol.version", "2");
}

/* --- targets --- */

/* "user:word@host:port" (RFC 3986 section 3.2), in somebody's text. */
struct authority {
	const char *user;
	size_t user_len; /* with what ends it; 0: there is none */
	const char *host;
	size_t host_len;
	const char *port; /* NULL: none is named */
	size_t len;       /* from host on, with the port */
};

static struct authority read_authority(const char *text, size_t len)
{
	const char *at = memrchr(text, '@', len), *end = text + len, *close;
	struct authority ret = { .user = text, .host = at ? at + 1 : text };
	const char *colon;

	ret.user_len = (size_t)(ret.host - text);
	ret.len = (size_t)(end - ret.host);
	close = ret.len && *ret.host == '[' ? memchr(ret.host, ']', ret.len) : NULL;
	colon = close ? (close + 1 < end && close[1] == ':' ? close + 1 : NULL)
		      : memrchr(ret.host, ':', ret.len);
	ret.port = colon ? colon + 1 : NULL;
	ret.host_len = (size_t)((colon ? colon : end) - ret.host);
	return ret;
}

static unsigned port_of(const struct authority *authority, unsigned otherwise)
{
	const char *at = authority->port, *end = authority->host + authority->len;
	unsigned port = 0;

	for (; at && at < end && *at >= '0' && *at <= '9' && port <= UINT16_MAX; at++)
		port = port * 10 + (unsigned)(*at - '0');
	return at == end && port && port <= UINT16_MAX ? port : otherwise;
}

/* Who asks, and with what word, is nobody's business. */
static const char *user_of(const struct authority *authority)
{
	if (!authority->user_len)
		return "";
	return memchr(authority->user, ':', authority->user_len) ? "REDACTED:REDACTED@"
								 : "REDACTED@";
}

static void tell(struct cs_http_target *ret, const char *scheme, size_t scheme_len,
		 const struct authority *authority, const char *path)
{
	bool secure = scheme_len == 5 && !strncasecmp(scheme, "https", 5);
	bool bracket = authority->host_len > 1 && *authority->host == '[';
	char url[2 * CS_TELEMETRY_STRING_MAX]; /* what is cut ends with a whole character */

	ret->port = port_of(authority, secure ? PORT_HTTPS : PORT_HTTP);
	snprintf(ret->address, sizeof(ret->address), "%.*s",
		 (int)(authority->host_len - (bracket ? 2 : 0)),
		 authority->host + (bracket ? 1 : 0));
	snprintf(url, sizeof(url), "%.*s" SEPARATOR "%s%.*s%s", (int)scheme_len, scheme,
		 user_of(authority), (int)authority->len, authority->host, path);
	cs_utf8_repair(ret->url, sizeof(ret->url), url, strlen(url), NULL);
}

/* RFC 9112 section 3.2.2: a proxy's. Return: the length of its scheme; 0: it is in another form. */
static size_t scheme_len_of(const char *target)
{
	size_t len =
		strspn(target, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.");

	return len && !strncmp(target + len, SEPARATOR, sizeof(SEPARATOR) - 1) ? len : 0;
}

/* Where the connection leads, as an authority. */
static const char *named(const char *address, unsigned port, char *buf, size_t size)
{
	bool bracket = strchr(address, ':');

	if (port && port != PORT_HTTP)
		snprintf(buf, size, bracket ? "[%s]:%u" : "%s:%u", address, port);
	else
		snprintf(buf, size, bracket ? "[%s]" : "%s", address);
	return buf;
}

bool cs_http_target_read(const char *method, const char *target, const char *host,
			 const char *address, unsigned port, struct cs_http_target *ret)
{
	size_t scheme_len = scheme_len_of(target);
	char buf[CS_TELEMETRY_STRING_MAX];
	struct authority authority;

	if (scheme_len) {
		const char *text = target + scheme_len + sizeof(SEPARATOR) - 1;
		size_t len = strcspn(text, "/?#");

		authority = read_authority(text, len);
		tell(ret, target, scheme_len, &authority, text + len);
		return authority.host_len > 0;
	}
	if (method && !strcmp(method, "CONNECT"))
		host = target;
	else if ((!host || !*host) && address)
		host = named(address, port, buf, sizeof(buf));
	if (!host || !*host)
		return false;
	authority = read_authority(host, strlen(host));
	tell(ret, "http", 4, &authority, *target == '/' ? target : "");
	return authority.host_len > 0;
}
