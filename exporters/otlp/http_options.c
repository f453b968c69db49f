/* SPDX-License-Identifier: Apache-2.0 */

/* Options of the destination "otlp" and their variables; see http.h. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "exporters/otlp/http.h"
#include "exporters/otlp/request.h"

#define QUEUE_BYTES (16u << 20)
#define REPLY_BYTES (4u << 20) /* OTLP: a client must not take more */

void cs_otlp_http_options_init(struct cs_otlp_http_options *options)
{
	*options = (struct cs_otlp_http_options){
		.timeout_ms = 10000,
		.queue_bytes = QUEUE_BYTES,
		.request_bytes = CS_OTLP_REQUEST_BYTES_MAX,
		.reply_bytes = REPLY_BYTES,
		.backoff_first_ms = 1000,
		.backoff_max_ms = 30000,
		.give_up_ms = 300000,
	};
}

#define PREFIX       "OTEL_EXPORTER_OTLP_"
#define NAME_MAX_LEN 64
#define TEXT_MAX     256

static const char *const prefixes[CS_SIGNAL_COUNT] = {
	[CS_SIGNAL_TRACES] = "TRACES_",
	[CS_SIGNAL_METRICS] = "METRICS_",
	[CS_SIGNAL_LOGS] = "LOGS_",
};

/* Variables as they are read, and whom to tell of those that cannot be followed. */
struct reading {
	cs_otlp_warn_fn warn; /* may be NULL */
	struct cs_otlp_http_options *options;
};

/* One of OTEL_EXPORTER_OTLP_*; an empty variable is an unset one. */
static const char *get(const char *signal, const char *name, char variable[static NAME_MAX_LEN])
{
	const char *value;

	snprintf(variable, NAME_MAX_LEN, PREFIX "%s%s", signal, name);
	value = getenv(variable);
	return value && *value ? value : NULL;
}

/* The variable of the signal, else the general one; @variable receives which it was. */
static const char *get_either(enum cs_signal signal, const char *name,
			      char variable[static NAME_MAX_LEN])
{
	const char *value = get(prefixes[signal], name, variable);

	return value ? value : get("", name, variable);
}

/* "VARIABLE=value: @what" */
static void warn(const struct reading *reading, const char *variable, const char *value,
		 const char *what)
{
	char text[TEXT_MAX];

	if (!reading->warn)
		return;
	snprintf(text, sizeof(text), "%s=%.80s: %s", variable, value, what);
	reading->warn(text);
}

static bool parse_ms(const char *value, uint32_t *ret)
{
	unsigned long long ms;
	char *end;

	if (*value < '0' || *value > '9')
		return false;
	errno = 0;
	ms = strtoull(value, &end, 10);
	if (*end || errno || ms > UINT32_MAX)
		return false;
	*ret = (uint32_t)ms;
	return true;
}

/* A variable of the signal that is no number leaves the say to the general one. */
static void read_timeout(const struct reading *reading)
{
	const char *const tried[] = { prefixes[reading->options->signal], "" };

	for (size_t i = 0; i < sizeof(tried) / sizeof(tried[0]); i++) {
		char variable[NAME_MAX_LEN];
		const char *value = get(tried[i], "TIMEOUT", variable);

		if (value && parse_ms(value, &reading->options->timeout_ms))
			return;
		if (value)
			warn(reading, variable, value, "ignored, no number of milliseconds");
	}
}

static void read_protocol(const struct reading *reading)
{
	char variable[NAME_MAX_LEN];
	const char *value = get_either(reading->options->signal, "PROTOCOL", variable);

	if (!value || !strcmp(value, "http/protobuf"))
		return;
	if (!strcmp(value, "grpc"))
		warn(reading, variable, value,
		     "not built in yet; http/protobuf is sent, to a port such as 4318, not 4317");
	else if (!strcmp(value, "http/json"))
		warn(reading, variable, value, "not built in yet; http/protobuf is sent");
	else
		warn(reading, variable, value, "no such protocol; http/protobuf is sent");
}

static void read_compression(const struct reading *reading)
{
	char variable[NAME_MAX_LEN];
	const char *value = get_either(reading->options->signal, "COMPRESSION", variable);

	if (value && !strcmp(value, "gzip"))
		warn(reading, variable, value, "not built in yet; nothing is compressed");
	else if (value && strcmp(value, "none") != 0)
		warn(reading, variable, value, "no such compression; nothing is compressed");
}

static void read_tls(const struct reading *reading)
{
	static const char *const names[] = { "CERTIFICATE", "CLIENT_KEY", "CLIENT_CERTIFICATE" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char variable[NAME_MAX_LEN];
		const char *value = get_either(reading->options->signal, names[i], variable);

		if (value)
			warn(reading, variable, value,
			     "ignored, https is not built in yet; http:// alone is spoken");
	}
}

/* A collector is no SDK: functions on its host may be told to be silent, it is not. */
static void read_disabled(const struct reading *reading)
{
	const char *value = getenv("OTEL_SDK_DISABLED");

	if (value && !strcasecmp(value, "true"))
		warn(reading, "OTEL_SDK_DISABLED", value,
		     "ignored, that is for SDKs; to send nothing, name no endpoint");
}

void cs_otlp_http_options_from_env(struct cs_otlp_http_options *options, cs_otlp_warn_fn warn_fn)
{
	const struct reading reading = { warn_fn, options };
	char variable[NAME_MAX_LEN];

	if (!options->headers)
		options->headers = get_either(options->signal, "HEADERS", variable);
	if (!options->url && !options->signal_url) {
		options->url = get("", "ENDPOINT", variable);
		options->signal_url = get(prefixes[options->signal], "ENDPOINT", variable);
	}
	read_timeout(&reading);
	read_protocol(&reading);
	read_compression(&reading);
	read_tls(&reading);
	read_disabled(&reading);
}
