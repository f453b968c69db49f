/* SPDX-License-Identifier: Apache-2.0 */

/* The running runtime: what its parts share, and its start and stop. */
#pragma once

#include <event2/event.h>
#include <event2/http.h>
#include <stdbool.h>

#include "runtime/catalog.h"
#include "runtime/cleanup.h"
#include "runtime/instance.h"
#include "runtime/options.h"
#include "runtime/port.h"
#include "runtime/process.h"

struct cs_faas {
	const struct cs_options *options;
	struct cs_catalog catalog;
	struct cs_processes processes;
	struct event_base *base;
	struct evhttp *http;
	struct evhttp_bound_socket *listener;
	struct event *terminate, *interrupt; /* signals */
	struct event *impatience;            /* bounds the stop */
	struct cs_ports ports;
	int listening_fd; /* of cs_listening_open(); -EBADF: not yet; other negatives: cannot be */
	struct cs_instance_list instances; /* of mode http; those that are ending, too */
	unsigned calls;                    /* not yet answered */
	unsigned answering; /* answers given to libevent while stopping, not yet written */
	bool stopping;      /* asked to */
	bool killed;        /* SIGKILL was sent to what did not stop in time */
	bool finished;      /* no process is left */
	int failure;        /* exit status when the loop ends for a reason of our own */
};

/** cs_faas_answered() - one of faas->answering was written. Context: loop. */
void cs_faas_answered(struct cs_faas *faas);

/**
 * cs_faas_serve() - serve the functions until SIGTERM or SIGINT
 *
 * Prints one line with the address on standard output once requests are taken.
 *
 * Context: startup.
 * Return:  exit status: 0 stopped as asked; 1 own failure; 2 the folder or a function.yaml is wrong.
 *          Reasons were printed.
 */
int cs_faas_serve(const struct cs_options *options);
