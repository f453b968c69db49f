/* SPDX-License-Identifier: Apache-2.0 */

/* `coldspan-collector`: the collector as a daemon in the foreground. */
#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/log.h"
#include "base/output.h"
#include "base/settings.h"
#include "coldspan_config.h"
#include "collector/allocator.h"
#include "collector/collector.h"
#include "collector/destinations.h"
#include "collector/farewell.h"
#include "collector/ledger.h"
#include "collector/loop.h"
#include "collector/options.h"
#include "collector/settings.h"
#include "exporters/exporter.h"
#include "exporters/prometheus/endpoint.h"

enum {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2
};

struct program {
	struct event_base *base;
	struct cs_collector *collector;
	struct cs_prometheus_endpoint *prometheus; /* NULL: nobody scrapes */
	struct event term, interrupt, hangup, usr1;
	struct cs_farewell farewell;
	bool stopping;
};

/* Descriptors are what instances cost: take as many as we may. */
static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
			cs_log(CS_LOG_WARN, "cannot raise the limit on descriptors: %s",
			       strerror(errno));
	}
}

static void print_accounting_of(const struct cs_exporter *exporter, enum cs_signal signal)
{
	struct cs_exporter_stats stats;
	uint64_t dropped = 0;

	cs_exporter_get_stats(exporter, signal, &stats);
	for (unsigned reason = 0; reason < CS_DROP_REASON_COUNT; reason++)
		dropped += stats.dropped[reason];
	fprintf(stderr,
		"coldspan-collector: %s: %s accepted=%" PRIu64 " sent=%" PRIu64 " rejected=%" PRIu64
		" dropped=%" PRIu64 " queued=%" PRIu64 "\n",
		cs_exporter_get_name(exporter), cs_signal_items(signal), stats.accepted, stats.sent,
		stats.rejected, dropped, stats.queued);
}

static void print_ledger(const struct cs_ledger *ledger)
{
	for (unsigned kind = 0; kind < CS_LEDGER_COUNT; kind++) {
		const struct cs_ledger_line *line = &ledger->of[kind];

		fprintf(stderr,
			"coldspan-collector: told: %s read=%" PRIu64 " told=%" PRIu64
			" aside=%" PRIu64 " dropped=%" PRIu64 "\n",
			cs_ledger_name(kind), line->read, line->told, line->aside, line->dropped);
	}
}

static void print_accounting(struct program *program)
{
	struct cs_exporter *const *exporters;
	unsigned count;

	print_ledger(&cs_collector_get_self(program->collector)->ledger);

	exporters = cs_collector_exporters(program->collector, &count);
	for (unsigned i = 0; i < count; i++) {
		cs_exporter_abandon(exporters[i]); /* the limit of the last flush has passed */
		for (unsigned signal = 0; signal < CS_SIGNAL_COUNT; signal++) {
			if (cs_exporter_takes(exporters[i], (enum cs_signal)signal))
				print_accounting_of(exporters[i], (enum cs_signal)signal);
		}
	}
}

static void print_self(struct program *program)
{
	struct cs_buffer line = { 0 };

	cs_self_print(cs_collector_get_self(program->collector), &line);
	cs_buffer_putc(&line, '\n');
	if (!line.failed && write(STDERR_FILENO, line.data, line.len) < 0)
		cs_log(CS_LOG_DEBUG, "standard error: %s", strerror(errno));
	cs_buffer_deinit(&line);
}

static void on_stop(evutil_socket_t number, short what, void *context)
{
	struct program *program = context;

	if (program->stopping) {
		event_base_loopbreak(program->base);
		return;
	}
	program->stopping = true;
	cs_farewell_begin(&program->farewell, program->base, program->collector);
}

