/* SPDX-License-Identifier: Apache-2.0 */

/* Instances that are kept; see instance.h. */
#include "runtime/instance.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "runtime/exchange.h"
#include "runtime/faas.h"
#include "runtime/listening.h"
#include "runtime/start.h"

/*
 * Nothing tells when somebody else's process begins to listen: no signal, no file. So the kernel is
 * asked this often while an instance starts: 3 % of a core on a small virtual machine, where
 * trying to connect as often took 10 %. Where it cannot be asked (gVisor, a seccomp filter), the
 * first waiting request is tried after all; the try that succeeds carries the request, so that in
 * either case the instance never sees a connection without one.
 */
#define TICK_US          500
#define BLAME_MS         100 /* from a broken connection to the process's end that explains it */
#define ENDING_SECONDS   2   /* from SIGTERM to SIGKILL of an idle instance */
#define BACKSTOP_SECONDS 1

static void free_instance(struct cs_instance *instance)
{
	cs_fd_close(&instance->port_claim);
	cs_links_deinit(&instance->links);
	cs_lines_close(&instance->lines);
	if (instance->tick)
		event_free(instance->tick);
	if (instance->timer)
		event_free(instance->timer);
	if (instance->blame)
		event_free(instance->blame);
	TAILQ_REMOVE(&instance->faas->instances, instance, entry);
	free(instance);
}

static void arm(struct event *event, cs_ns after)
{
	const struct timeval time = {
		.tv_sec = (time_t)(after / CS_SEC),
		.tv_usec = (suseconds_t)(after % CS_SEC / 1000),
	};

	event_add(event, &time);
}

/* After a visit or the process has ended: what becomes of the instance? */
static void settle(struct cs_instance *instance)
{
	if (!TAILQ_EMPTY(&instance->visits))
		return;
	if (!instance->process.pid)
		arm(instance->timer, 0); /* freed from the loop: libevent may be in a connection */
	else if (instance->state == CS_INSTANCE_READY)
		arm(instance->timer, instance->function->manifest.idle_timeout_ns);
}

static void free_visit(struct cs_visit *visit)
{
	struct cs_instance *instance = visit->instance;

	TAILQ_REMOVE(&instance->visits, visit, entry);
	free(visit);
	settle(instance);
}

/* Takes no more calls: the next one starts a new instance. */
static void retire(struct cs_instance *instance, enum cs_instance_cause cause, int signal)
{
	instance->state = CS_INSTANCE_ENDING;
	instance->cause = cause;
	if (instance->function->instance == instance)
		instance->function->instance = NULL;
	event_del(instance->tick);
	event_del(instance->timer);
	cs_process_kill(&instance->process, signal);
}

/* The answer to a visit that got none from its instance; the visit is gone then. */
static void fail(struct cs_visit *visit)
{
	struct cs_instance *instance = visit->instance;
	bool waited = !instance->listened;
	struct cs_call *call = visit->call;
	char text[256], end[128];

	visit->call = NULL;
	if (visit->state == CS_VISIT_LATE) {
		cs_start_fail_late(call);
	} else if (instance->faas->stopping) {
		cs_call_fail(call, 503, "was stopped: the runtime is ending");
	} else if (instance->cause == CS_CAUSE_LATE) {
		cs_call_fail(call, 502,
			     "gave no answer: its instance was killed, as an earlier request had "
			     "passed its time limit");
	} else if (instance->process.pid) {
		cs_call_fail_tail(call, 502, "closed the connection without an answer",
				  cs_lines_tail(&instance->lines));
	} else {
		cs_process_describe(instance->status, end, sizeof(end));
		snprintf(text, sizeof(text), "%s: its instance %s%s",
			 waited ? "did not start" : "gave no answer", end,
			 waited ? " before it listened on $PORT" : "");
		cs_call_fail_tail(call, 502, text, cs_lines_tail(&instance->lines));
	}
	free_visit(visit);
}

static void on_late(struct cs_call *call, void *arg)
{
	struct cs_visit *visit = arg;
	struct cs_instance *instance = visit->instance;
	const struct timeval backstop = { .tv_sec = BACKSTOP_SECONDS };
	bool again = visit->state == CS_VISIT_LATE;

	cs_exchange_abort(visit);
	visit->state = CS_VISIT_LATE;
	if (!again && instance->process.pid) {
		retire(instance, CS_CAUSE_LATE, SIGKILL);
		/* Answered when the group is gone, or if the kernel cannot end it, a little later. */
		if (!event_add(call->deadline, &backstop))
			return;
	}
	fail(visit);
}

