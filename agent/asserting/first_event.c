/* SPDX-License-Identifier: Apache-2.0 */

/* Asking by libevent's HTTP client; see first_event.h. */
#include "agent/asserting/first_event.h"

#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/http.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define AGAIN_US 1000 /* a tenth of what the fastest server takes to start */

/* Whether somebody listens, without any of HTTP: the connection is closed at once. */
static bool listens(uint16_t port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
	cs_cleanup(cs_closep) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
}

static void soon(struct cs_first_event *first)
{
	const struct timeval delay = { .tv_usec = AGAIN_US };

	event_add(&first->again, &delay);
}

/* Within evhttp: nothing may be freed here. */
static void on_reply(struct evhttp_request *request, void *context)
{
	struct cs_first_event *first = context;
	int status = request ? evhttp_request_get_response_code(request) : 0;

	first->status = status;
	if (status)
		first->answered(first->context, status);
	else
		soon(first);
}

static void ask(struct cs_first_event *first)
{
	const struct cs_plan_event *event = first->event;
	const char *method = event->method ? event->method : event->body ? "POST" : "GET";
	struct evhttp_request *request = evhttp_request_new(on_reply, first);
	struct evkeyvalq *headers;
	enum evhttp_cmd_type command = EVHTTP_REQ_GET;

	first->connection = evhttp_connection_base_new(first->base, NULL, "127.0.0.1", first->port);
	if (!first->connection || !request) {
		soon(first);
		return;
	}
	headers = evhttp_request_get_output_headers(request);
	evhttp_add_header(headers, "Host", "localhost");
	evhttp_add_header(headers, "Connection", "close");
	if (event->body) {
		evhttp_add_header(headers, "Content-Type",
				  event->content_type ? event->content_type : "application/json");
		evbuffer_add(evhttp_request_get_output_buffer(request), event->body,
			     strlen(event->body));
	}
	if (!strcmp(method, "POST"))
		command = EVHTTP_REQ_POST;
	else if (!strcmp(method, "PUT"))
		command = EVHTTP_REQ_PUT;
	/* A request that cannot be made tells on_reply() itself. */
	(void)!evhttp_make_request(first->connection, request, command,
				   first->path ? first->path : "/");
}

static void on_again(evutil_socket_t fd, short what, void *context)
{
	struct cs_first_event *first = context;

	if (first->connection)
		evhttp_connection_free(first->connection);
	first->connection = NULL;
	if (!listens(first->port))
		soon(first);
	else if (first->only_connect)
		first->answered(first->context, 0);
	else
		ask(first);
}

void cs_first_event_begin(struct cs_first_event *first)
{
	event_assign(&first->again, first->base, -1, 0, on_again, first);
	soon(first);
}

/* Its answer is still being handed over: not before the loop is back. */
void cs_first_event_again(struct cs_first_event *first)
{
	soon(first);
}

void cs_first_event_end(struct cs_first_event *first)
{
	if (!first->base)
		return;
	event_del(&first->again);
	if (first->connection)
		evhttp_connection_free(first->connection);
	first->connection = NULL;
	first->base = NULL;
}
