/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The platform's side of AWS Lambda's Runtime API, for a function that is started here: one event, and as many
 * more as are asked for, each once the one before is answered. On loopback, by libevent's HTTP server.
 * Source: the AWS documentation, "Using the Lambda runtime API for custom runtimes" (version 2018-06-01).
 * Context of all: loop.
 */
#pragma once

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>

#include "agent/budget/plan.h"
#include "base/cleanup.h"

struct evhttp;
struct evhttp_request;

struct cs_runtime_api {
	const struct cs_plan_event *event;           /* borrowed */
	uint64_t limit_ns;                           /* of an event: its deadline */
	void (*answered)(void *context, int status); /* 200, or 500: an error of the function's */
	void *context;
	struct evhttp *http;            /* owned */
	struct evhttp_request *waiting; /* asks for an event; NULL: nobody does */
	uint16_t port;
	unsigned offered; /* events that may be handed out */
	unsigned number;  /* of the one that was last */
	bool in_flight;
};

/**
 * cs_runtime_api_begin() - listen; all up to context is filled in, else zeroed
 *
 * Return: 0, @port is set; negative errno.
 */
int cs_runtime_api_begin(struct cs_runtime_api *api, struct event_base *base) cs_must_use;

/** cs_runtime_api_offer() - one event more. */
void cs_runtime_api_offer(struct cs_runtime_api *api);

/** cs_runtime_api_end() - leave whoever waits. Accepts a zeroed one. */
void cs_runtime_api_end(struct cs_runtime_api *api);
