/* SPDX-License-Identifier: Apache-2.0 */

/* Environments; see environment.h. */
#include "agent/environment.h"

#include <stdbool.h>
#include <string.h>

static bool is_of(const char *entry, const char *name)
{
	size_t len = strlen(name);

	return !strncmp(entry, name, len) && entry[len] == '=';
}

static bool is_any_of(const char *entry, const struct cs_environment_variable *variables,
		      size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (is_of(entry, variables[i].name))
			return true;
	}
	return false;
}

static bool comes_again(const struct cs_environment_variable *variables, size_t count, size_t which)
{
	for (size_t i = which + 1; i < count; i++) {
		if (!strcmp(variables[i].name, variables[which].name))
			return true;
	}
	return false;
}

char **cs_environment_with(struct cs_arena *arena, char *const *env,
			   const struct cs_environment_variable *variables, size_t count)
{
	size_t n = 0, kept = 0;
	char **made;

	while (env[n])
		n++;
	made = cs_arena_alloc(arena, (n + count + 1) * sizeof(*made));
	if (!made)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		if (!is_any_of(env[i], variables, count))
			made[kept++] = env[i];
	}
	for (size_t i = 0; i < count; i++) {
		if (!variables[i].value || comes_again(variables, count, i))
			continue;
		made[kept] = cs_arena_printf(arena, "%s=%s", variables[i].name, variables[i].value);
		if (!made[kept++])
			return NULL;
	}
	return made;
}

const char *cs_environment_get(char *const *env, const char *name)
{
	for (; *env; env++) {
		if (is_of(*env, name))
			return *env + strlen(name) + 1;
	}
	return NULL;
}
