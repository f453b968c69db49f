/* SPDX-License-Identifier: Apache-2.0 */

/* Programs and their libraries; see loaded_files.h. */
#include "agent/asserting/loaded_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/child.h"
#include "agent/program.h"

static int add(struct cs_arena *arena, struct cs_loaded_files *files, const char *path, size_t len)
{
	char *own;

	if (!len || files->count == CS_LOADED_FILES_MAX)
		return 0;
	own = cs_arena_printf(arena, "%.*s", (int)len, path);
	if (!own)
		return -ENOMEM;
	files->paths[files->count++] = own;
	return 0;
}

/* "\tlibc.so.6 => /lib/libc.so.6 (0x7f…)", or "\t/lib64/ld-linux.so.2 (0x7f…)". */
static int add_line(struct cs_arena *arena, struct cs_loaded_files *files, char *line)
{
	char *arrow = strstr(line, " => "), *end = strstr(line, " (0x");
	const char *path = arrow ? arrow + 4 : line + strspn(line, "\t ");

	if (!end || *path != '/')
		return 0;
	return add(arena, files, path, (size_t)(end - path));
}

static int read_list(FILE *list, struct cs_arena *arena, struct cs_loaded_files *files)
{
	cs_cleanup(cs_freep) char *line = NULL;
	size_t size = 0;
	int r = 0;

	while (r == 0 && getline(&line, &size, list) >= 0)
		r = add_line(arena, files, line);
	return r;
}

/* Where its loader looks is its environment's word, too. */
static int environment(const struct cs_plan_function *function, struct cs_arena *arena, char **env)
{
	const char *value = getenv("LD_LIBRARY_PATH");

	for (size_t i = 0; i < function->env_count; i++) {
		if (!strcmp(function->env[i].name, "LD_LIBRARY_PATH"))
			value = function->env[i].value;
	}
	if (!value)
		return 0;
	env[0] = cs_arena_printf(arena, "LD_LIBRARY_PATH=%s", value);
	return env[0] ? 0 : -ENOMEM;
}

/* @out: owned. What it lists is read until it ends. */
static int run_list(const struct cs_child_command *command, int out, int *child_end,
		    struct cs_arena *arena, struct cs_loaded_files *files)
{
	cs_cleanup(cs_fclosep) FILE *list = fdopen(out, "r");
	struct cs_child child;
	int status, r = list ? cs_child_start(command, &child, NULL) : -ENOMEM;

	if (!list)
		close(out);
	close(cs_take_fd(child_end));
	if (r < 0)
		return r;
	r = read_list(list, arena, files);
	status = cs_child_reap(&child, &status, NULL);
	return r < 0 ? r : status;
}

static int list(const struct cs_plan_function *function, const char *folder,
		const struct cs_dispositions *dispositions, struct cs_program *program,
		struct cs_arena *arena, struct cs_loaded_files *files)
{
	char option[] = "--list", *argv[] = { program->loader, option, program->path, NULL };
	char *env[] = { NULL, NULL };
	cs_cleanup(cs_closep) int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	cs_cleanup(cs_closep) int child_end = -EBADF;
	int ends[2], r = environment(function, arena, env);

	if (r < 0)
		return r;
	if (null < 0 || pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	child_end = ends[1];
	return run_list(&(struct cs_child_command){ .argv = argv,
						    .env = env,
						    .folder = folder,
						    .dispositions = dispositions,
						    .files = (int[]){ null, child_end, null } },
			ends[0], &child_end, arena, files);
}

/* The command as it is found from where it runs. */
static const char *found(const char *command, const char *folder, struct cs_arena *arena)
{
	if (!folder || *command == '/' || !strchr(command, '/'))
		return command;
	return cs_arena_printf(arena, "%s/%s", folder, command);
}

int cs_loaded_files_find(const struct cs_plan_function *function, const char *folder,
			 const struct cs_dispositions *dispositions, struct cs_arena *arena,
			 struct cs_loaded_files *ret)
{
	const char *command = found(function->argv[0], folder, arena);
	struct cs_loaded_files files = { 0 };
	struct cs_program program;
	struct cs_diag diag = { 0 };
	int r;

	files.paths = cs_arena_alloc(arena, CS_LOADED_FILES_MAX * sizeof(*files.paths));
	if (!command || !files.paths)
		return -ENOMEM;
	r = cs_program_inspect(command, getenv("PATH"), &program, &diag);
	if (r == 0)
		r = add(arena, &files, program.path, strlen(program.path));
	if (r == 0 && program.hops)
		r = add(arena, &files, program.script, strlen(program.script));
	if (r == 0 && program.loader[0])
		r = list(function, folder, dispositions, &program, arena, &files);
	if (r == 0)
		*ret = files;
	return r;
}
