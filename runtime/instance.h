/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Mode http: an instance of a function, kept while it is used. It is started by the first call,
 * takes calls side by side from the moment that it listens on the port it was given, and ends when
 * it was idle for long enough, when a call passes its time limit, or by itself.
 */
#pragma once

#include <event2/event.h>
#include <event2/http.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "runtime/call.h"
#include "runtime/lines.h"
#include "runtime/process.h"

struct cs_instance;
struct cs_link;

enum cs_visit_state {
	CS_VISIT_WAITING, /* for the instance to listen */
	CS_VISIT_TALKING, /* a request is under way, or a try to connect */
	CS_VISIT_BROKEN,  /* no answer will come; the process's end may tell why */
	CS_VISIT_LATE,    /* past its limit; the process is being killed */
};

/* A call at its instance. */
struct cs_visit {
	struct cs_instance *instance;
	struct cs_call *call; /* owned until it is answered */
	enum cs_visit_state state;
	struct cs_link *link;           /* while talking */
	struct evhttp_request *request; /* while talking; libevent's */
	int outcome;                    /* of an exchange that ended before it had begun; else 0 */
	bool sending;                   /* inside cs_exchange_send() */
	TAILQ_ENTRY(cs_visit) entry;
};

TAILQ_HEAD(cs_visit_list, cs_visit);
TAILQ_HEAD(cs_link_list, cs_link);

enum cs_instance_state {
	CS_INSTANCE_STARTING,
	CS_INSTANCE_READY,
	CS_INSTANCE_ENDING, /* takes no calls any more; some may still be under way */
};

enum cs_instance_cause {
	CS_CAUSE_OWN, /* it ended by itself, or somebody else ended it */
	CS_CAUSE_IDLE,
	CS_CAUSE_LATE,
};

struct cs_instance {
	struct cs_faas *faas;
	struct cs_function *function;
	enum cs_instance_state state;
	enum cs_instance_cause cause;
	struct cs_process process;
	int status; /* as wait(2), once process.pid is 0 */
	struct cs_lines lines;
	uint16_t port;
	int port_claim;              /* see port.h; or negative */
	bool listened;               /* it became ready, whatever it is now */
	struct cs_visit_list visits; /* oldest first */
	struct cs_link_list links;
	struct event *tick;  /* tries to connect while starting */
	struct event *timer; /* ready: idle; ending: SIGTERM to SIGKILL; ended: frees */
	struct event *blame; /* how long a broken visit waits for the reason */
	TAILQ_ENTRY(cs_instance) entry;
};

TAILQ_HEAD(cs_instance_list, cs_instance);

/**
 * cs_instance_run() - let the function's instance answer @call; start one if there is none
 *
 * The answer is the instance's own; 502 when it gave none, 504 when it was late.
 *
 * Context:   loop.
 * Ownership: takes the call over.
 */
void cs_instance_run(struct cs_call *call);

/** cs_instances_deinit() - free what is left when the loop has ended. */
void cs_instances_deinit(struct cs_faas *faas);
