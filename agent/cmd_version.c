/* SPDX-License-Identifier: Apache-2.0 */

/* `coldspan version`. */
#include <getopt.h>
#include <stdio.h>

#include "agent/exit_codes.h"
#include "agent/option_error.h"
#include "agent/verbs.h"
#include "base/log.h"
#include "coldspan_config.h"

static const char help_text[] =
	"Say which version of coldspan this is.\n"
	"\n"
	"  coldspan version\n"
	"  coldspan --version                 the same\n"
	"\n"
	"Options:\n"
	"  -h, --help\n"
	"\n"
	"Exit status: 0 done, 1 coldspan itself failed, 2 bad command line.\n";

int cs_cmd_version(int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	optind = 1;
	opterr = 0;
	option = getopt_long(argc, argv, ":h", options, NULL);
	if (option == 'h') {
		fputs(help_text, stdout);
		return CS_EXIT_DONE;
	}
	if (option != -1) {
		cs_option_complain("version", argv, option, options);
		return CS_EXIT_USAGE;
	}
	if (optind < argc) {
		cs_log(CS_LOG_ERROR, "version takes no argument, but got \"%s\"", argv[optind]);
		return CS_EXIT_USAGE;
	}
	puts("coldspan " CS_VERSION);
	return CS_EXIT_DONE;
}
