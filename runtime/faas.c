/* SPDX-License-Identifier: Apache-2.0 */

/* Start, run, stop; see faas.h. */
#include "runtime/faas.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "runtime/gateway.h"
#include "runtime/lines.h"
#include "runtime/port_file.h"

#define GRACE_SECONDS 1  /* from SIGTERM to SIGKILL of what still runs at our stop */
#define KILL_SECONDS  20 /* from then until the kernel has ended it, on a busy machine */
#define FLUSH_SECONDS 1  /* for the last answers to be written */

/* All processes are gone. What they wrote last is still to be read, and answers to be written. */
static void finish(void *arg)
{
	struct cs_faas *faas = arg;
	const struct timeval flush = { .tv_sec = FLUSH_SECONDS };

	faas->processes.on_idle = NULL;
	faas->finished = true;
	event_base_loopexit(faas->base, faas->answering || faas->calls ? &flush : NULL);
}

void cs_faas_answered(struct cs_faas *faas)
{
	faas->answering--;
	if (faas->finished && !faas->answering && !faas->calls)
		event_base_loopexit(faas->base, NULL);
}

/* First SIGKILL; a while later the end, whatever the kernel cannot end. */
static void on_impatience(evutil_socket_t fd, short what, void *arg)
{
	struct cs_faas *faas = arg;
	const struct timeval again = { .tv_sec = KILL_SECONDS };

	if (!faas->killed) {
		faas->killed = true;
		cs_processes_kill(&faas->processes, SIGKILL);
		event_add(faas->impatience, &again);
		return;
	}
	cs_say("a function process does not end; it hangs in the kernel");
	faas->failure = 1;
	event_base_loopexit(faas->base, NULL);
}

/* SIGTERM to every group, SIGKILL a second later or at the second signal; then finish(). */
static void on_stop_signal(evutil_socket_t signal, short what, void *arg)
{
	struct cs_faas *faas = arg;
	const struct timeval grace = { .tv_sec = GRACE_SECONDS };

	if (faas->stopping) {
		cs_processes_kill(&faas->processes, SIGKILL);
		return;
	}
	faas->stopping = true;
	cs_gateway_stop(faas);
	event_add(faas->impatience, &grace);
	faas->processes.on_idle = finish;
	faas->processes.idle_arg = faas;
	if (!cs_processes_kill(&faas->processes, SIGTERM))
		finish(faas);
}

/* libevent's own complaints (it cannot connect, it cannot accept) in our line format. */
static void on_log(int severity, const char *text)
{
	if (severity >= EVENT_LOG_WARN)
		cs_say("libevent: %s", text);
}

static struct event_base *new_base(void)
{
	struct event_config *config = event_config_new();
	struct event_base *base = NULL;

	if (config) {
		/* epoll's own time-outs are whole milliseconds: too coarse to notice a ready
		 * instance within one. */
		event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER);
		base = event_base_new_with_config(config);
		event_config_free(config);
	}
	return base;
}

static int watch_signals(struct cs_faas *faas)
{
	faas->terminate = evsignal_new(faas->base, SIGTERM, on_stop_signal, faas);
	faas->interrupt = evsignal_new(faas->base, SIGINT, on_stop_signal, faas);
	faas->impatience = evtimer_new(faas->base, on_impatience, faas);
	if (!faas->terminate || !faas->interrupt || !faas->impatience)
		return -ENOMEM;
	if (event_add(faas->terminate, NULL) < 0 || event_add(faas->interrupt, NULL) < 0)
		return -ENOMEM;
	return 0;
}

/* The one line that says that requests are taken. */
static int announce(const struct cs_faas *faas, struct cs_problem *problem)
{
	unsigned port = cs_gateway_port(faas);
	bool v6 = faas->options->address.ss_family == AF_INET6;
	int host_len = (int)(strrchr(faas->options->listen_text, ':') - faas->options->listen_text);

	if (faas->options->port_file) {
		int r = cs_port_file_write(faas->options->port_file, port, problem);

		if (r < 0)
			return r;
	}
	printf("listening on http://%.*s:%u\n", v6 ? 5 : host_len,
	       v6 ? "[::1]" : faas->options->listen_text, port);
	fflush(stdout);
	return 0;
}

/* A missing program is told at once but stops nobody: the other functions are served. */
static void warn_of_missing_programs(const struct cs_catalog *catalog)
{
	for (size_t i = 0; i < catalog->count; i++) {
		const struct cs_function *function = &catalog->functions[i];
		cs_cleanup(cs_freep) char *file = NULL;

		if (cs_program_find(function->manifest.command[0], function->folder,
				    cs_variables_get(&function->variables, "PATH"),
				    &file) == -ENOENT)
			cs_say("%s/%s: program \"%s\" is not there; calls of %s will fail until it "
			       "is",
			       function->folder, CS_MANIFEST_FILE, function->manifest.command[0],
			       function->manifest.name);
	}
}

static void deinit(struct cs_faas *faas)
{
	cs_instances_deinit(faas);
	cs_gateway_close(faas);
	cs_processes_deinit(&faas->processes);
	if (faas->terminate)
		event_free(faas->terminate);
	if (faas->interrupt)
		event_free(faas->interrupt);
	if (faas->impatience)
		event_free(faas->impatience);
	if (faas->base)
		event_base_free(faas->base);
	cs_fd_close(&faas->listening_fd);
	cs_catalog_deinit(&faas->catalog);
}

static int start(struct cs_faas *faas, struct cs_problem *problem)
{
	int r;

	event_set_log_callback(on_log);
	cs_ports_read(&faas->ports);
	faas->base = new_base();
	r = faas->base ? cs_processes_init(&faas->processes, faas->base) : -ENOMEM;
	if (!r)
		r = watch_signals(faas);
	if (!r)
		r = cs_gateway_open(faas, problem);
	if (!r)
		r = announce(faas, problem);
	return r;
}

static int report(const struct cs_problem *problem, int error, int status)
{
	cs_say("error: %s", problem->text[0] ? problem->text : strerror(-error));
	return status;
}

int cs_faas_serve(const struct cs_options *options)
{
	struct cs_faas faas = { .options = options, .listening_fd = -EBADF };
	struct cs_problem problem = { 0 };
	const struct cs_defaults defaults = {
		.timeout_ns = options->timeout_ns,
		.idle_timeout_ns = options->idle_timeout_ns,
		.concurrency = options->concurrency,
		.environment = environ,
		.pass_list = options->pass_list,
	};
	int r = cs_catalog_load(options->functions, &defaults, &faas.catalog, &problem), status;

	TAILQ_INIT(&faas.instances);
	if (r < 0) {
		status = report(&problem, r, r == -ENOMEM ? 1 : 2);
		cs_catalog_deinit(&faas.catalog);
		return status;
	}
	warn_of_missing_programs(&faas.catalog);
	r = start(&faas, &problem);
	if (r < 0)
		status = report(&problem, r, 1);
	else if (event_base_dispatch(faas.base) < 0)
		status = report(&problem, -EIO, 1);
	else
		status = faas.failure;
	deinit(&faas);
	return status;
}
