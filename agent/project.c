/* SPDX-License-Identifier: Apache-2.0 */

/* Guesses of a project's function; see project.h. */
#include "agent/project.h"

#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <jansson.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/budget/yaml_tree.h"
#include "agent/program.h"
#include "base/cleanup.h"
#include "base/input.h"

#define TEXT_BYTES  (64 * 1024)
#define FILES_MAX   64 /* sources that are looked at */
#define FOLDERS_MAX 8  /* one in the other, as Java's */

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

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);

	return len >= end_len && !strcmp(text + len - end_len, end);
}

/* --- whether it is a server: who listens where it is told names the variable --- */

static bool names_port(struct cs_arena *arena, const char *file)
{
	const char *text = text_of(arena, file);

	return text && strstr(text, "PORT");
}

/* In one of the first sources below @folder. */
static bool sources_name_port(struct cs_arena *arena, const char *folder,
			      const char *const *endings, unsigned depth, unsigned *left)
{
	DIR *entries = depth ? opendir(folder) : NULL;
	struct dirent *entry;
	bool found = false;

	while (entries && !found && *left && (entry = readdir(entries))) {
		const char *path;

		if (entry->d_name[0] == '.')
			continue;
		path = cs_arena_printf(arena, "%s/%s", folder, entry->d_name);
		for (size_t i = 0; path && endings[i] && !found; i++) {
			if (!ends_with(path, endings[i]))
				continue;
			--*left;
			found = names_port(arena, path);
		}
		if (path && entry->d_type == DT_DIR)
			found |= sources_name_port(arena, path, endings, depth - 1, left);
	}
	if (entries)
		closedir(entries);
	return found;
}

static bool project_names_port(struct cs_arena *arena, const char *folder,
			       const char *const *endings)
{
	unsigned left = FILES_MAX;

	return sources_name_port(arena, folder, endings, FOLDERS_MAX, &left);
}

static void set_command(struct cs_project *project, const char *program, const char *argument)
{
	project->command[0] = program;
	project->command[1] = argument;
}

static void set_entry(struct cs_arena *arena, const char *program, const char *entry,
		      struct cs_project *project)
{
	set_command(project, program, entry);
	project->server = project->present && names_port(arena, entry);
}

/* --- one kind of project each: 0 it is one, or -ENOENT --- */

/* scripts.start, where that is node and its arguments and nothing for a shell. Return: was it? */
static bool take_start(struct cs_arena *arena, const char *start, struct cs_project *project)
{
	char *words = start ? cs_arena_strndup(arena, start, strlen(start)) : NULL, *next = words;
	size_t count = 0;

	if (!words || strncmp(start, "node ", 5) != 0 ||
	    strpbrk(start, "|&;<>()$`\\\"'*?[]#~{}\n\t"))
		return false;
	for (char *word; (word = strtok_r(next, " ", &next));) {
		if (count == CS_PROJECT_WORDS_MAX)
			return false;
		project->command[count++] = word;
		if (count > 1 && is_there(word)) {
			project->present = true;
			project->server |= names_port(arena, word);
		}
	}
	project->command[count] = NULL;
	return count > 1;
}

/* Without the scope of a package: @scope/name. */
static const char *own_name(struct cs_arena *arena, const char *name)
{
	const char *slash = name ? strrchr(name, '/') : NULL;

	name = slash ? slash + 1 : name;
	return name && *name ? cs_arena_strndup(arena, name, strlen(name)) : NULL;
}

static int look_at_node(struct cs_arena *arena, struct cs_project *project)
{
	const char *entries[] = { NULL, "index.js", "handler.js", "server.js", "app.js", NULL };
	const char *text = text_of(arena, "package.json"), *named, *start;
	json_t *package = text ? json_loads(text, 0, NULL) : NULL;

	if (!text)
		return -ENOENT;
	project->found = "package.json";
	project->name = own_name(arena, json_string_value(json_object_get(package, "name")));
	start = json_string_value(json_object_get(json_object_get(package, "scripts"), "start"));
	named = json_string_value(json_object_get(package, "main"));
	entries[0] = named && *named ? cs_arena_strndup(arena, named, strlen(named)) : NULL;
	if (!take_start(arena, start, project)) {
		*project = (struct cs_project){ .found = project->found, .name = project->name };
		set_entry(arena, "node", entry_of(entries[0] ? entries : entries + 1, project),
			  project);
	}
	json_decref(package);
	return 0;
}

static int look_at_python(struct cs_arena *arena, struct cs_project *project)
{
	static const char *const entries[] = { "handler.py", "main.py",     "app.py",
					       "server.py",  "function.py", NULL };

	if (is_there("requirements.txt"))
		project->found = "requirements.txt";
	else if (is_there("pyproject.toml"))
		project->found = "pyproject.toml";
	else
		return -ENOENT;
	set_entry(arena, "python3", entry_of(entries, project), project);
	return 0;
}

