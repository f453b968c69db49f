/* SPDX-License-Identifier: Apache-2.0 */

/* `coldspan assert`: functions held to their cold-start budgets. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/asserting/assert_text.h"
#include "agent/asserting/asserting.h"
#include "agent/asserting/baseline.h"
#include "agent/asserting/plan_file.h"
#include "agent/asserting/progress.h"
#include "agent/asserting/settings.h"
#include "agent/asserting/updating.h"
#include "agent/dispositions.h"
#include "agent/exit_codes.h"
#include "agent/interrupts.h"
#include "agent/option_error.h"
#include "agent/output/earlier.h"
#include "agent/output/outputs.h"
#include "agent/output/result.h"
#include "agent/output/saved.h"
#include "agent/prose.h"
#include "agent/terminal.h"
#include "agent/verbs.h"
#include "base/log.h"
#include "base/settings.h"
#include "base/suggest.h"
#include "collector/loop.h"

static const char help_text[] =
	"Check cold-start budgets, and exit with 3 when one is exceeded.\n"
	"\n"
	"  coldspan assert                         every function of coldspan.yaml\n"
	"  coldspan assert hello-py --runs 100     one function, more evidence\n"
	"  coldspan assert --baseline origin/main  build that beside, run both, compare\n"
	"  coldspan assert --null                  what is found where nothing differs\n"
	"  coldspan assert --from r1.json r2.json  verdict from saved samples\n"
	"\n"
	"Options:\n"
	"  -c, --config FILE   else coldspan.yaml here, or in a folder above\n"
	"  -n, --runs N        so many cold starts, or pairs, of each function\n"
	"      --baseline REF  compare each function with this git ref\n"
	"      --update        write what is observed, and a fifth more, as budgets\n"
	"      --allow-ci      also where CI is set\n"
	"      --strict        pass only what is proved; inconclusive is a failure\n"
	"      --null          compare each function with itself\n"
	"  -o, --output FORMAT=FILE\n"
	"                      write it to FILE, too (- is standard output): github,\n"
	"                      gitlab, html, json, junit, markdown, openmetrics, text\n"
	"      --json          as -o json=-, schema coldspan.assert/v1\n"
	"      --from FILE...  judge what -o json or html wrote; nothing is started\n"
	"      --show-origin   say where each setting comes from; nothing is started\n"
	"      --no-ci         take no notice of GITHUB_ACTIONS and GITLAB_CI\n"
	"  -q, --quiet         do not say how far it is\n"
	"      --ascii         no characters beyond ASCII\n"
	"      --color WHEN    auto, always or never\n"
	"  -h, --help\n"
	"\n"
	"Exit status: 0 kept, 1 coldspan itself failed, 2 bad command line or\n"
	"coldspan.yaml, 3 over budget, 4 no data, 5 inconclusive under --strict; 128+n if\n"
	"signal n stopped it.\n";

struct options {
	const char *config;
	const char *baseline;
	bool update;
	bool allow_ci;
	uint32_t runs;
	bool strict;
	bool null;
	bool no_ci;
	bool show_origin;
	bool json;
	bool quiet;
	struct cs_look look;
	const char *outputs[CS_OUTPUTS_MAX + 1]; /* words of -o */
	size_t outputs_count;
	const char **from; /* owned; files of samples; NULL: functions are started */
	size_t from_count;
	char **names;
	int names_count;
};

static bool parse_runs(const char *text, uint32_t *ret)
{
	char *end;
	unsigned long value;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || *end || end == text || *text == '-' || !value || value > CS_PLAN_RUNS_MAX) {
		cs_log(CS_LOG_ERROR, "--runs: \"%s\" is no number from 1 to %u", text,
		       CS_PLAN_RUNS_MAX);
		return false;
	}
	*ret = (uint32_t)value;
	return true;
}

static bool take_output(struct options *options, const char *word)
{
	if (options->outputs_count == CS_OUTPUTS_MAX) {
		cs_log(CS_LOG_ERROR, "more than %u outputs", CS_OUTPUTS_MAX);
		return false;
	}
	options->outputs[options->outputs_count++] = word;
	return true;
}

static int take_from(int argc, struct options *options, const char *file)
{
	if (!options->from)
		options->from = calloc((size_t)argc, sizeof(*options->from));
	if (!options->from)
		return CS_EXIT_FAILED;
	options->from[options->from_count++] = file;
	return -1;
}

