/* SPDX-License-Identifier: Apache-2.0 */

/*
 * POST by libevent's evhttp; see http_client.h. libevent's callbacks only note what happened and
 * activate `step`, which alone frees connections and talks to the user: inside a callback of evhttp
 * its connection is still in use.
 */
#include "exporters/net/http_client.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "exporters/net/addresses.h"

#define HEADERS_MAX_BYTES 16384 /* of a reply */
#define RETRY_AFTER_MAX   128

enum state {
	IDLE,
	LOOKING_UP,
	WAITING, /* for the reply */
	ENDED,   /* `reply` is complete, the user is not told yet */
};

struct cs_http_client {
	struct event_base *base;
	struct cs_endpoint endpoint;
	uint32_t timeout_ms;
	size_t reply_max_bytes;
	const char *refused;
	cs_http_reply_fn fn;
	void *user;

	enum state state;
	struct cs_http_call call;
	struct event *step;  /* activated by whatever happened */
	struct event *timer; /* time limit of the call */
	struct cs_addresses addresses;
	size_t turn;  /* which address is next; moves on after every failure to connect */
	size_t tries; /* addresses tried in this call */
	struct evhttp_connection *connection;
	unsigned calls_on_connection;
	bool heard; /* a part of the reply has come */
	enum evhttp_request_error error;
	bool error_seen;
	bool drop_connection;
	bool next_address;

	struct cs_http_reply reply;
	struct evbuffer *body;
	char retry_after[RETRY_AFTER_MAX];
	char text[CS_ENDPOINT_HOST_MAX + 128];
};

static void end(struct cs_http_client *client, enum cs_http_failure failure)
{
	client->reply.failure = failure;
	client->drop_connection |= failure != CS_HTTP_ANSWERED;
	client->state = ENDED;
	event_active(client->step, EV_TIMEOUT, 1);
}

static void fail(struct cs_http_client *client, enum cs_http_failure failure, const char *what,
		 const char *why)
{
	snprintf(client->text, sizeof(client->text), "%s%s%s", what, why ? ": " : "",
		 why ? why : "");
	end(client, failure);
}

static void disconnect(struct cs_http_client *client)
{
	if (client->connection)
		evhttp_connection_free(client->connection);
	client->connection = NULL;
	client->calls_on_connection = 0;
	client->drop_connection = false;
}

static void note_error(enum evhttp_request_error error, void *arg)
{
	struct cs_http_client *client = arg;

	client->error = error;
	client->error_seen = true;
}

/* evhttp gives no request, or one without a status, when there is no reply. */
static void no_reply(struct cs_http_client *client)
{
	if (!client->error_seen) {
		size_t which = client->turn++ % client->addresses.count;
		int why =
			cs_addresses_refusal(client->addresses.text[which], client->endpoint.port);

		client->next_address = ++client->tries < client->addresses.count;
		fail(client, CS_HTTP_UNREACHABLE, "cannot connect",
		     why == ECONNREFUSED ? client->refused
		     : why               ? strerror(why)
					 : NULL);
		return;
	}
	switch (client->error) {
	case EVREQ_HTTP_TIMEOUT:
		fail(client, CS_HTTP_TIMEOUT, "no reply in time", NULL);
		return;
	case EVREQ_HTTP_DATA_TOO_LONG:
		fail(client, CS_HTTP_REPLY_TOO_LARGE, "the reply is too large", NULL);
		return;
	case EVREQ_HTTP_INVALID_HEADER:
		fail(client, CS_HTTP_NO_REPLY, "the reply is not HTTP", NULL);
		return;
	case EVREQ_HTTP_EOF:
	case EVREQ_HTTP_BUFFER_ERROR:
	case EVREQ_HTTP_REQUEST_CANCEL:
		client->reply.stale = client->calls_on_connection > 1 && !client->heard;
		fail(client, CS_HTTP_NO_REPLY,
		     client->heard ? "the reply was cut off"
				   : "the connection was closed without a reply",
		     NULL);
		return;
	}
}

