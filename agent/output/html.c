/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One page that needs nothing else: no script, no network, no font. The whole result stands in it as JSON
 * for --from, if there is room. All foreign text is escaped, and the policy in its head allows neither
 * scripts nor anything from elsewhere: what got past the one is stopped by the other.
 */
#include <errno.h>
#include <stdlib.h>

#include "agent/output/escape.h"
#include "agent/output/formats.h"
#include "agent/output/html_charts.h"
#include "agent/output/json.h"
#include "coldspan_config.h"

#define JSON_BYTES_MAX (CS_HTML_BYTES_MAX / 2)
#define ROOM_FOR_END   4096u
#define TABLE_SHARE    3u /* of what is left, in fifths */

static const char head[] =
	"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
	"style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'\">\n"
	"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	"<meta name=\"color-scheme\" content=\"light dark\">\n"
	"<link rel=\"icon\" href=\"data:,\">\n";

static const char style[] =
	"<style>\n"
	":root{--ink:#1b1f24;--paper:#fff;--line:#d0d7de;--soft:#57606a;--kept:#0072b2;"
	"--over:#b3400a;--doubt:#8a6100}\n"
	"@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--paper:#0d1117;--line:#30363d;"
	"--soft:#9da7b3;--kept:#56b4e9;--over:#ff8a4c;--doubt:#e8b339}}\n"
	"body{font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);"
	"max-width:70rem;margin:2rem auto;padding:0 1rem}\n"
	"table{border-collapse:collapse;width:100%}caption{text-align:left;font-weight:600}\n"
	"th,td{border-bottom:1px solid var(--line);padding:.25rem .5rem;text-align:left;"
	"vertical-align:top;overflow-wrap:anywhere}thead th,tbody th{white-space:nowrap}\n"
	".number{text-align:right;white-space:nowrap}.scroll{overflow-x:auto}\n"
	".broken,.exceeded{color:var(--over);font-weight:600}.doubtful,.excused{color:var(--doubt)}\n"
	".kept{color:var(--kept)}.soft,.notes{color:var(--soft)}.notes{white-space:pre-line}\n"
	"pre{border:1px solid var(--line);padding:.5rem;white-space:pre-wrap;overflow-wrap:anywhere}\n"
	"svg{display:block;width:100%;max-width:600px}svg.pairs{max-width:240px}svg.bar{height:12px}\n"
	"svg text{font-size:9px;fill:var(--soft)}svg text.end{text-anchor:end}\n"
	"svg line.axis{stroke:var(--line)}svg line.limit{stroke:var(--over);stroke-dasharray:3}\n"
	"svg circle{fill-opacity:.6}svg circle.kept,svg rect{fill:var(--kept)}"
	"svg circle.over{fill:var(--over)}\n"
	"summary{cursor:pointer;font-weight:600;margin-top:1rem}"
	":focus-visible{outline:2px solid var(--kept);outline-offset:2px}\n"
	"@media print{body{margin:0;max-width:none}details>*{display:block}"
	"tr,figure{break-inside:avoid}}\n"
	"</style>\n";

static const char *class_of(enum cs_grade grade)
{
	switch (grade) {
	case CS_GRADE_BROKEN:
		return "broken";
	case CS_GRADE_EXCEEDED:
		return "exceeded";
	case CS_GRADE_DOUBTFUL:
		return "doubtful";
	case CS_GRADE_EXCUSED:
		return "excused";
	case CS_GRADE_KEPT:
		break;
	}
	return "kept";
}

static void put_name(const struct cs_result_function *function, struct cs_buffer *out)
{
	struct cs_buffer name = { 0 };

	cs_result_label(function, &name);
	cs_escape_markup(out, name.len ? name.data : "", false);
	cs_buffer_deinit(&name);
}

static void put_evidence(const struct cs_row *row, struct cs_buffer *out)
{
	struct cs_buffer text = { 0 };

	cs_row_evidence(row, &text);
	cs_escape_markup(out, text.len ? text.data : "", false);
	cs_buffer_deinit(&text);
}

