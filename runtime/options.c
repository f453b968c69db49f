/* SPDX-License-Identifier: Apache-2.0 */

/* The command line; see options.h. */
#include "runtime/options.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "runtime/duration.h"
#include "runtime/manifest.h"
#include "runtime/number.h"
#include "runtime/suggest.h"
#include "runtime/variables.h"

typedef int (*take_fn)(struct cs_options *options, const char *value, struct cs_problem *problem);

int cs_address_parse(const char *text, struct sockaddr_storage *ret, socklen_t *ret_len)
{
	const char *colon = strrchr(text, ':');
	struct sockaddr_in *v4 = (struct sockaddr_in *)ret;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ret;
	unsigned long port;
	char host[64];

	if (!colon || (size_t)(colon - text) >= sizeof(host) ||
	    !cs_number_parse(colon + 1, 65535, &port))
		return -EINVAL;
	snprintf(host, sizeof(host), "%.*s", (int)(colon - text), text);
	memset(ret, 0, sizeof(*ret));
	if (!strcmp(host, "localhost"))
		strcpy(host, "127.0.0.1");
	if (host[0] == '[' && host[strlen(host) - 1] == ']') {
		host[strlen(host) - 1] = 0;
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons((uint16_t)port);
		*ret_len = sizeof(*v6);
		if (inet_pton(AF_INET6, host + 1, &v6->sin6_addr) != 1)
			return -EINVAL;
		return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr) ? 0 : -EPERM;
	}
	v4->sin_family = AF_INET;
	v4->sin_port = htons((uint16_t)port);
	*ret_len = sizeof(*v4);
	if (inet_pton(AF_INET, host, &v4->sin_addr) != 1)
		return -EINVAL;
	return ntohl(v4->sin_addr.s_addr) >> 24 == 127 ? 0 : -EPERM;
}

static int take_functions(struct cs_options *options, const char *value, struct cs_problem *problem)
{
	options->functions = value;
	return 0;
}

static int take_listen(struct cs_options *options, const char *value, struct cs_problem *problem)
{
	int r = cs_address_parse(value, &options->address, &options->address_len);

	options->listen_text = value;
	if (r == -EPERM)
		return cs_problem_set(
			problem, -EINVAL,
			"--listen %s: not a loopback address, and anybody who reaches this "
			"port may run the functions; use 127.0.0.1:PORT or [::1]:PORT",
			value);
	if (r < 0)
		return cs_problem_set(
			problem, r,
			"--listen \"%s\": not HOST:PORT; write for example 127.0.0.1:8080", value);
	return 0;
}

static int take_port_file(struct cs_options *options, const char *value, struct cs_problem *problem)
{
	options->port_file = value;
	return 0;
}

static int take_pass_env(struct cs_options *options, const char *value, struct cs_problem *problem)
{
	const char *bad = cs_pass_check(value);

	options->pass_list = value;
	if (!bad)
		return 0;
	return cs_problem_set(problem, -EINVAL,
			      "--pass-env: \"%.*s\" is neither NAME nor NAME*; write for example "
			      "LD_PRELOAD,OTEL_*",
			      (int)strcspn(bad, ","), bad);
}

static int take_time(const char *flag, const char *value, cs_ns longest, cs_ns *ret,
		     struct cs_problem *problem)
{
	char text[24];

	if (!cs_duration_parse(value, ret) && *ret && *ret <= longest)
		return 0;
	return cs_problem_set(problem, -EINVAL,
			      "%s \"%s\": not a duration above 0 and up to %s; write for example "
			      "500ms, 3s or 2m",
			      flag, value, cs_duration_format(longest, text, sizeof(text)));
}

static int take_timeout(struct cs_options *options, const char *value, struct cs_problem *problem)
{
	return take_time("--timeout", value, CS_TIMEOUT_MAX, &options->timeout_ns, problem);
}

static int take_idle_timeout(struct cs_options *options, const char *value,
			     struct cs_problem *problem)
{
	return take_time("--idle-timeout", value, 1000 * 3600 * CS_SEC, &options->idle_timeout_ns,
			 problem);
}

static int take_concurrency(struct cs_options *options, const char *value,
			    struct cs_problem *problem)
{
	unsigned long number;

	if (!cs_number_parse(value, CS_CONCURRENCY_MAX, &number) || !number)
		return cs_problem_set(problem, -EINVAL,
				      "--concurrency \"%s\": not a whole number from 1 to %u",
				      value, CS_CONCURRENCY_MAX);
	options->concurrency = (uint32_t)number;
	return 0;
}

