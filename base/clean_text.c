/* SPDX-License-Identifier: Apache-2.0 */

/* Foreign text, cleaned; see clean_text.h. */
#include "base/clean_text.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

#define REPLACEMENT "\xef\xbf\xbd"

/*
 * Of well-formed UTF-8: is the character at @s one that no format may have? Turns of direction are
 * U+202A..202E and U+2066..2069; U+FFFE and U+FFFF are none of XML's characters.
 */
static bool is_foul(const unsigned char *s)
{
	if (s[0] < 0x20)
		return s[0] != '\n' && s[0] != '\t';
	if (s[0] == 0x7f)
		return true;
	if (s[0] == 0xc2)
		return s[1] < 0xa0;
	if (s[0] == 0xe2)
		return (s[1] == 0x80 && s[2] >= 0xaa && s[2] <= 0xae) ||
		       (s[1] == 0x81 && s[2] >= 0xa6 && s[2] <= 0xa9);
	return s[0] == 0xef && s[1] == 0xbf && s[2] >= 0xbe;
}

static size_t width_of(unsigned char first)
{
	return first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

char *cs_clean_text(const char *s)
{
	size_t len = strlen(s), room = 3 * len + 1;
	cs_cleanup(cs_freep) char *repaired = malloc(room);
	struct cs_buffer text = { 0 };

	if (!repaired)
		return NULL;
	len = cs_utf8_repair(repaired, room, s, len, NULL);
	cs_buffer_append(&text, "", 0);
	for (size_t i = 0; i < len;) {
		size_t width = width_of((unsigned char)repaired[i]);

		if (is_foul((const unsigned char *)repaired + i))
			cs_buffer_puts(&text, REPLACEMENT);
		else
			cs_buffer_append(&text, repaired + i, width);
		i += width;
	}
	return cs_buffer_take(&text);
}

void cs_put_plain(struct cs_buffer *out, const char *s)
{
	cs_cleanup(cs_freep) char *text = cs_clean_text(s);

	out->failed |= !text;
	for (const char *c = text; c && *c; c++)
		cs_buffer_putc(out, *c == '\n' || *c == '\t' ? ' ' : *c);
}
