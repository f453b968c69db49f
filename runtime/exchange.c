/* SPDX-License-Identifier: Apache-2.0 */

/* Requests to instances; see exchange.h. */
#include "runtime/exchange.h"

#include <event2/bufferevent.h>
#include <event2/http_struct.h>
#include <event2/keyvalq_struct.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>

#include "runtime/faas.h"
#include "runtime/header.h"

#define HEADERS_BYTES_MAX 65536
#define BACKSTOP_SECONDS  1200 /* libevent's own time-out; the call's limit is shorter */

/*
 * How long a connection is kept unused. Shorter than the keep-alive of the servers that functions
 * are built on (Node 5 s, gunicorn 2 s), so that a request does not meet a connection that its
 * other end is just closing; and long connections would starve servers that handle one at a time.
 */
#define KEEP_SECONDS 1

struct cs_link {
	struct cs_link_list *list;
	struct evhttp_connection *connection;
	struct event *expiry;
	bool busy;
	TAILQ_ENTRY(cs_link) entry;
};

static void free_link(struct cs_link *link)
{
	TAILQ_REMOVE(link->list, link, entry);
	if (link->expiry)
		event_free(link->expiry);
	if (link->connection)
		evhttp_connection_free(link->connection);
	free(link);
}

static void on_expiry(evutil_socket_t fd, short what, void *arg)
{
	free_link(arg);
}

void cs_links_deinit(struct cs_link_list *links)
{
	struct cs_link *link;

	while ((link = TAILQ_FIRST(links)))
		free_link(link);
}

static struct cs_link *new_link(struct cs_instance *instance)
{
	const struct cs_faas *faas = instance->faas;
	struct cs_link *link = calloc(1, sizeof(*link));

	if (!link)
		return NULL;
	link->list = &instance->links;
	TAILQ_INSERT_HEAD(link->list, link, entry);
	link->expiry = evtimer_new(faas->base, on_expiry, link);
	link->connection =
		evhttp_connection_base_new(faas->base, NULL, "127.0.0.1", instance->port);
	if (!link->expiry || !link->connection) {
		free_link(link);
		return NULL;
	}
	evhttp_connection_set_max_body_size(link->connection,
					    (ev_ssize_t)faas->options->payload_bytes_max);
	evhttp_connection_set_max_headers_size(link->connection, HEADERS_BYTES_MAX);
	evhttp_connection_set_timeout(link->connection, BACKSTOP_SECONDS);
	return link;
}

static struct cs_link *take_link(struct cs_instance *instance)
{
	struct cs_link *link;

	TAILQ_FOREACH(link, &instance->links, entry) {
		if (!link->busy)
			break;
	}
	if (!link)
		link = new_link(instance);
	if (link) {
		evtimer_del(link->expiry);
		link->busy = true;
	}
	return link;
}

/* Not freed here: libevent may be inside the connection. */
static void put_link(struct cs_link *link, bool reuse)
{
	const struct timeval keep = { .tv_sec = reuse ? KEEP_SECONDS : 0 };

	link->busy = !reuse;
	evtimer_add(link->expiry, &keep);
}

static bool lasts(const struct evhttp_request *request)
{
	struct evkeyvalq *headers = request->input_headers;
	const char *connection = evhttp_find_header(headers, "Connection");
	bool framed = evhttp_find_header(headers, "Content-Length") ||
		      evhttp_find_header(headers, "Transfer-Encoding") ||
		      request->type == EVHTTP_REQ_HEAD ||
		      request->response_code == HTTP_NOCONTENT ||
		      request->response_code == HTTP_NOTMODIFIED;

	if (connection && cs_header_lists(connection, "close"))
		return false;
	if (request->major == 1 && request->minor == 0 &&
	    !(connection && cs_header_lists(connection, "keep-alive")))
		return false;
	return framed;
}

static void hand_back(struct cs_visit *visit, struct evhttp_request *answer)
{
	struct cs_call *call = visit->call;
	struct evkeyvalq *headers = evhttp_request_get_output_headers(call->request);
	bool keep_length = evhttp_request_get_command(call->request) == EVHTTP_REQ_HEAD;

	cs_headers_copy(evhttp_request_get_input_headers(answer), headers, keep_length);
	visit->call = NULL;
	cs_call_answer(call, evhttp_request_get_response_code(answer),
		       evhttp_request_get_response_code_line(answer),
		       evhttp_request_get_input_buffer(answer));
}

static void finish(struct cs_visit *visit, enum cs_exchange_outcome outcome, bool reuse)
{
	put_link(visit->link, reuse);
	visit->link = NULL;
	visit->request = NULL;
	if (visit->sending)
		visit->outcome = outcome;
	else
		cs_instance_visited(visit, outcome);
}

/* libevent's order: on_error (unless the connection was refused), then on_done with no request. */
static void on_error(enum evhttp_request_error error, void *arg)
{
	struct cs_visit *visit = arg;

	if (error == EVREQ_HTTP_DATA_TOO_LONG)
		visit->outcome = CS_EXCHANGE_TOO_LONG;
	else if (error == EVREQ_HTTP_INVALID_HEADER)
		visit->outcome = CS_EXCHANGE_MALFORMED;
	else
		visit->outcome = CS_EXCHANGE_BROKEN;
}

