/* SPDX-License-Identifier: Apache-2.0 */

/* `coldspan help`: what there is, or one command's --help. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "agent/exit_codes.h"
#include "agent/option_error.h"
#include "agent/prose.h"
#include "agent/verbs.h"
#include "base/buffer.h"
#include "base/log.h"

static const char help_text[] =
	"Explain coldspan, or one of its commands.\n"
	"\n"
	"  coldspan help                      what commands there are\n"
	"  coldspan help run                  as coldspan run --help\n"
	"\n"
	"Options:\n"
	"  -h, --help\n"
	"\n"
	"Exit status: 0 done, 1 coldspan itself failed, 2 bad command line.\n";

static void print_overview(void)
{
	size_t count;
	const struct cs_verb *verbs = cs_verbs(&count);
	struct cs_buffer text = { 0 };

	cs_buffer_puts(&text, "Show where the cold start of an unmodified function goes.\n"
			      "\n" CS_VERBS_EXAMPLES "\n"
			      "Commands:\n");
	for (size_t i = 0; i < count; i++)
		cs_buffer_printf(&text, "  %-10s  %s\n", verbs[i].name, verbs[i].summary);
	cs_buffer_puts(
		&text,
		"\n"
		"Options:\n"
		"      --version\n"
		"  -h, --help    of a command: coldspan COMMAND --help, coldspan help COMMAND\n"
		"\n"
		"Exit status: 0 done, 1 coldspan itself failed, 2 bad command line or\n"
		"configuration; each command's --help tells its others. man coldspan has more.\n");
	cs_prose_print(stdout, text.failed ? "out of memory\n" : text.data);
	cs_buffer_deinit(&text);
}

int cs_cmd_help(int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	char *words[] = { NULL, (char[]){ "--help" }, NULL };
	const struct cs_verb *verb;
	int option;

	optind = 1;
	opterr = 0;
	option = getopt_long(argc, argv, ":h", options, NULL);
	if (option == 'h') {
		cs_prose_print(stdout, help_text);
		return CS_EXIT_DONE;
	}
	if (option != -1) {
		cs_option_complain("help", argv, option, options);
		return CS_EXIT_USAGE;
	}
	if (argc - optind > 1) {
		cs_log(CS_LOG_ERROR, "help explains one command at a time; \"%s\" is one too many",
		       argv[optind + 1]);
		return CS_EXIT_USAGE;
	}
	if (optind == argc) {
		print_overview();
		return CS_EXIT_DONE;
	}
	verb = cs_verb_find(argv[optind]);
	if (!verb)
		return CS_EXIT_USAGE;
	words[0] = argv[optind];
	return cs_verb_call(verb, 2, words);
}