/* Returns whether the visit is still there. */
static bool send_visit(struct cs_visit *visit)
{
	int r;

	visit->state = CS_VISIT_TALKING;
	r = cs_exchange_send(visit);
	if (!r)
		return true;
	if (r < 0) {
		struct cs_call *call = visit->call;

		visit->call = NULL;
		cs_start_fail(call, r);
		free_visit(visit);
		return false;
	}
	if (r == CS_EXCHANGE_REFUSED && visit->instance->state == CS_INSTANCE_STARTING) {
		visit->state = CS_VISIT_WAITING;
		return true;
	}
	cs_instance_visited(visit, (enum cs_exchange_outcome)r);
	return false;
}

static void become_ready(struct cs_instance *instance)
{
	struct cs_visit *visit, *next;

	event_del(instance->tick);
	instance->listened = true;
	instance->state = CS_INSTANCE_READY;
	for (visit = TAILQ_FIRST(&instance->visits); visit; visit = next) {
		next = TAILQ_NEXT(visit, entry);
		if (visit->state == CS_VISIT_WAITING)
			send_visit(visit);
	}
}

/* Returns 1, 0, or a negative errno for ever. */
static int ask_kernel(struct cs_instance *instance)
{
	int *fd = &instance->faas->listening_fd, r;

	if (*fd == -EBADF)
		*fd = cs_listening_open();
	if (*fd < 0)
		return *fd;
	r = cs_listening_ask(*fd, instance->port);
	if (r < 0) {
		cs_fd_close(fd);
		*fd = r == -EBADF ? -ENOTSUP : r;
	}
	return r;
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct cs_instance *instance = arg;
	struct cs_visit *visit = TAILQ_FIRST(&instance->visits);
	int listening = ask_kernel(instance);

	if (listening > 0)
		become_ready(instance);
	if (listening >= 0 || !visit)
		return;
	if (visit->state == CS_VISIT_WAITING && !send_visit(visit))
		return;
	if (visit->state == CS_VISIT_TALKING && cs_exchange_is_connected(visit))
		become_ready(instance);
}

void cs_instance_visited(struct cs_visit *visit, enum cs_exchange_outcome outcome)
{
	struct cs_instance *instance = visit->instance;
	struct cs_call *call = visit->call;

	switch (outcome) {
	case CS_EXCHANGE_ANSWERED:
		if (instance->state == CS_INSTANCE_STARTING)
			become_ready(instance);
		free_visit(visit);
		return;
	case CS_EXCHANGE_TOO_LONG:
		visit->call = NULL;
		cs_call_fail(call, 502, "answered with more than %zu bytes",
			     instance->faas->options->payload_bytes_max);
		free_visit(visit);
		return;
	case CS_EXCHANGE_MALFORMED:
		visit->call = NULL;
		cs_call_fail(call, 502, "gave an answer that is not HTTP/1");
		free_visit(visit);
		return;
	case CS_EXCHANGE_INTERIM:
		visit->call = NULL;
		cs_call_fail(call, 502,
			     "gave an interim answer (1xx), which this runtime does not take");
		free_visit(visit);
		return;
	case CS_EXCHANGE_REFUSED:
	case CS_EXCHANGE_BROKEN:
		break;
	}
	if (!instance->process.pid) {
		fail(visit);
	} else if (outcome == CS_EXCHANGE_REFUSED && instance->state == CS_INSTANCE_STARTING) {
		visit->state = CS_VISIT_WAITING;
	} else {
		visit->state = CS_VISIT_BROKEN;
		arm(instance->blame, BLAME_MS * CS_MSEC);
	}
}

/* The process goes on: its end will not explain the broken connections. */
static void on_blame(evutil_socket_t fd, short what, void *arg)
{
	struct cs_instance *instance = arg;
	struct cs_visit *visit, *next;

	for (visit = TAILQ_FIRST(&instance->visits); visit; visit = next) {
		next = TAILQ_NEXT(visit, entry);
		if (visit->state == CS_VISIT_BROKEN)
			fail(visit);
	}
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct cs_instance *instance = arg;

	if (!instance->process.pid) {
		free_instance(instance);
	} else if (instance->state == CS_INSTANCE_READY) {
		retire(instance, CS_CAUSE_IDLE, SIGTERM);
		arm(instance->timer, ENDING_SECONDS * CS_SEC);
	} else {
		cs_process_kill(&instance->process, SIGKILL);
	}
}

