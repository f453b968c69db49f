/* SPDX-License-Identifier: Apache-2.0 */

/* URLs of HTTP destinations; see endpoint.h. */
#include "exporters/net/endpoint.h"

#include <event2/http.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define SHOWN_BYTES 216 /* an address in a message; longer ones are cut */

static void uri_freep(struct evhttp_uri **uri)
{
	if (*uri)
		evhttp_uri_free(*uri);
}

/* An address without what may be a password or a key: what stands before an @, and the query. */
static void show(const char *url, char *ret)
{
	const char *at = strrchr(url, '@');
	const char *rest = at ? at + 1 : url;
	size_t len = strcspn(rest, "?");

	snprintf(ret, SHOWN_BYTES, "%s%.*s%s", at ? "***@" : "", len > 200 ? 200 : (int)len, rest,
		 rest[len] ? "?***" : "");
}

static int check(const char *url, const struct evhttp_uri *uri, struct cs_diag *diag)
{
	const char *scheme = uri ? evhttp_uri_get_scheme(uri) : NULL;
	const char *host = uri ? evhttp_uri_get_host(uri) : NULL;
	char shown[SHOWN_BYTES];

	show(url, shown);
	if (uri && evhttp_uri_get_userinfo(uri))
		return cs_diag_set(diag, -EINVAL,
				   "endpoint has a user name in its URL; "
				   "send credentials by OTEL_EXPORTER_OTLP_HEADERS");
	if (strstr(url, "://") == NULL)
		return cs_diag_set(diag, -EINVAL,
				   "endpoint '%s' has no scheme; write http://HOST:PORT", shown);
	if (!uri || !scheme)
		return cs_diag_set(diag, -EINVAL,
				   "endpoint '%s' is not a URL; write http://HOST:PORT", shown);
	if (strcasecmp(scheme, "https") == 0)
		return cs_diag_set(diag, -EPROTONOSUPPORT,
				   "endpoint '%s': https is not built in yet; "
				   "use http:// to a local collector",
				   shown);
	if (strcasecmp(scheme, "http") != 0)
		return cs_diag_set(diag, -EINVAL,
				   "endpoint '%s': unknown scheme; write http://HOST:PORT", shown);
	if (!host || !*host)
		return cs_diag_set(diag, -EINVAL,
				   "endpoint '%s' names no host; write http://HOST:PORT", shown);
	if (evhttp_uri_get_fragment(uri))
		return cs_diag_set(diag, -EINVAL, "endpoint '%s' has a '#'; leave it out", shown);
	if (evhttp_uri_get_port(uri) == 0 || evhttp_uri_get_port(uri) > 65535)
		return cs_diag_set(diag, -EINVAL, "endpoint '%s': the port must be 1 to 65535",
				   shown);
	return 0;
}

static int set_path(const struct evhttp_uri *uri, const char *append, struct cs_endpoint *out)
{
	const char *path = evhttp_uri_get_path(uri) ? evhttp_uri_get_path(uri) : "";
	const char *query = evhttp_uri_get_query(uri);
	size_t len = strlen(path);
	int n;

	while (append && len && path[len - 1] == '/')
		len--;
	n = snprintf(out->path, sizeof(out->path), "%.*s%s%s%s%s", (int)len, path,
		     append || !len ? "/" : "", append ? append : "", query ? "?" : "",
		     query ? query : "");
	return n < 0 || (size_t)n >= sizeof(out->path) ? -ENAMETOOLONG : 0;
}

int cs_endpoint_parse(const char *url, const char *append, struct cs_endpoint *ret,
		      struct cs_diag *diag)
{
	cs_cleanup(uri_freep) struct evhttp_uri *uri = evhttp_uri_parse(url);
	struct cs_endpoint out = { .port = 80 };
	const char *host;
	size_t len;
	int r = check(url, uri, diag);

	if (r < 0)
		return r;
	host = evhttp_uri_get_host(uri);
	len = strlen(host);
	if (evhttp_uri_get_port(uri) > 0)
		out.port = (uint16_t)evhttp_uri_get_port(uri);
	if (len >= sizeof(out.host) || set_path(uri, append, &out) < 0)
		return cs_diag_set(diag, -ENAMETOOLONG, "endpoint '%.60s…' is too long", url);
	snprintf(out.authority, sizeof(out.authority), "%s:%u", host, out.port);
	if (host[0] == '[') { /* the parser has checked what stands between the brackets */
		host++;
		len -= 2;
	}
	memcpy(out.host, host, len);
	*ret = out;
	return 0;
}