static void on_reply(struct evhttp_request *request, void *arg)
{
	struct cs_http_client *client = arg;
	struct evkeyvalq *headers;
	const char *value;

	if (client->state != WAITING)
		return;
	if (!request || evhttp_request_get_response_code(request) == 0) {
		no_reply(client);
		return;
	}
	headers = evhttp_request_get_input_headers(request);
	client->reply.status = evhttp_request_get_response_code(request);
	value = evhttp_find_header(headers, "Retry-After");
	if (value && strlen(value) < sizeof(client->retry_after)) {
		strcpy(client->retry_after, value);
		client->reply.retry_after = client->retry_after;
	}
	value = evhttp_find_header(headers, "Content-Type");
	client->reply.protobuf = value && strncasecmp(value, "application/x-protobuf", 22) == 0;
	evbuffer_add_buffer(client->body, evhttp_request_get_input_buffer(request));
	end(client, CS_HTTP_ANSWERED);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct cs_http_client *client = arg;

	if (client->state != LOOKING_UP && client->state != WAITING)
		return;
	client->turn += client->state == WAITING; /* an address that swallows everything */
	cs_addresses_abandon(&client->addresses);
	fail(client, CS_HTTP_TIMEOUT, "no reply in time", NULL);
}

/*
 * A server may refuse (413) and close before it has read everything: while we write, a failure has
 * to leave what it said. Once all is written that must end: with this flag libevent 2.1 takes the
 * end of the stream behind half a reply for one more reason to wait.
 */
static void read_on_write_error(struct cs_http_client *client, bool on)
{
	evhttp_connection_set_flags(client->connection, on ? EVHTTP_CON_READ_ON_WRITE_ERROR : 0);
}

static void on_written(struct evbuffer *output, const struct evbuffer_cb_info *info, void *arg)
{
	struct cs_http_client *client = arg;

	if (info->n_deleted && evbuffer_get_length(output) == 0)
		read_on_write_error(client, false);
}

static void on_heard(struct evbuffer *input, const struct evbuffer_cb_info *info, void *arg)
{
	struct cs_http_client *client = arg;

	client->heard |= info->n_added > 0;
}

/* The connection keeps its buffers for life. */
static int listen_to_buffers(struct cs_http_client *client)
{
	struct bufferevent *bev = evhttp_connection_get_bufferevent(client->connection);

	return evbuffer_add_cb(bufferevent_get_output(bev), on_written, client) &&
			       evbuffer_add_cb(bufferevent_get_input(bev), on_heard, client)
		       ? 0
		       : -ENOMEM;
}

static int connect_to_next(struct cs_http_client *client)
{
	size_t which = client->turn % client->addresses.count;
	struct timeval long_time = { .tv_sec = 24 * 3600 };

	client->connection = evhttp_connection_base_new(
		client->base, NULL, client->addresses.text[which], client->endpoint.port);
	if (!client->connection)
		return -ENOMEM;
	/* The time limit is ours; evhttp has its own of 50 s for each step. */
	evhttp_connection_set_timeout_tv(client->connection, &long_time);
	evhttp_connection_set_max_headers_size(client->connection, HEADERS_MAX_BYTES);
	evhttp_connection_set_max_body_size(client->connection,
					    (ev_ssize_t)client->reply_max_bytes);
	return listen_to_buffers(client);
}

static int add_headers(struct cs_http_client *client, struct evhttp_request *request)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(request);
	char length[24];
	int r;

	snprintf(length, sizeof(length), "%zu", client->call.body_len);
	r = evhttp_add_header(headers, "Host", client->endpoint.authority);
	if (r == 0)
		r = evhttp_add_header(headers, "Content-Length", length);
	for (size_t i = 0; i < client->call.headers_count && r == 0; i++)
		r = evhttp_add_header(headers, client->call.headers[i].name,
				      client->call.headers[i].value);
	return r < 0 ? -ENOMEM : 0;
}

/* libevent makes its sockets without the flag. An address needs no look-up: it is there by now. */
static void close_on_exec(struct cs_http_client *client)
{
	int fd = bufferevent_getfd(evhttp_connection_get_bufferevent(client->connection));

	if (fd >= 0)
		evutil_make_socket_closeonexec(fd);
}

static void send_request(struct cs_http_client *client)
{
	struct evhttp_request *request;
	int r = 0;

	client->state = WAITING;
	client->error_seen = client->heard = false;
	if (!client->connection)
		r = connect_to_next(client);
	if (r == 0)
		read_on_write_error(client, true);
	request = r < 0 ? NULL : evhttp_request_new(on_reply, client);
	if (!request) {
		fail(client, CS_HTTP_UNREACHABLE, "out of memory", NULL);
		return;
	}
	evhttp_request_set_error_cb(request, note_error);
	if (add_headers(client, request) < 0 ||
	    evbuffer_add(evhttp_request_get_output_buffer(request), client->call.body,
			 client->call.body_len) < 0) {
		evhttp_request_free(request);
		fail(client, CS_HTTP_UNREACHABLE, "out of memory", NULL);
		return;
	}
	client->calls_on_connection++;
	/* It owns the request from here on, also when it fails. */
	if (evhttp_make_request(client->connection, request, EVHTTP_REQ_POST, client->call.path) <
	    0)
		fail(client, CS_HTTP_UNREACHABLE, "cannot connect", NULL);
	else if (client->calls_on_connection == 1)
		close_on_exec(client);
}

