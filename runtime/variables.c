/* SPDX-License-Identifier: Apache-2.0 */

/* The environment of a function process; see variables.h. */
#include "runtime/variables.h"

#include <stdio.h>
#include <string.h>

#define NAME_BYTES "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"

static const char *const always[] = { "PATH", "HOME", "LANG", "TZ" };

void cs_variables_deinit(struct cs_variables *variables)
{
	for (size_t i = 0; i < variables->count; i++)
		free(variables->items[i]);
	free(variables->items);
	*variables = (struct cs_variables){ 0 };
}

static int make_room(struct cs_variables *variables)
{
	size_t room = variables->room ? variables->room * 2 : 32;
	char **items;

	if (variables->count + 2 <= variables->room)
		return 0;
	items = reallocarray(variables->items, room, sizeof(*items));
	if (!items)
		return -ENOMEM;
	variables->items = items;
	variables->room = room;
	return 0;
}

static char **find(const struct cs_variables *variables, const char *name, size_t name_len)
{
	for (size_t i = 0; i < variables->count; i++) {
		const char *item = variables->items[i];

		if (!strncmp(item, name, name_len) && item[name_len] == '=')
			return &variables->items[i];
	}
	return NULL;
}

int cs_variables_set(struct cs_variables *variables, const char *name, const char *value)
{
	char **old, *item;
	int r;

	if (!*name || strchr(name, '='))
		return -EINVAL;
	r = make_room(variables);
	if (r < 0)
		return r;
	if (asprintf(&item, "%s=%s", name, value) < 0)
		return -ENOMEM;
	old = find(variables, name, strlen(name));
	if (old) {
		free(*old);
		*old = item;
		return 0;
	}
	variables->items[variables->count++] = item;
	variables->items[variables->count] = NULL;
	return 0;
}

int cs_variables_copy(struct cs_variables *to, const struct cs_variables *from)
{
	for (size_t i = 0; i < from->count; i++) {
		int r = make_room(to);

		if (r < 0)
			return r;
		to->items[to->count] = strdup(from->items[i]);
		if (!to->items[to->count])
			return -ENOMEM;
		to->items[++to->count] = NULL;
	}
	return 0;
}

const char *cs_variables_get(const struct cs_variables *variables, const char *name)
{
	size_t name_len = strlen(name);
	char **item = find(variables, name, name_len);

	return item ? *item + name_len + 1 : NULL;
}

bool cs_pass_matches(const char *list, const char *name, size_t name_len)
{
	for (const char *item = list; item;) {
		size_t len = strcspn(item, ",");
		bool prefix = len && item[len - 1] == '*';

		if (prefix && name_len >= len - 1 && !strncmp(item, name, len - 1))
			return true;
		if (!prefix && len == name_len && !strncmp(item, name, len))
			return true;
		item = item[len] ? item + len + 1 : NULL;
	}
	return false;
}

const char *cs_pass_check(const char *list)
{
	for (const char *item = list; item;) {
		size_t len = strcspn(item, ","), name_len = strspn(item, NAME_BYTES);

		if (!name_len || name_len + (item[name_len] == '*') != len)
			return item;
		item = item[len] ? item + len + 1 : NULL;
	}
	return NULL;
}

static bool always_passes(const char *name, size_t name_len)
{
	for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++) {
		if (strlen(always[i]) == name_len && !strncmp(always[i], name, name_len))
			return true;
	}
	return false;
}

int cs_variables_pass(struct cs_variables *variables, char *const *environment, const char *list)
{
	for (; *environment; environment++) {
		const char *item = *environment;
		size_t name_len = strcspn(item, "=");
		char *name;
		int r;

		if (!name_len || !item[name_len] ||
		    !(always_passes(item, name_len) || cs_pass_matches(list, item, name_len)))
			continue;
		name = strndup(item, name_len);
		if (!name)
			return -ENOMEM;
		r = cs_variables_set(variables, name, item + name_len + 1);
		free(name);
		if (r < 0)
			return r;
	}
	if (!cs_variables_get(variables, "PATH"))
		return cs_variables_set(variables, "PATH", CS_PATH_DEFAULT);
	return 0;
}
