/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The first event of an HTTP server that is starting: asked on loopback, again and again until it listens,
 * then once. Context of all: loop.
 */
#pragma once

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdbool.h>
#include <stdint.h>

#include "agent/budget/plan.h"
#include "base/cleanup.h"

struct evhttp_connection;

struct cs_first_event {
	struct event_base *base;           /* borrowed */
	const struct cs_plan_event *event; /* borrowed */
	const char *path;                  /* borrowed; NULL: / */
	uint16_t port;
	bool only_connect; /* it is enough that it listens */
	int status;        /* of the answer; 0: none yet */
	struct evhttp_connection *connection;
	struct event again;
	void (*answered)(void *context, int status); /* once an event; 0: it listens */
	void *context;
};

/** cs_first_event_begin() - ask from now on; all but connection, status and again is filled in. */
void cs_first_event_begin(struct cs_first_event *first);

/** cs_first_event_again() - the event once more, after it was answered. */
void cs_first_event_again(struct cs_first_event *first);

/** cs_first_event_end() - ask no more. Accepts a zeroed one. */
void cs_first_event_end(struct cs_first_event *first);
