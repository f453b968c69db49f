/* SPDX-License-Identifier: Apache-2.0 */

/* The collector's flags; see options.h. Documented in docs/man/coldspan-collector.8. */
#include "collector/options.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/refused_option.h"
#include "base/suggest.h"
#include "coldspan_config.h"
#include "collector/exporter_list.h"

static const char help_text[] =
	"Collect what watched functions record, and send it on as OpenTelemetry data.\n"
	"\n"
	"  coldspan-collector --file traces.jsonl           lines of OTLP JSON\n"
	"  coldspan-collector --otlp http://127.0.0.1:4318  to an OpenTelemetry backend\n"
	"  coldspan-collector --socket /tmp/c.sock --file -   try it without root\n"
	"\n"
	"Destinations (each may be given several times; without --otlp one may be named\n"
	"by OTEL_EXPORTER_OTLP_ENDPOINT, ..._TRACES_ENDPOINT and so on):\n"
	"      --otlp URL         base URL; /v1/traces and so on are appended\n"
	"      --file FILE        append to FILE; - is standard output\n"
	"\n"
	"For Prometheus to scrape:\n"
	"      --prometheus ADDR  serve /metrics at HOST:PORT, or at a port of 127.0.0.1\n"
	"                         [where OTEL_METRICS_EXPORTER has prometheus,\n"
	"                         $OTEL_EXPORTER_PROMETHEUS_HOST and ..._PORT]\n"
	"      --buckets M=LIST   explicit bounds of the histogram M, in its unit, e.g.\n"
	"                         faas.init_duration=0.25,0.5,1; of up to 8 histograms\n"
	"\n"
	"Options:\n"
	"      --socket PATH      announce socket [$COLDSPAN_SOCKET, else\n"
	"                         " CS_SOCKET_PATH "]\n"
	"      --socket-mode MODE 0666, the default: functions of every user;\n"
	"                         0600: of this user and root\n"
	"      --max-instances N  instances that one user may have at once\n"
	"                         [half of the descriptors]\n"
	"      --sampler NAME     which traces are kept, by OpenTelemetry's names, such\n"
	"                         as parentbased_traceidratio=0.1\n"
	"                         [$OTEL_TRACES_SAMPLER and ..._ARG, else everything]\n"
	"      --tail RULES       which invocations of those are kept, once over: some of\n"
	"                         cold,timeouts,errors,slowest=N,ratio=R\n"
	"                         [$COLDSPAN_TAIL, else all]\n"
	"      --xray-parent      on AWS Lambda X-Ray's span is the parent, not a link\n"
	"      --log-level LEVEL  error, warn, info, debug [$OTEL_LOG_LEVEL, else info]\n"
	"      --ready-fd N       write \"ready\" and a newline to this descriptor once\n"
	"                         functions may start, and close it\n"
	"      --show-origin      say where each setting comes from, and end\n"
	"      --json             as a document, schema coldspan.settings/v1\n"
	"      --version\n"
	"  -h, --help             man coldspan-collector tells more\n"
	"\n"
	"SIGTERM or SIGINT reads all rings once more, sends what is left within 5 s, and\n"
	"ends; a second one ends at once. SIGHUP opens the files of --file anew: they\n"
	"were moved away (logrotate). SIGUSR1 prints the collector's own counters.\n"
	"\n"
	"Exit status: 0 done, 1 the collector itself failed, 2 bad command line, or a\n"
	"socket or file that cannot be used.\n";

const char *cs_options_help(void)
{
	return help_text;
}

enum flag {
	FLAG_SOCKET = 256,
	FLAG_SOCKET_MODE,
	FLAG_MAX,
	FLAG_OTLP,
	FLAG_FILE,
	FLAG_PROMETHEUS,
	FLAG_BUCKETS,
	FLAG_LOG_LEVEL,
	FLAG_READY_FD,
	FLAG_SAMPLER,
	FLAG_TAIL,
	FLAG_XRAY_PARENT,
	FLAG_SHOW_ORIGIN,
	FLAG_JSON,
	FLAG_VERSION
};

