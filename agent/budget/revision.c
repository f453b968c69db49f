/* SPDX-License-Identifier: Apache-2.0 */

/* Other amounts in a text; see revision.h. */
#include "agent/budget/revision.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* --- amounts --- */

struct unit {
	const char *name;
	double size;
};

static const struct unit durations[] = { { "ns", 1 }, { "us", 1e3 }, { "ms", 1e6 }, { "s", 1e9 } };
static const struct unit sizes[] = {
	{ "B", 1 }, { "KiB", 1024 }, { "MiB", 1048576 }, { "GiB", 1073741824 }
};
static const struct unit decimal_sizes[] = {
	{ "B", 1 }, { "kB", 1e3 }, { "MB", 1e6 }, { "GB", 1e9 }
};

static const struct unit dollars = { "USD", 1 };

/* Up to three digits, and never below @value. */
static char *put(double value, const struct unit *units, size_t count, char *buf, size_t size)
{
	const struct unit *unit = units;
	double number, step = 1;

	while (unit + 1 < units + count && value >= unit[1].size)
		unit++;
	number = value / unit->size;
	if (number < 10)
		step = 0.01;
	else if (number < 100)
		step = 0.1;
	/* What is a step already, but for the last bit, is not rounded to the next. */
	number = ceil(number / step - 1e-9) * step + 0.0; /* 0, and not -0 */
	snprintf(buf, size, "%.*f", step < 0.05 ? 2 : step < 0.5 ? 1 : 0, number);
	if (strchr(buf, '.')) {
		while (buf[strlen(buf) - 1] == '0')
			buf[strlen(buf) - 1] = '\0';
		if (buf[strlen(buf) - 1] == '.')
			buf[strlen(buf) - 1] = '\0';
	}
	snprintf(buf + strlen(buf), size - strlen(buf), "%s", unit->name);
	return buf;
}

char *cs_revision_amount(struct cs_quantity value, char *buf, size_t size)
{
	switch (value.kind) {
	case CS_QUANTITY_DURATION:
		return put(value.value, durations, 4, buf, size);
	case CS_QUANTITY_SIZE:
		return put(value.value, value.decimal ? decimal_sizes : sizes, 4, buf, size);
	case CS_QUANTITY_COST:
		return put(value.value, &dollars, 1, buf, size);
	case CS_QUANTITY_COUNT:
	case CS_QUANTITY_SHARE:
	case CS_QUANTITY_FACTOR:
		break;
	}
	snprintf(buf, size, "%.0f", ceil(value.value - 1e-9) + 0.0);
	return buf;
}

/* --- the text --- */

/* Bytes before the @column-th character of a line; a continuation byte begins none. */
static size_t offset_of(const char *line, size_t len, unsigned column)
{
	size_t at = 0;

	for (unsigned i = 1; i < column && at < len; i++) {
		at++;
		while (at < len && ((unsigned char)line[at] & 0xc0) == 0x80)
			at++;
	}
	return at;
}

/* Where @revision's amount stands in the line, behind a quote or not; len: nowhere. */
static size_t find(const char *line, size_t len, const struct cs_revision *revision)
{
	size_t at = offset_of(line, len, revision->column), from = strlen(revision->from);

	if (at < len && (line[at] == '"' || line[at] == '\''))
		at++;
	return at + from <= len && !memcmp(line + at, revision->from, from) ? at : len;
}

/* Without the note that an earlier revision left, and the blanks before it. */
static size_t without_note(const char *line, size_t len)
{
	const char *mark = memmem(line, len, CS_REVISION_MARK, strlen(CS_REVISION_MARK));

	if (!mark)
		return len;
	len = (size_t)(mark - line);
	while (len && (line[len - 1] == ' ' || line[len - 1] == '\t'))
		len--;
	return len;
}

/* A line with its revisions. Return: how many there were. */
static size_t revise_line(const char *line, size_t len, unsigned number, bool notes,
			  const struct cs_revision *revisions, size_t count, bool *ret_done,
			  struct cs_buffer *out)
{
	size_t used = 0, at = 0, end = len;
	const char *note = NULL;

	for (; used < count && revisions[used].line <= number; used++) {
		const struct cs_revision *revision = &revisions[used];
		size_t found = revision->line == number ? find(line, len, revision) : len;

		ret_done[used] = found < len && found >= at;
		if (!ret_done[used])
			continue;
		cs_buffer_printf(out, "%.*s%s", (int)(found - at), line + at, revision->to);
		at = found + strlen(revision->from);
		note = revision->note;
	}
	if (note && notes)
		end = without_note(line, len);
	cs_buffer_printf(out, "%.*s", (int)(end > at ? end - at : 0), line + at);
	if (note && notes)
		cs_buffer_printf(out, "  " CS_REVISION_MARK " %s", note);
	return used;
}

void cs_revise(const char *text, size_t len, const struct cs_revision *revisions, size_t count,
	       bool *ret_done, struct cs_buffer *out)
{
	bool notes = len && text[strspn(text, " \t\r\n")] != '{';
	size_t made = 0;
	unsigned number = 1;

	for (size_t at = 0; at < len; number++) {
		const char *end = memchr(text + at, '\n', len - at);
		size_t line = end ? (size_t)(end - text) - at : len - at;
		bool returned = line && text[at + line - 1] == '\r';

		made += revise_line(text + at, line - returned, number, notes, revisions + made,
				    count - made, ret_done + made, out);
		if (returned)
			cs_buffer_putc(out, '\r');
		at += line;
		if (end) {
			cs_buffer_putc(out, '\n');
			at++;
		}
	}
	for (; made < count; made++)
		ret_done[made] = false;
}
