/* SPDX-License-Identifier: Apache-2.0 */

/* `coldspan run`: one command under the shim, with a collector of its own in this process. */
#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/child.h"
#include "agent/context_options.h"
#include "agent/dispositions.h"
#include "agent/exit_codes.h"
#include "agent/interrupts.h"
#include "agent/option_error.h"
#include "agent/prose.h"
#include "agent/result_file.h"
#include "agent/run_report.h"
#include "agent/terminal.h"
#include "agent/verbs.h"
#include "agent/watched.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/output.h"
#include "collector/collector.h"
#include "collector/destinations.h"
#include "collector/loop.h"

static const char help_text[] =
	"Run a command and show where its cold start went. Its exit status is passed on.\n"
	"\n"
	"  coldspan run -- python3 handler.py < event.json\n"
	"  coldspan run --json start.json -- ./bootstrap\n"
	"  coldspan run --otlp http://127.0.0.1:4318 -- node index.js\n"
	"\n"
	"Options:\n"
	"      --json FILE     write the result, schema coldspan.run/v1 (- is standard\n"
	"                      output)\n"
	"      --file FILE     append spans and log records as lines of OTLP JSON\n"
	"      --otlp URL      send both by OTLP/HTTP; /v1/traces, /v1/logs are appended\n"
	"      --propagate LIST\n"
	"                      hand trace contexts on: some of inbound, outbound, env\n"
	"      --baggage KEYS  members of W3C baggage that become attributes, by commas\n"
	"      --ascii         no characters beyond ASCII\n"
	"      --color WHEN    auto, always or never\n"
	"      --xray-parent   on AWS Lambda the span of X-Ray is the parent, not a link\n"
	"  -q, --quiet         no waterfall\n"
	"  -v, --verbose       say also what could not be looked at\n"
	"  -h, --help\n"
	"\n"
	"Exit status: the command's own, or 128+n if signal n killed it; 125 coldspan\n"
	"failed before the command started, or bad command line; 126 the command could\n"
	"not be executed; 127 it was not found.\n";

struct options {
	const char *json;
	const char *file;
	const char *otlp;
	struct cs_context_options context;
	struct cs_look look;
	bool xray_parent;
	bool quiet;
	bool verbose;
	char **command;
};

struct run {
	struct options options;
	struct cs_dispositions dispositions; /* the caller's, for the command */
	struct event_base *base;
	struct cs_watched watched;
	struct cs_run_report report;
	struct cs_result_file json;
	struct event signals[4];
};

/* --- command line --- */

/* `--json -- CMD` would write a file named "--"; `--json "$UNSET"` names none. */
static bool eats_an_option(const char *option, const char *value)
{
	if (!value || (*value && strncmp(value, "--", 2) != 0))
		return false;
	cs_log(CS_LOG_ERROR, "--%s needs a value, but \"%s\" follows; see coldspan run --help",
	       option, value);
	return true;
}

/* Return: -1 go on, else the exit status. */
static int parse(int argc, char **argv, struct options *ret)
{
	static const struct option options[] = {
		{ "json", required_argument, NULL, 'j' },
		{ "file", required_argument, NULL, 'f' },
		{ "otlp", required_argument, NULL, 'o' },
		{ "propagate", required_argument, NULL, CS_CONTEXT_PROPAGATE },
		{ "baggage", required_argument, NULL, CS_CONTEXT_BAGGAGE },
		{ "ascii", no_argument, NULL, CS_LOOK_ASCII },
		{ "color", required_argument, NULL, CS_LOOK_COLOR },
		{ "xray-parent", no_argument, NULL, 'x' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option, taken;

	*ret = (struct options){ 0 };
	optind = 1;
	opterr = 0;
	while ((option = getopt_long(argc, argv, "+:qvh", options, NULL)) != -1) {
		switch (option) {
		case 'j':
			ret->json = optarg;
			break;
		case 'f':
			ret->file = optarg;
			break;
		case 'o':
			ret->otlp = optarg;
			break;
		case 'x':
			ret->xray_parent = true;
			break;
		case 'q':
			ret->quiet = true;
			break;
		case 'v':
			ret->verbose = true;
			break;
		case 'h':
			cs_prose_print(stdout, help_text);
			return cs_output_finish(CS_EXIT_DONE, CS_EXIT_RUN_FAILED);
		default:
			taken = cs_look_option(&ret->look, option, optarg);
			if (taken == 0)
				taken = cs_context_option(&ret->context, option, optarg);
			if (taken == 0)
				cs_option_complain("run", argv, option, options);
			if (taken <= 0)
				return CS_EXIT_RUN_FAILED;
		}
	}
	if (eats_an_option("json", ret->json) || eats_an_option("file", ret->file) ||
	    eats_an_option("otlp", ret->otlp) || eats_an_option("baggage", ret->context.baggage))
		return CS_EXIT_RUN_FAILED;
	if (optind == argc) {
		cs_log(CS_LOG_ERROR, "run needs a command: coldspan run -- CMD…");
		return CS_EXIT_RUN_FAILED;
	}
	ret->command = argv + optind;
	return -1;
}

/* --- what the collector tells --- */

static void on_cold_start(void *context, const struct cs_cold_start *cold)
{
	struct run *run = context;

	cs_run_report_cold_start(&run->report, cold);
}

static void on_invocation(void *context, const struct cs_invocation *invocation)
{
	struct run *run = context;

	cs_run_report_invocation(&run->report, invocation);
}

/* --- start --- */

static int add_destinations(struct run *run, struct cs_diag *diag)
{
	struct cs_collector *collector = run->watched.collector;
	int r = 0;

	if (run->options.file)
		r = cs_destinations_add_file(collector, run->base, run->options.file, diag);
	if (r == 0 && run->options.otlp)
		r = cs_destinations_add_otlp(collector, run->base, run->options.otlp, diag);
	return r;
}

static void on_ended(void *context)
{
	struct run *run = context;
	const struct cs_watched *watched = &run->watched;

	cs_run_report_outside(&run->report, cs_collector_get_outside(watched->collector),
			      watched->unfollowed.text);
}

static int start_collector(struct run *run, struct cs_diag *diag)
{
	const struct cs_collector_options options = {
		.xray_parent = run->options.xray_parent,
		.observer = { run, on_cold_start, on_invocation },
	};
	int r = cs_watched_open(&run->watched, run->base, &options, diag);

	if (r < 0)
		return r;
	run->watched.ended = on_ended;
	run->watched.context = run;
	if (!run->watched.followed && run->options.verbose)
		cs_log(CS_LOG_WARN, "%s", run->watched.unfollowed.text);
	return add_destinations(run, diag);
}

/* --- signals --- */

/* Whether we are who the terminal's keys speak to: it sends their signals to the command as well. */
static bool at_the_terminal(void)
{
	cs_cleanup(cs_closep) int tty = open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC);

	return tty >= 0 && tcgetpgrp(tty) == getpgrp();
}

/* What only we were sent is handed on, once a signal. */
static void on_signal(evutil_socket_t number, short what, void *context)
{
	struct run *run = context;

	if (run->watched.reaped)
		event_base_loopbreak(run->base);
	else if (number == SIGTERM || number == SIGHUP || !at_the_terminal())
		kill(run->watched.child.pid, (int)number);
}

static void watch_events(struct run *run)
{
	static const int numbers[] = { SIGINT, SIGQUIT, SIGTERM, SIGHUP };

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		evsignal_assign(&run->signals[i], run->base, numbers[i], on_signal, run);
		if (!cs_dispositions_is_ignored(&run->dispositions, numbers[i]))
			event_add(&run->signals[i], NULL);
	}
}