/* What a build leaves beside the jar that starts. */
static bool is_beside(const char *path)
{
	static const char *const endings[] = { "-sources.jar", "-javadoc.jar", "-tests.jar",
					       "-plain.jar" };
	const char *slash = strrchr(path, '/');
	bool beside = slash && !strncmp(slash + 1, "original-", strlen("original-"));

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
		beside |= ends_with(path, endings[i]);
	return beside;
}

/* The first that may start; one with all that it needs before the others. NULL: none, or no memory. */
static const char *jar_in(struct cs_arena *arena, const char *pattern)
{
	const char *jar = NULL;
	glob_t jars;

	if (glob(pattern, 0, NULL, &jars) != 0)
		return NULL;
	for (size_t i = 0; i < jars.gl_pathc; i++) {
		const char *path = jars.gl_pathv[i];

		if (!is_beside(path) && (!jar || ends_with(path, "-all.jar")))
			jar = path;
	}
	if (jar)
		jar = cs_arena_strndup(arena, jar, strlen(jar));
	globfree(&jars);
	return jar;
}

static int look_at_java(struct cs_arena *arena, struct cs_project *project)
{
	static const struct {
		const char *file, *jars, *usual;
	} builds[] = {
		{ "pom.xml", "target/*.jar", "target/function.jar" },
		{ "build.gradle", "build/libs/*.jar", "build/libs/function.jar" },
		{ "build.gradle.kts", "build/libs/*.jar", "build/libs/function.jar" },
	};
	static const char *const endings[] = { ".java", ".kt", ".properties", ".yml", NULL };
	size_t i = 0;

	while (i < sizeof(builds) / sizeof(builds[0]) && !is_there(builds[i].file))
		i++;
	if (i == sizeof(builds) / sizeof(builds[0]))
		return -ENOENT;
	project->found = builds[i].file;
	set_command(project, "java", "-jar");
	project->command[2] = jar_in(arena, builds[i].jars);
	project->present = project->command[2];
	if (!project->present)
		project->command[2] = builds[i].usual;
	project->server = project_names_port(arena, "src/main", endings);
	return 0;
}

/* The first `name = "..."`, which is the package's. */
static int look_at_rust(struct cs_arena *arena, struct cs_project *project)
{
	static const char *const endings[] = { ".rs", NULL };
	const char *text = text_of(arena, "Cargo.toml"), *program = NULL;
	char name[64];

	if (!text)
		return -ENOENT;
	for (const char *line = text; line && !program; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (sscanf(line, "name = \"%63[A-Za-z0-9_-]\"", name) != 1)
			continue;
		project->name = cs_arena_strndup(arena, name, sizeof(name));
		program = cs_arena_printf(arena, "./target/release/%s", name);
	}
	set_command(project, program ? program : "./target/release/function", NULL);
	project->present = is_there(project->command[0]);
	project->server = project_names_port(arena, "src", endings);
	project->found = "Cargo.toml";
	return 0;
}

static const char *scalar(const struct cs_yaml_node *map, const char *key)
{
	const struct cs_yaml_node *node = cs_yaml_get(map, key);

	return node && node->kind == CS_YAML_SCALAR && *node->value ? node->value : NULL;
}

/* Handlers without a program: the framework starts them. Its own launcher first: npx is slow to start. */
static int look_at_serverless(struct cs_arena *arena, struct cs_project *project)
{
	static const char *const files[] = { "serverless.yml", "serverless.yaml", NULL };
	static const char *const programs[] = { "node_modules/.bin/serverless", "serverless" };
	const char *const words[] = { NULL, "invoke", "local", "--function", "NAME" };
	const struct cs_yaml_node *tree = NULL, *functions, *provider, *first;
	const char *file = entry_of(files, project);
	const char *text = project->present ? text_of(arena, file) : NULL;
	struct cs_program program;

	if (!text)
		return -ENOENT;
	memcpy(project->command, words, sizeof(words));
	project->found = file;
	project->framework = true;
	project->command[0] = programs[!is_there(programs[0])];
	project->present =
		cs_program_inspect(project->command[0], getenv("PATH"), &program, NULL) == 0;
	if (cs_yaml_load(arena, file, text, strlen(text), NULL, &tree) < 0 || !tree)
		return 0;
	functions = cs_yaml_get(tree, "functions");
	if (!functions || functions->kind != CS_YAML_MAP || !functions->entries)
		return 0;
	first = functions->entries->value;
	provider = cs_yaml_get(tree, "provider");
	project->command[4] = project->name = functions->entries->key;
	project->handler = scalar(first, "handler");
	project->runtime = scalar(first, "runtime");
	if (!project->runtime && provider)
		project->runtime = scalar(provider, "runtime");
	return 0;
}

/* One of ours has a command in it; others call files so, too. */
static int look_at_folder(struct cs_arena *arena, struct cs_project *project)
{
	const char *text = text_of(arena, "function.yaml");
	const struct cs_yaml_node *tree = NULL;

	if (!text || cs_yaml_load(arena, "function.yaml", text, strlen(text), NULL, &tree) < 0 ||
	    !cs_yaml_get(tree, "command"))
		return -ENOENT;
	project->found = "function.yaml";
	project->name = scalar(tree, "name");
	project->folder = ".";
	project->server = true; /* coldspan-faas is */
	project->present = true;
	return 0;
}