static const struct option flags[] = {
	{ "socket", required_argument, NULL, FLAG_SOCKET },
	{ "socket-mode", required_argument, NULL, FLAG_SOCKET_MODE },
	{ "max-instances", required_argument, NULL, FLAG_MAX },
	{ "otlp", required_argument, NULL, FLAG_OTLP },
	{ "file", required_argument, NULL, FLAG_FILE },
	{ "prometheus", required_argument, NULL, FLAG_PROMETHEUS },
	{ "buckets", required_argument, NULL, FLAG_BUCKETS },
	{ "sampler", required_argument, NULL, FLAG_SAMPLER },
	{ "tail", required_argument, NULL, FLAG_TAIL },
	{ "xray-parent", no_argument, NULL, FLAG_XRAY_PARENT },
	{ "log-level", required_argument, NULL, FLAG_LOG_LEVEL },
	{ "ready-fd", required_argument, NULL, FLAG_READY_FD },
	{ "show-origin", no_argument, NULL, FLAG_SHOW_ORIGIN },
	{ "json", no_argument, NULL, FLAG_JSON },
	{ "version", no_argument, NULL, FLAG_VERSION },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static int parse_number(const char *text, int base, unsigned long max, unsigned long *ret)
{
	char *end;

	errno = 0;
	*ret = strtoul(text, &end, base);
	return !*text || *text == '-' || *end || errno || *ret > max ? -EINVAL : 0;
}

static int add(const char **list, unsigned *count, const char *what, const char *value,
	       struct cs_diag *diag)
{
	if (!*value)
		return cs_diag_set(diag, -EINVAL, "--%s needs a value", what);
	if (*count == CS_OPTIONS_DESTINATIONS_MAX)
		return cs_diag_set(diag, -EINVAL, "--%s may be given at most %d times", what,
				   CS_OPTIONS_DESTINATIONS_MAX);
	list[(*count)++] = value;
	return 0;
}

static int parse_level(const char *value, struct cs_options *options, struct cs_diag *diag)
{
	static const char *const levels[] = { "error", "warn", "info", "debug" };
	const char *near;

	if (cs_log_parse_level(value, &options->log_level) == 0)
		return 0;
	near = cs_suggest(value, levels, sizeof(levels) / sizeof(levels[0]));
	return cs_diag_set(diag, -EINVAL,
			   "--log-level \"%s\" is none of error, warn, info, debug%s%s%s", value,
			   near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

static int parse_sampler(const char *value, struct cs_options *options, struct cs_diag *diag)
{
	struct cs_head head = { .ratio = 1 };
	const char *equals = strchr(value, '=');
	size_t len = equals ? (size_t)(equals - value) : strlen(value);

	if (cs_head_find(value, len, &head.kind) < 0)
		return cs_diag_set(
			diag, -EINVAL,
			"--sampler \"%s\" is none of always_on, always_off, traceidratio and "
			"these with parentbased_ before them",
			value);
	if (equals &&
	    (!cs_head_has_ratio(head.kind) || cs_probability_parse(equals + 1, &head.ratio) < 0))
		return cs_diag_set(
			diag, -EINVAL,
			"--sampler \"%s\": only of a traceidratio a number from 0 to 1 follows",
			value);
	options->sampling.head = head;
	return 0;
}

/* @what: whose value it is */
static int parse_tail(const char *what, const char *value, struct cs_options *options,
		      struct cs_diag *diag)
{
	struct cs_diag why = { 0 };

	if (cs_tail_parse(value, &why, &options->sampling.tail) < 0)
		return cs_diag_set(diag, -EINVAL, "%s: %s", what, why.text);
	return 0;
}

static int parse_buckets(const char *value, struct cs_options *options, struct cs_diag *diag)
{
	struct cs_diag why = { 0 };

	if (cs_bucket_settings_add(&options->buckets, value, &why) < 0)
		return cs_diag_set(diag, -EINVAL, "--buckets: %s", why.text);
	return 0;
}

/* As the specification wants it: what is not known is passed over, with a warning. */
static void read_sampler(char *(*get_env)(const char *name), struct cs_options *options)
{
	struct cs_head *head = &options->sampling.head;
	const char *name = get_env("OTEL_TRACES_SAMPLER"), *ratio;

	head->ratio = 1;
	if (!name || !*name)
		return;
	if (cs_head_find(name, strlen(name), &head->kind) < 0) {
		options->sampler_unknown = name;
		return;
	}
	ratio = get_env("OTEL_TRACES_SAMPLER_ARG");
	if (ratio && *ratio && cs_head_has_ratio(head->kind) &&
	    cs_probability_parse(ratio, &head->ratio) < 0)
		options->ratio_unknown = ratio;
}

static int read_tail(char *(*get_env)(const char *name), struct cs_options *options,
		     struct cs_diag *diag)
{
	const char *tail = get_env("COLDSPAN_TAIL");

	if (!tail || !*tail || options->given & CS_GIVEN_TAIL)
		return 0;
	return parse_tail("COLDSPAN_TAIL", tail, options, diag);
}

/* Is looked at when somebody listens there. */
static int set_prometheus(struct cs_options *options, const char *address, struct cs_diag *diag)
{
	if (!*address)
		return cs_diag_set(diag, -EINVAL,
				   "--prometheus needs an address, e.g. 127.0.0.1:9464");
	if (strlen(address) >= sizeof(options->prometheus))
		return cs_diag_set(diag, -ENAMETOOLONG,
				   "--prometheus %.60s...: too long for an address", address);
	memcpy(options->prometheus, address, strlen(address) + 1);
	return 0;
}

/* As OpenTelemetry's own Prometheus exporters: localhost, 9464. */
static int read_prometheus(char *(*get_env)(const char *name), struct cs_options *options,
			   struct cs_diag *diag)
{
	const char *host = get_env("OTEL_EXPORTER_PROMETHEUS_HOST");
	const char *port = get_env("OTEL_EXPORTER_PROMETHEUS_PORT");
	char address[CS_OPTIONS_ADDRESS_MAX + 1]; /* one more: what is too long is seen to be */

	if (*options->prometheus ||
	    !cs_exporter_list_has(get_env("OTEL_METRICS_EXPORTER"), "prometheus"))
		return 0;
	if (!host || !*host)
		host = "localhost";
	if (!port || !*port)
		port = "9464";
	snprintf(address, sizeof(address), strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, port);
	return set_prometheus(options, address, diag);
}

static int parse_flag(int flag, const char *value, struct cs_options *options, struct cs_diag *diag)
{
	unsigned long n;

	switch (flag) {
	case FLAG_SOCKET:
		options->given |= CS_GIVEN_SOCKET;
		options->socket_path = value;
		return *value ? 0 : cs_diag_set(diag, -EINVAL, "--socket needs a path");
	case FLAG_SOCKET_MODE:
		if (parse_number(value, 8, 0777, &n) < 0)
			return cs_diag_set(diag, -EINVAL,
					   "--socket-mode \"%s\" is no octal mode such as 0600",
					   value);
		options->given |= CS_GIVEN_SOCKET_MODE;
		options->socket_mode = (mode_t)n;
		return 0;
	case FLAG_MAX:
		if (parse_number(value, 10, UINT32_MAX, &n) < 0 || n == 0)
			return cs_diag_set(diag, -EINVAL,
					   "--max-instances \"%s\" is no positive number", value);
		options->given |= CS_GIVEN_MAX;
		options->instances_per_uid = (uint32_t)n;
		return 0;
	case FLAG_OTLP:
		return add(options->otlp, &options->otlp_count, "otlp", value, diag);
	case FLAG_FILE:
		return add(options->files, &options->files_count, "file", value, diag);
	case FLAG_LOG_LEVEL:
		options->given |= CS_GIVEN_LEVEL;
		return parse_level(value, options, diag);
	case FLAG_READY_FD:
		if (parse_number(value, 10, INT_MAX, &n) < 0)
			return cs_diag_set(diag, -EINVAL, "--ready-fd \"%s\" is no descriptor",
					   value);
		options->ready_fd = (int)n;
		return 0;
	case FLAG_SAMPLER:
		options->given |= CS_GIVEN_SAMPLER;
		return parse_sampler(value, options, diag);
	case FLAG_PROMETHEUS:
		options->given |= CS_GIVEN_PROMETHEUS;
		return set_prometheus(options, value, diag);
	case FLAG_BUCKETS:
		return parse_buckets(value, options, diag);
	case FLAG_TAIL:
		options->given |= CS_GIVEN_TAIL;
		return parse_tail("--tail", value, options, diag);
	case FLAG_XRAY_PARENT:
		options->given |= CS_GIVEN_XRAY;
		options->xray_parent = true;
		return 0;
	case FLAG_SHOW_ORIGIN:
		options->show_origin = true;
		return 0;
	case FLAG_JSON:
		options->json = true;
		return 0;
	case FLAG_VERSION:
		options->version = true;
		return 0;
	case 'h':
		options->help = true;
		return 0;
	}
	return -EINVAL;
}

int cs_options_parse(int argc, char **argv, char *(*get_env)(const char *name),
		     struct cs_diag *diag, struct cs_options *ret)
{
	struct cs_options options = { .socket_path = get_env("COLDSPAN_SOCKET"),
				      .socket_mode = 0666,
				      .log_level = CS_LOG_INFO,
				      .ready_fd = -1 };
	const char *level = get_env("OTEL_LOG_LEVEL");
	int flag, r;

	if (!options.socket_path || !*options.socket_path)
		options.socket_path = CS_SOCKET_PATH;
	/* The specification wants unknown words in variables to be passed over, with a warning. */
	if (level && *level && cs_log_parse_level(level, &options.log_level) < 0)
		options.level_unknown = level;
	read_sampler(get_env, &options);
	optind = 0; /* glibc: start afresh, also in a second call */
	opterr = 0;
	while ((flag = getopt_long(argc, argv, ":h", flags, NULL)) != -1) {
		if (flag == '?' || flag == ':')
			return cs_refused_option("coldspan-collector", argv, flag, flags, diag);
		r = parse_flag(flag, optarg, &options, diag);
		if (r < 0)
			return r;
	}
	r = read_prometheus(get_env, &options, diag);
	if (r == 0)
		r = read_tail(get_env, &options, diag);
	if (r < 0)
		return r;
	if (optind < argc)
		return cs_diag_set(diag, -EINVAL,
				   "unexpected argument \"%s\"; see coldspan-collector --help",
				   argv[optind]);
	if (options.json && !options.show_origin && !options.help && !options.version)
		return cs_diag_set(diag, -EINVAL,
				   "--json is of --show-origin: add that, or leave it out");
	*ret = options;
	return 0;
}
