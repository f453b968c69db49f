/* SPDX-License-Identifier: Apache-2.0 */

/* The HTTP front door, by libevent's server; see gateway.h. */
#include "runtime/gateway.h"

#include <event2/listener.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>

#include "runtime/call.h"
#include "runtime/exec_mode.h"
#include "runtime/header.h"
#include "runtime/lines.h"

#define BACKLOG           1024
#define HEADERS_BYTES_MAX 65536 /* one header must fit into one environment string of 128 KiB */
#define IDLE_SECONDS      60    /* a connection on which nothing arrives is closed after that */
#define ACCEPT_PAUSE_MS   100   /* when descriptors have run out */
#define PREFIX            "/function/"

#define METHODS                                                                                    \
	(EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_HEAD | EVHTTP_REQ_PUT | EVHTTP_REQ_DELETE | \
	 EVHTTP_REQ_OPTIONS | EVHTTP_REQ_PATCH)

static void serve_health(struct cs_faas *faas, struct evhttp_request *request)
{
	enum evhttp_cmd_type method = evhttp_request_get_command(request);

	if (method != EVHTTP_REQ_GET && method != EVHTTP_REQ_HEAD) {
		evhttp_add_header(evhttp_request_get_output_headers(request), "Allow", "GET, HEAD");
		cs_request_fail(request, HTTP_BADMETHOD, "/healthz takes GET");
		return;
	}
	if (faas->stopping)
		cs_request_fail(request, HTTP_SERVUNAVAIL, "stopping");
	else
		cs_request_fail(request, HTTP_OK, "ok");
}

static void refuse_name(const struct cs_faas *faas, struct evhttp_request *request,
			const char *name, int name_len)
{
	char known[512] = "";
	size_t len = 0;

	for (size_t i = 0; i < faas->catalog.count; i++) {
		const char *other = faas->catalog.functions[i].manifest.name;

		if (len + strlen(other) + 3 > sizeof(known))
			break;
		len += (size_t)snprintf(known + len, sizeof(known) - len, "%s%s", i ? ", " : "",
					other);
	}
	cs_request_fail(request, HTTP_NOTFOUND, "no function \"%.*s\"; there is: %s",
			name_len > 64 ? 64 : name_len, name, known);
}

static void serve_function(struct cs_faas *faas, struct evhttp_request *request, const char *name)
{
	size_t name_len = strcspn(name, "/");
	const char *path = name[name_len] ? name + name_len : "/";
	struct cs_function *function = cs_catalog_find(&faas->catalog, name, name_len);
	struct cs_call *call;

	if (!function) {
		refuse_name(faas, request, name, (int)name_len);
		return;
	}
	if (faas->stopping) {
		cs_request_fail(request, HTTP_SERVUNAVAIL, "the runtime is stopping");
		return;
	}
	if (function->in_flight >= function->manifest.concurrency) {
		cs_request_fail(request, 429,
				"function %s already has as many requests as it may: %u",
				function->manifest.name, function->in_flight);
		return;
	}
	call = cs_call_new(faas, function, request, path);
	if (!call)
		cs_request_fail(request, HTTP_SERVUNAVAIL, "out of memory");
	else if (function->manifest.mode == CS_MODE_HTTP)
		cs_instance_run(call);
	else
		cs_exec_run(call);
}

/* What libevent reads and nobody should. Returns NULL for a request that is as it should be. */
static const char *fault_of(struct evhttp_request *request)
{
	const char *at = evhttp_request_get_uri(request);

	while ((unsigned char)*at > ' ' && *at != 0x7f)
		at++;
	return *at ? "the target has a blank or a control character; encode it"
		   : cs_headers_fault(evhttp_request_get_input_headers(request));
}

static void on_request(struct evhttp_request *request, void *arg)
{
	struct cs_faas *faas = arg;
	const char *path = evhttp_uri_get_path(evhttp_request_get_evhttp_uri(request));
	const char *fault = fault_of(request);

	if (!(evhttp_request_get_command(request) & METHODS)) {
		evhttp_add_header(evhttp_request_get_output_headers(request), "Allow",
				  "GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH");
		cs_request_fail(request, HTTP_BADMETHOD, "functions take no such method");
	} else if (fault) {
		/* What follows on this connection may be a part of the body. */
		evhttp_add_header(evhttp_request_get_output_headers(request), "Connection",
				  "close");
		cs_request_fail(request, HTTP_BADREQUEST, "%s", fault);
	} else if (path && !strncmp(path, PREFIX, sizeof(PREFIX) - 1)) {
		serve_function(faas, request, path + sizeof(PREFIX) - 1);
	} else if (path && !strcmp(path, "/healthz")) {
		serve_health(faas, request);
	} else {
		cs_request_fail(request, HTTP_NOTFOUND,
				"nothing here; there are /function/NAME and /healthz");
	}
}

