/* SPDX-License-Identifier: Apache-2.0 */

/* `coldspan dashboards`: boards for Grafana: what there is, put where Grafana finds it, held to rules. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "agent/dashboards/files.h"
#include "agent/dashboards/grafana.h"
#include "agent/dashboards/lint.h"
#include "agent/document.h"
#include "agent/exit_codes.h"
#include "agent/option_error.h"
#include "agent/prose.h"
#include "agent/verbs.h"
#include "base/log.h"
#include "base/suggest.h"

#define BOARDS_MAX 256u

static const char help_text[] =
	"Install boards for Grafana, list them, or hold boards to rules.\n"
	"\n"
	"  coldspan dashboards list           what there is\n"
	"  coldspan dashboards install DIR    boards, and all that Grafana needs\n"
	"  coldspan dashboards install --url http://localhost:3000\n"
	"                                     into a Grafana that runs\n"
	"  coldspan dashboards lint FILE...   anybody's boards; without a FILE ours\n"
	"\n"
	"Options:\n"
	"      --json      schema coldspan.dashboards/v1\n"
	"      --url URL   of Grafana; its token is read from $GRAFANA_TOKEN\n"
	"  -h, --help\n"
	"\n"
	"$COLDSPAN_DASHBOARDS names another folder of boards than the installed one.\n"
	"\n"
	"Exit status: 0 done; 1 coldspan failed, or Grafana did not take a board; 2 bad\n"
	"command line or a file that is no board; 3 lint found something.\n";

struct what {
	const char *url;
	json_t *document; /* NULL: words */
	char **words;     /* behind the verb */
	int count;
};

/* Boards that are read. */
struct reading {
	const char *root;
	char *paths[BOARDS_MAX];
	struct cs_board boards[BOARDS_MAX];
	size_t count;
	struct cs_diag *diag;
};

static int complain(const struct cs_diag *diag, int code)
{
	char line[1024];

	cs_log(CS_LOG_ERROR, "%s",
	       diag->text[0] ? cs_diag_format(diag, line, sizeof(line)) : "out of memory");
	return code;
}

static void reading_free(struct reading *reading)
{
	for (size_t i = 0; i < reading->count; i++) {
		cs_board_deinit(&reading->boards[i]);
		free(reading->paths[i]);
	}
	free(reading);
}

static void reading_freep(struct reading **reading)
{
	if (*reading)
		reading_free(*reading);
}

static int read_board(struct reading *reading, const char *path)
{
	struct cs_board *board = &reading->boards[reading->count];
	int r;

	if (reading->count == BOARDS_MAX)
		return cs_diag_set(reading->diag, -E2BIG, "more than %u boards", BOARDS_MAX);
	reading->paths[reading->count] = strdup(path);
	if (!reading->paths[reading->count])
		return -ENOMEM;
	r = cs_board_read(reading->paths[reading->count], reading->diag, board);
	reading->count++; /* also a failed one: its path stands in what is said */
	return r;
}