static void on_done(struct evhttp_request *request, void *arg)
{
	struct cs_visit *visit = arg;
	enum cs_exchange_outcome outcome = (enum cs_exchange_outcome)visit->outcome;

	visit->outcome = 0;
	if (!request) {
		finish(visit, outcome ? outcome : CS_EXCHANGE_BROKEN, false);
	} else if (!evhttp_request_get_response_code(request)) {
		finish(visit, CS_EXCHANGE_REFUSED, true); /* libevent connects it anew */
	} else if (evhttp_request_get_response_code(request) < 200) {
		finish(visit, CS_EXCHANGE_INTERIM, false);
	} else {
		bool reuse = lasts(request);

		hand_back(visit, request);
		finish(visit, CS_EXCHANGE_ANSWERED, reuse);
	}
}

static int socket_of(const struct cs_visit *visit)
{
	return visit->link ? bufferevent_getfd(
				     evhttp_connection_get_bufferevent(visit->link->connection))
			   : -1;
}

/*
 * A server that writes head and body apart, as Python's does, without TCP_NODELAY: its body waits
 * for our ACK of the head, which the kernel delays by 40 ms on a connection that is in use for a
 * while. This sends it now.
 */
static int on_head(struct evhttp_request *request, void *arg)
{
	const int on = 1;
	int fd = socket_of(arg);

	if (fd >= 0)
		setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on));
	return 0;
}

static int fill_request(const struct cs_call *call, struct evhttp_request *request)
{
	struct evkeyvalq *from = evhttp_request_get_input_headers(call->request);
	struct evkeyvalq *to = evhttp_request_get_output_headers(request);
	struct evbuffer *body = evhttp_request_get_input_buffer(call->request);
	size_t body_len = evbuffer_get_length(body);
	bool sized = evhttp_find_header(from, "Content-Length") ||
		     evhttp_find_header(from, "Transfer-Encoding");
	char length[24];

	cs_headers_copy(from, to, false);
	evhttp_remove_header(to, "Expect");
	if (sized || body_len) {
		snprintf(length, sizeof(length), "%zu", body_len);
		evhttp_add_header(to, "Content-Length", length);
	}
	if (call->id[0])
		evhttp_add_header(to, "X-Call-Id", call->id);
	/* By reference: while the instance starts, a request is made for each try. */
	return body_len ? evbuffer_add_buffer_reference(evhttp_request_get_output_buffer(request),
							body)
			: 0;
}

/* libevent 2.1 opens its client sockets without CLOEXEC: no other function is to inherit them. */
static void prepare_socket(const struct cs_visit *visit)
{
	const int on = 1;
	int fd = socket_of(visit);

	if (fd < 0)
		return;
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	/* A request in two pieces is not to wait for an ACK of the first. Best effort. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

static int make_request(struct cs_visit *visit, const char *uri)
{
	const struct cs_call *call = visit->call;
	int r;

	visit->request = evhttp_request_new(on_done, visit);
	if (!visit->request)
		return -ENOMEM;
	evhttp_request_set_error_cb(visit->request, on_error);
	evhttp_request_set_header_cb(visit->request, on_head);
	if (fill_request(call, visit->request) < 0) {
		evhttp_request_free(visit->request);
		return -ENOMEM;
	}
	visit->sending = true; /* libevent may call back from within */
	r = evhttp_make_request(visit->link->connection, visit->request,
				evhttp_request_get_command(call->request), uri);
	visit->sending = false;
	if (r < 0)
		return -ENOMEM;
	prepare_socket(visit);
	return 0;
}

int cs_exchange_send(struct cs_visit *visit)
{
	const struct cs_call *call = visit->call;
	cs_cleanup(cs_freep) char *uri = NULL;
	int r;

	visit->outcome = 0;
	if (asprintf(&uri, "%s%s%s", call->path, call->query ? "?" : "",
		     call->query ? call->query : "") < 0) {
		uri = NULL;
		return -ENOMEM;
	}
	visit->link = take_link(visit->instance);
	if (!visit->link)
		return -ENOMEM;
	r = make_request(visit, uri);
	if (r < 0 && visit->link) {
		put_link(visit->link, false);
		visit->link = NULL;
		visit->request = NULL;
	}
	return r < 0 ? r : visit->outcome;
}

bool cs_exchange_is_connected(const struct cs_visit *visit)
{
	struct sockaddr_in ours = { 0 }, theirs = { 0 };
	socklen_t ours_len = sizeof(ours), theirs_len = sizeof(theirs);
	int fd = socket_of(visit);

	if (fd < 0 || getpeername(fd, (struct sockaddr *)&theirs, &theirs_len) < 0 ||
	    getsockname(fd, (struct sockaddr *)&ours, &ours_len) < 0)
		return false;
	return ours.sin_port != theirs.sin_port; /* connected to itself: see port.h */
}

void cs_exchange_abort(struct cs_visit *visit)
{
	struct evhttp_request *request = visit->request;
	struct cs_link *link = visit->link;

	if (!request)
		return;
	visit->request = NULL;
	visit->link = NULL;
	evhttp_cancel_request(request);
	visit->outcome = 0;
	put_link(link, false);
}
