/* SPDX-License-Identifier: Apache-2.0 */

/* Resource attributes of the environment; see resource_env.h. */
#include "collector/spans/resource_env.h"

#include <errno.h>
#include <string.h>

#include "base/utf8.h"

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

/* Return: 1 @ret is the text, decoded; 0 there is none; negative as cs_resource_env_read(). */
static int read_text(const char *text, size_t len, struct cs_arena *arena, const char **ret)
{
	char raw[CS_TELEMETRY_STRING_MAX], clean[CS_TELEMETRY_STRING_MAX];
	int raw_len;

	trim(&text, &len);
	if (len > sizeof(raw))
		return -EBADMSG;
	raw_len = decode(text, len, raw);
	if (raw_len < 0)
		return raw_len;
	cs_utf8_repair(clean, sizeof(clean), raw, (size_t)raw_len, NULL);
	cs_utf8_strip_control(clean);
	*ret = cs_arena_strndup(arena, clean, sizeof(clean));
	return *ret ? len > 0 : -ENOMEM;
}

/* One "key=value"; blank ones are nothing. */
static int read_one(const char *text, size_t len, struct cs_arena *arena, struct cs_attr *ret)
{
	const char *equals;
	size_t key_len;
	int r;

	ret->key = NULL;
	trim(&text, &len);
	if (!len)
		return 0;
	equals = memchr(text, '=', len);
	if (!equals)
		return -EBADMSG;
	key_len = (size_t)(equals - text);
	r = read_text(text, key_len, arena, &ret->key);
	if (r <= 0)
		return r < 0 ? r : -EBADMSG;
	ret->value.type = CS_VALUE_STRING;
	r = read_text(equals + 1, len - key_len - 1, arena, &ret->value.string);
	return r < 0 ? r : 0;
}

/* Of a key that comes twice the last counts, as in OpenTelemetry's SDKs. */
static void set(struct cs_attrs *attrs, struct cs_attr *items, const struct cs_attr *attr)
{
	for (size_t i = 0; i < attrs->count; i++) {
		if (!strcmp(items[i].key, attr->key)) {
			items[i].value = attr->value;
			return;
		}
	}
	if (attrs->count < CS_RESOURCE_ENV_MAX)
		items[attrs->count++] = *attr;
	else
		attrs->dropped_count++;
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
		if (attr.key)
			set(&attrs, items, &attr);
	}
	*ret = attrs;
	return 0;
}
