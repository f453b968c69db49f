/* SPDX-License-Identifier: Apache-2.0 */

/* Attributes under construction; see attr_list.h. */
#include "collector/spans/attr_list.h"

#include <string.h>

static void add(struct cs_attr_list *list, const char *key, struct cs_value value)
{
	if (list->count < CS_ATTR_LIST_MAX)
		list->items[list->count++] = (struct cs_attr){ key, value };
	else
		list->dropped++;
}

void cs_attr_add_string(struct cs_attr_list *list, const char *key, const char *value)
{
	if (value)
		add(list, key, (struct cs_value){ .type = CS_VALUE_STRING, .string = value });
}

void cs_attr_set_string(struct cs_attr_list *list, const char *key, const char *value)
{
	const char *kept;

	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->items[i].key, key) != 0)
			continue;
		list->items[i].value =
			(struct cs_value){ .type = CS_VALUE_STRING, .string = value };
		return;
	}
	kept = cs_arena_strndup(list->arena, key, CS_TELEMETRY_STRING_MAX);
	if (kept)
		cs_attr_add_string(list, kept, value);
}

void cs_attr_add_int(struct cs_attr_list *list, const char *key, uint64_t value)
{
	cs_attr_add_signed(list, key, value < INT64_MAX ? (int64_t)value : INT64_MAX);
}

void cs_attr_add_signed(struct cs_attr_list *list, const char *key, int64_t value)
{
	add(list, key, (struct cs_value){ .type = CS_VALUE_INT, .integer = value });
}

void cs_attr_add_bool(struct cs_attr_list *list, const char *key, bool value)
{
	add(list, key, (struct cs_value){ .type = CS_VALUE_BOOL, .boolean = value });
}

void cs_attr_add_strings(struct cs_attr_list *list, const char *key, const char *const *items,
			 size_t count)
{
	add(list, key, (struct cs_value){ .type = CS_VALUE_STRINGS, .strings = { items, count } });
}

void cs_attr_add_only(struct cs_attr_list *list, const char *key, const char *value)
{
	const char **items = value ? cs_arena_alloc(list->arena, sizeof(*items)) : NULL;

	if (!items)
		return;
	items[0] = cs_arena_strndup(list->arena, value, CS_TELEMETRY_STRING_MAX);
	if (items[0])
		cs_attr_add_strings(list, key, items, 1);
}

bool cs_attr_list_keep(const struct cs_attr_list *list, struct cs_attrs *ret)
{
	struct cs_attr *items = cs_arena_alloc(list->arena, list->count * sizeof(*items));

	if (!items)
		return false;
	memcpy(items, list->items, list->count * sizeof(*items));
	for (size_t i = 0; i < list->count; i++) {
		struct cs_value *value = &items[i].value;

		if (value->type != CS_VALUE_STRING)
			continue;
		value->string =
			cs_arena_strndup(list->arena, value->string, CS_TELEMETRY_STRING_MAX);
		if (!value->string)
			return false;
	}
	*ret = (struct cs_attrs){ items, list->count, list->dropped };
	return true;
}