/* As logrotate(8) wants it: the file was renamed, write to a new one of its name. */
static void on_hangup(evutil_socket_t number, short what, void *context)
{
	struct program *program = context;
	struct cs_exporter *const *exporters;
	unsigned count;

	exporters = cs_collector_exporters(program->collector, &count);
	for (unsigned i = 0; i < count; i++) {
		struct cs_diag diag = { 0 };
		int r = cs_exporter_reopen(exporters[i], &diag);

		if (r > 0)
			cs_log(CS_LOG_INFO, "%s: opened anew", cs_exporter_get_name(exporters[i]));
		else if (r < 0)
			cs_log(CS_LOG_ERROR, "%s; going on with the old file", diag.text);
	}
}

static void on_usr1(evutil_socket_t number, short what, void *context)
{
	print_self(context);
}

static void watch_signals(struct program *program)
{
	struct event_base *base = program->base;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	evsignal_assign(&program->term, base, SIGTERM, on_stop, program);
	evsignal_assign(&program->interrupt, base, SIGINT, on_stop, program);
	evsignal_assign(&program->hangup, base, SIGHUP, on_hangup, program);
	evsignal_assign(&program->usr1, base, SIGUSR1, on_usr1, program);
	event_add(&program->term, NULL);
	event_add(&program->interrupt, NULL);
	event_add(&program->hangup, NULL);
	event_add(&program->usr1, NULL);
}

static void tell_ready(const struct cs_options *options)
{
	static const char text[] = "ready\n";

	cs_log(CS_LOG_INFO, "ready: functions announce themselves at %s", options->socket_path);
	if (options->ready_fd < 0)
		return;
	if (write(options->ready_fd, text, sizeof(text) - 1) < 0)
		cs_log(CS_LOG_WARN, "--ready-fd %d: %s", options->ready_fd, strerror(errno));
	if (options->ready_fd > STDERR_FILENO)
		close(options->ready_fd);
}

_Static_assert(CS_PROMETHEUS_READERS_MAX <= CS_SCRAPERS_MAX, "who scrapes");

static bool scrape(void *user, int reader, enum cs_reader_past past, struct cs_arena *arena,
		   struct cs_metric_batch *ret)
{
	struct program *program = user;

	return cs_collector_scrape(program->collector,
				   reader < 0 ? CS_READER_LOOK
					      : CS_READER_SCRAPE + (unsigned)reader,
				   past, arena, ret);
}

static int serve_metrics(struct program *program, const char *address, struct cs_diag *diag)
{
	int r = cs_prometheus_endpoint_new(program->base, address, scrape, program,
					   &program->prometheus, diag);

	if (r == 0)
		cs_log(CS_LOG_INFO, "metrics for Prometheus: %s",
		       cs_prometheus_endpoint_url(program->prometheus));
	return r;
}

static int add_destinations(struct program *program, const struct cs_options *options,
			    struct cs_diag *diag)
{
	unsigned count;
	int r = 0;

	for (unsigned i = 0; i < options->files_count && r == 0; i++)
		r = cs_destinations_add_file(program->collector, program->base, options->files[i],
					     diag);
	for (unsigned i = 0; i < options->otlp_count && r == 0; i++)
		r = cs_destinations_add_otlp(program->collector, program->base, options->otlp[i],
					     diag);
	if (r == 0 && !options->otlp_count && cs_destinations_otlp_wanted())
		r = cs_destinations_add_otlp(program->collector, program->base, NULL, diag);
	if (r == 0 && *options->prometheus)
		r = serve_metrics(program, options->prometheus, diag);
	cs_collector_exporters(program->collector, &count);
	if (r == 0 && !count && !*options->prometheus)
		cs_log(CS_LOG_WARN, "no destination: what is collected is counted and thrown away; "
				    "name one with --otlp or --file");
	return r == 0 ? cs_destinations_measure(program->collector, program->prometheus,
						&options->buckets, diag)
		      : r;
}

