/* SPDX-License-Identifier: Apache-2.0 */

/* A server for tests; see http_server.h. */
#include "tests/support/http_server.h"

#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/keyvalq_struct.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>

static void record(struct server *server, struct evhttp_request *request)
{
	struct evkeyvalq *headers = evhttp_request_get_input_headers(request);
	struct evbuffer *body = evhttp_request_get_input_buffer(request);
	struct evkeyval *header;
	size_t n = server->requests++, used = 0;
	char *peer;

	if (n >= SERVER_REQUESTS_MAX)
		abort();
	server->seen[n].body_len = evbuffer_get_length(body);
	server->seen[n].body = malloc(server->seen[n].body_len + 1);
	if (!server->seen[n].body)
		abort();
	evbuffer_remove(body, server->seen[n].body, server->seen[n].body_len);
	snprintf(server->seen[n].path, sizeof(server->seen[n].path), "%s",
		 evhttp_request_get_uri(request));
	TAILQ_FOREACH(header, headers, next) {
		int len = snprintf(server->seen[n].headers + used,
				   sizeof(server->seen[n].headers) - used, "%s: %s\n", header->key,
				   header->value);

		if (len < 0 || (size_t)len >= sizeof(server->seen[n].headers) - used)
			abort();
		used += (size_t)len;
	}
	evhttp_connection_get_peer(evhttp_request_get_connection(request), &peer,
				   &server->seen[n].peer_port);
}

static void close_after(struct evhttp_request *request, const char *bytes)
{
	struct evhttp_connection *connection = evhttp_request_get_connection(request);
	int fd = bufferevent_getfd(evhttp_connection_get_bufferevent(connection));

	if (send(fd, bytes, strlen(bytes), MSG_NOSIGNAL) != (ssize_t)strlen(bytes))
		abort();
	shutdown(fd, SHUT_RDWR);
}

static void on_request(struct evhttp_request *request, void *arg)
{
	struct server *server = arg;
	struct answer answer = { .status = 200 };
	struct evbuffer *body;
	struct evkeyvalq *headers = evhttp_request_get_output_headers(request);

	if (server->requests < server->answers_count)
		answer = server->answers[server->requests];
	record(server, request);
	if (answer.status < 0)
		return;
	if (answer.status == 0 || answer.raw) {
		close_after(request, answer.raw ? answer.raw : "");
		return;
	}
	body = evbuffer_new();
	evbuffer_add(body, answer.body, answer.body_len);
	evhttp_add_header(headers, "Content-Type",
			  answer.type ? answer.type : "application/x-protobuf");
	if (answer.retry_after)
		evhttp_add_header(headers, "Retry-After", answer.retry_after);
	if (answer.close)
		evhttp_add_header(headers, "Connection", "close");
	evhttp_send_reply(request, answer.status, "As Told", body);
	evbuffer_free(body);
}

void server_init(struct server *server, struct event_base *base, const char *address, uint16_t port)
{
	struct evhttp_bound_socket *socket;
	struct sockaddr_storage where;
	socklen_t len = sizeof(where);

	memset(server, 0, sizeof(*server));
	server->http = evhttp_new(base);
	if (!server->http)
		abort();
	evhttp_set_allowed_methods(server->http, EVHTTP_REQ_POST);
	evhttp_set_gencb(server->http, on_request, server);
	socket =
		evhttp_bind_socket_with_handle(server->http, address ? address : "127.0.0.1", port);
	if (!socket ||
	    getsockname(evhttp_bound_socket_get_fd(socket), (struct sockaddr *)&where, &len) < 0) {
		fprintf(stderr, "http_server: cannot listen\n");
		abort();
	}
	server->port =
		ntohs(where.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&where)->sin6_port
						  : ((struct sockaddr_in *)&where)->sin_port);
	snprintf(server->url, sizeof(server->url),
		 address && strchr(address, ':') ? "http://[%s]:%u" : "http://%s:%u",
		 address ? address : "127.0.0.1", server->port);
}

void server_deinit(struct server *server)
{
	if (server->http)
		evhttp_free(server->http);
	for (size_t i = 0; i < server->requests; i++)
		free(server->seen[i].body);
	memset(server, 0, sizeof(*server));
}