static int read_installed(void *user, const char *name)
{
	struct reading *reading = user;
	char path[2 * PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", reading->root, name);
	return read_board(reading, path);
}

static int read_all_installed(struct reading *reading)
{
	return cs_dashboards_each(reading->root, "boards", read_installed, reading, reading->diag);
}

/* --- list ------------------------------------------------------------------------------------------- */

static int list(const struct what *what, const char *root)
{
	cs_cleanup(reading_freep) struct reading *reading = calloc(1, sizeof(*reading));
	json_t *boards = what->document ? json_array() : NULL;
	struct cs_diag diag = { 0 };
	int r = -ENOMEM;

	if (reading) {
		reading->root = root;
		reading->diag = &diag;
		r = read_all_installed(reading);
	}
	for (size_t i = 0; r == 0 && i < reading->count; i++) {
		const struct cs_board *one = &reading->boards[i];

		if (boards)
			json_array_append_new(boards,
					      json_pack("{s:o, s:o, s:o}", "uid",
							cs_document_text(one->uid), "title",
							cs_document_text(one->title), "file",
							cs_document_text(one->path)));
		else
			printf("%-18s  %-29s  %s\n", one->uid, one->title,
			       cs_board_text(one->dashboard, "description"));
	}
	if (boards)
		json_object_set_new(what->document, "boards", boards);
	return r < 0 ? complain(&diag, CS_EXIT_FAILED) : CS_EXIT_DONE;
}

/* --- lint ------------------------------------------------------------------------------------------- */

static void tell_finding(void *user, const struct cs_finding *finding)
{
	json_t *findings = user;

	if (findings)
		json_array_append_new(findings, json_pack("{s:o, s:s, s:o, s:o}", "file",
							  cs_document_text(finding->path), "rule",
							  finding->rule, "panel",
							  cs_document_text(finding->panel), "text",
							  cs_document_text(finding->diag.text)));
	else
		printf("%s: %s%s%s%s [%s]\n", finding->path, *finding->panel ? "\"" : "",
		       finding->panel, *finding->panel ? "\": " : "", finding->diag.text,
		       finding->rule);
}

static int lint_boards(const struct reading *reading, json_t *findings)
{
	char installed[PATH_MAX + 16];
	struct cs_lint lint = { .boards = reading->boards,
				.boards_count = reading->count,
				.fn = tell_finding,
				.user = findings };
	int found = 0;

	if (reading->root) {
		snprintf(installed, sizeof(installed), "%s/boards", reading->root);
		lint.installed = installed;
	}
	for (size_t i = 0; i < reading->count; i++) {
		int r = cs_lint_board(&lint, &reading->boards[i]);

		if (r < 0)
			return r;
		found += r;
	}
	return found;
}

static int lint(const struct what *what, const char *root)
{
	cs_cleanup(reading_freep) struct reading *reading = calloc(1, sizeof(*reading));
	json_t *findings = what->document ? json_array() : NULL;
	struct cs_diag diag = { 0 };
	int r = 0, found;

	if (!reading)
		return complain(&diag, CS_EXIT_FAILED);
	reading->root = root;
	reading->diag = &diag;
	for (int i = 0; i < what->count && r == 0; i++)
		r = read_board(reading, what->words[i]);
	if (!what->count)
		r = read_all_installed(reading);
	found = r < 0 ? r : lint_boards(reading, findings);
	if (findings) {
		json_object_set_new(what->document, "findings", findings);
		json_object_set_new(what->document, "linted", cs_document_number(reading->count));
	} else if (found > 0) {
		printf("%d finding%s in %zu board%s\n", found, found == 1 ? "" : "s",
		       reading->count, reading->count == 1 ? "" : "s");
	}
	if (found < 0)
		return complain(&diag, found == -ENOMEM ? CS_EXIT_FAILED : CS_EXIT_USAGE);
	return found ? CS_EXIT_FINDINGS : CS_EXIT_DONE;
}

/* --- install ---------------------------------------------------------------------------------------- */

static int tell_file(void *user, const char *name)
{
	const struct what *what = user;

	if (what->document)
		json_array_append_new(json_object_get(what->document, "written"),
				      cs_document_text(name));
	else
		printf("%s/%s\n", what->words[0], name);
	return 0;
}

static int install_files(const struct what *what, const char *root)
{
	struct cs_diag diag = { 0 };
	int r;

	if (what->document)
		json_object_set_new(what->document, "written", json_array());
	r = cs_dashboards_install(root, what->words[0], tell_file, (void *)(uintptr_t)what, &diag);
	if (r < 0)
		return complain(&diag, r == -EINVAL ? CS_EXIT_USAGE : CS_EXIT_FAILED);
	return CS_EXIT_DONE;
}

static int send_boards(const struct what *what, const char *root)
{
	cs_cleanup(reading_freep) struct reading *reading = calloc(1, sizeof(*reading));
	json_t *boards[BOARDS_MAX];
	struct cs_diag diag = { 0 };
	size_t sent = 0, len = strlen(what->url);
	int r;

	if (!reading)
		return complain(&diag, CS_EXIT_FAILED);
	reading->root = root;
	reading->diag = &diag;
	r = read_all_installed(reading);
	for (size_t i = 0; i < reading->count; i++)
		boards[i] = reading->boards[i].dashboard;
	if (r == 0)
		r = cs_grafana_install(what->url, getenv(CS_GRAFANA_TOKEN), boards, reading->count,
				       &sent, &diag);
	if (what->document)
		json_object_set_new(what->document, "sent", cs_document_number(sent));
	while (len && what->url[len - 1] == '/')
		len--;
	for (size_t i = 0; i < sent && !what->document; i++)
		printf("%s  %.*s/d/%s\n", reading->boards[i].title, (int)len, what->url,
		       reading->boards[i].uid);
	if (r < 0)
		return complain(&diag, r == -EINVAL || r == -EPROTONOSUPPORT ? CS_EXIT_USAGE
									     : CS_EXIT_FAILED);
	return CS_EXIT_DONE;
}

static int install(const struct what *what, const char *root)
{
	if (what->count > 1 || (what->url && what->count)) {
		cs_log(CS_LOG_ERROR,
		       "dashboards install takes one DIR, or --url; \"%s\" is one "
		       "too many",
		       what->words[what->url ? 0 : 1]);
		return CS_EXIT_USAGE;
	}
	if (!what->url && !what->count) {
		cs_log(CS_LOG_ERROR, "dashboards install needs a DIR, or --url of a Grafana");
		return CS_EXIT_USAGE;
	}
	return what->url ? send_boards(what, root) : install_files(what, root);
}

/* ---------------------------------------------------------------------------------------------------- */

static const char *const verbs[] = { "install", "lint", "list" };

static int unknown(const char *typed)
{
	const char *near = typed ? cs_suggest(typed, verbs, 3) : NULL;

	if (!typed)
		cs_log(CS_LOG_ERROR, "dashboards needs one of install, lint, list");
	else if (near)
		cs_log(CS_LOG_ERROR, "dashboards cannot \"%s\"; did you mean \"%s\"?", typed, near);
	else
		cs_log(CS_LOG_ERROR, "dashboards cannot \"%s\"; it can install, lint, list", typed);
	return CS_EXIT_USAGE;
}

static int dispatch(const char *verb, const struct what *what)
{
	char root[PATH_MAX];
	struct cs_diag diag = { 0 };
	bool found;

	if (strcmp(verb, "install") != 0 && what->url) {
		cs_log(CS_LOG_ERROR, "--url belongs to dashboards install");
		return CS_EXIT_USAGE;
	}
	if (!strcmp(verb, "list") && what->count) {
		cs_log(CS_LOG_ERROR, "dashboards list takes no argument, but got \"%s\"",
		       what->words[0]);
		return CS_EXIT_USAGE;
	}
	found = cs_dashboards_find(root, &diag) == 0;
	if (!strcmp(verb, "lint") && what->count)
		return lint(what, found ? root : NULL);
	if (!found)
		return complain(&diag, CS_EXIT_FAILED);
	return !strcmp(verb, "lint")   ? lint(what, root)
	       : !strcmp(verb, "list") ? list(what, root)
				       : install(what, root);
}

/* A document is printed also of what was done before a failure, but not of nothing. */
static int run(const char *verb, struct what *what, bool json)
{
	int code;

	if (json) {
		what->document = cs_document_new("coldspan.dashboards/v1");
		if (!what->document)
			return cs_document_print(NULL, CS_EXIT_FAILED);
	}
	code = dispatch(verb, what);
	if (!json)
		return code;
	if (code == CS_EXIT_DONE || code == CS_EXIT_FINDINGS ||
	    (code == CS_EXIT_FAILED && (json_object_get(what->document, "sent") ||
					json_object_get(what->document, "written"))))
		return cs_document_print(what->document, code);
	json_decref(what->document);
	return code;
}

int cs_cmd_dashboards(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "url", required_argument, NULL, 'u' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct what what = { 0 };
	bool json = false;
	int option;

	optind = 1;
	opterr = 0;
	while ((option = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		switch (option) {
		case 'j':
			json = true;
			break;
		case 'u':
			what.url = optarg;
			break;
		case 'h':
			cs_prose_print(stdout, help_text);
			return CS_EXIT_DONE;
		default:
			cs_option_complain("dashboards", argv, option, options);
			return CS_EXIT_USAGE;
		}
	}
	for (size_t i = 0; i < 3 && optind < argc; i++) {
		if (strcmp(argv[optind], verbs[i]) != 0)
			continue;
		what.words = argv + optind + 1;
		what.count = argc - optind - 1;
		return run(verbs[i], &what, json);
	}
	return unknown(argv[optind]);
}
