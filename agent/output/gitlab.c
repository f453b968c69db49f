/* SPDX-License-Identifier: Apache-2.0 */

/*
 * GitLab's Code Quality report: an array of what is not kept, each with a fingerprint that is the same as
 * long as it is the same budget of the same function.
 *
 * Source: GitLab's documentation, "Code Quality", "Code Quality report format".
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/output/escape.h"
#include "agent/output/formats.h"
#include "base/clean_text.h"
#include "preload/wire/siphash.h"

#define ROOM_FOR_REST 32768u /* the name of a file is at most 4 KiB, each byte at most six */

static const char *severity_of(const struct cs_result *result, const struct cs_row *row)
{
	switch (row->grade) {
	case CS_GRADE_BROKEN:
	case CS_GRADE_EXCEEDED:
		return row->counts ? "critical" : "minor";
	case CS_GRADE_DOUBTFUL:
		return row->counts && result->strict ? "major" : "minor";
	case CS_GRADE_EXCUSED:
	case CS_GRADE_KEPT:
		break;
	}
	return row->budget && row->budget->level == CS_LEVEL_INFO ? "info" : "minor";
}

/* Two keys, 128 bits: it only has to differ. */
static json_t *fingerprint(const char *function, const char *budget)
{
	static const uint8_t keys[2][CS_SIPHASH_KEY_BYTES] = { "coldspan assert", "code quality" };
	struct cs_buffer what = { 0 };
	char text[33];

	cs_buffer_puts(&what, function);
	cs_buffer_append(&what, "", 1);
	cs_buffer_puts(&what, budget);
	snprintf(text, sizeof(text), "%016llx%016llx",
		 (unsigned long long)cs_siphash(keys[0], what.data, what.len),
		 (unsigned long long)cs_siphash(keys[1], what.data, what.len));
	cs_buffer_deinit(&what);
	return json_string(text);
}

static json_t *plain(const char *text)
{
	struct cs_buffer out = { 0 };
	json_t *json;

	cs_put_plain(&out, text);
	json = json_string(out.len ? out.data : "");
	cs_buffer_deinit(&out);
	return json;
}

static json_t *row_json(const struct cs_result *result, const struct cs_row *row)
{
	struct cs_buffer name = { 0 }, description = { 0 }, notes = { 0 };
	unsigned line, column;
	json_t *json;

	cs_row_place(row, &line, &column);
	cs_result_label(row->function, &name);
	cs_buffer_printf(&description, "%s: %s: %s: ", name.len ? name.data : "", cs_row_name(row),
			 row->label);
	cs_row_evidence(row, &description);
	cs_row_notes(row, &notes);
	for (const char *note = notes.data; note && *note; note += strspn(note, "\n")) {
		cs_buffer_puts(&description, "; ");
		cs_buffer_append(&description, note, strcspn(note, "\n"));
		note += strcspn(note, "\n");
	}
	json = json_pack("{s:o, s:s, s:o, s:s, s:{s:o, s:{s:i}}}", "description",
			 plain(description.len ? description.data : ""), "check_name",
			 "coldspan-budget", "fingerprint",
			 fingerprint(name.len ? name.data : "", row->budget ? row->budget->id : ""),
			 "severity", severity_of(result, row), "location", "path",
			 plain(result->file), "lines", "begin", line ? (int)line : 1);
	cs_buffer_deinit(&name);
	cs_buffer_deinit(&description);
	cs_buffer_deinit(&notes);
	return json;
}

/* What the others are, on the line of the first of them. */
static json_t *rest_json(const struct cs_result *result, const struct cs_row *first, size_t count)
{
	struct cs_buffer text = { 0 };
	unsigned line, column;
	json_t *json;

	cs_row_place(first, &line, &column);
	cs_buffer_printf(&text, "%zu more budgets are not kept, less bad than these", count);
	json = json_pack("{s:s, s:s, s:o, s:s, s:{s:o, s:{s:i}}}", "description",
			 text.len ? text.data : "", "check_name", "coldspan-budget", "fingerprint",
			 fingerprint("", "left out"), "severity", severity_of(result, first),
			 "location", "path", plain(result->file), "lines", "begin",
			 line ? (int)line : 1);
	cs_buffer_deinit(&text);
	return json;
}

/* Return: false: there is no room, or no memory. */
static bool put_entry(json_t *entry, size_t end, struct cs_buffer *out)
{
	char *text = entry ? json_dumps(entry, JSON_COMPACT) : NULL;
	bool fits = text && out->len + strlen(text) + 2 <= end;

	out->failed |= !text;
	if (fits)
		cs_buffer_printf(out, "%s%s", out->data[out->len - 1] == '[' ? "\n" : ",\n", text);
	free(text);
	json_decref(entry);
	return fits;
}

int cs_format_gitlab(const struct cs_result *result, struct cs_buffer *out)
{
	size_t end = out->len + CS_GITLAB_BYTES_MAX, count, bad = 0, put = 0;
	struct cs_row *rows;

	if (cs_result_rows(result, true, &rows, &count) < 0)
		return -ENOMEM;
	while (bad < count && rows[bad].grade != CS_GRADE_KEPT)
		bad++;
	cs_buffer_putc(out, '[');
	while (put < bad && put_entry(row_json(result, &rows[put]), end - ROOM_FOR_REST, out))
		put++;
	if (put < bad && !out->failed)
		put_entry(rest_json(result, &rows[put], bad - put), end, out);
	cs_buffer_puts(out, bad ? "\n]\n" : "]\n");
	free(rows);
	return out->failed ? -ENOMEM : 0;
}
