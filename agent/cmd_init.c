/* SPDX-License-Identifier: Apache-2.0 */

/* `coldspan init`: a first coldspan.yaml. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/asserting/plan_file.h"
#include "agent/exit_codes.h"
#include "agent/first_plan.h"
#include "agent/option_error.h"
#include "agent/project.h"
#include "agent/prose.h"
#include "agent/result_file.h"
#include "agent/verbs.h"
#include "base/buffer.h"
#include "base/log.h"
#include "base/shell_word.h"

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
	"What starts the function is guessed from function.yaml, serverless.yml,\n"
	"Procfile, package.json, requirements.txt, pyproject.toml, pom.xml, build.gradle,\n"
	"Cargo.toml or go.mod.\n"
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

	if (project->folder)
		cs_buffer_puts(&line, "coldspan-faas");
	for (size_t i = 0; project->command[i]; i++) {
		if (i)
			cs_buffer_putc(&line, ' ');
		cs_shell_word(&line, project->command[i], false);
	}
	printf("wrote " CS_PLAN_FILE ": %s, started by %s%s%s%s\n", project->name,
	       line.failed ? "?" : line.data, project->found ? " (" : "",
	       project->found ? project->found : "", project->found ? ")" : "");
	if (project->present)
		puts("next:  coldspan assert");
	else
		puts("next:  correct its run: it starts what is not here (not built yet?); then "
		     "coldspan assert");
	cs_buffer_deinit(&line);
}

static int init(struct cs_arena *arena, bool force)
{
	char schema[PATH_MAX + sizeof(SCHEMA_PLACE)];
	struct cs_buffer text = { 0 };
	struct cs_project project;
	struct cs_diag diag = { 0 };
	int r = cs_project_look(arena, &project);

	if (r == 0) {
		find_schema(schema, sizeof(schema));
		cs_first_plan_write(&project, schema, &text);
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
