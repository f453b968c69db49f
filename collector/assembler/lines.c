/* SPDX-License-Identifier: Apache-2.0 */

/* Header lines; see lines.h. */
#include "collector/assembler/lines.h"

#include <string.h>

bool cs_line_next(struct cs_part *rest, struct cs_line *ret)
{
	const char *end, *colon;
	size_t len;

	if (!rest->len)
		return false;
	end = memchr(rest->text, '\n', rest->len);
	len = end ? (size_t)(end - rest->text) : rest->len;
	colon = memchr(rest->text, ':', len);
	*ret = (struct cs_line){ .name = { rest->text, len } };
	if (colon && (size_t)(colon - rest->text) + 1 < len && colon[1] == ' ') {
		ret->name.len = (size_t)(colon - rest->text);
		ret->value.text = colon + 2;
		ret->value.len = len - ret->name.len - 2;
	}
	len += end != NULL;
	rest->text += len;
	rest->len -= len;
	return true;
}

bool cs_part_is(struct cs_part part, const char *text)
{
	return strlen(text) == part.len && !memcmp(part.text, text, part.len);
}
