/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One request to a function, from its arrival to its answer: its time limit, its call id, its place
 * in the function's concurrency limit, and the one place where it is answered.
 */
#pragma once

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>

#include "runtime/catalog.h"
#include "runtime/cleanup.h"

struct cs_faas;
struct cs_call;

/** Called once on the loop when the time limit has passed; answers the call or arranges for it. */
typedef void (*cs_late_fn)(struct cs_call *call, void *arg);

struct cs_call {
	struct cs_faas *faas;
	struct cs_function *function;
	struct evhttp_request *request; /* libevent's; valid until the call is answered */
	char *path;                     /* what follows /function/NAME, undecoded; at least "/" */
	const char *query;              /* borrowed from @request; NULL: none */
	cs_ns arrived_ns;               /* CLOCK_MONOTONIC, whole request read */
	char id[37];                    /* X-Call-Id of ours; "" when the request has one */
	struct event *deadline;
	cs_late_fn on_late;
	void *arg;
};

/**
 * cs_call_new() - take a request in
 * @path: copied
 *
 * Context:   loop.
 * Ownership: the call belongs to its mode until cs_call_answer() frees it. NULL on lack of memory.
 */
struct cs_call *cs_call_new(struct cs_faas *faas, struct cs_function *function,
			    struct evhttp_request *request, const char *path);

/** cs_call_limit() - start the clock: @on_late is called once the function's time-out passed. */
cs_must_use int cs_call_limit(struct cs_call *call, cs_late_fn on_late, void *arg);

/**
 * cs_call_answer() - send the answer, whose headers are set already, and free the call
 * @code: HTTP status
 * @body: drained; NULL: none
 *
 * Adds X-Duration-Seconds and X-Call-Id.
 *
 * Context: loop. The call and its request are gone afterwards.
 */
void cs_call_answer(struct cs_call *call, int code, const char *reason, struct evbuffer *body);

/** cs_call_drop() - free the call without an answer, when the loop has ended. */
void cs_call_drop(struct cs_call *call);

/** cs_call_fail() - answer with @code and one line of text: "function NAME …" and what @fmt says. */
void cs_call_fail(struct cs_call *call, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/** cs_call_fail_tail() - as cs_call_fail() with @text, then @tail (a function's last lines). */
void cs_call_fail_tail(struct cs_call *call, int code, const char *text, const char *tail);

/** cs_request_fail() - answer a request that never became a call, with one line of text. */
void cs_request_fail(struct evhttp_request *request, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