static int check_what_starts(const struct options *options)
{
	const char *wrong = !options->from      ? NULL
			    : options->runs     ? "--runs"
			    : options->null     ? "--null"
			    : options->baseline ? "--baseline"
						: NULL;

	if (options->update && (options->null || options->from)) {
		cs_log(CS_LOG_ERROR, "--update writes what is measured now: leave out %s",
		       options->null ? "--null" : "--from");
		return CS_EXIT_USAGE;
	}
	if (options->update && options->config && !strcmp(options->config, "-")) {
		cs_log(CS_LOG_ERROR, "--update writes a file, and --config - is none");
		return CS_EXIT_USAGE;
	}
	if (options->update && !options->allow_ci && cs_updating_in_ci()) {
		cs_log(CS_LOG_ERROR,
		       "--update changes coldspan.yaml, and CI is set: commit it elsewhere, or add "
		       "--allow-ci");
		return CS_EXIT_USAGE;
	}
	if (!wrong)
		return -1;
	cs_log(CS_LOG_ERROR, "%s starts functions, and --from starts nothing: leave one out",
	       wrong);
	return CS_EXIT_USAGE;
}

static int check_options(const struct options *options)
{
	if (options->show_origin && (options->from || options->update || options->null ||
				     options->outputs_count > options->json)) {
		cs_log(CS_LOG_ERROR, "--show-origin starts and writes nothing: leave out --from, "
				     "--update, --null and -o");
		return CS_EXIT_USAGE;
	}
	return check_what_starts(options);
}

/* Return: -1 go on, else the exit status. */
static int parse(int argc, char **argv, struct options *ret)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "runs", required_argument, NULL, 'n' },
		{ "baseline", required_argument, NULL, 'b' },
		{ "update", no_argument, NULL, 'u' },
		{ "allow-ci", no_argument, NULL, 'a' },
		{ "strict", no_argument, NULL, 's' },
		{ "null", no_argument, NULL, '0' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "output", required_argument, NULL, 'o' },
		{ "json", no_argument, NULL, 'j' },
		{ "from", required_argument, NULL, 'f' },
		{ "show-origin", no_argument, NULL, 'w' },
		{ "no-ci", no_argument, NULL, 'i' },
		{ "ascii", no_argument, NULL, CS_LOOK_ASCII },
		{ "color", required_argument, NULL, CS_LOOK_COLOR },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option, taken, code;

	*ret = (struct options){ 0 };
	optind = 1;
	opterr = 0;
	while ((option = getopt_long(argc, argv, ":c:n:o:qh", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			ret->config = optarg;
			break;
		case 'n':
			if (!parse_runs(optarg, &ret->runs))
				return CS_EXIT_USAGE;
			break;
		case 'b':
			ret->baseline = optarg;
			break;
		case 'u':
			ret->update = true;
			break;
		case 'a':
			ret->allow_ci = true;
			break;
		case 's':
			ret->strict = true;
			break;
		case '0':
			ret->null = true;
			break;
		case 'o':
		case 'j':
			ret->json |= option == 'j';
			if (!take_output(ret, option == 'j' ? "json=-" : optarg))
				return CS_EXIT_USAGE;
			break;
		case 'w':
			ret->show_origin = true;
			break;
		case 'f':
			code = take_from(argc, ret, optarg);
			if (code >= 0)
				return code;
			break;
		case 'i':
			ret->no_ci = true;
			break;
		case 'q':
			ret->quiet = true;
			break;
		case 'h':
			cs_prose_print(stdout, help_text);
			return CS_EXIT_DONE;
		default:
			taken = cs_look_option(&ret->look, option, optarg);
			if (taken == 0)
				cs_option_complain("assert", argv, option, options);
			if (taken <= 0)
				return CS_EXIT_USAGE;
		}
	}
	ret->names = argv + optind;
	ret->names_count = argc - optind;
	return check_options(ret);
}

struct run {
	struct options options;
	struct cs_plan_file file;
	struct cs_asserting_options asserting;
	struct cs_progress progress;
	struct cs_checkouts checkouts;
	struct cs_earlier earlier;
	struct cs_outputs outputs;
	struct cs_result result;
	struct cs_terminal terminal;
	FILE *people; /* whom the text is for: standard output, unless a format has it */
	struct cs_dispositions dispositions;
};

