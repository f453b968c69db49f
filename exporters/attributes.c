/* SPDX-License-Identifier: Apache-2.0 */

#include "exporters/attributes.h"

#include <errno.h>
#include <string.h>

static const char *copy(struct cs_arena *arena, const char *text)
{
	return cs_arena_strndup(arena, text, CS_TELEMETRY_STRING_MAX);
}

static int copy_list(const struct cs_value *from, struct cs_arena *arena, struct cs_value *ret)
{
	size_t count = from->strings.count;
	const char **items = cs_arena_alloc(arena, count * sizeof(*items));

	for (size_t i = 0; i < count && items; i++) {
		items[i] = copy(arena, from->strings.items[i]);
		if (!items[i])
			return -ENOMEM;
	}
	ret->strings.items = items;
	return items ? 0 : -ENOMEM;
}

static int copy_value(const struct cs_value *from, struct cs_arena *arena, struct cs_value *ret)
{
	*ret = *from;
	switch (from->type) {
	case CS_VALUE_STRING:
		ret->string = copy(arena, from->string);
		return ret->string ? 0 : -ENOMEM;
	case CS_VALUE_STRINGS:
		return copy_list(from, arena, ret);
	case CS_VALUE_BOOL:
	case CS_VALUE_INT:
	case CS_VALUE_DOUBLE:
		break;
	}
	return 0;
}

int cs_attributes_copy(const struct cs_attrs *attrs, bool keys, struct cs_arena *arena,
		       struct cs_attrs *ret)
{
	struct cs_attr *items = cs_arena_alloc(arena, attrs->count * sizeof(*items));

	for (size_t i = 0; i < attrs->count; i++) {
		if (!items || copy_value(&attrs->items[i].value, arena, &items[i].value) < 0)
			return -ENOMEM;
		items[i].key = keys ? copy(arena, attrs->items[i].key) : attrs->items[i].key;
		if (!items[i].key)
			return -ENOMEM;
	}
	*ret = *attrs;
	ret->items = items;
	return 0;
}

const struct cs_value *cs_attributes_find(const struct cs_attrs *attrs, const char *key)
{
	for (size_t i = 0; i < attrs->count; i++) {
		if (!strcmp(attrs->items[i].key, key))
			return &attrs->items[i].value;
	}
	return NULL;
}
