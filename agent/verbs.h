/* SPDX-License-Identifier: Apache-2.0 */

/* The subcommands of `coldspan`; one file each, cmd_X.c. */
#pragma once

/* X(name, summary): order of `coldspan --help`. */
#define CS_VERBS(X)                                                                                \
	X(run, "run a command and show where its cold start went")                                 \
	X(assert, "hold functions to their cold-start budgets")                                    \
	X(report, "show the cold starts of a recording, cold against warm")                        \
	X(doctor, "say whether a command or a process can be watched, and if not why")             \
	X(env, "print the environment that makes a runtime's functions watched")

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
