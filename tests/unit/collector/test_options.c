/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of collector/options. */
#include "collector/options.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>
#include <string.h>

#include "coldspan_config.h"
#include "collector/exporter_list.h"

static const char *socket_variable, *level_variable, *sampler_variable, *ratio_variable,
	*tail_variable, *metrics_variable, *host_variable, *port_variable;
static struct cs_options options;
static struct cs_diag diag;

static const struct {
	const char *name, **value;
} variables[] = {
	{ "COLDSPAN_SOCKET", &socket_variable },
	{ "OTEL_LOG_LEVEL", &level_variable },
	{ "OTEL_TRACES_SAMPLER", &sampler_variable },
	{ "OTEL_TRACES_SAMPLER_ARG", &ratio_variable },
	{ "COLDSPAN_TAIL", &tail_variable },
	{ "OTEL_METRICS_EXPORTER", &metrics_variable },
	{ "OTEL_EXPORTER_PROMETHEUS_HOST", &host_variable },
	{ "OTEL_EXPORTER_PROMETHEUS_PORT", &port_variable },
};

static char *get_env(const char *name)
{
	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
		if (!strcmp(name, variables[i].name))
			return (char *)*variables[i].value;
	}
	return NULL;
}

/* @line: words separated by one blank each */
static int parse(const char *line)
{
	static char text[256];
	char *argv[32] = { (char[]){ "coldspan-collector" } };
	int argc = 1;

	snprintf(text, sizeof(text), "%s", line);
	for (char *word = strtok(text, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	diag = (struct cs_diag){ 0 };
	return cs_options_parse(argc, argv, get_env, &diag, &options);
}

Test(options, without_any_there_are_sane_ones)
{
	cr_assert(eq(int, parse(""), 0));
	cr_expect(eq(str, (char *)options.socket_path, (char *)CS_SOCKET_PATH));
	cr_expect(eq(uint, options.socket_mode, 0666));
	cr_expect(eq(u32, options.instances_per_uid, 0));
	cr_expect(eq(uint, options.otlp_count + options.files_count, 0));
	cr_expect(eq(int, (int)options.log_level, CS_LOG_INFO));
	cr_expect(not(options.xray_parent));
	cr_expect(eq(uint, options.sampling.head.kind, CS_HEAD_NONE));
	cr_expect(not(options.sampling.tail.asked));
	cr_expect(eq(int, options.ready_fd, -1));
}

Test(options, every_flag_arrives)
{
	cr_assert(eq(int,
		     parse("--socket /s --socket-mode 0600 --max-instances 7 --otlp http://a "
			   "--otlp http://b --file - --log-level debug --ready-fd 3 --xray-parent"),
		     0));
	cr_expect(eq(str, (char *)options.socket_path, (char *)"/s"));
	cr_expect(eq(uint, options.socket_mode, 0600));
	cr_expect(eq(u32, options.instances_per_uid, 7));
	cr_expect(eq(uint, options.otlp_count, 2));
	cr_expect(eq(str, (char *)options.otlp[1], (char *)"http://b"));
	cr_expect(eq(str, (char *)options.files[0], (char *)"-"));
	cr_expect(eq(int, (int)options.log_level, CS_LOG_DEBUG));
	cr_expect(options.xray_parent);
	cr_expect(eq(int, options.ready_fd, 3));
}

Test(options, a_flag_beats_its_variable)
{
	socket_variable = "/from/variable";
	level_variable = "error";
	cr_assert(eq(int, parse(""), 0));
	cr_expect(eq(ptr, (void *)options.level_unknown, NULL));
	cr_expect(eq(str, (char *)options.socket_path, (char *)"/from/variable"));
	cr_expect(eq(int, (int)options.log_level, CS_LOG_ERROR));
	cr_assert(eq(int, parse("--socket /flag --log-level warn"), 0));
	cr_expect(eq(str, (char *)options.socket_path, (char *)"/flag"));
	cr_expect(eq(int, (int)options.log_level, CS_LOG_WARN));
}

Test(options, an_empty_or_odd_variable_is_as_good_as_none)
{
	socket_variable = "";
	level_variable = "shouting";
	cr_assert(eq(int, parse(""), 0));
	cr_expect(eq(str, (char *)options.level_unknown, (char *)"shouting"));
	cr_expect(eq(str, (char *)options.socket_path, (char *)CS_SOCKET_PATH));
	cr_expect(eq(int, (int)options.log_level, CS_LOG_INFO));
}

struct mistake {
	char line[64];
	char named[32]; /* must stand in the message */
};

ParameterizedTestParameters(options, a_mistake_is_named)
{
	static struct mistake mistakes[] = {
		{ "--sockt /s", "--sockt" },
		{ "--socket", "--socket" },
		{ "-x", "-x" },
		{ "stray", "stray" },
		{ "--socket-mode 0888", "0888" },
		{ "--socket-mode 7777", "7777" },
		{ "--max-instances 0", "\"0\"" },
		{ "--max-instances -1", "-1" },
		{ "--max-instances 5x", "5x" },
		{ "--max-instances 4294967296", "4294967296" },
		{ "--log-level loud", "loud" },
		{ "--log-level inof", "did you mean info?" },
		{ "--log-levle info", "did you mean --log-level" },
		{ "--ready-fd x", "\"x\"" },
		{ "--otlp=", "--otlp" },
		{ "--file=", "--file" },
		{ "--socket=", "--socket" },
	};

	return cr_make_param_array(struct mistake, mistakes,
				   sizeof(mistakes) / sizeof(mistakes[0]));
}

ParameterizedTest(struct mistake *mistake, options, a_mistake_is_named)
{
	cr_assert(eq(int, parse(mistake->line), -EINVAL));
	cr_expect(ne(ptr, strstr(diag.text, mistake->named), NULL), "%s", diag.text);
}

Test(options, more_destinations_than_fit_are_refused)
{
	char line[256] = "";

	for (int i = 0; i <= CS_OPTIONS_DESTINATIONS_MAX; i++)
		strcat(line, "--file f ");
	cr_assert(eq(int, parse(line), -EINVAL));
	cr_expect(ne(ptr, strstr(diag.text, "--file"), NULL));
}

Test(options, a_sampler_has_the_names_of_its_variable)
{
	sampler_variable = "traceidratio";
	ratio_variable = "0.25";
	cr_assert(eq(int, parse(""), 0));
	cr_expect(eq(uint, options.sampling.head.kind, CS_HEAD_RATIO));
	cr_expect(eq(dbl, options.sampling.head.ratio, 0.25));
	cr_assert(eq(int, parse("--sampler parentbased_traceidratio=1e-2"), 0));
	cr_expect(eq(uint, options.sampling.head.kind, CS_HEAD_PARENT_RATIO));
	cr_expect(eq(dbl, options.sampling.head.ratio, 0.01));
	/* Its argument is another's. */
	cr_assert(eq(int, parse("--sampler parentbased_traceidratio"), 0));
	cr_expect(eq(dbl, options.sampling.head.ratio, 1));
	cr_assert(eq(int, parse("--sampler always_off"), 0));
	cr_expect(eq(uint, options.sampling.head.kind, CS_HEAD_ALWAYS_OFF));
}

Test(options, a_sampler_that_nobody_knows_is_no_sampler)
{
	sampler_variable = "jaeger_remote";
	cr_assert(eq(int, parse(""), 0));
	cr_expect(eq(uint, options.sampling.head.kind, CS_HEAD_NONE));
	cr_expect(eq(str, (char *)options.sampler_unknown, (char *)"jaeger_remote"));
	sampler_variable = "parentbased_traceidratio";
	ratio_variable = "10%";
	cr_assert(eq(int, parse(""), 0));
	cr_expect(eq(dbl, options.sampling.head.ratio, 1));
	cr_expect(eq(str, (char *)options.ratio_unknown, (char *)"10%"));
	sampler_variable = "";
	cr_assert(eq(int, parse(""), 0));
	cr_expect(eq(uint, options.sampling.head.kind, CS_HEAD_NONE));
	cr_expect(eq(ptr, (void *)options.sampler_unknown, NULL));
}

Test(options, bounds_of_buckets_are_kept_with_them)
{
	struct cs_bucket_bounds bounds;

	cr_assert(eq(int,
		     parse("--buckets faas.init_duration=0.25,0.5 --buckets faas.mem_usage=1e6"),
		     0));
	cr_expect(eq(uint, options.buckets.count, 2));
	bounds = cs_bucket_settings_get(&options.buckets, CS_INSTRUMENT_INIT_DURATION);
	cr_assert(eq(sz, bounds.count, 2));
	cr_expect(eq(dbl, bounds.bounds[1], 0.5));
	cr_expect(lt(int, parse("--buckets faas.coldstarts=1"), 0));
	cr_expect(
		ne(ptr, strstr(diag.text, "--buckets: \"faas.coldstarts\" is no histogram"), NULL),
		"%s", diag.text);
}

Test(options, rules_of_the_tail_come_from_the_flag_or_the_variable)
{
	tail_variable = "errors,ratio=0.5";
	cr_assert(eq(int, parse(""), 0));
	cr_expect(options.sampling.tail.errors);
	cr_expect(not(options.sampling.tail.cold));
	cr_assert(eq(int, parse("--tail cold,slowest=3"), 0));
	cr_expect(options.sampling.tail.cold);
	cr_expect(not(options.sampling.tail.errors));
	cr_expect(eq(uint, options.sampling.tail.slowest, 3));
	tail_variable = "all";
	cr_assert(eq(int, parse("--tail cold"), 0));
	cr_assert(lt(int, parse(""), 0));
	cr_expect(ne(ptr, strstr(diag.text, "COLDSPAN_TAIL: \"all\" is none of"), NULL));
	cr_assert(lt(int, parse("--tail ratio=7"), 0));
	cr_assert(lt(int, parse("--sampler sometimes"), 0));
	cr_assert(lt(int, parse("--sampler always_on=1"), 0));
	cr_assert(lt(int, parse("--sampler traceidratio=2"), 0));
}

static const struct {
	const char *line, *metrics, *host, *port, *wanted;
} scrapes[] = {
	{ "", NULL, NULL, NULL, "" },
	{ "", "otlp", "10.0.0.1", "1", "" },
	{ "", "prometheus", NULL, NULL, "localhost:9464" },
	{ "", "otlp, prometheus ", "", "", "localhost:9464" },
	{ "", "Prometheus", "", "", "localhost:9464" },
	{ "", "prometheus", "10.0.0.1", "1", "10.0.0.1:1" },
	{ "", "prometheus", "::1", "1", "[::1]:1" },
	{ "", "prometheuses", NULL, NULL, "" },
	{ "--prometheus 9000", "prometheus", "10.0.0.1", "1", "9000" },
	{ "--prometheus [::1]:9000", NULL, NULL, NULL, "[::1]:9000" },
};

Test(options, who_scrapes_is_told_by_flag_or_variables)
{
	for (size_t i = 0; i < sizeof(scrapes) / sizeof(scrapes[0]); i++) {
		metrics_variable = scrapes[i].metrics;
		host_variable = scrapes[i].host;
		port_variable = scrapes[i].port;
		cr_assert(eq(int, parse(scrapes[i].line), 0));
		cr_expect(eq(str, options.prometheus, (char *)scrapes[i].wanted));
	}
}

static const struct {
	const char *list;
	bool traces, metrics;
} lists[] = {
	{ NULL, true, true },          { "", true, true },
	{ "otlp", true, true },        { "none", false, false },
	{ "prometheus", true, false }, { "prometheus,otlp", true, true },
	{ "otlp,none", true, true },   { " none ", false, false },
	{ "zipkin", true, true },      { "nones", true, true },
};

Test(options, names_of_exporters_say_what_goes_out_by_otlp)
{
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		cr_expect(eq(int, cs_exporter_list_otlp(lists[i].list, CS_SIGNAL_TRACES),
			     lists[i].traces),
			  "%s", lists[i].list);
		cr_expect(eq(int, cs_exporter_list_otlp(lists[i].list, CS_SIGNAL_METRICS),
			     lists[i].metrics),
			  "%s", lists[i].list);
	}
}
