/* SPDX-License-Identifier: Apache-2.0 */

/* Guesses of a project's function; see project.h. */
#include "agent/project.h"

#include <errno.h>
#include <glob.h>
#include <jansson.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/budget/yaml_tree.h"
#include "base/cleanup.h"
#include "base/input.h"

#define TEXT_BYTES (64 * 1024)

/* What is read of @path, up to a NUL; NULL: it cannot be read. */
static char *text_of(struct cs_arena *arena, const char *path)
{
	cs_cleanup(cs_freep) char *text = NULL;
	size_t len;

	return cs_input_read_file(path, TEXT_BYTES, &text, &len) < 0
		       ? NULL
		       : cs_arena_strndup(arena, text, len);
}

static bool is_there(const char *path)
{
	return access(path, F_OK) == 0;
}

/* The first of @names that is there, else the first. */
static const char *entry_of(const char *const *names, struct cs_project *project)
{
	for (size_t i = 0; names[i]; i++) {
		if (is_there(names[i])) {
			project->present = true;
			return names[i];
		}
	}
	return names[0];
}

/* Who listens where it is told names the variable. */
static void see_whether_it_serves(struct cs_arena *arena, const char *entry,
				  struct cs_project *project)
{
	const char *text = project->present ? text_of(arena, entry) : NULL;

	project->server = text && strstr(text, "PORT");
}

static void set_command(struct cs_project *project, const char *program, const char *argument)
{
	project->command[0] = program;
	project->command[1] = argument;
}

/* --- one kind of project each: 0 it is one, or -ENOENT --- */

static int look_at_node(struct cs_arena *arena, struct cs_project *project)
{
	const char *entries[] = { NULL, "index.js", "handler.js", "server.js", "app.js", NULL };
	const char *text = text_of(arena, "package.json"), *entry, *named;
	json_t *package = text ? json_loads(text, 0, NULL) : NULL;

	if (!text)
		return -ENOENT;
	named = json_string_value(json_object_get(package, "main"));
	entries[0] = named && *named ? cs_arena_strndup(arena, named, strlen(named)) : NULL;
	json_decref(package);
	entry = entry_of(entries[0] ? entries : entries + 1, project);
	see_whether_it_serves(arena, entry, project);
	set_command(project, "node", entry);
	project->found = "package.json";
	return 0;
}

static int look_at_python(struct cs_arena *arena, struct cs_project *project)
{
	static const char *const entries[] = { "handler.py", "main.py",     "app.py",
					       "server.py",  "function.py", NULL };
	const char *entry;

	if (is_there("requirements.txt"))
		project->found = "requirements.txt";
	else if (is_there("pyproject.toml"))
		project->found = "pyproject.toml";
	else
		return -ENOENT;
	entry = entry_of(entries, project);
	see_whether_it_serves(arena, entry, project);
	set_command(project, "python3", entry);
	return 0;
}

static int look_at_java(struct cs_arena *arena, struct cs_project *project)
{
	const char *jar = "target/function.jar";
	glob_t jars;

	if (!is_there("pom.xml"))
		return -ENOENT;
	if (glob("target/*.jar", 0, NULL, &jars) == 0) {
		jar = cs_arena_strndup(arena, jars.gl_pathv[0], strlen(jars.gl_pathv[0]));
		project->present = true;
		globfree(&jars);
	}
	set_command(project, "java", "-jar");
	project->command[2] = jar;
	project->found = "pom.xml";
	return jar ? 0 : -ENOMEM;
}

/* The first `name = "..."`, which is the package's. */
static int look_at_rust(struct cs_arena *arena, struct cs_project *project)
{
	const char *text = text_of(arena, "Cargo.toml"), *line, *program = NULL;
	char name[64];

	if (!text)
		return -ENOENT;
	for (line = text; line && !program; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (sscanf(line, "name = \"%63[A-Za-z0-9_-]\"", name) == 1)
			program = cs_arena_printf(arena, "./target/release/%s", name);
	}
	set_command(project, program ? program : "./target/release/function", NULL);
	project->present = is_there(project->command[0]);
	project->found = "Cargo.toml";
	return 0;
}

/* Handlers without a program: the framework starts them. */
static int look_at_serverless(struct cs_arena *arena, struct cs_project *project)
{
	static const char *const files[] = { "serverless.yml", "serverless.yaml", NULL };
	static const char *const words[] = { "npx", "serverless", "invoke", "local", "--function" };
	const struct cs_yaml_node *tree = NULL, *functions;
	const char *file = entry_of(files, project);
	const char *text = project->present ? text_of(arena, file) : NULL;

	if (!text)
		return -ENOENT;
	project->found = file;
	memcpy(project->command, words, sizeof(words));
	project->command[sizeof(words) / sizeof(words[0])] = "NAME";
	if (cs_yaml_load(arena, file, text, strlen(text), NULL, &tree) < 0)
		tree = NULL;
	functions = tree ? cs_yaml_get(tree, "functions") : NULL;
	if (functions && functions->kind == CS_YAML_MAP && functions->entries)
		project->command[sizeof(words) / sizeof(words[0])] = functions->entries->key;
	return 0;
}

static int look_at_nothing(struct cs_arena *arena, struct cs_project *project)
{
	static const char *const entries[] = { "bootstrap", "handler.py", "index.js", NULL };
	const char *entry = entry_of(entries, project);

	if (entry == entries[0])
		set_command(project, "./bootstrap", NULL);
	else
		set_command(project, entry == entries[1] ? "python3" : "node", entry);
	if (project->present)
		see_whether_it_serves(arena, entry, project);
	return 0;
}

/* The folder's, without what a name may not have. */
static const char *name_here(struct cs_arena *arena)
{
	char path[PATH_MAX], *name, *out;

	if (!getcwd(path, sizeof(path)))
		return "function";
	name = out = strrchr(path, '/') + 1;
	for (const char *c = name; *c; c++) {
		if (strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.", *c))
			*out++ = *c;
	}
	*out = 0;
	return *name ? cs_arena_strndup(arena, name, 63) : "function";
}

int cs_project_look(struct cs_arena *arena, struct cs_project *ret)
{
	static int (*const looks[])(struct cs_arena *, struct cs_project *) = {
		look_at_serverless, look_at_node, look_at_python,
		look_at_java,       look_at_rust, look_at_nothing,
	};
	int r = -ENOENT;

	for (size_t i = 0; r == -ENOENT && i < sizeof(looks) / sizeof(looks[0]); i++) {
		*ret = (struct cs_project){ 0 };
		r = looks[i](arena, ret);
	}
	ret->name = name_here(arena);
	return r < 0 ? r : ret->name ? 0 : -ENOMEM;
}
