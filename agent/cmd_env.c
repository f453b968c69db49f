/* SPDX-License-Identifier: Apache-2.0 */

/* `coldspan env`: what to set so that a runtime's functions are watched. */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "agent/context_options.h"
#include "agent/document.h"
#include "agent/exit_codes.h"
#include "agent/library.h"
#include "agent/option_error.h"
#include "agent/prose.h"
#include "agent/verbs.h"
#include "base/log.h"
#include "base/shell_word.h"
#include "coldspan_config.h"

static const char help_text[] =
	"Print the environment that makes the functions of a runtime watched.\n"
	"\n"
	"  coldspan env                       lines of NAME=value, for unit files and\n"
	"                                     Docker's --env-file\n"
	"  eval \"$(coldspan env --export)\"    for this shell\n"
	"  coldspan env --socket /tmp/c.sock  of another collector than the usual one\n"
	"\n"
	"Options:\n"
	"      --baggage KEYS   members of W3C baggage that become attributes, by commas\n"
	"      --export         shell syntax, quoted\n"
	"      --json           schema coldspan.env/v1\n"
	"      --propagate LIST\n"
	"                       hand trace contexts on: some of inbound, outbound, env\n"
	"      --socket PATH    the collector's announce socket [$COLDSPAN_SOCKET, else\n"
	"                       " CS_SOCKET_PATH "]\n"
	"  -h, --help\n"
	"\n"
	"What LD_PRELOAD names already is kept.\n"
	"\n"
	"Exit status: 0 done; 1 the shim was not found, or its path does not fit; 2 bad\n"
	"command line.\n";

struct what {
	const char *socket;
	struct cs_context_options context;
	bool export;
};

static int print_variable(const char *name, const char *value, bool export)
{
	struct cs_buffer line = { 0 };
	int r;

	cs_buffer_printf(&line, export ? "export %s=" : "%s=", name);
	if (export)
		cs_shell_word(&line, value, true);
	else
		cs_buffer_puts(&line, value);
	r = line.failed ? -ENOMEM : 0;
	if (r == 0)
		puts(line.data);
	else
		cs_log(CS_LOG_ERROR, "out of memory");
	cs_buffer_deinit(&line);
	return r;
}

/* Text, or with @variables JSON: there all bytes count, so that none is repaired. */
static int tell_variable(const char *name, const char *value, bool export, json_t *variables)
{
	if (variables && json_object_set_new(variables, name, json_string(value)) < 0) {
		cs_log(CS_LOG_ERROR, "%s is not UTF-8: JSON cannot hold it", name);
		return -EILSEQ;
	}
	return variables ? 0 : print_variable(name, value, export);
}

/* @variables: NULL unless they are for JSON */
static int print_env(struct cs_arena *arena, const struct what *what, json_t *variables)
{
	struct cs_environment_variable more[CS_CONTEXT_VARIABLES];
	size_t count = cs_context_variables(&what->context, more);
	const char *library, *preload;
	struct cs_diag diag = { 0 };

	if (cs_library_find(arena, &library, &diag) < 0) {
		cs_log(CS_LOG_ERROR, "%s", diag.text[0] ? diag.text : "out of memory");
		return CS_EXIT_FAILED;
	}
	if (!cs_library_fits(library)) {
		cs_log(CS_LOG_ERROR, "%s: " CS_LIBRARY_MISFIT, library);
		return CS_EXIT_FAILED;
	}
	preload = cs_library_preload(arena, library, getenv("LD_PRELOAD"));
	if (!preload) {
		cs_log(CS_LOG_ERROR, "out of memory");
		return CS_EXIT_FAILED;
	}
	if (tell_variable("LD_PRELOAD", preload, what->export, variables) < 0 ||
	    tell_variable("COLDSPAN_SOCKET", what->socket, what->export, variables) < 0)
		return CS_EXIT_FAILED;
	for (size_t i = 0; i < count; i++) {
		if (tell_variable(more[i].name, more[i].value, what->export, variables) < 0)
			return CS_EXIT_FAILED;
	}
	return CS_EXIT_DONE;
}

static int print_json(struct cs_arena *arena, const struct what *what)
{
	json_t *document = cs_document_new("coldspan.env/v1"), *variables = json_object();
	int code = CS_EXIT_DONE;

	if (json_object_set_new(document, "variables", variables) < 0)
		return cs_document_print(NULL, code);
	code = print_env(arena, what, variables);
	if (code == CS_EXIT_DONE)
		return cs_document_print(document, code);
	json_decref(document);
	return code;
}

int cs_cmd_env(int argc, char **argv)
{
	static const struct option options[] = {
		{ "baggage", required_argument, NULL, CS_CONTEXT_BAGGAGE },
		{ "export", no_argument, NULL, 'e' },
		{ "json", no_argument, NULL, 'j' },
		{ "propagate", required_argument, NULL, CS_CONTEXT_PROPAGATE },
		{ "socket", required_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct what what = { .socket = getenv("COLDSPAN_SOCKET") };
	struct cs_arena arena;
	bool json = false;
	int option, code, taken;

	if (!what.socket || !*what.socket)
		what.socket = CS_SOCKET_PATH;
	optind = 1;
	opterr = 0;
	while ((option = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		switch (option) {
		case 'e':
			what.export = true;
			break;
		case 'j':
			json = true;
			break;
		case 's':
			what.socket = optarg;
			break;
		case 'h':
			cs_prose_print(stdout, help_text);
			return CS_EXIT_DONE;
		default:
			taken = cs_context_option(&what.context, option, optarg);
			if (taken == 0)
				cs_option_complain("env", argv, option, options);
			if (taken <= 0)
				return CS_EXIT_USAGE;
		}
	}
	if (optind < argc) {
		cs_log(CS_LOG_ERROR,
		       "env takes no argument, but got \"%s\"; see coldspan env --help",
		       argv[optind]);
		return CS_EXIT_USAGE;
	}
	if (json && what.export) {
		cs_log(CS_LOG_ERROR, "--json and --export: choose one of the two");
		return CS_EXIT_USAGE;
	}
	cs_arena_init(&arena, 0);
	code = json ? print_json(&arena, &what) : print_env(&arena, &what, NULL);
	cs_arena_deinit(&arena);
	return code;
}