/* Lines as such. */
static void put_notes(const struct cs_row *row, struct cs_buffer *out)
{
	struct cs_buffer notes = { 0 };

	cs_row_notes(row, &notes);
	if (notes.len) {
		cs_buffer_puts(out, "<div class=\"notes\">");
		cs_escape_markup(out, notes.data, false);
		cs_buffer_puts(out, "</div>");
	}
	out->failed |= notes.failed;
	cs_buffer_deinit(&notes);
}

static void put_row(const struct cs_row *row, struct cs_buffer *out)
{
	cs_buffer_printf(out, "<tr><td class=\"%s\">%s</td><td>", class_of(row->grade), row->label);
	put_name(row->function, out);
	cs_buffer_puts(out, "</td><td>");
	cs_escape_markup(out, cs_row_name(row), false);
	cs_buffer_puts(out, "</td><td>");
	put_evidence(row, out);
	put_notes(row, out);
	cs_buffer_puts(out, "</td><td class=\"number\">");
	cs_row_other(row, out);
	cs_buffer_printf(out, "</td><td class=\"number\">%u</td></tr>\n",
			 row->budget ? row->judgement->count : row->function->asserted.count);
}

static void put_table(const struct cs_row *rows, size_t count, size_t room, struct cs_buffer *out)
{
	size_t put = 0;

	cs_buffer_puts(
		out, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"budgets\">"
		     "<table><thead><tr><th>verdict</th><th>function</th><th>budget</th>"
		     "<th>measured</th><th class=\"number\">baseline</th>"
		     "<th class=\"number\">starts</th></tr></thead><tbody>\n");
	while (put < count && out->len < room && !out->failed)
		put_row(&rows[put++], out);
	cs_buffer_puts(out, "</tbody></table></div>\n");
	if (put < count)
		cs_buffer_printf(out, "<p>%zu more, less bad than these, are left out.</p>\n",
				 count - put);
}

static void put_runner(const struct cs_asserted *asserted, struct cs_buffer *out)
{
	struct cs_buffer runner = { 0 };

	cs_assert_runner(asserted, &runner);
	if (runner.len) {
		cs_buffer_puts(out, "<p class=\"soft\">Runner: ");
		cs_escape_markup(out, runner.data, false);
		cs_buffer_puts(out, "</p>\n");
	}
	cs_buffer_deinit(&runner);
}

/* What is not kept is open. Rows are the worst first. */
static bool is_open(const struct cs_result_function *function, const struct cs_row *rows,
		    size_t count)
{
	for (size_t i = 0; i < count && rows[i].grade != CS_GRADE_KEPT; i++) {
		if (rows[i].function == function)
			return true;
	}
	return false;
}

static void put_function(const struct cs_result_function *function, const struct cs_row *rows,
			 size_t count, size_t room, struct cs_buffer *out)
{
	const struct cs_asserted *asserted = &function->asserted;

	cs_buffer_printf(out, "<details%s><summary>",
			 is_open(function, rows, count) ? " open" : "");
	put_name(function, out);
	cs_buffer_puts(out, ": ");
	cs_assert_starts(asserted, out);
	cs_buffer_puts(out, "</summary>\n");
	if (asserted->failed) {
		cs_buffer_puts(out, "<pre>");
		cs_escape_markup(out, asserted->failure.tail.text, false);
		cs_buffer_puts(out, "</pre>\n");
	}
	put_runner(asserted, out);
	cs_html_phases(asserted, out);
	cs_html_pairs(asserted, out);
	for (size_t i = 0; i < count && out->len < room; i++) {
		struct cs_buffer strip = { 0 };

		if (rows[i].function == function)
			cs_html_strip(&rows[i], &strip);
		if (strip.len) {
			cs_buffer_puts(out, "<figure><figcaption>");
			cs_escape_markup(out, cs_row_name(&rows[i]), false);
			cs_buffer_puts(out, "</figcaption>");
			cs_buffer_append(out, strip.data, strip.len);
			cs_buffer_puts(out, "</figure>\n");
		}
		cs_buffer_deinit(&strip);
	}
	cs_buffer_puts(out, "</details>\n");
}