static bool is_wanted(const struct options *options, const char *name)
{
	return cs_plan_is_asked(name, options->names, options->names_count);
}

static int check_names(const struct run *run)
{
	const struct cs_plan *plan = &run->file.plan;
	const char **names = calloc(plan->functions_count, sizeof(*names));
	int code = -1;

	if (!names)
		return CS_EXIT_FAILED;
	for (size_t i = 0; i < plan->functions_count; i++)
		names[i] = plan->functions[i].name;
	for (int i = 0; i < run->options.names_count && code < 0; i++) {
		const char *typed = run->options.names[i], *near;

		if (cs_plan_find(plan, typed))
			continue;
		near = cs_suggest(typed, names, plan->functions_count);
		cs_log(CS_LOG_ERROR, "%s has no function \"%s\"%s%s%s", plan->file, typed,
		       near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
		code = CS_EXIT_USAGE;
	}
	free(names);
	return code;
}

static void put_text(const struct run *run, struct cs_buffer *text)
{
	if (text->len)
		cs_prose_print(run->people, text->data);
	fflush(run->people);
	cs_buffer_deinit(text);
}

static void put_function(const struct run *run, const struct cs_result_function *function)
{
	struct cs_buffer text = { 0 };

	cs_format_function(&run->result, function, &run->terminal, &text);
	put_text(run, &text);
}

/* Return: -1 go on, else the exit status. */
static int assert_function(struct run *run, const struct cs_plan_function *function,
			   const struct cs_origin *origin)
{
	struct cs_diag diag = { 0 };
	struct cs_asserted asserted;
	int r = cs_asserting_run(&run->asserting, function, &diag, &asserted), code = -1;

	cs_progress_clear(&run->progress);
	if (r == -EINTR) {
		code = CS_EXIT_RUN_SIGNAL_BASE + asserted.failure.status;
	} else if (r == 0) {
		r = cs_result_add(&run->result, &asserted, origin);
		if (r == 0)
			put_function(run, &run->result.functions[run->result.count - 1]);
	}
	if (r < 0 && code < 0) {
		cs_log(CS_LOG_ERROR, "%s:%u:%u: %s: %s", run->file.plan.file, function->line,
		       function->column, function->name, diag.text[0] ? diag.text : strerror(-r));
		code = CS_EXIT_FAILED;
	}
	cs_asserted_deinit(&asserted);
	return code;
}

/* Before anything is started. */
static int check_functions(const struct run *run)
{
	const struct cs_plan *plan = &run->file.plan;
	char line[CS_DIAG_TEXT_MAX + PATH_MAX];

	for (size_t i = 0; i < plan->functions_count; i++) {
		struct cs_diag diag = { 0 };

		if (!is_wanted(&run->options, plan->functions[i].name) ||
		    cs_asserting_check(&run->asserting, plan->file, &plan->functions[i], &diag) ==
			    0)
			continue;
		cs_log(CS_LOG_ERROR, "%s", cs_diag_format(&diag, line, sizeof(line)));
		return CS_EXIT_USAGE;
	}
	return -1;
}

static void log_lines(const char *text)
{
	for (size_t len; *text; text += len + (text[len] == '\n')) {
		len = strcspn(text, "\n");
		cs_log(CS_LOG_ERROR, "| %.*s", (int)len, text);
	}
}

static int prepare_one(struct run *run, const struct cs_plan_function *function,
		       struct cs_tail *ret_tail)
{
	const struct cs_plan *plan = &run->file.plan;
	char line[CS_DIAG_TEXT_MAX + PATH_MAX];
	struct cs_diag diag = { 0 };
	int r = cs_earlier_read(&run->earlier, plan, function, run->file.folder, &diag);

	if (r == 0)
		r = cs_baseline_prepare(&run->checkouts, plan->file, function, &diag, ret_tail);
	if (r == 0)
		return -1;
	if (r == -EINTR)
		return CS_EXIT_RUN_SIGNAL_BASE + run->checkouts.interrupts.number;
	cs_log(CS_LOG_ERROR, "%s",
	       diag.text[0] ? cs_diag_format(&diag, line, sizeof(line)) : strerror(-r));
	log_lines(ret_tail->text);
	return r == -ENOMEM                 ? CS_EXIT_FAILED
	       : r == -EIO || r == -ENODATA ? CS_EXIT_NO_DATA
					    : CS_EXIT_USAGE;
}

/* Baselines, before anything is started. Return: -1 go on, else the exit status. */
static int prepare(struct run *run)
{
	const struct cs_plan *plan = &run->file.plan;
	struct cs_tail tail = { 0 };
	int code = -1;

	for (size_t i = 0; i < plan->functions_count && code < 0 && !run->options.null; i++) {
		if (is_wanted(&run->options, plan->functions[i].name))
			code = prepare_one(run, &plan->functions[i], &tail);
	}
	run->asserting.earlier = run->earlier.items;
	run->asserting.earlier_count = run->earlier.count;
	return code;
}

/* Start them. Return: -1 go on, else the exit status. */
static int measure(struct run *run)
{
	const struct cs_plan *plan = &run->file.plan;
	struct cs_origin origin;
	int code = check_functions(run);

	if (code < 0)
		code = prepare(run);
	if (code < 0 && cs_result_origin(&run->result, run->options.null, &origin) < 0)
		code = CS_EXIT_FAILED;
	for (size_t i = 0; i < plan->functions_count && code < 0; i++) {
		if (is_wanted(&run->options, plan->functions[i].name))
			code = assert_function(run, &plan->functions[i], &origin);
	}
	/* From here on signals end us where we are: there is nothing left to take away. */
	event_base_loop(run->asserting.base, EVLOOP_NONBLOCK);
	if (code < 0 && run->checkouts.interrupts.number)
		code = CS_EXIT_RUN_SIGNAL_BASE + run->checkouts.interrupts.number;
	cs_checkouts_deinit(&run->checkouts);
	cs_result_settle(&run->result);
	return code;
}

/* Their samples are in files. Return: -1 go on, else the exit status. */
static int read_back(struct run *run)
{
	struct cs_diag diag = { 0 };
	int r = cs_saved_read(&run->result, run->options.from, run->options.from_count,
			      run->options.names, run->options.names_count, &diag);

	if (r == 0)
		r = cs_result_judge(&run->result, run->asserting.seed);
	if (r < 0) {
		cs_log(CS_LOG_ERROR, "%s", diag.text[0] ? diag.text : strerror(-r));
		return r == -ENOMEM || r == -EIO ? CS_EXIT_FAILED : CS_EXIT_USAGE;
	}
	cs_result_settle(&run->result);
	for (size_t i = 0; i < run->result.count; i++)
		put_function(run, &run->result.functions[i]);
	return -1;
}

/* What was exceeded, or in doubt, and is written anew is not any more; all else still is. */
static int update(struct run *run)
{
	struct cs_buffer text = { 0 };
	struct cs_diag diag = { 0 };
	char line[CS_DIAG_TEXT_MAX + PATH_MAX];

	if (cs_updating_write(&run->file, &run->result, &text, &diag) < 0) {
		cs_log(CS_LOG_ERROR, "%s", cs_diag_format(&diag, line, sizeof(line)));
		cs_buffer_deinit(&text);
		return CS_EXIT_FAILED;
	}
	cs_result_settle(&run->result);
	if (cs_result_exit_code(&run->result))
		cs_assert_text_end(&run->result.tally, &text);
	put_text(run, &text);
	return cs_result_exit_code(&run->result);
}

static int assert_all(struct run *run)
{
	struct cs_buffer text = { 0 };
	struct cs_diag diag = { 0 };
	int code = check_names(run);

	if (code >= 0)
		return code;
	if (cs_outputs_open(&run->outputs, run->file.path, &diag) < 0 ||
	    (run->options.update && cs_updating_check(&run->file, &diag) < 0)) {
		cs_log(CS_LOG_ERROR, "%s", diag.text);
		return CS_EXIT_FAILED;
	}
	code = run->options.from ? read_back(run) : measure(run);
	if (code >= 0)
		return code;
	cs_assert_text_end(&run->result.tally, &text);
	put_text(run, &text);
	if (cs_outputs_write(&run->outputs, &run->result) < 0)
		return CS_EXIT_FAILED;
	return run->options.update ? update(run) : cs_result_exit_code(&run->result);
}

/* With --from an operand is one more file, unless it is the name of a function. */
static void sort_operands(struct run *run)
{
	struct options *options = &run->options;
	int kept = 0;

	for (int i = 0; i < options->names_count && options->from; i++) {
		if (cs_plan_find(&run->file.plan, options->names[i]))
			options->names[kept++] = options->names[i];
		else
			options->from[options->from_count++] = options->names[i];
	}
	if (options->from)
		options->names_count = kept;
}

static int take_outputs(struct run *run)
{
	struct cs_diag diag = { 0 };

	cs_outputs_init(&run->outputs, !run->options.no_ci);
	for (size_t i = 0; i < run->options.outputs_count; i++) {
		if (cs_outputs_add(&run->outputs, run->options.outputs[i], &diag) == 0)
			continue;
		cs_log(CS_LOG_ERROR, "%s", diag.text);
		return CS_EXIT_USAGE;
	}
	run->people = cs_outputs_own_stdout(&run->outputs) ? stderr : stdout;
	return -1;
}

/* --show-origin */
static int show_origin(struct run *run)
{
	const struct cs_assert_settings_options options = {
		.runs = run->options.runs,
		.strict = run->options.strict,
		.baseline = run->options.baseline,
		.names = run->options.names,
		.names_count = run->options.names_count,
	};
	struct cs_settings settings;
	struct cs_buffer text = { 0 };
	int code = check_names(run);

	if (code >= 0)
		return code;
	cs_settings_init(&settings);
	cs_assert_settings(&run->file.plan, &options, &settings);
	if (run->options.json)
		cs_settings_json(&settings, &text);
	else
		cs_settings_text(&settings, &text);
	cs_settings_deinit(&settings);
	if (text.failed) {
		cs_log(CS_LOG_ERROR, "out of memory");
		cs_buffer_deinit(&text);
		return CS_EXIT_FAILED;
	}
	if (run->options.json)
		fputs(text.data, stdout);
	else
		cs_prose_print(stdout, text.data);
	cs_buffer_deinit(&text);
	return CS_EXIT_DONE;
}

static int with_plan(struct run *run)
{
	struct cs_diag diag = { 0 };
	int code = CS_EXIT_FAILED;

	cs_dispositions_take(&run->dispositions);
	cs_terminal_init(&run->terminal, fileno(run->people), &run->options.look);
	sort_operands(run);
	cs_result_init(&run->result, &run->file.plan, run->options.strict);
	run->asserting = (struct cs_asserting_options){
		.base = cs_loop_new(CS_EXIT_FAILED, &diag),
		.dispositions = &run->dispositions,
		.folder = run->file.folder,
		.checkouts = &run->checkouts,
		.runs = run->options.runs,
		.strict = run->result.strict,
		.against_itself = run->options.null,
		.confirm = run->file.plan.confirm > 0,
		.seed = 1,
		.progress = cs_progress_show,
		.context = &run->progress,
	};
	cs_progress_init(&run->progress, STDERR_FILENO, &run->options.look, run->options.quiet);
	cs_earlier_init(&run->earlier);
	cs_checkouts_init(&run->checkouts, run->asserting.base, &run->dispositions,
			  run->file.folder);
	if (run->asserting.base)
		code = assert_all(run);
	else
		cs_log(CS_LOG_ERROR, "%s", diag.text);
	cs_checkouts_deinit(&run->checkouts);
	cs_earlier_deinit(&run->earlier);
	if (run->asserting.base)
		event_base_free(run->asserting.base);
	cs_result_deinit(&run->result);
	return code;
}

int cs_cmd_assert(int argc, char **argv)
{
	struct run run = { 0 };
	struct cs_diag diag = { 0 };
	char line[CS_DIAG_TEXT_MAX + PATH_MAX];
	int code = parse(argc, argv, &run.options), r;

	if (code < 0)
		code = take_outputs(&run);
	if (code >= 0) {
		free(run.options.from);
		return code;
	}
	r = cs_plan_file_load(run.options.config, run.options.baseline, &diag, &run.file);
	if (r == 0) {
		code = run.options.show_origin ? show_origin(&run) : with_plan(&run);
	} else {
		cs_log(CS_LOG_ERROR, "%s", cs_diag_format(&diag, line, sizeof(line)));
		code = r == -ENOMEM ? CS_EXIT_FAILED : CS_EXIT_USAGE;
	}
	cs_outputs_close(&run.outputs);
	cs_plan_file_close(&run.file);
	free(run.options.from);
	return code > CS_EXIT_RUN_SIGNAL_BASE ? cs_interrupts_status(code - CS_EXIT_RUN_SIGNAL_BASE)
					      : code;
}
