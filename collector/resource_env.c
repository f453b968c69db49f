/* SPDX-License-Identifier: Apache-2.0 */

/* Resource attributes of the environment; see resource_env.h. */
#include "collector/resource_env.h"

#include <errno.h>
#include <string.h>

#include "base/utf8.h"
#include "collector/attributes.h"

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t';
}

static void trim(const char **text, size_t *len)
{
	while (*len && is_space(**text)) {
		++*text;
		--*len;
	}
	while (*len && is_space((*text)[*len - 1]))
		--*len;
}

/* Return: bytes of @ret, which has @len of them; negative: malformed. */
static int decode(const char *text, size_t len, char *ret)
{
	int used = 0;

	for (size_t i = 0; i < len; i++) {
		int high, low;

		if (text[i] != '%') {
			ret[used++] = text[i];
			continue;
		}
		high = i + 2 < len ? hex_digit(text[i + 1]) : -1;
		low = high >= 0 ? hex_digit(text[i + 2]) : -1;
		if (low < 0 || (!high && !low))
			return -EBADMSG;
		ret[used++] = (char)(high << 4 | low);
		i += 2;
	}
	return used;
}

/* One "key=value"; blank ones are nothing. */
static int read_one(const char *text, size_t len, struct cs_arena *arena, struct cs_attr *ret)
{
	char raw[CS_TELEMETRY_STRING_MAX], clean[CS_TELEMETRY_STRING_MAX];
	const char *equals, *value;
	size_t key_len, value_len;
	int raw_len;

	ret->key = NULL;
	trim(&text, &len);
	if (!len)
		return 0;
	equals = memchr(text, '=', len);
	if (!equals || len > sizeof(raw))
		return -EBADMSG;
	key_len = (size_t)(equals - text);
	value = equals + 1;
	value_len = len - key_len - 1;
	trim(&text, &key_len);
	trim(&value, &value_len);
	raw_len = decode(value, value_len, raw);
	if (!key_len || raw_len < 0)
		return -EBADMSG;
	cs_utf8_repair(clean, sizeof(clean), raw, (size_t)raw_len, NULL);
	cs_utf8_strip_control(clean);
	ret->key = cs_arena_strndup(arena, text, key_len);
	ret->value.type = CS_VALUE_STRING;
	ret->value.string = cs_arena_strndup(arena, clean, sizeof(clean));
	return ret->key && ret->value.string ? 0 : -ENOMEM;
}

int cs_resource_env_read(const char *text, struct cs_arena *arena, struct cs_attrs *ret)
{
	struct cs_attr *items = cs_arena_alloc(arena, CS_RESOURCE_ENV_MAX * sizeof(*items));
	struct cs_attrs attrs = { .items = items };

	if (!items)
		return -ENOMEM;
	while (*text) {
		size_t len = strcspn(text, ",");
		struct cs_attr attr;
		int r = read_one(text, len, arena, &attr);

		if (r < 0)
			return r;
		text += len + (text[len] == ',');
		if (!attr.key || cs_attributes_find(&attrs, attr.key))
			continue;
		if (attrs.count < CS_RESOURCE_ENV_MAX)
			items[attrs.count++] = attr;
		else
			attrs.dropped_count++;
	}
	*ret = attrs;
	return 0;
}
