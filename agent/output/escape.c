/* SPDX-License-Identifier: Apache-2.0 */

/* Foreign text; see escape.h. */
#include "agent/output/escape.h"

#include <ctype.h>
#include <string.h>

#include "base/clean_text.h"
#include "exporters/prometheus/escape.h"

/* Return: clean text, the caller's to free(); NULL, and @out has failed. */
static char *clean(struct cs_buffer *out, const char *s)
{
	char *text = cs_clean_text(s);

	out->failed |= !text;
	return text;
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
