/* SPDX-License-Identifier: Apache-2.0 */

/* `coldspan init`: a first coldspan.yaml. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/asserting/plan_file.h"
#include "agent/exit_codes.h"
#include "agent/option_error.h"
#include "agent/project.h"
#include "agent/prose.h"
#include "agent/result_file.h"
#include "agent/verbs.h"
#include "base/buffer.h"
#include "base/log.h"

#define SCHEMA_PLACE   "/share/coldspan/schema/coldspan.schema.json"
#define SCHEMA_DEFAULT "/usr" SCHEMA_PLACE

static const char help_text[] =
	"Write a first coldspan.yaml for the function in this folder.\n"
	"\n"
	"  coldspan init              then: coldspan assert\n"
	"  coldspan init --force      begin anew\n"
	"\n"
	"Options:\n"
	"      --force   replace a coldspan.yaml that is there\n"
	"  -h, --help\n"
	"\n"
	"What starts the function is guessed from serverless.yml, package.json,\n"
	"requirements.txt, pyproject.toml, pom.xml or Cargo.toml.\n"
	"\n"
	"Exit status: 0 written, 1 coldspan itself failed, 2 bad command line, or there\n"
	"is a coldspan.yaml.\n";

/* Of the prefix that this program is in; where none is installed, of the system's. */
static void find_schema(char *ret, size_t size)
{
	char path[PATH_MAX + sizeof(SCHEMA_PLACE)];
	ssize_t len = readlink("/proc/self/exe", path, PATH_MAX - 1);
	char *end;

	snprintf(ret, size, "%s", SCHEMA_DEFAULT);
	if (len <= 0)
		return;
	path[len] = 0;
	end = strstr(path, "/bin/coldspan");
	if (!end || strcmp(end, "/bin/coldspan") != 0)
		return;
	strcpy(end, SCHEMA_PLACE);
	if (access(path, R_OK) == 0)
		snprintf(ret, size, "%s", path);
}

