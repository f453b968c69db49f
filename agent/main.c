/* SPDX-License-Identifier: Apache-2.0 */

/* `coldspan`: finds the subcommand and hands over. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "agent/exit_codes.h"
#include "agent/prose.h"
#include "agent/verbs.h"
#include "base/log.h"
#include "base/suggest.h"

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

/* --help and --version stand for the commands of that name. */
static const char *name_of(const char *word)
{
	if (!strcmp(word, "--help") || !strcmp(word, "-h"))
		return "help";
	return strcmp(word, "--version") ? word : "version";
}

static void complain(const char *word)
{
	static const char *const options[] = { "--help", "--version" };
	const char *near = cs_suggest(word, options, sizeof(options) / sizeof(options[0]));

	if (near)
		cs_log(CS_LOG_ERROR, "unknown option %s; did you mean %s?", word, near);
	else
		cs_log(CS_LOG_ERROR, "unknown option %s; see coldspan --help", word);
}

int main(int argc, char **argv)
{
	const struct cs_verb *verb;
	const char *name;

	fill_standard_streams();
	cs_log_init("coldspan", CS_LOG_INFO);
	if (argc < 2) {
		cs_log(CS_LOG_ERROR, "no command given; some to begin with:");
		cs_prose_print(stderr, CS_VERBS_EXAMPLES
			       "  coldspan help                           all commands\n");
		return CS_EXIT_USAGE;
	}
	name = name_of(argv[1]);
	if (*name == '-') {
		complain(name);
		return CS_EXIT_USAGE;
	}
	verb = cs_verb_find(name);
	if (!verb)
		return CS_EXIT_USAGE;
	return cs_verb_call(verb, argc - 1, argv + 1);
}
