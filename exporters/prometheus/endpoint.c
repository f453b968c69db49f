/* SPDX-License-Identifier: Apache-2.0 */

/* An HTTP server for scrapes; see endpoint.h. */
#include "exporters/prometheus/endpoint.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/util.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "exporters/net/owner.h"
#include "exporters/prometheus/host.h"
#include "exporters/prometheus/negotiate.h"
#include "exporters/prometheus/protobuf.h"
#include "exporters/prometheus/text.h"

#define HEADERS_BYTES_MAX 8192
#define REQUEST_SECONDS   10
#define IDLE_SECONDS      330 /* Prometheus closes what was idle for five minutes */
#define SCRAPERS_HEADER                                                                            \
	"X-Prometheus-Scrape-Timeout-Seconds" /* who has it comes again and computes rates */
#define BODY_BYTES_MAX 0                      /* a scrape asks with a head alone */
/* Those that are answered; others are refused by libevent. */
#define METHODS                                                                                    \
	(EVHTTP_REQ_GET | EVHTTP_REQ_HEAD | EVHTTP_REQ_POST | EVHTTP_REQ_PUT | EVHTTP_REQ_DELETE | \
	 EVHTTP_REQ_OPTIONS | EVHTTP_REQ_PATCH)

struct cs_prometheus_endpoint {
	struct evhttp *http; /* owned */
	cs_prometheus_collect_fn collect;
	void *user;
	struct cs_prometheus_readers readers;
	char host[CS_PROMETHEUS_HOST_MAX]; /* that it listens on */
	char url[CS_PROMETHEUS_HOST_MAX + 32];
};

static void set_header(struct evhttp_request *request, const char *name, const char *value)
{
	evhttp_add_header(evhttp_request_get_output_headers(request), name, value);
}

static void refuse(struct evhttp_request *request, int status, const char *reason, const char *text)
{
	set_header(request, "Content-Type", "text/plain; charset=utf-8");
	evbuffer_add_printf(evhttp_request_get_output_buffer(request), "%s\n", text);
	evhttp_send_reply(request, status, reason, NULL);
}

static void free_text(const void *data, size_t len, void *text)
{
	(void)data;
	(void)len;
	free(text);
}

static void on_close(struct evhttp_connection *connection, void *arg)
{
	struct cs_prometheus_endpoint *endpoint = arg;

	cs_prometheus_readers_leave(&endpoint->readers, connection);
}

/*
 * "owner program": of those on this machine each user is one, since all of them have its addresses. Whose a connection
 * is was asked with its first question: it stays the same, and the kernel may not tell it again.
 */
static void describe(struct cs_prometheus_endpoint *endpoint, struct evhttp_connection *connection,
		     const char *agent, char looks[CS_PROMETHEUS_LOOKS_MAX])
{
	int fd = bufferevent_getfd(evhttp_connection_get_bufferevent(connection));
	const char *known = cs_prometheus_readers_looks(&endpoint->readers, connection);
	char user[16], *address = NULL;
	ev_uint16_t port;
	uint32_t uid;

	evhttp_connection_get_peer(connection, &address, &port);
	if (!known && cs_net_owner(fd, &uid) == 0) {
		snprintf(user, sizeof(user), "/%" PRIu32, uid);
		known = user;
	}
	if (!known)
		known = address ? address : "";
	snprintf(looks, CS_PROMETHEUS_LOOKS_MAX, "%.*s %s", (int)strcspn(known, " "), known,
		 agent ? agent : "");
}

/* Whom a new series is to begin with zero for. HEAD tells nobody anything. */
static int reader_of(struct cs_prometheus_endpoint *endpoint, struct evhttp_request *request,
		     enum cs_reader_past *ret_past)
{
	struct evhttp_connection *connection = evhttp_request_get_connection(request);
	struct evkeyvalq *headers = evhttp_request_get_input_headers(request);
	const char *agent = evhttp_find_header(headers, "User-Agent");
	char looks[CS_PROMETHEUS_LOOKS_MAX];
	int reader;

	if (!evhttp_find_header(headers, SCRAPERS_HEADER) ||
	    evhttp_request_get_command(request) != EVHTTP_REQ_GET)
		return CS_PROMETHEUS_NOBODY;
	describe(endpoint, connection, agent, looks);
	reader = cs_prometheus_readers_find(&endpoint->readers, connection, looks,
					    cs_clock_monotonic_ns(), ret_past);
	if (reader != CS_PROMETHEUS_NOBODY) {
		evhttp_connection_set_closecb(connection, on_close, endpoint);
		/* Who has asked twice will ask again. */
		if (cs_prometheus_readers_stays(&endpoint->readers, connection))
			evhttp_connection_set_timeout(connection, IDLE_SECONDS);
	}
	return reader;
}

static bool write_metrics(struct cs_prometheus_endpoint *endpoint, struct evhttp_request *request,
			  enum cs_prometheus_format format, struct cs_buffer *out)
{
	struct cs_metric_batch batch;
	struct cs_arena arena;
	enum cs_reader_past past = CS_READER_NEW;
	int reader = reader_of(endpoint, request, &past);
	bool done;

	cs_arena_init(&arena, 0);
	done = endpoint->collect(endpoint->user, reader, past, &arena, &batch) &&
	       (format == CS_PROMETHEUS_PROTOBUF
			? cs_prometheus_protobuf(&batch, &arena, out)
			: cs_prometheus_text(&batch, format == CS_PROMETHEUS_OPEN_METRICS, &arena,
					     out));
	cs_arena_deinit(&arena);
	return done;
}

