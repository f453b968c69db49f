/* SPDX-License-Identifier: Apache-2.0 */

/* `coldspan`: finds the subcommand and hands over. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/exit_codes.h"
#include "agent/verbs.h"
#include "base/log.h"
#include "base/output.h"
#include "base/suggest.h"
#include "coldspan_config.h"

struct verb {
	const char *name;
	const char *summary;
	int (*run)(int argc, char **argv);
};

static const struct verb verbs[] = {
#define X(name, summary) { #name, summary, cs_cmd_##name },
	CS_VERBS(X)
#undef X
};

#define VERBS_COUNT (sizeof(verbs) / sizeof(verbs[0]))

static void print_help(void)
{
	fputs("Shows where the cold start of an unmodified function goes.\n"
	      "\n"
	      "  coldspan run -- python3 handler.py      one start, as a waterfall\n"
	      "  coldspan doctor -- ./bootstrap          can it be watched? if not, why\n"
	      "  coldspan doctor 4711                    is this process watched? if not, why\n"
	      "  eval \"$(coldspan env --export)\"         watch what this shell starts\n"
	      "\n"
	      "Commands:\n",
	      stdout);
	for (size_t i = 0; i < VERBS_COUNT; i++)
		printf("  %-10s %s\n", verbs[i].name, verbs[i].summary);
	fputs("\n"
	      "  coldspan COMMAND --help   its options        man coldspan   the whole manual\n"
	      "  coldspan --version\n",
	      stdout);
}

static int unknown(const char *typed)
{
	const char *names[VERBS_COUNT], *near;

	for (size_t i = 0; i < VERBS_COUNT; i++)
		names[i] = verbs[i].name;
	near = cs_suggest(typed, names, VERBS_COUNT);
	if (near)
		cs_log(CS_LOG_ERROR, "unknown command \"%s\"; did you mean \"%s\"?", typed, near);
	else
		cs_log(CS_LOG_ERROR, "unknown command \"%s\"; see coldspan --help", typed);
	return CS_EXIT_USAGE;
}

static const struct verb *find(const char *name)
{
	for (size_t i = 0; i < VERBS_COUNT; i++) {
		if (!strcmp(verbs[i].name, name))
			return &verbs[i];
	}
	return NULL;
}

/*
 * A standard stream that the caller closed must not become one of our own files, or our words land
 * in it. The place is taken so that its use fails as on a closed one, and is free again after exec.
 */
static void fill_standard_streams(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) < 0)
			open("/dev/null", (fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) | O_CLOEXEC);
	}
}

/* run passes its command's status on, and looks after its own words. */
static int call(const struct verb *verb, int argc, char **argv)
{
	int code = verb->run(argc, argv);

	return verb->run == cs_cmd_run ? code : cs_output_finish(code, CS_EXIT_FAILED);
}

int main(int argc, char **argv)
{
	char *help[] = { NULL, (char[]){ "--help" }, NULL };
	const struct verb *verb;

	fill_standard_streams();
	cs_log_init("coldspan", CS_LOG_INFO);
	if (argc < 2) {
		cs_log(CS_LOG_ERROR, "no command given; try coldspan run -- CMD, or --help");
		return CS_EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") ||
	    (!strcmp(argv[1], "help") && argc == 2)) {
		print_help();
		return cs_output_finish(CS_EXIT_DONE, CS_EXIT_FAILED);
	}
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "version")) {
		puts("coldspan " CS_VERSION);
		return cs_output_finish(CS_EXIT_DONE, CS_EXIT_FAILED);
	}
	if (!strcmp(argv[1], "help")) {
		verb = find(argv[2]);
		help[0] = argv[2];
		return verb ? call(verb, 2, help) : unknown(argv[2]);
	}
	verb = find(argv[1]);
	return verb ? call(verb, argc - 1, argv + 1) : unknown(argv[1]);
}
