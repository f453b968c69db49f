/* SPDX-License-Identifier: Apache-2.0 */

/* Settings and their origins; see settings.h. */
#include "collector/settings.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/settings.h"
#include "collector/exporter_list.h"
#include "collector/options.h"
#include "exporters/batch.h"
#include "exporters/net/endpoint.h"

struct telling {
	const struct cs_options *options;
	char *(*get_env)(const char *name);
	struct cs_settings *all;
};

/* @source: a flag, by its dashes, or a variable; NULL: neither says anything */
static void tell(struct telling *telling, const char *source, const char *name, const char *value)
{
	enum cs_setting_origin origin = !source                     ? CS_SETTING_DEFAULT
					: !strncmp(source, "--", 2) ? CS_SETTING_OPTION
								    : CS_SETTING_VARIABLE;

	cs_settings_add(telling->all, name, value, origin, source, 0);
}

static bool is_set(const struct telling *telling, const char *variable)
{
	const char *value = telling->get_env(variable);

	return value && *value;
}

/* @variable: that stands in for the flag, unless it is empty; NULL: there is none */
static void tell_flag(struct telling *telling, enum cs_options_given flag, const char *flag_name,
		      const char *variable, const char *value)
{
	const char *source = telling->options->given & flag          ? flag_name
			     : variable && is_set(telling, variable) ? variable
								     : NULL;

	tell(telling, source, flag_name + strlen("--"), value);
}

/* Without what of a URL may be a secret: its user, path and query. */
static void tell_endpoint(struct telling *telling, const char *source, const char *name,
			  const char *url)
{
	struct cs_endpoint endpoint;
	char text[sizeof(endpoint.authority) + 8];

	if (cs_endpoint_parse(url, NULL, &endpoint, NULL) < 0)
		snprintf(text, sizeof(text), "(no URL that it takes)");
	else
		snprintf(text, sizeof(text), "http://%s", endpoint.authority);
	tell(telling, source, name, text);
}

static void tell_destinations(struct telling *telling)
{
	static const char *const endpoints[] = { "OTEL_EXPORTER_OTLP_ENDPOINT",
						 "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
						 "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
						 "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT" };
	static const char *const headers[] = { "OTEL_EXPORTER_OTLP_HEADERS",
					       "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
					       "OTEL_EXPORTER_OTLP_METRICS_HEADERS",
					       "OTEL_EXPORTER_OTLP_LOGS_HEADERS" };
	static const char *const names[] = { "otlp", "otlp.traces", "otlp.metrics", "otlp.logs" };
	static const char *const exporters[] = { NULL, "OTEL_TRACES_EXPORTER",
						 "OTEL_METRICS_EXPORTER", "OTEL_LOGS_EXPORTER" };
	const struct cs_options *options = telling->options;

	for (unsigned i = 0; i < options->files_count; i++)
		tell(telling, "--file", "file", options->files[i]);
	for (unsigned i = 0; i < options->otlp_count; i++)
		tell_endpoint(telling, "--otlp", "otlp", options->otlp[i]);
	if (*options->prometheus)
		tell(telling,
		     options->given & CS_GIVEN_PROMETHEUS ? "--prometheus"
							  : "OTEL_METRICS_EXPORTER",
		     "prometheus", options->prometheus);
	for (unsigned i = 0; i < options->buckets.count; i++)
		tell(telling, "--buckets", "buckets",
		     cs_instrument(options->buckets.items[i].instrument)->name);
	for (unsigned i = 0; i < 1 + CS_SIGNAL_COUNT; i++) {
		if (i &&
		    !cs_exporter_list_otlp(telling->get_env(exporters[i]), (enum cs_signal)(i - 1)))
			tell(telling, exporters[i], names[i], "none");
		else if (is_set(telling, endpoints[i]) && !options->otlp_count)
			tell_endpoint(telling, endpoints[i], names[i],
				      telling->get_env(endpoints[i]));
	}
	for (unsigned i = 0; i < 1 + CS_SIGNAL_COUNT; i++) {
		char name[32];

		snprintf(name, sizeof(name), "%s.headers", names[i]);
		if (is_set(telling, headers[i]))
			tell(telling, headers[i], name, "(set, not shown)");
	}
}

static const char *origin_of_level(const struct telling *telling)
{
	return telling->options->level_unknown ? NULL : "OTEL_LOG_LEVEL";
}

static void tell_sampling(struct telling *telling)
{
	const struct cs_options *options = telling->options;
	const struct cs_head *head = &options->sampling.head;
	char text[128];

	if (cs_head_has_ratio(head->kind))
		snprintf(text, sizeof(text), "%s=%g", cs_head_name(head->kind), head->ratio);
	else
		snprintf(text, sizeof(text), "%s", cs_head_name(head->kind));
	tell_flag(telling, CS_GIVEN_SAMPLER, "--sampler",
		  options->sampler_unknown ? NULL : "OTEL_TRACES_SAMPLER", text);
	tell_flag(telling, CS_GIVEN_TAIL, "--tail", "COLDSPAN_TAIL",
		  cs_tail_text(&options->sampling.tail, text, sizeof(text)));
}

static void tell_all(struct telling *telling)
{
	static const char *const levels[] = { [CS_LOG_ERROR] = "error",
					      [CS_LOG_WARN] = "warn",
					      [CS_LOG_INFO] = "info",
					      [CS_LOG_DEBUG] = "debug" };
	const struct cs_options *options = telling->options;
	char text[32];

	tell_flag(telling, CS_GIVEN_SOCKET, "--socket", "COLDSPAN_SOCKET", options->socket_path);
	snprintf(text, sizeof(text), "%04o", (unsigned)options->socket_mode);
	tell_flag(telling, CS_GIVEN_SOCKET_MODE, "--socket-mode", NULL, text);
	snprintf(text, sizeof(text), "%" PRIu32, options->instances_per_uid);
	tell_flag(telling, CS_GIVEN_MAX, "--max-instances", NULL,
		  options->instances_per_uid ? text : "half of the descriptors");
	tell_flag(telling, CS_GIVEN_XRAY, "--xray-parent", NULL,
		  options->xray_parent ? "yes" : "no");
	tell_sampling(telling);
	tell_flag(telling, CS_GIVEN_LEVEL, "--log-level", origin_of_level(telling),
		  levels[options->log_level]);
	tell_destinations(telling);
}

void cs_collector_settings(const struct cs_options *options, char *(*get_env)(const char *name),
			   struct cs_settings *all)
{
	struct telling telling = { .options = options, .get_env = get_env, .all = all };

	tell_all(&telling);
}