/* Plain where YAML takes it for nothing else, else quoted as in JSON, which YAML understands. */
static void put_word(struct cs_buffer *out, const char *word)
{
	static const char plain[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._/-";
	json_t *string;
	char *quoted;

	if (strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz./", *word) &&
	    !word[strspn(word, plain)]) {
		cs_buffer_puts(out, word);
		return;
	}
	string = json_string(word);
	quoted = json_dumps(string, JSON_ENCODE_ANY);
	cs_buffer_puts(out, quoted ? quoted : "\"\"");
	free(quoted);
	json_decref(string);
}

static void put_command(struct cs_buffer *out, const struct cs_project *project,
			const char *between)
{
	for (size_t i = 0; project->command[i]; i++) {
		if (i)
			cs_buffer_puts(out, between);
		put_word(out, project->command[i]);
	}
}

static void put_ready(struct cs_buffer *out, const struct cs_project *project)
{
	if (project->server)
		cs_buffer_puts(out,
			       "    # A server on $PORT: it is ready once it has answered this.\n"
			       "    ready: first-response\n"
			       "    invoke: {method: POST, path: /, body: '{}'}\n");
	else
		cs_buffer_puts(
			out,
			"    # A process an event: this is its standard input, and it ends well.\n"
			"    # Of a server on $PORT write first-response.\n"
			"    ready: exit\n"
			"    invoke: {body: '{}'}\n");
}

static void compose(struct cs_buffer *out, const struct cs_project *project)
{
	char schema[PATH_MAX + sizeof(SCHEMA_PLACE)];

	find_schema(schema, sizeof(schema));
	cs_buffer_printf(
		out,
		"# yaml-language-server: $schema=%s\n"
		"# Cold-start budgets: coldspan assert holds functions to them, and man coldspan.yaml\n"
		"# explains all that may stand here.\n"
		"version: 1\n"
		"\n"
		"functions:\n"
		"  ",
		schema);
	put_word(out, project->name);
	cs_buffer_puts(out,
		       ":\n    # What starts it, in this folder; shell: takes one line for sh.\n"
		       "    run: [");
	put_command(out, project, ", ");
	cs_buffer_puts(out, "]\n");
	put_ready(out, project);
	cs_buffer_puts(
		out,
		"    budgets:\n"
		"      # No more than 5 of 100 starts may take longer. What they take, and where the time\n"
		"      # goes, coldspan run draws.\n"
		"      - p95 total <= 2s\n"
		"      # Counts are the same in every start, whatever the machine does:\n"
		"      # - shared_objects <= 45\n"
		"      # - opens.dependency <= 200\n"
		"    # What no function should need; warnings, for the most part.\n"
		"    extends: coldspan:recommended\n");
}

/* Without --force nobody's file is touched, also one that comes to be just now. */
static int write_file(const struct cs_buffer *text, bool force, struct cs_diag *diag)
{
	struct cs_result_file file = { 0 };
	int fd, r;

	fd = force ? -1 : open(CS_PLAN_FILE, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (!force && fd < 0 && errno == EEXIST)
		return cs_diag_set(diag, -EEXIST,
				   CS_PLAN_FILE " is there already; --force replaces it");
	if (!force && fd < 0)
		return cs_diag_set(diag, -errno, CS_PLAN_FILE ": %s", strerror(errno));
	if (fd >= 0)
		close(fd);
	r = cs_result_file_open(CS_PLAN_FILE, diag, &file);
	if (r == 0) {
		fwrite(text->data, 1, text->len, file.out);
		r = cs_result_file_commit(&file, diag);
	}
	cs_result_file_close(&file);
	if (r < 0 && !force)
		unlink(CS_PLAN_FILE);
	return r;
}

static void tell(const struct cs_project *project)
{
	struct cs_buffer line = { 0 };

	put_command(&line, project, " ");
	printf("wrote " CS_PLAN_FILE ": %s, started by %s%s%s%s\n", project->name,
	       line.failed ? "?" : line.data, project->found ? " (" : "",
	       project->found ? project->found : "", project->found ? ")" : "");
	if (project->present)
		puts("next:  coldspan assert");
	else
		puts("next:  correct its run: there is no such file here; then coldspan assert");
	cs_buffer_deinit(&line);
}

static int init(struct cs_arena *arena, bool force)
{
	struct cs_buffer text = { 0 };
	struct cs_project project;
	struct cs_diag diag = { 0 };
	int r = cs_project_look(arena, &project);

	if (r == 0) {
		compose(&text, &project);
		r = text.failed ? -ENOMEM : write_file(&text, force, &diag);
	}
	cs_buffer_deinit(&text);
	if (r == 0) {
		tell(&project);
		return CS_EXIT_DONE;
	}
	cs_log(CS_LOG_ERROR, "%s", diag.text[0] ? diag.text : strerror(-r));
	return r == -EEXIST ? CS_EXIT_USAGE : CS_EXIT_FAILED;
}

int cs_cmd_init(int argc, char **argv)
{
	static const struct option options[] = {
		{ "force", no_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct cs_arena arena;
	bool force = false;
	int option, code;

	optind = 1;
	opterr = 0;
	while ((option = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		switch (option) {
		case 'f':
			force = true;
			break;
		case 'h':
			cs_prose_print(stdout, help_text);
			return CS_EXIT_DONE;
		default:
			cs_option_complain("init", argv, option, options);
			return CS_EXIT_USAGE;
		}
	}
	if (optind < argc) {
		cs_log(CS_LOG_ERROR,
		       "init takes no argument, but got \"%s\"; it writes " CS_PLAN_FILE
		       " in this folder",
		       argv[optind]);
		return CS_EXIT_USAGE;
	}
	cs_arena_init(&arena, 0);
	code = init(&arena, force);
	cs_arena_deinit(&arena);
	return code;
}