static int open_socket(const struct cs_options *options, struct cs_problem *problem, int *ret)
{
	const struct sockaddr *address = (const struct sockaddr *)&options->address;
	cs_cleanup(cs_fd_close) int fd =
		socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	const int on = 1;
	const char *remedy = "";

	/* NODELAY is inherited by accepted sockets: an answer's last piece waits for no ACK. */
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) < 0 ||
	    bind(fd, address, options->address_len) < 0 || listen(fd, BACKLOG) < 0) {
		int error = errno;

		if (error == EADDRINUSE)
			remedy = "; choose another port with --listen, or 0 for any that is free";
		else if (error == EACCES)
			remedy = "; choose a port above 1023 with --listen";
		return cs_problem_set(problem, -error, "cannot listen on %s: %s%s",
				      options->listen_text, strerror(error), remedy);
	}
	*ret = fd;
	fd = -EBADF;
	return 0;
}

/* libevent hands its own server to the callback below, not ours: there is one front door. */
static struct event *accept_again;

static void on_accept_again(evutil_socket_t fd, short what, void *arg)
{
	struct cs_faas *faas = arg;

	if (faas->listener)
		evconnlistener_enable(evhttp_bound_socket_get_listener(faas->listener));
}

/* Without a descriptor to accept with, the waiting connection would wake the loop for ever. */
static void on_accept_error(struct evconnlistener *listener, void *arg)
{
	const struct timeval pause = { .tv_usec = ACCEPT_PAUSE_MS * 1000L };

	cs_say("cannot accept connections: %s; again in %d ms", strerror(errno), ACCEPT_PAUSE_MS);
	evconnlistener_disable(listener);
	event_add(accept_again, &pause);
}

int cs_gateway_open(struct cs_faas *faas, struct cs_problem *problem)
{
	int fd = -EBADF, r = open_socket(faas->options, problem, &fd);

	if (r < 0)
		return r;
	faas->http = evhttp_new(faas->base);
	if (faas->http)
		faas->listener = evhttp_accept_socket_with_handle(faas->http, fd);
	if (!faas->listener) {
		cs_fd_close(&fd);
		return -ENOMEM;
	}
	accept_again = evtimer_new(faas->base, on_accept_again, faas);
	if (!accept_again)
		return -ENOMEM;
	evconnlistener_set_error_cb(evhttp_bound_socket_get_listener(faas->listener),
				    on_accept_error);
	evhttp_set_gencb(faas->http, on_request, faas);
	evhttp_set_allowed_methods(faas->http, METHODS | EVHTTP_REQ_TRACE | EVHTTP_REQ_CONNECT);
	evhttp_set_default_content_type(faas->http, NULL); /* a function's answer is its own */
	evhttp_set_max_headers_size(faas->http, HEADERS_BYTES_MAX);
	evhttp_set_max_body_size(faas->http, (ev_ssize_t)faas->options->payload_bytes_max);
	/* Read a refused body to its end: else the reset could overtake our 413. */
	evhttp_set_flags(faas->http, EVHTTP_SERVER_LINGERING_CLOSE);
	evhttp_set_timeout(faas->http, IDLE_SECONDS);
	return 0;
}

unsigned cs_gateway_port(const struct cs_faas *faas)
{
	struct sockaddr_storage address = { 0 };
	socklen_t len = sizeof(address);

	if (getsockname(evhttp_bound_socket_get_fd(faas->listener), (struct sockaddr *)&address,
			&len) < 0)
		return 0;
	if (address.ss_family == AF_INET6)
		return ntohs(((const struct sockaddr_in6 *)&address)->sin6_port);
	/* clang-tidy 14 forgets that getsockname() fills it. NOLINTNEXTLINE(clang-analyzer-core.*) */
	return ntohs(((const struct sockaddr_in *)&address)->sin_port);
}

void cs_gateway_stop(struct cs_faas *faas)
{
	if (faas->listener)
		evhttp_del_accept_socket(faas->http, faas->listener);
	faas->listener = NULL;
}

void cs_gateway_close(struct cs_faas *faas)
{
	cs_gateway_stop(faas);
	if (accept_again)
		event_free(accept_again);
	accept_again = NULL;
	if (faas->http)
		evhttp_free(faas->http);
	faas->http = NULL;
}
