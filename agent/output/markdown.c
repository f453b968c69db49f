/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A step summary: one table, worst first, details folded. GitHub refuses a summary above 1 MiB as a whole:
 * what would be too much is left out, and how much that is, is said.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/output/escape.h"
#include "agent/output/formats.h"

#define ROOM_FOR_END  256u
#define DETAILS_SHARE 4u /* folded details may take a quarter */
#define ROW_BYTES_MAX 16384u

static const char *sign_of(const struct cs_row *row)
{
	switch (row->grade) {
	case CS_GRADE_BROKEN:
	case CS_GRADE_EXCEEDED:
		return row->counts ? "\xe2\x9d\x8c" : "\xe2\x9a\xa0\xef\xb8\x8f";
	case CS_GRADE_DOUBTFUL:
	case CS_GRADE_EXCUSED:
		return "\xe2\x9a\xa0\xef\xb8\x8f";
	case CS_GRADE_KEPT:
		break;
	}
	return "\xe2\x9c\x85";
}

static void put_function(const struct cs_row *row, struct cs_buffer *out)
{
	struct cs_buffer name = { 0 };

	cs_result_label(row->function, &name);
	cs_escape_markdown(out, name.len ? name.data : "");
	cs_buffer_deinit(&name);
}

static void put_row(const struct cs_row *row, struct cs_buffer *out)
{
	struct cs_buffer evidence = { 0 };

	cs_row_evidence(row, &evidence);
	cs_buffer_printf(out, "| %s | ", sign_of(row));
	put_function(row, out);
	cs_buffer_puts(out, " | ");
	cs_escape_markdown(out, cs_row_name(row));
	cs_buffer_puts(out, " | ");
	cs_escape_markdown(out, evidence.len ? evidence.data : "");
	cs_buffer_puts(out, " | ");
	cs_row_other(row, out);
	cs_buffer_printf(out, " | %u | %s |\n",
			 row->budget ? row->judgement->count : row->function->asserted.count,
			 row->label);
	cs_buffer_deinit(&evidence);
}

static void put_heading(const struct cs_result *result, const struct cs_row *rows, size_t count,
			struct cs_buffer *out)
{
	int code = cs_result_exit_code(result);
	unsigned doubtful = result->tally.doubtful + result->tally.unstable;
	size_t bad = 0;

	while (bad < count && rows[bad].counts &&
	       (rows[bad].grade == CS_GRADE_BROKEN || rows[bad].grade == CS_GRADE_EXCEEDED))
		bad++;
	cs_buffer_printf(out, "### %s coldspan: ",
			 code       ? "\xe2\x9d\x8c"
			 : doubtful ? "\xe2\x9a\xa0\xef\xb8\x8f"
				    : "\xe2\x9c\x85");
	if (bad) {
		cs_buffer_printf(out, "%zu of %zu budgets not kept (", bad, count);
		put_function(&rows[0], out);
		cs_buffer_printf(out, "%s)\n\n", bad > 1 ? " first" : "");
	} else if (doubtful) {
		cs_buffer_printf(out, "%u of %zu budgets inconclusive\n\n", doubtful, count);
	} else {
		cs_buffer_printf(out, "%zu budgets, %s\n\n", count, cs_result_word(result));
	}
}

/* Rows that are too long for anyone are cut to their label. Return: how many are there. */
static size_t put_table(const struct cs_row *rows, size_t count, size_t room, struct cs_buffer *out)
{
	struct cs_buffer line = { 0 };
	size_t put = 0;

	cs_buffer_puts(out,
		       "| | function | budget | measured (95 %) | beside | starts | verdict |\n"
		       "|---|---|---|---|---|---|---|\n");
	for (; put < count && !line.failed; put++) {
		cs_buffer_clear(&line);
		put_row(&rows[put], &line);
		if (line.len > ROW_BYTES_MAX) {
			cs_buffer_clear(&line);
			cs_buffer_printf(&line, "| %s | row %zu, too long | | | | | %s |\n",
					 sign_of(&rows[put]), put + 1, rows[put].label);
		}
		if (out->len + line.len > room)
			break;
		cs_buffer_append(out, line.data, line.len);
	}
	out->failed |= line.failed;
	cs_buffer_deinit(&line);
	return put;
}

