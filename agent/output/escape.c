/* SPDX-License-Identifier: Apache-2.0 */

/* Foreign text; see escape.h. */
#include "agent/output/escape.h"

#include <ctype.h>
#include <string.h>

#include "base/utf8.h"
#include "exporters/prometheus/escape.h"

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

/* Return: clean text, the caller's to free(); NULL, and @out has failed. */
static char *clean(struct cs_buffer *out, const char *s)
{
	size_t len = strlen(s), room = 3 * len + 1;
	cs_cleanup(cs_freep) char *repaired = malloc(room);
	struct cs_buffer text = { 0 };

	if (!repaired) {
		out->failed = true;
		return NULL;
	}
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
	out->failed |= text.failed;
	return cs_buffer_take(&text);
}

void cs_escape_plain(struct cs_buffer *out, const char *s)
{
	cs_cleanup(cs_freep) char *text = clean(out, s);

	for (const char *c = text; c && *c; c++)
		cs_buffer_putc(out, *c == '\n' || *c == '\t' ? ' ' : *c);
}

void cs_escape_markup(struct cs_buffer *out, const char *s, bool in_attribute)
{
	cs_cleanup(cs_freep) char *text = clean(out, s);

	for (const char *c = text; c && *c; c++) {
		bool space = *c == '\n' || *c == '\t';

		if (strchr("&<>\"'", *c) || (space && in_attribute))
			cs_buffer_printf(out, "&#%d;", *c);
		else
			cs_buffer_putc(out, *c);
	}
}

/* An underscore inside of a word begins nothing: shared_objects stays readable. */
static bool is_inside_word(const char *text, const char *c)
{
	return *c == '_' && c > text && isalnum((unsigned char)c[-1]) &&
	       isalnum((unsigned char)c[1]);
}

void cs_escape_markdown(struct cs_buffer *out, const char *s)
{
	cs_cleanup(cs_freep) char *text = clean(out, s);

	for (const char *c = text; c && *c; c++) {
		if (*c == '\n' || *c == '\t')
			cs_buffer_putc(out, ' ');
		else if (strchr("&<>|\\`*_[]()~#@!$:{}", *c) && !is_inside_word(text, c))
			cs_buffer_printf(out, "&#%d;", *c);
		else
			cs_buffer_putc(out, *c);
	}
}

void cs_escape_command(struct cs_buffer *out, const char *s, bool in_property)
{
	cs_cleanup(cs_freep) char *text = clean(out, s);

	for (const char *c = text; c && *c; c++) {
		if (*c == '%' || *c == '\n' || (in_property && (*c == ':' || *c == ',')))
			cs_buffer_printf(out, "%%%02X", (unsigned)*c);
		else
			cs_buffer_putc(out, *c);
	}
}

void cs_escape_label(struct cs_buffer *out, const char *s)
{
	cs_cleanup(cs_freep) char *text = clean(out, s);

	if (text)
		cs_prometheus_escape(out, text, true);
}
