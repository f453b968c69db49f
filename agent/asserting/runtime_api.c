/* SPDX-License-Identifier: Apache-2.0 */

/* A platform for one function; see runtime_api.h. */
#include "agent/asserting/runtime_api.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/http.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define VERSION "/2018-06-01/runtime"
#define EVENT   VERSION "/invocation/"
#define ARN     "arn:aws:lambda:us-east-1:012345678901:function:coldspan-assert"

static void name_of(const struct cs_runtime_api *api, char *id, size_t size)
{
	snprintf(id, size, "c01d59a0-0000-4000-8000-%012x", api->number);
}

static void hand_out(struct cs_runtime_api *api)
{
	struct evhttp_request *request = api->waiting;
	struct evkeyvalq *headers = evhttp_request_get_output_headers(request);
	const char *body = api->event->body ? api->event->body : "{}";
	struct timespec now;
	char text[64];

	api->waiting = NULL;
	api->offered--;
	api->number++;
	api->in_flight = true;
	name_of(api, text, sizeof(text));
	evhttp_add_header(headers, "Lambda-Runtime-Aws-Request-Id", text);
	clock_gettime(CLOCK_REALTIME, &now);
	snprintf(text, sizeof(text), "%llu",
		 (unsigned long long)now.tv_sec * 1000 + (api->limit_ns / 1000000));
	evhttp_add_header(headers, "Lambda-Runtime-Deadline-Ms", text);
	evhttp_add_header(headers, "Lambda-Runtime-Invoked-Function-Arn", ARN);
	evhttp_add_header(headers, "Content-Type",
			  api->event->content_type ? api->event->content_type : "application/json");
	evbuffer_add(evhttp_request_get_output_buffer(request), body, strlen(body));
	evhttp_send_reply(request, 200, "OK", NULL);
}

static void accept_answer(struct cs_runtime_api *api, struct evhttp_request *request, int status)
{
	static const char accepted[] = "{\"status\":\"OK\"}";

	evhttp_add_header(evhttp_request_get_output_headers(request), "Content-Type",
			  "application/json");
	evbuffer_add(evhttp_request_get_output_buffer(request), accepted, sizeof(accepted) - 1);
	evhttp_send_reply(request, 202, "Accepted", NULL);
	api->in_flight = false;
	api->answered(api->context, status);
}

/* The path of what is in flight: "/invocation/ID/response". */
static bool is_about(const struct cs_runtime_api *api, const char *path, const char *what)
{
	char id[64], wanted[160];

	name_of(api, id, sizeof(id));
	snprintf(wanted, sizeof(wanted), EVENT "%s/%s", id, what);
	return api->in_flight && !strcmp(path, wanted);
}

/* One who asked, and was not answered; a request whose connection is gone is ours to free. */
static void forget(struct cs_runtime_api *api)
{
	if (api->waiting && !evhttp_request_get_connection(api->waiting))
		evhttp_request_free(api->waiting);
	else if (api->waiting)
		evhttp_send_error(api->waiting, 410, "Gone");
	api->waiting = NULL;
}

static void on_request(struct evhttp_request *request, void *context)
{
	struct cs_runtime_api *api = context;
	const char *path = evhttp_uri_get_path(evhttp_request_get_evhttp_uri(request));
	bool asks = evhttp_request_get_command(request) == EVHTTP_REQ_GET;

	if (asks && !strcmp(path, EVENT "next")) {
		forget(api);
		api->waiting = request;
		if (api->offered)
			hand_out(api);
	} else if (!asks && is_about(api, path, "response")) {
		accept_answer(api, request, 200);
	} else if (!asks &&
		   (is_about(api, path, "error") || !strcmp(path, VERSION "/init/error"))) {
		accept_answer(api, request, 500);
	} else {
		evhttp_send_error(request, 404, "Not Found");
	}
}

int cs_runtime_api_begin(struct cs_runtime_api *api, struct event_base *base)
{
	struct sockaddr_in address = { 0 };
	socklen_t len = sizeof(address);
	struct evhttp_bound_socket *bound;

	api->http = evhttp_new(base);
	if (!api->http)
		return -ENOMEM;
	evhttp_set_gencb(api->http, on_request, api);
	bound = evhttp_bind_socket_with_handle(api->http, "127.0.0.1", 0);
	if (!bound ||
	    getsockname(evhttp_bound_socket_get_fd(bound), (struct sockaddr *)&address, &len) < 0)
		return -EADDRNOTAVAIL;
	api->port = ntohs(address.sin_port);
	api->offered = 1;
	return 0;
}

void cs_runtime_api_offer(struct cs_runtime_api *api)
{
	api->offered++;
	if (api->waiting)
		hand_out(api);
}

void cs_runtime_api_end(struct cs_runtime_api *api)
{
	if (api->waiting && !evhttp_request_get_connection(api->waiting))
		evhttp_request_free(api->waiting);
	api->waiting = NULL;
	if (api->http)
		evhttp_free(api->http);
	api->http = NULL;
}