/* HEAD is answered like GET; libevent leaves the body out. */
static void answer(struct cs_prometheus_endpoint *endpoint, struct evhttp_request *request)
{
	enum cs_prometheus_format format = cs_prometheus_negotiate(
		evhttp_find_header(evhttp_request_get_input_headers(request), "Accept"));
	struct cs_buffer text = { 0 };
	size_t len;
	char *bytes;

	if (!write_metrics(endpoint, request, format, &text)) {
		cs_buffer_deinit(&text);
		refuse(request, HTTP_SERVUNAVAIL, "Service Unavailable",
		       "There is no memory for that.");
		return;
	}
	len = text.len;
	bytes = cs_buffer_take(&text);
	set_header(request, "Content-Type", cs_prometheus_content_type(format));
	set_header(request, "Vary", "Accept");
	if (!bytes || evbuffer_add_reference(evhttp_request_get_output_buffer(request), bytes, len,
					     free_text, bytes) < 0) {
		free(bytes);
		refuse(request, HTTP_SERVUNAVAIL, "Service Unavailable",
		       "There is no memory for that.");
		return;
	}
	evhttp_send_reply(request, HTTP_OK, "OK", NULL);
}

static void on_request(struct evhttp_request *request, void *arg)
{
	struct cs_prometheus_endpoint *endpoint = arg;
	const char *path = evhttp_uri_get_path(evhttp_request_get_evhttp_uri(request));
	enum evhttp_cmd_type method = evhttp_request_get_command(request);

	if (!cs_host_allowed(evhttp_find_header(evhttp_request_get_input_headers(request), "Host"),
			     endpoint->host)) {
		refuse(request, 421, "Misdirected Request",
		       "Ask by address, or by the name that --prometheus has.");
	} else if (method != EVHTTP_REQ_GET && method != EVHTTP_REQ_HEAD) {
		set_header(request, "Allow", "GET, HEAD");
		refuse(request, HTTP_BADMETHOD, "Method Not Allowed", "Only GET and HEAD.");
	} else if (path && strcmp(path, "/metrics") == 0) {
		answer(endpoint, request);
	} else {
		refuse(request, HTTP_NOTFOUND, "Not Found", "There is only /metrics.");
	}
}

static uint16_t port_of(struct evhttp_bound_socket *listener)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} address;
	socklen_t len = sizeof(address);

	memset(&address, 0, sizeof(address));
	if (getsockname(evhttp_bound_socket_get_fd(listener), &address.any, &len) < 0)
		return 0;
	return ntohs(address.any.sa_family == AF_INET6 ? address.v6.sin6_port
						       : address.v4.sin_port);
}

static int listen_on(struct cs_prometheus_endpoint *endpoint, const char *address,
		     struct cs_diag *diag)
{
	struct evhttp_bound_socket *listener;
	uint16_t port;
	int r = cs_host_split(address, endpoint->host, sizeof(endpoint->host), &port);

	if (r < 0)
		return cs_diag_set(
			diag, r,
			"--prometheus %.200s: no address; write HOST:PORT, [IPV6]:PORT, or a "
			"port of loopback, e.g. 127.0.0.1:9464",
			address);
	if (!*endpoint->host)
		snprintf(endpoint->host, sizeof(endpoint->host), "127.0.0.1");
	errno = 0;
	listener = evhttp_bind_socket_with_handle(endpoint->http, endpoint->host, port);
	if (!listener) {
		r = errno ? -errno : -EADDRNOTAVAIL;
		return cs_diag_set(diag, r, "--prometheus %.200s: cannot listen there: %s", address,
				   strerror(-r));
	}
	snprintf(endpoint->url, sizeof(endpoint->url),
		 strchr(endpoint->host, ':') ? "http://[%s]:%u/metrics" : "http://%s:%u/metrics",
		 endpoint->host, port_of(listener));
	return 0;
}

int cs_prometheus_endpoint_new(struct event_base *base, const char *address,
			       cs_prometheus_collect_fn collect, void *user,
			       struct cs_prometheus_endpoint **ret, struct cs_diag *diag)
{
	struct cs_prometheus_endpoint *endpoint = calloc(1, sizeof(*endpoint));
	int r = -ENOMEM;

	if (endpoint) {
		endpoint->collect = collect;
		endpoint->user = user;
		endpoint->http = evhttp_new(base);
	}
	if (endpoint && endpoint->http) {
		evhttp_set_gencb(endpoint->http, on_request, endpoint);
		evhttp_set_allowed_methods(endpoint->http, METHODS);
		evhttp_set_max_headers_size(endpoint->http, HEADERS_BYTES_MAX);
		evhttp_set_max_body_size(endpoint->http, BODY_BYTES_MAX);
		evhttp_set_timeout(endpoint->http, REQUEST_SECONDS);
		r = listen_on(endpoint, address, diag);
	}
	if (r < 0) {
		cs_prometheus_endpoint_free(endpoint);
		return r == -ENOMEM ? cs_diag_set(diag, r, "no memory for --prometheus") : r;
	}
	*ret = endpoint;
	return 0;
}

const char *cs_prometheus_endpoint_url(const struct cs_prometheus_endpoint *endpoint)
{
	return endpoint->url;
}

struct cs_prometheus_endpoint *cs_prometheus_endpoint_free(struct cs_prometheus_endpoint *endpoint)
{
	if (!endpoint)
		return NULL;
	if (endpoint->http)
		evhttp_free(endpoint->http);
	free(endpoint);
	return NULL;
}
