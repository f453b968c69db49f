/* SPDX-License-Identifier: Apache-2.0 */

/* Making destinations; see destinations.h. */
#include "collector/destinations.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "collector/exporter_list.h"
#include "exporters/file.h"
#include "exporters/otlp/http.h"

/* Once when it begins to fail, once when it works again. */
static void on_report(void *user, const struct cs_exporter *exporter, bool failing,
		      const char *text)
{
	cs_log(failing ? CS_LOG_WARN : CS_LOG_INFO, "%s: %s", cs_exporter_get_name(exporter), text);
}

static int add(struct cs_collector *collector, struct cs_exporter *exporter, struct cs_diag *diag)
{
	int r;

	cs_exporter_set_report(exporter, on_report, NULL);
	r = cs_collector_add_exporter(collector, exporter);
	return r < 0 ? cs_diag_set(diag, r, "too many destinations") : 0;
}

int cs_destinations_add_file(struct cs_collector *collector, struct event_base *base,
			     const char *path, struct cs_diag *diag)
{
	struct cs_exporter *exporter = NULL;
	int r = cs_file_exporter_new(base, path, &exporter, diag);

	return r < 0 ? r : add(collector, exporter, diag);
}

static void warn_of_variable(const char *text)
{
	cs_log(CS_LOG_WARN, "%s", text);
}

static bool is_set(const char *variable)
{
	const char *value = getenv(variable);

	return value && *value;
}

static const struct {
	const char *exporter; /* "none": that signal does not go out by OTLP */
	const char *endpoint;
} variables[CS_SIGNAL_COUNT] = {
	[CS_SIGNAL_TRACES] = { "OTEL_TRACES_EXPORTER", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT" },
	[CS_SIGNAL_METRICS] = { "OTEL_METRICS_EXPORTER", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT" },
	[CS_SIGNAL_LOGS] = { "OTEL_LOGS_EXPORTER", "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT" },
};

/* @url: of the command line, for all signals; NULL: as the environment says. */
static bool is_wanted(enum cs_signal signal, const char *url, bool warn)
{
	const char *exporter = getenv(variables[signal].exporter);
	char text[128];

	if (!cs_exporter_list_otlp(exporter, signal))
		return false;
	if (warn && exporter && *exporter && !cs_exporter_list_has(exporter, "otlp")) {
		snprintf(text, sizeof(text), "%s=%.60s: ignored, only otlp%s and none are known",
			 variables[signal].exporter, exporter,
			 signal == CS_SIGNAL_METRICS ? ", prometheus" : "");
		warn_of_variable(text);
	}
	return url || is_set("OTEL_EXPORTER_OTLP_ENDPOINT") || is_set(variables[signal].endpoint);
}

static int add_otlp(struct cs_collector *collector, struct event_base *base, enum cs_signal signal,
		    const char *url, bool warn, struct cs_diag *diag)
{
	struct cs_otlp_http_options options;
	struct cs_exporter *exporter = NULL;
	int r;

	cs_otlp_http_options_init(&options);
	options.signal = signal;
	options.url = url;
	cs_otlp_http_options_from_env(&options, warn ? warn_of_variable : NULL);
	r = cs_otlp_http_new(base, &options, &exporter, diag);
	return r < 0 ? r : add(collector, exporter, diag);
}

int cs_destinations_add_otlp(struct cs_collector *collector, struct event_base *base,
			     const char *url, struct cs_diag *diag)
{
	static bool warned; /* the environment is the same for every destination */
	bool said = false;  /* what is of all signals is said once */
	int r = 0;

	for (unsigned i = 0; i < CS_SIGNAL_COUNT && r == 0; i++) {
		if (!is_wanted((enum cs_signal)i, url, !warned))
			continue;
		r = add_otlp(collector, base, (enum cs_signal)i, url, !warned && !said, diag);
		said = true;
	}
	warned = true;
	return r;
}

bool cs_destinations_otlp_wanted(void)
{
	for (unsigned i = 0; i < CS_SIGNAL_COUNT; i++) {
		if (is_wanted((enum cs_signal)i, NULL, false))
			return true;
	}
	return false;
}

/* Nothing is counted for nobody. */
int cs_destinations_measure(struct cs_collector *collector, bool scraped,
			    const struct cs_bucket_settings *buckets, struct cs_diag *diag)
{
	struct cs_metric_settings settings;
	struct cs_exporter *const *exporters;
	bool wanted = scraped;
	unsigned count;

	exporters = cs_collector_exporters(collector, &count);
	for (unsigned i = 0; i < count; i++)
		wanted |= cs_exporter_takes(exporters[i], CS_SIGNAL_METRICS);
	if (!wanted)
		return 0;
	cs_metric_settings_from_env(&settings, getenv, warn_of_variable);
	settings.buckets = buckets;
	if (cs_collector_measure(collector, &settings) < 0)
		return cs_diag_set(diag, -ENOMEM, "out of memory");
	return 0;
}
