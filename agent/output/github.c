/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Annotations as workflow commands on standard output. Of a step GitHub shows ten of a kind, and says
 * nothing of the others: no more than ten are written in all, and the last says how many are not.
 */
#include <errno.h>
#include <stdlib.h>

#include "agent/output/escape.h"
#include "agent/output/formats.h"

static const char *command_of(const struct cs_result *result, const struct cs_row *row)
{
	switch (row->grade) {
	case CS_GRADE_BROKEN:
	case CS_GRADE_EXCEEDED:
		return row->counts ? "error" : "warning";
	case CS_GRADE_DOUBTFUL:
		return row->counts && result->strict ? "error" : "warning";
	case CS_GRADE_EXCUSED:
		return row->budget->level == CS_LEVEL_INFO ? "notice" : "warning";
	case CS_GRADE_KEPT:
		break;
	}
	return NULL;
}

static void put_row(const struct cs_result *result, const struct cs_row *row, struct cs_buffer *out)
{
	struct cs_buffer name = { 0 }, evidence = { 0 }, notes = { 0 };
	unsigned line, column;

	cs_row_place(row, &line, &column);
	cs_result_label(row->function, &name);
	cs_row_evidence(row, &evidence);
	cs_buffer_printf(out, "::%s file=", command_of(result, row));
	cs_escape_command(out, result->file, true);
	cs_buffer_printf(out, ",line=%u,col=%u,title=", line, column);
	cs_escape_command(out, name.len ? name.data : "", true);
	cs_escape_command(out, ": ", true);
	cs_escape_command(out, cs_row_name(row), true);
	cs_buffer_printf(out, "::%s: ", row->label);
	cs_escape_command(out, evidence.len ? evidence.data : "", false);
	cs_row_notes(row, &notes);
	if (notes.len) {
		cs_buffer_puts(out, "%0A");
		cs_escape_command(out, notes.data, false);
	}
	cs_buffer_putc(out, '\n');
	out->failed |= name.failed || evidence.failed || notes.failed;
	cs_buffer_deinit(&name);
	cs_buffer_deinit(&evidence);
	cs_buffer_deinit(&notes);
}

int cs_format_github(const struct cs_result *result, struct cs_buffer *out)
{
	size_t count, wanted = 0;
	struct cs_row *rows;

	if (cs_result_rows(result, true, &rows, &count) < 0)
		return -ENOMEM;
	while (wanted < count && rows[wanted].grade != CS_GRADE_KEPT)
		wanted++;
	for (size_t i = 0; i < wanted; i++) {
		if (wanted > CS_ANNOTATIONS_MAX && i == CS_ANNOTATIONS_MAX - 1) {
			cs_buffer_printf(out,
					 "::%s title=coldspan::%zu more budgets are not kept; "
					 "they are in the summary\n",
					 command_of(result, &rows[i]), wanted - i);
			break;
		}
		put_row(result, &rows[i], out);
	}
	free(rows);
	return out->failed ? -ENOMEM : 0;
}
