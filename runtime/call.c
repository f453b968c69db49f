/* SPDX-License-Identifier: Apache-2.0 */

/* One request and its answer; see call.h. */
#include "runtime/call.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "runtime/duration.h"
#include "runtime/faas.h"
#include "runtime/lines.h"

/* RFC 4122 version 4. */
static void make_id(char id[37])
{
	unsigned char b[16];

	if (getrandom(b, sizeof(b), 0) != sizeof(b))
		memset(b, 0, sizeof(b)); /* only before the kernel's pool is ready at boot */
	b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
	b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
	snprintf(id, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
		 b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12],
		 b[13], b[14], b[15]);
}

struct cs_call *cs_call_new(struct cs_faas *faas, struct cs_function *function,
			    struct evhttp_request *request, const char *path)
{
	struct cs_call *call = calloc(1, sizeof(*call));

	if (!call)
		return NULL;
	call->path = strdup(path);
	if (!call->path) {
		free(call);
		return NULL;
	}
	call->faas = faas;
	call->function = function;
	call->request = request;
	call->query = evhttp_uri_get_query(evhttp_request_get_evhttp_uri(request));
	call->arrived_ns = cs_clock_now();
	if (!evhttp_find_header(evhttp_request_get_input_headers(request), "X-Call-Id"))
		make_id(call->id);
	function->in_flight++;
	faas->calls++;
	return call;
}

static void on_deadline(evutil_socket_t fd, short what, void *arg)
{
	struct cs_call *call = arg;

	call->on_late(call, call->arg);
}

int cs_call_limit(struct cs_call *call, cs_late_fn on_late, void *arg)
{
	cs_ns limit = call->function->manifest.timeout_ns;
	struct timeval after = {
		.tv_sec = (time_t)(limit / CS_SEC),
		.tv_usec = (suseconds_t)(limit % CS_SEC / 1000),
	};

	call->on_late = on_late;
	call->arg = arg;
	call->deadline = evtimer_new(call->faas->base, on_deadline, call);
	return call->deadline && !event_add(call->deadline, &after) ? 0 : -ENOMEM;
}

/*
 * libevent 2.1 writes the body that it is given even where HTTP has none, and leaves Content-Length
 * out where a HEAD's answer may name it.
 */
static void send_answer(struct evhttp_request *request, int code, const char *reason,
			struct evbuffer *body)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(request);
	enum evhttp_cmd_type method = evhttp_request_get_command(request);
	bool none = code == HTTP_NOCONTENT || code == HTTP_NOTMODIFIED;

	if (none) {
		evhttp_remove_header(headers, "Content-Length");
	} else if (!evhttp_find_header(headers, "Content-Length")) {
		char length[24];

		snprintf(length, sizeof(length), "%zu", body ? evbuffer_get_length(body) : 0);
		evhttp_add_header(headers, "Content-Length", length);
	}
	if (body && (none || method == EVHTTP_REQ_HEAD))
		evbuffer_drain(body, evbuffer_get_length(body));
	/* The one of ours that libevent has no words for. */
	evhttp_send_reply(request, code, code == 429 && !reason ? "Too Many Requests" : reason,
			  body);
}

static void on_written(struct evhttp_request *request, void *arg)
{
	cs_faas_answered(arg);
}

void cs_call_answer(struct cs_call *call, int code, const char *reason, struct evbuffer *body)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(call->request);
	const char *id =
		call->id[0] ? call->id
			    : evhttp_find_header(evhttp_request_get_input_headers(call->request),
						 "X-Call-Id");
	char duration[32];

	snprintf(duration, sizeof(duration), "%.6f",
		 (double)(cs_clock_now() - call->arrived_ns) / (double)CS_SEC);
	evhttp_remove_header(headers, "X-Duration-Seconds");
	evhttp_add_header(headers, "X-Duration-Seconds", duration);
	evhttp_remove_header(headers, "X-Call-Id");
	evhttp_add_header(headers, "X-Call-Id", id);
	if (call->faas->stopping) { /* the stop waits for it */
		call->faas->answering++;
		evhttp_request_set_on_complete_cb(call->request, on_written, call->faas);
	}
	send_answer(call->request, code, reason, body);
	cs_call_drop(call);
}

void cs_call_drop(struct cs_call *call)
{
	call->function->in_flight--;
	call->faas->calls--;
	if (call->deadline)
		event_free(call->deadline);
	free(call->path);
	free(call);
}

void cs_call_fail_tail(struct cs_call *call, int code, const char *text, const char *tail)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(call->request);
	struct evbuffer *body = evbuffer_new();

	evhttp_clear_headers(headers);
	evhttp_add_header(headers, "Content-Type", "text/plain; charset=utf-8");
	if (body) {
		evbuffer_add_printf(body, "function %s %s\n", call->function->manifest.name, text);
		if (*tail)
			evbuffer_add_printf(body, "Its last lines:\n%s\n", tail);
	}
	cs_say("%d function %s %s", code, call->function->manifest.name, text);
	cs_call_answer(call, code, NULL, body);
	if (body)
		evbuffer_free(body);
}

void cs_call_fail(struct cs_call *call, int code, const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	cs_call_fail_tail(call, code, text, "");
}

void cs_request_fail(struct evhttp_request *request, int code, const char *fmt, ...)
{
	struct evbuffer *body = evbuffer_new();
	va_list args;

	evhttp_add_header(evhttp_request_get_output_headers(request), "Content-Type",
			  "text/plain; charset=utf-8");
	if (body) {
		va_start(args, fmt);
		evbuffer_add_vprintf(body, fmt, args);
		va_end(args);
		evbuffer_add(body, "\n", 1);
	}
	send_answer(request, code, NULL, body);
	if (body)
		evbuffer_free(body);
}
