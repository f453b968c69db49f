/* SPDX-License-Identifier: Apache-2.0 */

/* `coldspan version`. */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>

#include "agent/document.h"
#include "agent/exit_codes.h"
#include "agent/option_error.h"
#include "agent/prose.h"
#include "agent/verbs.h"
#include "base/log.h"
#include "coldspan_config.h"
#include "preload/wire/abi.h"

/* With what has to fit together: the shared memory of a library and of a collector. */
static int print_json(void)
{
	json_t *document = cs_document_new("coldspan.version/v1");

	if (document)
		json_object_set_new(document, "segment_version",
				    cs_document_number(CS_WIRE_VERSION));
	return cs_document_print(document, CS_EXIT_DONE);
}

static const char help_text[] =
	"Say which version of coldspan this is.\n"
	"\n"
	"  coldspan version\n"
	"  coldspan --version                 the same\n"
	"\n"
	"Options:\n"
	"      --json   schema coldspan.version/v1\n"
	"  -h, --help\n"
	"\n"
	"Exit status: 0 done, 1 coldspan itself failed, 2 bad command line.\n";

int cs_cmd_version(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	bool json = false;
	int option;

	optind = 1;
	opterr = 0;
	while ((option = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		switch (option) {
		case 'j':
			json = true;
			break;
		case 'h':
			cs_prose_print(stdout, help_text);
			return CS_EXIT_DONE;
		default:
			cs_option_complain("version", argv, option, options);
			return CS_EXIT_USAGE;
		}
	}
	if (optind < argc) {
		cs_log(CS_LOG_ERROR, "version takes no argument, but got \"%s\"", argv[optind]);
		return CS_EXIT_USAGE;
	}
	if (json)
		return print_json();
	puts("coldspan " CS_VERSION);
	return CS_EXIT_DONE;
}
