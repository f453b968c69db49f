/* SPDX-License-Identifier: Apache-2.0 */

/* Breaking lines; see wrap.h. Widths are runes: what we print has no wide or combining ones of our own. */
#include "base/wrap.h"

#include <string.h>

/* Bytes of a colour, ESC [ ... m, at @at; 0: there is none. It takes no room. */
static size_t colour_at(const char *s, size_t len, size_t at)
{
	size_t end = at;

	if (at >= len || s[at] != '\x1b')
		return 0;
	while (end < len && s[end] != 'm')
		end++;
	return end - at + (end < len);
}

unsigned cs_wrap_width(const char *s, size_t len)
{
	unsigned width = 0;

	for (size_t i = 0, colour; i < len; i += colour ? colour : 1) {
		colour = colour_at(s, len, i);
		width += !colour && ((unsigned char)s[i] & 0xc0) != 0x80;
	}
	return width;
}

static unsigned hang_of(const char *line, size_t len, unsigned columns)
{
	size_t indent = 0, at;

	while (indent < len && line[indent] == ' ')
		indent++;
	for (at = indent; at + 1 < len && !(line[at] == ' ' && line[at + 1] == ' '); at++)
		continue;
	while (at < len && (line[at] == ' ' || colour_at(line, len, at)))
		at += line[at] == ' ' ? 1 : colour_at(line, len, at);
	if (at + 1 < len && cs_wrap_width(line, at) <= columns / 2)
		return cs_wrap_width(line, at);
	return (unsigned)indent <= columns / 2 ? (unsigned)indent : columns / 2;
}

/* Spaces of the line itself stand before a word unless it is the first of a broken line. */
static void wrap_line(struct cs_buffer *out, const char *line, size_t len, unsigned columns)
{
	unsigned hang = hang_of(line, len, columns), used = 0;
	bool empty = true; /* no word stands in this line of the screen */

	for (size_t at = 0; at < len;) {
		size_t spaces = 0, word = 0;

		while (at + spaces < len && line[at + spaces] == ' ')
			spaces++;
		while (at + spaces + word < len && line[at + spaces + word] != ' ')
			word++;
		if (!empty && used + spaces + cs_wrap_width(line + at + spaces, word) > columns) {
			cs_buffer_printf(out, "\n%*s", (int)hang, "");
			used = hang;
			at += spaces;
			spaces = 0;
		}
		cs_buffer_append(out, line + at, spaces + word);
		used += (unsigned)spaces + cs_wrap_width(line + at + spaces, word);
		at += spaces + word;
		empty = false;
	}
}

void cs_wrap(struct cs_buffer *out, const char *text, unsigned columns)
{
	while (*text) {
		size_t len = strcspn(text, "\n");

		if (columns && cs_wrap_width(text, len) > columns)
			wrap_line(out, text, len, columns);
		else
			cs_buffer_append(out, text, len);
		text += len;
		if (*text)
			cs_buffer_putc(out, *text++);
	}
}
