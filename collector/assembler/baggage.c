/* SPDX-License-Identifier: Apache-2.0 */

#include "collector/assembler/baggage.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "collector/assembler/inbound.h"

#define CONTROL 1 /* what becomes of controls is settled where texts are cleaned */

static bool is_named(const struct cs_part *name)
{
	const size_t prefix = sizeof(CS_BAGGAGE_PREFIX) - 1;

	if (name->len <= prefix || name->len > CS_BAGGAGE_NAME_MAX ||
	    memcmp(name->text, CS_BAGGAGE_PREFIX, prefix) != 0)
		return false;
	for (size_t i = prefix; i < name->len; i++) {
		if (name->text[i] <= ' ' || name->text[i] > '~')
			return false;
	}
	return true;
}

/* NULL: malformed, or no memory. A text that is empty is one. */
static char *decoded(const struct cs_part *value)
{
	char bytes[CS_BAGGAGE_VALUE_MAX];
	size_t used = 0;

	if (value->len > sizeof(bytes))
		return NULL;
	for (size_t i = 0; i < value->len; i++) {
		int byte = (unsigned char)value->text[i];

		if (byte == '%') {
			byte = value->len - i > 2 ? cs_hex_byte(value->text + i + 1) : -1;
			i += 2;
		}
		if (byte < 0)
			return NULL;
		bytes[used++] = (char)(byte ? byte : CONTROL); /* the texts here end with NUL */
	}
	return used ? cs_text_clean_copy(bytes, used) : strdup("");
}

static struct cs_baggage_member *find(const struct cs_baggage_members *members,
				      const struct cs_part *name)
{
	for (unsigned i = 0; i < members->count; i++) {
		if (cs_part_is(*name, members->items[i].name))
			return &members->items[i];
	}
	return NULL;
}

static struct cs_baggage_member *add(struct cs_baggage_members *members, const struct cs_part *name)
{
	struct cs_baggage_member *grown;
	char *copy;

	if (members->count == CS_BAGGAGE_KEYS_MAX)
		return NULL;
	grown = reallocarray(members->items, members->count + 1, sizeof(*grown));
	if (!grown)
		return NULL;
	members->items = grown;
	copy = malloc(name->len + 1);
	if (!copy)
		return NULL;
	memcpy(copy, name->text, name->len); /* no strndup: it ends with no NUL */
	copy[name->len] = '\0';
	grown[members->count] = (struct cs_baggage_member){ .name = copy };
	return &grown[members->count++];
}

void cs_baggage_members_take(struct cs_baggage_members *members, const struct cs_line *line)
{
	struct cs_baggage_member *member;
	char *value;

	if (!line->value.text || !is_named(&line->name))
		return;
	value = decoded(&line->value);
	if (!value)
		return;
	member = find(members, &line->name);
	if (!member)
		member = add(members, &line->name);
	if (!member) {
		free(value);
		return;
	}
	free(member->value);
	member->value = value;
}

void cs_baggage_members_deinit(struct cs_baggage_members *members)
{
	for (unsigned i = 0; i < members->count; i++) {
		free(members->items[i].name);
		free(members->items[i].value);
	}
	free(members->items);
	*members = (struct cs_baggage_members){ 0 };
}

size_t cs_baggage_members_bytes(const struct cs_baggage_members *members)
{
	size_t bytes = members->count * sizeof(members->items[0]);

	for (unsigned i = 0; i < members->count; i++)
		bytes += cs_text_bytes(members->items[i].name) +
			 cs_text_bytes(members->items[i].value);
	return bytes;
}