static void on_exit_of(struct cs_process *process, int status, void *arg)
{
	struct cs_instance *instance = arg;
	struct cs_visit *visit, *next;
	char text[128];

	instance->status = status;
	cs_lines_close(&instance->lines);
	if (instance->cause == CS_CAUSE_OWN && !instance->faas->stopping)
		cs_say("instance of %s %s; at most %.1f MiB of it were resident",
		       instance->function->manifest.name,
		       cs_process_describe(status, text, sizeof(text)),
		       (double)process->max_rss_bytes / (1 << 20));
	retire(instance, instance->cause, 0);
	for (visit = TAILQ_FIRST(&instance->visits); visit; visit = next) {
		next = TAILQ_NEXT(visit, entry);
		/* One that talks may have its answer in the socket: it ends there, by itself. */
		if (visit->state != CS_VISIT_TALKING)
			fail(visit);
	}
	settle(instance);
}

static int start(struct cs_instance *instance)
{
	const struct cs_function *function = instance->function;
	struct cs_variables variables = { 0 };
	struct cs_start start;
	char port[8];
	int r;

	cs_start_init(&start);
	r = cs_ports_take(&instance->faas->ports, &instance->port, &instance->port_claim);
	if (!r)
		r = cs_variables_copy(&variables, &function->variables);
	snprintf(port, sizeof(port), "%u", instance->port);
	if (!r)
		r = cs_variables_set(&variables, "PORT", port);
	if (!r)
		r = cs_start_null(&start, 0);
	if (!r)
		r = cs_start_lines(&start, 2, instance->faas->base, function, &instance->lines);
	if (!r)
		r = cs_start_same(&start, 1, 2);
	if (!r)
		r = cs_start_process(&start, instance->faas, function, &variables,
				     &instance->process);
	cs_start_deinit(&start);
	cs_variables_deinit(&variables);
	return r;
}

static int new_instance(struct cs_faas *faas, struct cs_function *function)
{
	struct cs_instance *instance = calloc(1, sizeof(*instance));
	int r = -ENOMEM;

	if (!instance)
		return r;
	instance->faas = faas;
	instance->function = function;
	instance->process.on_exit = on_exit_of;
	instance->process.arg = instance;
	instance->lines.fd = -EBADF;
	instance->port_claim = -EBADF;
	TAILQ_INIT(&instance->visits);
	TAILQ_INIT(&instance->links);
	TAILQ_INSERT_TAIL(&faas->instances, instance, entry);
	instance->tick = event_new(faas->base, -1, EV_PERSIST, on_tick, instance);
	instance->timer = evtimer_new(faas->base, on_timer, instance);
	instance->blame = evtimer_new(faas->base, on_blame, instance);
	if (instance->tick && instance->timer && instance->blame)
		r = start(instance);
	if (r < 0) {
		free_instance(instance);
		return r;
	}
	arm(instance->tick, TICK_US * 1000ULL);
	function->instance = instance;
	return 0;
}

void cs_instance_run(struct cs_call *call)
{
	struct cs_function *function = call->function;
	struct cs_visit *visit = calloc(1, sizeof(*visit));
	int r = visit ? cs_call_limit(call, on_late, visit) : -ENOMEM;

	if (!r && !function->instance)
		r = new_instance(call->faas, function);
	if (r < 0) {
		free(visit);
		cs_start_fail(call, r);
		return;
	}
	visit->instance = function->instance;
	visit->call = call;
	TAILQ_INSERT_TAIL(&visit->instance->visits, visit, entry);
	if (visit->instance->state == CS_INSTANCE_READY) {
		event_del(visit->instance->timer); /* no longer idle */
		send_visit(visit);
	}
}

void cs_instances_deinit(struct cs_faas *faas)
{
	struct cs_instance *instance;
	struct cs_visit *visit;

	while ((instance = TAILQ_FIRST(&faas->instances))) {
		while ((visit = TAILQ_FIRST(&instance->visits))) {
			cs_exchange_abort(visit);
			TAILQ_REMOVE(&instance->visits, visit, entry);
			cs_call_drop(visit->call);
			free(visit);
		}
		free_instance(instance);
	}
}
