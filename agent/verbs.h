/* SPDX-License-Identifier: Apache-2.0 */

/* The subcommands of `coldspan`; one file each, cmd_X.c, and one manual page, coldspan-X(1). */
#pragma once

#include <stddef.h>

/* X(name, summary): order of `coldspan --help`. */
#define CS_VERBS(X)                                                                                \
	X(run, "run a command and show where its cold start went")                                 \
	X(assert, "hold functions to their cold-start budgets")                                    \
	X(init, "write a first coldspan.yaml, for assert")                                         \
	X(report, "show the cold starts of a recording, cold against warm")                        \
	X(doctor, "say if a command or a process can be watched, and if not why")                  \
	X(env, "print the environment that makes functions watched")                               \
	X(dashboards, "install boards for Grafana, list them, hold boards to rules")               \
	X(completion, "complete commands, options and functions in your shell")                    \
	X(help, "explain a command")                                                               \
	X(version, "say which version this is")

/* What people begin with: of --help, and of a line that has no command. */
#define CS_VERBS_EXAMPLES                                                                          \
	"  coldspan run -- python3 handler.py      one start, as a waterfall\n"                    \
	"  coldspan init && coldspan assert        budgets of the function in this folder\n"       \
	"  coldspan doctor -- ./bootstrap          can it be watched? if not, why\n"               \
	"  coldspan doctor 4711                    is this process watched? if not, why\n"         \
	"  eval \"$(coldspan env --export)\"         watch what this shell starts\n"

struct cs_verb {
	const char *name;
	const char *summary; /* for a line of --help of 80 columns */
	int (*run)(int argc, char **argv);
};

/** cs_verbs() - all of them, in the order of --help. Context: any-thread. */
const struct cs_verb *cs_verbs(size_t *ret_count);

/** cs_verb_find() - by its whole name; NULL: there is none, which was said. Context: startup. */
const struct cs_verb *cs_verb_find(const char *typed);

/**
 * cs_verb_call() - run it, and see that what it said on standard output was written
 *
 * Context: startup.
 * Return:  exit status (agent/exit_codes.h).
 */
int cs_verb_call(const struct cs_verb *verb, int argc, char **argv);

/**
 * cs_cmd_X() - run one subcommand
 * @argc, @argv: argv[0] is the subcommand's name
 *
 * Context: startup. Prints its own error messages.
 * Return:  exit status (agent/exit_codes.h).
 */
#define X(name, summary) int cs_cmd_##name(int argc, char **argv);
CS_VERBS(X)
#undef X