/* Each a line of the list's point. */
static void put_notes(const struct cs_row *row, struct cs_buffer *out)
{
	struct cs_buffer notes = { 0 };
	char *line, *rest;

	cs_row_notes(row, &notes);
	rest = notes.data;
	while (rest && (line = strsep(&rest, "\n"))) {
		cs_buffer_puts(out, "<br>");
		cs_escape_markdown(out, line);
	}
	out->failed |= notes.failed;
	cs_buffer_deinit(&notes);
}

/* Why a start came to nothing, and why a budget is what it is. */
static void put_detail(const struct cs_result *result, const struct cs_row *row,
		       struct cs_buffer *out)
{
	unsigned line, column;

	cs_row_place(row, &line, &column);
	cs_buffer_puts(out, "- ");
	put_function(row, out);
	cs_buffer_puts(out, ": ");
	cs_escape_markdown(out, cs_row_name(row));
	cs_buffer_puts(out, ", ");
	cs_escape_markdown(out, result->file);
	cs_buffer_printf(out, " line %u", line);
	put_notes(row, out);
	cs_buffer_putc(out, '\n');
	if (row->budget || !row->function->asserted.failure.tail.text[0])
		return;
	cs_buffer_puts(out, "\n  <pre>");
	cs_escape_markup(out, row->function->asserted.failure.tail.text, true);
	cs_buffer_puts(out, "</pre>\n\n");
}

static void put_remark(const struct cs_result *result, size_t which, enum cs_remark remark,
		       struct cs_buffer *out)
{
	const struct cs_row row = { .function = &result->functions[which] };
	struct cs_buffer text = { 0 };

	cs_result_remark(result, row.function, remark, &text);
	if (text.len) {
		cs_buffer_puts(out, "- ");
		put_function(&row, out);
		cs_buffer_puts(out, ": ");
		cs_escape_markdown(out, text.data);
		cs_buffer_putc(out, '\n');
	}
	out->failed |= text.failed;
	cs_buffer_deinit(&text);
}

static void put_details(const struct cs_result *result, const struct cs_row *rows, size_t count,
			size_t room, struct cs_buffer *out)
{
	struct cs_buffer details = { 0 }, one = { 0 };

	for (size_t i = 0; i < count && rows[i].grade != CS_GRADE_KEPT; i++) {
		cs_buffer_clear(&one);
		put_detail(result, &rows[i], &one);
		if (details.len + one.len > room)
			break;
		cs_buffer_append(&details, one.data, one.len);
	}
	for (unsigned remark = 0; remark < CS_REMARK_COUNT; remark++) {
		for (size_t i = 0; i < result->count && details.len < room; i++)
			put_remark(result, i, (enum cs_remark)remark, &details);
	}
	if (details.len) {
		cs_buffer_puts(
			out,
			"\n<details><summary>Where, why, and what the machine did</summary>\n\n");
		cs_buffer_append(out, details.data, details.len);
		cs_buffer_puts(out, "\n</details>\n");
	}
	out->failed |= details.failed || one.failed;
	cs_buffer_deinit(&details);
	cs_buffer_deinit(&one);
}

static void put_host(const struct cs_result *result, struct cs_buffer *out)
{
	const struct cs_origin *origin = &result->functions[0].origin;

	cs_buffer_puts(out, "\n<sub>coldspan ");
	cs_escape_markdown(out, origin->version);
	cs_buffer_printf(out, ", %s, %u processors ", origin->date, origin->host.cpus);
	cs_escape_markdown(out, origin->host.processor);
	cs_buffer_puts(out, ", Linux ");
	cs_escape_markdown(out, origin->host.kernel);
	cs_buffer_puts(out, "</sub>\n");
}

int cs_format_markdown(const struct cs_result *result, struct cs_buffer *out)
{
	size_t begin = out->len, count, put, end = begin + CS_MARKDOWN_BYTES_MAX;
	struct cs_buffer details = { 0 };
	struct cs_row *rows;

	if (cs_result_rows(result, true, &rows, &count) < 0)
		return -ENOMEM;
	put_details(result, rows, count, CS_MARKDOWN_BYTES_MAX / DETAILS_SHARE, &details);
	if (result->count)
		put_host(result, &details);
	put_heading(result, rows, count, out);
	put = put_table(rows, count, end - details.len - ROOM_FOR_END, out);
	if (put < count)
		cs_buffer_printf(
			out, "\n%zu more, less bad than these, are left out: GitHub takes 1 MiB.\n",
			count - put);
	cs_buffer_append(out, details.data, details.len);
	free(rows);
	out->failed |= details.failed;
	cs_buffer_deinit(&details);
	return out->failed ? -ENOMEM : 0;
}
