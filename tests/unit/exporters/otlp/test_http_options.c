/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of exporters/otlp/http_options: what OTEL_EXPORTER_OTLP_* say. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exporters/otlp/http.h"

static struct cs_otlp_http_options options;
static unsigned warnings;
static char last[256];

static void warn(const char *text)
{
	warnings++;
	snprintf(last, sizeof(last), "%s", text);
}

static void clear_environment(void)
{
	clearenv();
	cs_otlp_http_options_init(&options);
}

TestSuite(otlp_http_options, .init = clear_environment);

Test(otlp_http_options, variables_of_traces_win_and_empty_ones_are_unset)
{
	setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://a", 1);
	setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://b/x", 1);
	setenv("OTEL_EXPORTER_OTLP_HEADERS", "k=general", 1);
	setenv("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "", 1);
	setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "5000", 1);
	setenv("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "700", 1);
	setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", 1);
	setenv("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/protobuf", 1);
	setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "", 1);
	setenv("OTEL_SDK_DISABLED", "false", 1);
	cs_otlp_http_options_from_env(&options, warn);
	cr_assert(eq(str, (char *)options.url, (char *)"http://a"));
	cr_assert(eq(str, (char *)options.signal_url, (char *)"http://b/x"));
	cr_assert(eq(str, (char *)options.headers, (char *)"k=general"));
	cr_assert(eq(u32, options.timeout_ms, 700));
	cr_assert(eq(u32, warnings, 0));
}

Test(otlp_http_options, logs_have_variables_of_their_own)
{
	options.signal = CS_SIGNAL_LOGS;
	setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://traces/x", 1);
	setenv("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "http://logs/x", 1);
	setenv("OTEL_EXPORTER_OTLP_HEADERS", "k=general", 1);
	setenv("OTEL_EXPORTER_OTLP_LOGS_HEADERS", "k=logs", 1);
	setenv("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "1", 1);
	setenv("OTEL_EXPORTER_OTLP_LOGS_TIMEOUT", "700", 1);
	setenv("OTEL_EXPORTER_OTLP_LOGS_PROTOCOL", "grpc", 1);
	cs_otlp_http_options_from_env(&options, warn);
	cr_assert(eq(str, (char *)options.signal_url, (char *)"http://logs/x"));
	cr_assert(eq(str, (char *)options.headers, (char *)"k=logs"));
	cr_assert(eq(u32, options.timeout_ms, 700));
	cr_assert(eq(u32, warnings, 1));
	cr_assert(eq(int, strncmp(last, "OTEL_EXPORTER_OTLP_LOGS_PROTOCOL=grpc: ", 39), 0));
}

Test(otlp_http_options, metrics_have_variables_of_their_own)
{
	options.signal = CS_SIGNAL_METRICS;
	setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://traces/x", 1);
	setenv("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://metrics/x", 1);
	setenv("OTEL_EXPORTER_OTLP_METRICS_HEADERS", "k=metrics", 1);
	setenv("OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", "700", 1);
	setenv("OTEL_EXPORTER_OTLP_METRICS_COMPRESSION", "gzip", 1);
	cs_otlp_http_options_from_env(&options, warn);
	cr_assert(eq(str, (char *)options.signal_url, (char *)"http://metrics/x"));
	cr_assert(eq(str, (char *)options.headers, (char *)"k=metrics"));
	cr_assert(eq(u32, options.timeout_ms, 700));
	cr_assert(eq(u32, warnings, 1));
	cr_assert(eq(int, strncmp(last, "OTEL_EXPORTER_OTLP_METRICS_COMPRESSION=gzip: ", 45), 0));
}

Test(otlp_http_options, an_url_of_the_command_line_wins)
{
	setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://b/x", 1);
	setenv("OTEL_EXPORTER_OTLP_HEADERS", "k=v", 1);
	options.url = "http://flag";
	cs_otlp_http_options_from_env(&options, warn);
	cr_assert(eq(str, (char *)options.url, (char *)"http://flag"));
	cr_assert(eq(ptr, (void *)options.signal_url, NULL));
	cr_assert(eq(str, (char *)options.headers, (char *)"k=v"));
}

Test(otlp_http_options, a_timeout_that_is_no_number_is_said_and_ignored)
{
	static const char *const bad[] = { "x", "-1", "10s", "99999999999999999999" };

	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		setenv("OTEL_EXPORTER_OTLP_TIMEOUT", bad[i], 1);
		cs_otlp_http_options_from_env(&options, warn);
		cr_assert(eq(u32, options.timeout_ms, 10000));
		cr_assert(eq(u32, warnings, i + 1));
	}
	setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "0", 1);
	cs_otlp_http_options_from_env(&options, NULL);
	cr_assert(eq(u32, options.timeout_ms, 0));
}

Test(otlp_http_options, a_bad_timeout_of_traces_leaves_the_say_to_the_general_one)
{
	setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "5000", 1);
	setenv("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "abc", 1);
	cs_otlp_http_options_from_env(&options, warn);
	cr_assert(eq(u32, options.timeout_ms, 5000));
	cr_assert(eq(u32, warnings, 1));
	cr_assert(eq(str, last,
		     (char *)"OTEL_EXPORTER_OTLP_TRACES_TIMEOUT=abc: ignored, no number of "
			     "milliseconds"));
}

Test(otlp_http_options, what_cannot_be_followed_is_said_in_one_line)
{
	static const struct {
		const char *name, *value, *text;
	} rows[] = {
		{ "OTEL_EXPORTER_OTLP_PROTOCOL", "grpc",
		  "not built in yet; http/protobuf is sent, to a port such as 4318, not 4317" },
		{ "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/json",
		  "not built in yet; http/protobuf is sent" },
		{ "OTEL_EXPORTER_OTLP_PROTOCOL", "pigeon",
		  "no such protocol; http/protobuf is sent" },
		{ "OTEL_EXPORTER_OTLP_COMPRESSION", "gzip",
		  "not built in yet; nothing is compressed" },
		{ "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "brotli",
		  "no such compression; nothing is compressed" },
		{ "OTEL_EXPORTER_OTLP_CERTIFICATE", "/x",
		  "ignored, https is not built in yet; http:// alone is spoken" },
		{ "OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY", "/x",
		  "ignored, https is not built in yet; http:// alone is spoken" },
		{ "OTEL_SDK_DISABLED", "TRUE",
		  "ignored, that is for SDKs; to send nothing, name no endpoint" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[256];

		clearenv();
		setenv(rows[i].name, rows[i].value, 1);
		warnings = 0;
		options.url = "http://flag"; /* it is said whoever named the endpoint */
		cs_otlp_http_options_from_env(&options, warn);
		snprintf(text, sizeof(text), "%s=%s: %s", rows[i].name, rows[i].value,
			 rows[i].text);
		cr_assert(eq(u32, warnings, 1), "%s", text);
		cr_assert(eq(str, last, text));
	}
}