static int take_payload(struct cs_options *options, const char *value, struct cs_problem *problem)
{
	unsigned long number;

	if (!cs_number_parse(value, CS_PAYLOAD_MAX, &number) || !number)
		return cs_problem_set(problem, -EINVAL,
				      "--max-payload-bytes \"%s\": not a whole number from 1 to %u",
				      value, CS_PAYLOAD_MAX);
	options->payload_bytes_max = number;
	return 0;
}

static const struct flag {
	const char *name;
	take_fn take;
} flags[] = {
	{ "--functions", take_functions },     { "--listen", take_listen },
	{ "--port-file", take_port_file },     { "--pass-env", take_pass_env },
	{ "--timeout", take_timeout },         { "--idle-timeout", take_idle_timeout },
	{ "--concurrency", take_concurrency }, { "--max-payload-bytes", take_payload },
};

#define FLAGS_COUNT (sizeof(flags) / sizeof(flags[0]))

static int unknown_flag(const char *word, size_t name_len, struct cs_problem *problem)
{
	const char *names[FLAGS_COUNT], *near;
	char typed[64];

	for (size_t i = 0; i < FLAGS_COUNT; i++)
		names[i] = flags[i].name;
	snprintf(typed, sizeof(typed), "%.*s", (int)name_len, word);
	near = cs_suggest(typed, names, FLAGS_COUNT);
	if (word[0] != '-')
		return cs_problem_set(problem, -EINVAL,
				      "unexpected argument \"%s\"; see coldspan-faas --help", word);
	return cs_problem_set(problem, -EINVAL, "unknown flag \"%s\"; %s%s%s", typed,
			      near ? "did you mean \"" : "see coldspan-faas --help",
			      near ? near : "", near ? "\"?" : "");
}

/* Takes the flag at argv[*at], as `--flag value` or `--flag=value`, and moves on to its last word. */
static int take_flag(int argc, char **argv, int *at, struct cs_options *options,
		     struct cs_problem *problem)
{
	const char *word = argv[*at], *value;
	size_t name_len = strcspn(word, "=");

	for (size_t i = 0; i < FLAGS_COUNT; i++) {
		if (strlen(flags[i].name) != name_len || strncmp(flags[i].name, word, name_len))
			continue;
		if (word[name_len])
			value = word + name_len + 1;
		else
			value = *at + 1 < argc ? argv[++*at] : "";
		if (!*value)
			return cs_problem_set(problem, -EINVAL,
					      "%s needs a value; see coldspan-faas --help",
					      flags[i].name);
		return flags[i].take(options, value, problem);
	}
	return unknown_flag(word, name_len, problem);
}

static int take_command(int argc, char **argv, struct cs_options *options,
			struct cs_problem *problem)
{
	static const char *const commands[] = { "serve", "help", "version" };
	const char *near;

	if (argc < 2)
		return cs_problem_set(
			problem, -EINVAL,
			"no command given; try coldspan-faas serve --functions DIR, or "
			"--help");
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
			options->command = CS_COMMAND_HELP;
		else if (!strcmp(argv[i], "--version") && options->command != CS_COMMAND_HELP)
			options->command = CS_COMMAND_VERSION;
	}
	if (!strcmp(argv[1], "help"))
		options->command = CS_COMMAND_HELP;
	else if (!strcmp(argv[1], "version"))
		options->command = CS_COMMAND_VERSION;
	if (options->command != CS_COMMAND_SERVE || !strcmp(argv[1], "serve"))
		return 0;
	near = cs_suggest(argv[1], commands, 3);
	return cs_problem_set(problem, -EINVAL, "unknown command \"%s\"; %s%s%s", argv[1],
			      near ? "did you mean \"" : "see coldspan-faas --help",
			      near ? near : "", near ? "\"?" : "");
}

int cs_options_parse(int argc, char **argv, struct cs_options *ret, struct cs_problem *problem)
{
	int r;

	*ret = (struct cs_options){
		.command = CS_COMMAND_SERVE,
		.timeout_ns = CS_TIMEOUT_DEFAULT,
		.idle_timeout_ns = CS_IDLE_DEFAULT,
		.concurrency = CS_CONCURRENCY_DEFAULT,
		.payload_bytes_max = CS_PAYLOAD_DEFAULT,
	};
	r = take_listen(ret, CS_LISTEN_DEFAULT, problem);
	if (!r)
		r = take_command(argc, argv, ret, problem);
	if (r < 0 || ret->command != CS_COMMAND_SERVE)
		return r;
	for (int i = 2; i < argc; i++) {
		r = take_flag(argc, argv, &i, ret, problem);
		if (r < 0)
			return r;
	}
	if (!ret->functions)
		return cs_problem_set(
			problem, -EINVAL,
			"--functions DIR is missing: the folder whose folders hold a %s",
			CS_MANIFEST_FILE);
	return 0;
}
