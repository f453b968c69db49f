/* SPDX-License-Identifier: Apache-2.0 */

/* `coldspan completion`: the scripts of completions/, and what they cannot find out by themselves. */
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "agent/asserting/plan_file.h"
#include "agent/exit_codes.h"
#include "agent/option_error.h"
#include "agent/prose.h"
#include "agent/verbs.h"
#include "base/log.h"
#include "base/suggest.h"
#include "completions.inc"

static const char help_text[] =
	"Print the completion of coldspan's commands for a shell.\n"
	"\n"
	"  eval \"$(coldspan completion bash)\"                in ~/.bashrc\n"
	"  coldspan completion zsh >~/.zsh/_coldspan         a folder of $fpath\n"
	"  coldspan completion fish >~/.config/fish/completions/coldspan.fish\n"
	"  coldspan completion functions                     names in coldspan.yaml\n"
	"\n"
	"Options:\n"
	"  -c, --config FILE   of functions; else coldspan.yaml here, or in one above\n"
	"  -h, --help\n"
	"\n"
	"Packages install them where the shells look, and nothing is to be done.\n"
	"\n"
	"Exit status: 0 done, 1 coldspan itself failed, 2 bad command line or\n"
	"coldspan.yaml.\n";

static int print_functions(const char *config)
{
	char line[CS_DIAG_TEXT_MAX + PATH_MAX];
	struct cs_plan_file file = { 0 };
	struct cs_diag diag = { 0 };
	int r = cs_plan_file_load(config, NULL, &diag, &file);

	if (r < 0)
		cs_log(CS_LOG_ERROR, "%s", cs_diag_format(&diag, line, sizeof(line)));
	for (size_t i = 0; i < file.plan.functions_count && r == 0; i++)
		puts(file.plan.functions[i].name);
	cs_plan_file_close(&file);
	if (r < 0)
		return r == -ENOMEM ? CS_EXIT_FAILED : CS_EXIT_USAGE;
	return CS_EXIT_DONE;
}

static int print_completion(const char *what, const char *config)
{
	static const char *const names[] = { "bash", "zsh", "fish", "functions" };
	static const char *const texts[] = { bash_text, zsh_text, fish_text };
	const char *near;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (!strcmp(what, names[i])) {
			fputs(texts[i], stdout);
			return CS_EXIT_DONE;
		}
	}
	if (!strcmp(what, "functions"))
		return print_functions(config);
	near = cs_suggest(what, names, sizeof(names) / sizeof(names[0]));
	cs_log(CS_LOG_ERROR, "no completion for \"%s\": %s%s%s", what,
	       near ? "did you mean \"" : "there are bash, zsh and fish", near ? near : "",
	       near ? "\"?" : "");
	return CS_EXIT_USAGE;
}

int cs_cmd_completion(int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	const char *config = NULL;
	int option;

	optind = 1;
	opterr = 0;
	while ((option = getopt_long(argc, argv, ":c:h", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			config = optarg;
			break;
		case 'h':
			cs_prose_print(stdout, help_text);
			return CS_EXIT_DONE;
		default:
			cs_option_complain("completion", argv, option, options);
			return CS_EXIT_USAGE;
		}
	}
	if (argc - optind != 1) {
		cs_log(CS_LOG_ERROR, "completion needs one shell: coldspan completion "
				     "bash|zsh|fish");
		return CS_EXIT_USAGE;
	}
	return print_completion(argv[optind], config);
}
