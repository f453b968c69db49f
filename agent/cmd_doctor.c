/* SPDX-License-Identifier: Apache-2.0 */

/*
 * `coldspan doctor`: whether a command can be watched, or a process that runs is; if not, why, and what
 * to do about it.
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/doctor/doctor.h"
#include "agent/document.h"
#include "agent/exit_codes.h"
#include "agent/option_error.h"
#include "agent/prose.h"
#include "agent/verbs.h"
#include "base/log.h"
#include "coldspan_config.h"

static const char help_text[] =
	"Say whether a command can be watched, or a process is, and if not why.\n"
	"\n"
	"  coldspan doctor -- python3 handler.py\n"
	"  coldspan doctor --socket /run/coldspan/announce.sock -- ./bootstrap\n"
	"  coldspan doctor 4711\n"
	"\n"
	"Options:\n"
	"      --json           schema coldspan.doctor/v1\n"
	"      --socket PATH    the collector's announce socket [$COLDSPAN_SOCKET, of a\n"
	"                       process the one in its environment, else\n"
	"                       " CS_SOCKET_PATH "]\n"
	"      --no-socket      do not ask for a collector (coldspan run brings its own)\n"
	"  -h, --help\n"
	"\n"
	"The command is not run; the process is not disturbed.\n"
	"\n"
	"Exit status: 0 it can be watched, or is; 3 it cannot, or is not; 2 bad command\n"
	"line, no such command or process; 1 doctor itself failed: the process ended\n"
	"meanwhile, or may not be looked at.\n";

struct question {
	const char *socket; /* NULL: not on the command line */
	bool ask;
	bool json;
};

/* A word of digits alone. Return: the number; 0 it is none; -ERANGE. */
static int pid_of(const char *word)
{
	long value;

	if (!*word || word[strspn(word, "0123456789")])
		return 0;
	errno = 0;
	value = strtol(word, NULL, 10);
	return errno || value < 1 || value > INT_MAX ? -ERANGE : (int)value;
}

static int examine_process(const struct question *question, const char *word, int pid)
{
	if (pid < 0) {
		cs_log(CS_LOG_ERROR,
		       "%s is no process id; a command of this name is asked for by "
		       "doctor -- %s",
		       word, word);
		return CS_EXIT_USAGE;
	}
	return cs_doctor_process(pid, question->socket, question->ask);
}

static int examine_command(const struct question *question, char **argv)
{
	const char *socket = question->socket ? question->socket : getenv("COLDSPAN_SOCKET");

	if (!socket || !*socket)
		socket = CS_SOCKET_PATH;
	return cs_doctor_command(argv, question->ask ? socket : NULL);
}

int cs_cmd_doctor(int argc, char **argv)
{
	static const struct option options[] = {
		{ "socket", required_argument, NULL, 's' },
		{ "no-socket", no_argument, NULL, 'n' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct question question = { .ask = true };
	int option, pid, code;

	optind = 1;
	opterr = 0;
	while ((option = getopt_long(argc, argv, "+:h", options, NULL)) != -1) {
		switch (option) {
		case 's':
			question.socket = optarg;
			break;
		case 'n':
			question.ask = false;
			break;
		case 'j':
			question.json = true;
			break;
		case 'h':
			cs_prose_print(stdout, help_text);
			return CS_EXIT_DONE;
		default:
			cs_option_complain("doctor", argv, option, options);
			return CS_EXIT_USAGE;
		}
	}
	if (optind == argc) {
		cs_log(CS_LOG_ERROR,
		       "doctor needs a command or a process: coldspan doctor -- CMD…, "
		       "coldspan doctor PID");
		return CS_EXIT_USAGE;
	}
	pid = optind + 1 == argc && strcmp(argv[optind - 1], "--") != 0 ? pid_of(argv[optind]) : 0;
	if (question.json)
		cs_findings_gather();
	code = pid ? examine_process(&question, argv[optind], pid)
		   : examine_command(&question, argv + optind);
	if (question.json && (code == CS_EXIT_DONE || code == CS_EXIT_CANNOT_WATCH))
		code = cs_document_print(cs_findings_take(code == CS_EXIT_DONE), code);
	return code;
}