static int start_command(struct run *run, struct cs_diag *diag)
{
	struct cs_environment_variable more[CS_CONTEXT_VARIABLES];
	size_t count = cs_context_variables(&run->options.context, more);
	struct cs_child_command command = {
		.argv = run->options.command,
		.dispositions = &run->dispositions,
	};
	struct cs_arena arena;
	int r;

	cs_arena_init(&arena, 0);
	command.env = cs_environment_with(&arena, environ, more, count);
	r = command.env ? cs_watched_start(&run->watched, &command, diag)
			: cs_diag_set(diag, -ENOMEM, "out of memory");
	cs_arena_deinit(&arena);
	return r;
}

/* --- end --- */

static void print_report(struct run *run)
{
	if (run->options.quiet)
		return;
	if (run->report.text.len)
		fputs(run->report.text.data, stderr);
	if (run->report.cold_starts_count)
		return;
	if (!run->watched.followed && !run->options.verbose)
		cs_log(CS_LOG_WARN, "%s", run->watched.unfollowed.text);
	cs_log(CS_LOG_WARN, "nothing was seen %s %s; coldspan doctor --no-socket -- %s says why",
	       run->report.outside_seen ? "inside of" : "of", run->options.command[0],
	       run->options.command[0]);
}

static void write_json(struct run *run)
{
	const struct cs_self *self = cs_collector_get_self(run->watched.collector);
	const struct cs_run_accounting accounting = {
		.instances = self->instances_ended,
		.records = self->records,
		.dropped = self->dropped,
		.torn = self->torn,
	};
	struct cs_diag diag = { 0 };

	if (!run->json.out)
		return;
	if (cs_run_report_write(&run->report, run->json.out, run->options.command,
				run->watched.status, &accounting, &diag) < 0 ||
	    cs_result_file_commit(&run->json, &diag) < 0)
		cs_log(CS_LOG_ERROR, "%s", diag.text);
}

static void clean_up(struct run *run)
{
	cs_watched_close(&run->watched);
	if (run->base)
		event_base_free(run->base);
	cs_result_file_close(&run->json);
	cs_run_report_deinit(&run->report);
}

static int failure_code(int error)
{
	return error == -ENOENT ? CS_EXIT_RUN_NOT_FOUND : CS_EXIT_RUN_NOT_EXECUTABLE;
}

int cs_cmd_run(int argc, char **argv)
{
	struct run run = { 0 };
	struct cs_terminal terminal;
	struct cs_diag diag = { 0 };
	int code = parse(argc, argv, &run.options), r;

	if (code >= 0)
		return code;
	cs_dispositions_take(&run.dispositions);
	cs_terminal_init(&terminal, STDERR_FILENO, &run.options.look);
	cs_run_report_init(&run.report, &terminal);
	code = CS_EXIT_RUN_FAILED;
	/* First of all: where this fails, libevent ends the process, and nobody cleans up. */
	run.base = cs_loop_new(CS_EXIT_RUN_FAILED, &diag);
	r = run.base ? cs_result_file_open(run.options.json, &diag, &run.json) : -ENOMEM;
	if (r == 0)
		r = start_collector(&run, &diag);
	if (r == 0) {
		watch_events(&run);
		r = start_command(&run, &diag);
		if (run.watched.child.exec_failed)
			code = failure_code(r);
	}
	if (r < 0) {
		cs_log(CS_LOG_ERROR, "%s", diag.text[0] ? diag.text : strerror(-r));
	} else {
		event_base_dispatch(run.base);
		print_report(&run);
		write_json(&run);
		code = cs_child_exit_code(run.watched.status);
	}
	clean_up(&run);
	if (r == 0 && WIFSIGNALED(run.watched.status))
		code = cs_interrupts_status(WTERMSIG(run.watched.status));
	return code;
}
