/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Where both send what they have seen: takes every POST of OTLP over HTTP and acknowledges it, as cheaply as
 * it can be done. A backend is another host's work, and would take the processor that the load needs. Says
 * "PORT" when it listens, and at SIGTERM "REQUESTS BYTES".
 */
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/util.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>

static unsigned long long requests, bytes;

/* An empty message is a whole ExportTraceServiceResponse, which says that all is accepted. */
static void acknowledge(struct evhttp_request *request, void *context)
{
	requests++;
	bytes += evbuffer_get_length(evhttp_request_get_input_buffer(request));
	evhttp_add_header(evhttp_request_get_output_headers(request), "Content-Type",
			  "application/x-protobuf");
	evhttp_send_reply(request, 200, "OK", NULL);
}

static void end(evutil_socket_t signal, short events, void *base)
{
	event_base_loopbreak(base);
}

int main(void)
{
	struct event_base *base = event_base_new();
	struct evhttp *http = base ? evhttp_new(base) : NULL;
	struct evhttp_bound_socket *bound =
		http ? evhttp_bind_socket_with_handle(http, "127.0.0.1", 0) : NULL;
	struct event *ending = base ? evsignal_new(base, SIGTERM, end, base) : NULL;
	struct sockaddr_in address = { 0 };
	socklen_t len = sizeof(address);

	if (!bound || !ending || evsignal_add(ending, NULL) < 0 ||
	    getsockname(evhttp_bound_socket_get_fd(bound), (struct sockaddr *)&address, &len) < 0) {
		fprintf(stderr, "sink: cannot listen\n");
		return 1;
	}
	evhttp_set_gencb(http, acknowledge, NULL);
	printf("%u\n", (unsigned)ntohs(address.sin_port));
	fflush(stdout);
	event_base_dispatch(base);
	printf("%llu %llu\n", requests, bytes);
	event_free(ending);
	evhttp_free(http);
	event_base_free(base);
	return 0;
}