static void put_fact(const char *name, const char *value, struct cs_buffer *out)
{
	cs_buffer_printf(out, "<tr><th scope=\"row\">%s</th><td>", name);
	cs_escape_markup(out, value && *value ? value : "unknown", false);
	cs_buffer_puts(out, "</td></tr>\n");
}

static void put_origin(const struct cs_result *result, struct cs_buffer *out)
{
	const struct cs_origin *origin = &result->functions[0].origin;
	char cpus[16];

	snprintf(cpus, sizeof(cpus), "%u", origin->host.cpus);
	cs_buffer_puts(out, "<h2>Measured on</h2><table><tbody>\n");
	put_fact("date", origin->date, out);
	put_fact("coldspan", origin->version, out);
	put_fact("commit", origin->commit, out);
	put_fact("processor", origin->host.processor, out);
	put_fact("processors", cpus, out);
	put_fact("machine", origin->host.machine, out);
	put_fact("kernel", origin->host.kernel, out);
	put_fact("configuration", result->file, out);
	cs_buffer_puts(out, "</tbody></table>\n");
}

static void put_head(const struct cs_result *result, size_t count, struct cs_buffer *out)
{
	const char *word = cs_result_word(result);

	cs_buffer_puts(out, head);
	cs_buffer_printf(out, "<title>coldspan: %s</title>\n", word);
	cs_buffer_puts(out, style);
	cs_buffer_printf(out,
			 "</head>\n<body>\n<main>\n<h1 class=\"%s\">%s</h1>\n"
			 "<p>%zu budgets of %zu functions: %u exceeded, %u without data, %u "
			 "inconclusive, %u exceeded but excused, %u kept.</p>\n",
			 cs_result_exit_code(result) ? "exceeded" : "kept", word, count,
			 result->count, result->tally.exceeded,
			 result->tally.unseen + result->tally.failures, result->tally.doubtful,
			 result->tally.excused, result->tally.kept);
}

static void put_json(const struct cs_buffer *json, struct cs_buffer *out)
{
	if (json->len > JSON_BYTES_MAX) {
		cs_buffer_puts(out, "<p>The samples are too many for this page; -o json=FILE has "
				    "them.</p>\n");
		return;
	}
	cs_buffer_puts(out, "<script type=\"application/json\" id=\"coldspan\">");
	cs_buffer_append(out, json->data, json->len);
	cs_buffer_puts(out, "</script>\n");
}

int cs_format_html(const struct cs_result *result, struct cs_buffer *out)
{
	struct cs_buffer json = { 0 };
	struct cs_row *rows = NULL;
	size_t count = 0, room;
	int r = cs_result_json_write(result, CS_RESULT_JSON_SCRIPT, &json);

	if (r == 0)
		r = cs_result_rows(result, true, &rows, &count);
	if (r < 0) {
		cs_buffer_deinit(&json);
		return r;
	}
	room = CS_HTML_BYTES_MAX - ROOM_FOR_END - (json.len > JSON_BYTES_MAX ? 0 : json.len);
	/* A function's drawings are at most some 160 KiB, with which the last one begins. */
	room = out->len + room - room / TABLE_SHARE;
	put_head(result, count, out);
	put_table(rows, count, room / 5 * TABLE_SHARE, out);
	for (size_t i = 0; i < result->count && out->len < room; i++)
		put_function(&result->functions[i], rows, count, room, out);
	if (result->count)
		put_origin(result, out);
	put_json(&json, out);
	cs_buffer_puts(out, "</main>\n</body>\n</html>\n");
	out->failed |= json.failed;
	free(rows);
	cs_buffer_deinit(&json);
	return out->failed ? -ENOMEM : 0;
}