static void on_addresses(void *user, int error)
{
	struct cs_http_client *client = user;

	if (client->state != LOOKING_UP)
		return;
	if (error || client->addresses.count == 0)
		fail(client, CS_HTTP_UNREACHABLE, "the host is not found",
		     error ? evutil_gai_strerror(error) : NULL);
	else
		event_active(client->step, EV_TIMEOUT, 1);
}

static void start(struct cs_http_client *client)
{
	int r;

	if (client->connection || client->addresses.count) {
		send_request(client);
		return;
	}
	client->state = LOOKING_UP;
	r = cs_addresses_find(&client->addresses, client->base, client->endpoint.host, on_addresses,
			      client);
	if (r == 0)
		send_request(client);
	else if (r < 0)
		fail(client, CS_HTTP_UNREACHABLE, "no resolver", strerror(-r));
}

static void tell(struct cs_http_client *client)
{
	client->state = IDLE;
	event_del(client->timer);
	client->reply.body_len = evbuffer_get_length(client->body);
	client->reply.body = evbuffer_pullup(client->body, -1);
	client->reply.error = client->text;
	client->fn(client->user, &client->reply);
}

static void on_step(evutil_socket_t fd, short what, void *arg)
{
	struct cs_http_client *client = arg;

	if (client->state == LOOKING_UP) {
		send_request(client);
		return;
	}
	if (client->state != ENDED)
		return;
	if (client->drop_connection)
		disconnect(client);
	if (client->next_address) {
		client->next_address = false;
		client->text[0] = '\0';
		send_request(client);
		return;
	}
	if (client->reply.failure == CS_HTTP_UNREACHABLE)
		client->addresses.count = 0; /* they may have changed: look up again */
	tell(client);
}

void cs_http_client_post(struct cs_http_client *client, const struct cs_http_call *call)
{
	struct timeval limit = { .tv_sec = client->timeout_ms / 1000,
				 .tv_usec = client->timeout_ms % 1000 * 1000 };

	client->call = *call;
	client->reply = (struct cs_http_reply){ 0 };
	client->text[0] = '\0';
	client->tries = 0;
	client->next_address = false;
	evbuffer_drain(client->body, evbuffer_get_length(client->body));
	if (client->timeout_ms)
		event_add(client->timer, &limit);
	start(client);
}

void cs_http_client_cancel(struct cs_http_client *client)
{
	if (client->state == IDLE)
		return;
	client->state = IDLE;
	event_del(client->step);
	event_del(client->timer);
	cs_addresses_abandon(&client->addresses);
	disconnect(client);
}

int cs_http_client_new(struct event_base *base, const struct cs_http_client_options *options,
		       cs_http_reply_fn fn, void *user, struct cs_http_client **ret)
{
	struct cs_http_client *client = calloc(1, sizeof(*client));

	if (!client)
		return -ENOMEM;
	client->base = base;
	client->endpoint = *options->endpoint;
	client->timeout_ms = options->timeout_ms;
	client->reply_max_bytes = options->reply_max_bytes;
	client->refused = options->refused ? options->refused
					   : "nobody listens there (is the collector running?)";
	client->fn = fn;
	client->user = user;
	client->step = event_new(base, -1, 0, on_step, client);
	client->timer = event_new(base, -1, 0, on_timer, client);
	client->body = evbuffer_new();
	if (!client->step || !client->timer || !client->body) {
		cs_http_client_free(client);
		return -ENOMEM;
	}
	*ret = client;
	return 0;
}

struct cs_http_client *cs_http_client_free(struct cs_http_client *client)
{
	if (!client)
		return NULL;
	client->state = IDLE;
	disconnect(client);
	cs_addresses_deinit(&client->addresses);
	if (client->step)
		event_free(client->step);
	if (client->timer)
		event_free(client->timer);
	if (client->body)
		evbuffer_free(client->body);
	free(client);
	return NULL;
}
