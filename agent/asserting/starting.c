/* SPDX-License-Identifier: Apache-2.0 */

/* Commands out of functions; see starting.h. */
#include "agent/asserting/starting.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/budget/yaml_tree.h"
#include "agent/environment.h"
#include "agent/own_folder.h"
#include "base/cleanup.h"
#include "base/input.h"

#define RUNTIME       "coldspan-faas"
#define OWN_VARIABLES 11
#define NAME_BYTES    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."

/* --- the reference runtime --- */

/* Beside this executable, as a build tree and an installation have it; else through PATH. */
static const char *find_runtime(struct cs_arena *arena)
{
	static const char *const beside[] = { RUNTIME, "../runtime/" RUNTIME };
	char path[PATH_MAX];

	return cs_own_find(beside, sizeof(beside) / sizeof(beside[0]), cs_own_executable, path)
		       ? cs_arena_strndup(arena, path, sizeof(path))
		       : RUNTIME;
}

/* What the runtime hands on: ours, and what the plan sets. */
static const char *passed(const struct cs_plan_function *function, struct cs_arena *arena)
{
	const char *list = "LD_PRELOAD,COLDSPAN_*";

	for (size_t i = 0; i < function->env_count && list; i++)
		list = cs_arena_printf(arena, "%s,%s", list, function->env[i].name);
	return list;
}

/* As its function.yaml has it: a checkout's folder is called otherwise. Else the folder's, which it is told. */
static const char *name_of(const char *folder, struct cs_arena *arena)
{
	const char *path = cs_arena_printf(arena, "%s/function.yaml", folder);
	const char *base = strrchr(folder, '/') + 1;
	const struct cs_yaml_node *tree = NULL, *name;
	cs_cleanup(cs_freep) char *text = NULL;
	size_t len;

	if (!path || cs_input_read_file(path, CS_YAML_BYTES_MAX, &text, &len) < 0 ||
	    cs_yaml_load(arena, path, text, len, NULL, &tree) < 0)
		return base;
	name = cs_yaml_get(tree, "name");
	/* It becomes a part of a request's line. */
	return name && name->kind == CS_YAML_SCALAR && !name->value[strspn(name->value, NAME_BYTES)]
		       ? name->value
		       : base;
}

static int serve(const struct cs_plan_function *function, const char *folder, uint16_t port,
		 struct cs_arena *arena, struct cs_diag *diag, struct cs_starting *ret)
{
	const char *path = *function->folder == '/'
				   ? function->folder
				   : cs_arena_printf(arena, "%s/%s", folder, function->folder);
	char real[PATH_MAX], *slash;
	const char **argv, *name;

	if (!path)
		return cs_diag_set(diag, -ENOMEM, "out of memory");
	if (!realpath(path, real)) {
		int error = errno;

		ret->refused = true;
		return cs_diag_set(diag, -error, "%s: %s", path, strerror(error));
	}
	name = name_of(real, arena);
	slash = strrchr(real, '/');
	*slash = '\0';
	argv = cs_arena_alloc(arena, 12 * sizeof(*argv));
	if (!argv)
		return cs_diag_set(diag, -ENOMEM, "out of memory");
	argv[0] = find_runtime(arena);
	argv[1] = "serve";
	argv[2] = "--functions";
	argv[3] = cs_arena_printf(arena, "%s", slash == real ? "/" : real);
	argv[4] = "--listen";
	argv[5] = cs_arena_printf(arena, "127.0.0.1:%u", port);
	argv[6] = "--pass-env";
	argv[7] = passed(function, arena);
	ret->path = cs_arena_printf(arena, "/function/%s%s", name,
				    function->event.path ? function->event.path : "");
	for (unsigned i = 0; i < 8; i++) {
		if (!argv[i])
			return cs_diag_set(diag, -ENOMEM, "out of memory");
	}
	/* exec(2) changes none of them; its type is older than const. */
	memcpy(&ret->argv, &argv, sizeof(argv));
	return ret->path ? 0 : cs_diag_set(diag, -ENOMEM, "out of memory");
}

/* --- the environment --- */

/* The handler's name, as managed runtimes have it in their command. */
static const char *last_of(char *const *argv)
{
	while (argv[1])
		argv++;
	return argv[0];
}

static char **environment(const struct cs_plan_function *function, const char *folder,
			  uint16_t port, uint16_t api_port, struct cs_arena *arena)
{
	struct cs_environment_variable *variables;
	size_t count = 0;

	variables =
		cs_arena_alloc(arena, (function->env_count + OWN_VARIABLES) * sizeof(*variables));
	if (!variables)
		return NULL;
	if (api_port) {
		/* What clients of the Runtime API want to be there; the plan may say otherwise. */
		variables[count++] = (struct cs_environment_variable){ "AWS_LAMBDA_FUNCTION_NAME",
								       function->name };
		variables[count++] =
			(struct cs_environment_variable){ "AWS_LAMBDA_FUNCTION_VERSION",
							  "$LATEST" };
		variables[count++] =
			(struct cs_environment_variable){ "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
							  "128" };
		variables[count++] =
			(struct cs_environment_variable){ "_HANDLER", last_of(function->argv) };
		variables[count++] =
			(struct cs_environment_variable){ "AWS_LAMBDA_LOG_GROUP_NAME",
							  "/aws/lambda/coldspan-assert" };
		variables[count++] = (struct cs_environment_variable){ "AWS_LAMBDA_LOG_STREAM_NAME",
								       "coldspan-assert" };
		variables[count++] = (struct cs_environment_variable){ "LAMBDA_TASK_ROOT", folder };
		variables[count++] = (struct cs_environment_variable){
			"AWS_LAMBDA_RUNTIME_API", cs_arena_printf(arena, "127.0.0.1:%u", api_port)
		};
	}
	for (size_t i = 0; i < function->env_count; i++)
		variables[count++] = function->env[i];
	if (function->names_files || function->sampling.evict)
		variables[count++] = (struct cs_environment_variable){ "COLDSPAN_FILES", "all" };
	if (port && function->start != CS_START_FAAS)
		variables[count++] =
			(struct cs_environment_variable){ "PORT",
							  cs_arena_printf(arena, "%u", port) };
	return cs_environment_with(arena, environ, variables, count);
}

int cs_starting_make(const struct cs_plan_function *function, const char *folder, uint16_t port,
		     uint16_t api_port, struct cs_arena *arena, struct cs_diag *diag,
		     struct cs_starting *ret)
{
	int r = 0;

	*ret = (struct cs_starting){ .argv = function->argv };
	if (function->start == CS_START_FAAS)
		r = serve(function, folder, port, arena, diag, ret);
	if (r < 0)
		return r;
	ret->env = environment(function, folder, port, api_port, arena);
	return ret->env ? 0 : cs_diag_set(diag, -ENOMEM, "out of memory");
}