/* What `exec` cannot start, as it is no program: assignments, words of the shell itself, more than one command. */
static bool is_for_shell(const char *line, size_t len)
{
	static const char *const words[] = { "!", ".", "command", "eval", "exec", "source" };
	size_t first = strcspn(line, " \t\r\n");

	for (size_t i = 0; i < len; i++) {
		if (strchr(i < first ? ";&|(=" : ";&|", line[i]))
			return true;
	}
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strlen(words[i]) == first && !memcmp(line, words[i], first))
			return true;
	}
	return false;
}

/* What Procfile has for `web` is started by a shell, with PORT, which is the program itself where that can be. */
static int look_at_procfile(struct cs_arena *arena, struct cs_project *project)
{
	const char *text = text_of(arena, "Procfile"), *line = text, *end, *exec;

	while (line && strncmp(line, "web:", 4) != 0) {
		line = strchr(line, '\n');
		line += line != NULL;
	}
	if (!line)
		return -ENOENT;
	line += 4 + strspn(line + 4, " \t");
	end = line + strcspn(line, "\r\n");
	if (end == line)
		return -ENOENT;
	project->found = "Procfile";
	project->command[0] = "sh";
	project->command[1] = "-c";
	exec = is_for_shell(line, (size_t)(end - line)) ? "" : "exec ";
	project->command[2] = cs_arena_printf(arena, "%s%.*s", exec, (int)(end - line), line);
	project->server = true;
	project->present = true;
	return project->command[2] ? 0 : -ENOMEM;
}

/* Its path, but for the "/v2" of a second version. @ret: receives it. Return: is there one? */
static bool read_module(const char *text, char ret[128])
{
	const char *line = text;
	char *slash;

	while (line && sscanf(line, "module %127s", ret) != 1) {
		line = strchr(line, '\n');
		line += line != NULL;
	}
	slash = line ? strrchr(ret, '/') : NULL;
	if (slash && slash[1] == 'v' && slash[2] >= '0' && slash[2] <= '9' &&
	    !slash[2 + strspn(slash + 2, "0123456789")])
		*slash = '\0';
	return line;
}

/* What `go build` leaves is called as the module's path ends. */
static int look_at_go(struct cs_arena *arena, struct cs_project *project)
{
	static const char *const endings[] = { ".go", NULL };
	const char *text = text_of(arena, "go.mod"), *program = NULL;
	char path[128];

	if (!text)
		return -ENOENT;
	project->found = "go.mod";
	if (read_module(text, path))
		project->name = own_name(arena, path);
	if (project->name)
		program = cs_arena_printf(arena, "./%s", project->name);
	set_command(project, program && !is_there("bootstrap") ? program : "./bootstrap", NULL);
	project->present = is_there(project->command[0]);
	project->server = project_names_port(arena, ".", endings);
	return 0;
}

static int look_at_nothing(struct cs_arena *arena, struct cs_project *project)
{
	static const char *const entries[] = { "bootstrap", "handler.py", "index.js", NULL };
	const char *entry = entry_of(entries, project);

	if (entry == entries[0])
		set_entry(arena, "./bootstrap", NULL, project);
	else
		set_entry(arena, entry == entries[1] ? "python3" : "node", entry, project);
	return 0;
}

/* Without what a name may not have. NULL: nothing is left of it, or no memory. */
static const char *cleaned(struct cs_arena *arena, const char *name)
{
	char *copy = name ? cs_arena_strndup(arena, name, strlen(name)) : NULL, *out = copy;

	for (const char *c = copy; c && *c; c++) {
		if (strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.", *c))
			*out++ = *c;
	}
	if (!copy || out == copy)
		return NULL;
	copy[out - copy < CS_PROJECT_NAME_MAX ? out - copy : CS_PROJECT_NAME_MAX] = '\0';
	return copy;
}

/* Of the function: as its project calls it, else its folder's. */
static const char *name_of(struct cs_arena *arena, const struct cs_project *project)
{
	const char *name = cleaned(arena, project->name);
	char path[PATH_MAX];

	if (!name && getcwd(path, sizeof(path)))
		name = cleaned(arena, strrchr(path, '/') + 1);
	return name ? name : "function";
}

int cs_project_look(struct cs_arena *arena, struct cs_project *ret)
{
	static int (*const looks[])(struct cs_arena *, struct cs_project *) = {
		look_at_folder, look_at_serverless, look_at_procfile,
		look_at_node,   look_at_python,     look_at_java,
		look_at_rust,   look_at_go,         look_at_nothing,
	};
	int r = -ENOENT;

	for (size_t i = 0; r == -ENOENT && i < sizeof(looks) / sizeof(looks[0]); i++) {
		*ret = (struct cs_project){ 0 };
		r = looks[i](arena, ret);
	}
	ret->name = name_of(arena, ret);
	return r;
}