static int run(const struct cs_options *options)
{
	const struct cs_collector_options collector_options = {
		.socket_path = options->socket_path,
		.socket_mode = options->socket_mode,
		.instances_per_uid = options->instances_per_uid,
		.xray_parent = options->xray_parent,
		.sampling = options->sampling,
		.quiet = cs_allocator_purge,
	};
	struct program program = { 0 };
	struct cs_diag diag = { 0 };
	int code = EXIT_DONE;

	program.base = cs_loop_new(EXIT_FAILED, &diag);
	if (!program.base) {
		cs_log(CS_LOG_ERROR, "%s", diag.text);
		return EXIT_FAILED;
	}
	watch_signals(&program);
	if (cs_collector_new(program.base, &collector_options, &diag, &program.collector) < 0 ||
	    add_destinations(&program, options, &diag) < 0) {
		cs_log(CS_LOG_ERROR, "%s", diag.text);
		cs_prometheus_endpoint_free(program.prometheus);
		cs_collector_free(program.collector);
		event_base_free(program.base);
		return EXIT_USAGE;
	}
	tell_ready(options);
	if (event_base_dispatch(program.base) < 0) {
		cs_log(CS_LOG_ERROR, "the event loop failed: %s", strerror(errno));
		code = EXIT_FAILED;
	}
	print_accounting(&program);
	cs_prometheus_endpoint_free(program.prometheus);
	cs_collector_free(program.collector);
	event_base_free(program.base);
	return code;
}

static int show_origin(const struct cs_options *options)
{
	struct cs_settings settings;
	struct cs_buffer text = { 0 };
	int code = EXIT_DONE;

	cs_settings_init(&settings);
	cs_collector_settings(options, getenv, &settings);
	if (options->json)
		cs_settings_json(&settings, &text);
	else
		cs_settings_text(&settings, &text);
	cs_settings_deinit(&settings);
	if (text.failed) {
		cs_log(CS_LOG_ERROR, "out of memory");
		code = EXIT_FAILED;
	} else {
		fputs(text.data, stdout);
	}
	cs_buffer_deinit(&text);
	return cs_output_finish(code, EXIT_FAILED);
}

int main(int argc, char **argv)
{
	struct cs_options options;
	struct cs_diag diag = { 0 };
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL); /* whoever started us may have blocked SIGTERM */
	cs_log_init("coldspan-collector", CS_LOG_INFO);
	if (cs_options_parse(argc, argv, getenv, &diag, &options) < 0) {
		cs_log(CS_LOG_ERROR, "%s", diag.text);
		return EXIT_USAGE;
	}
	cs_log_init("coldspan-collector", options.log_level);
	if (options.level_unknown)
		cs_log(CS_LOG_WARN,
		       "OTEL_LOG_LEVEL is \"%s\", which is none of error, warn, info and debug: info "
		       "is taken",
		       options.level_unknown);
	if (options.sampler_unknown && !(options.given & CS_GIVEN_SAMPLER))
		cs_log(CS_LOG_WARN,
		       "OTEL_TRACES_SAMPLER is \"%s\", which is no sampler that the collector has: it is as if "
		       "it were not set",
		       options.sampler_unknown);
	if (options.ratio_unknown && !(options.given & CS_GIVEN_SAMPLER))
		cs_log(CS_LOG_WARN,
		       "OTEL_TRACES_SAMPLER_ARG is \"%s\", which is no number from 0 to 1: 1 is taken",
		       options.ratio_unknown);
	if (options.help) {
		fputs(cs_options_help(), stdout);
		return cs_output_finish(EXIT_DONE, EXIT_FAILED);
	}
	if (options.version) {
		puts("coldspan-collector " CS_VERSION);
		return cs_output_finish(EXIT_DONE, EXIT_FAILED);
	}
	if (options.show_origin)
		return show_origin(&options);
	if (options.ready_fd >= 0 && fcntl(options.ready_fd, F_GETFD) < 0) {
		cs_log(CS_LOG_ERROR, "--ready-fd %d: no such descriptor is open", options.ready_fd);
		return EXIT_USAGE;
	}
	raise_descriptor_limit();
	return run(&options);
}
