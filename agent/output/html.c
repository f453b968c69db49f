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
	"--over:#b3400a;--doubt:#8a6100;--part:#dbe9f4}\n"
	"@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--paper:#0d1117;--line:#30363d;"
	"--soft:#9da7b3;--kept:#56b4e9;--over:#ff8a4c;--doubt:#e8b339;--part:#1c3550}}\n"
	"body{font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);"
	"max-width:70rem;margin:2rem auto;padding:0 1rem}\n"
	"table{border-collapse:collapse;width:100%}caption{text-align:left;font-weight:600}\n"
	"th,td{border-bottom:1px solid var(--line);padding:.25rem .5rem;text-align:left;"
	"vertical-align:top;overflow-wrap:anywhere}thead th,tbody th{white-space:nowrap}\n"
	".number{text-align:right;white-space:nowrap}.scroll{overflow-x:auto}"
	"td:first-child{white-space:nowrap}\n"
	".broken,.exceeded{color:var(--over);font-weight:600}.doubtful,.excused{color:var(--doubt)}\n"
	".kept{color:var(--kept)}.soft,.notes{color:var(--soft)}.notes{white-space:pre-line}\n"
	"pre{border:1px solid var(--line);padding:.5rem;white-space:pre-wrap;overflow-wrap:anywhere}\n"
	"svg{display:block;width:100%}svg.pairs{max-width:240px;border:1px solid var(--line)}"
	"svg.bar{height:14px;min-width:6rem}.wide{width:60%}\n"
	"figure{margin:1rem 0}figcaption{font-weight:600}figure p{margin:.1rem 0}"
	".scale{display:flex;justify-content:space-between;border-top:1px solid var(--line);"
	"font-size:.85rem;color:var(--soft)}.dash{color:var(--over)}\n"
	"svg path{fill:none;vector-effect:non-scaling-stroke}path.axis{stroke:var(--line)}"
	"path.limit{stroke:var(--over);stroke-width:2;stroke-dasharray:4 3}"
	"path.box{stroke:var(--ink);fill:var(--line);fill-opacity:.5}"
	"path.box.other{stroke-dasharray:2 2}path.median{stroke:var(--ink);stroke-width:3}\n"
	"path.dots{stroke-width:5;stroke-linecap:round;stroke-opacity:.6}"
	"path.kept{stroke:var(--kept)}path.over{stroke:var(--over)}"
	"rect.own{fill:var(--kept)}rect.other{fill:var(--soft)}\n"
	".icicle p{margin:.5rem 0 0;border:1px solid var(--line);padding:0 .25rem;white-space:nowrap;"
	"overflow:hidden;text-overflow:ellipsis}.icicle div{display:flex}"
	".icicle span{min-width:0;overflow:hidden;text-overflow:ellipsis;white-space:nowrap;"
	"border:1px solid var(--line);background:var(--part);padding:.1rem 0;text-align:center;"
	"font-size:.85rem;print-color-adjust:exact;-webkit-print-color-adjust:exact}"
	".icicle span:nth-child(even){background:var(--paper)}\n"
	"summary{cursor:pointer;font-weight:600;margin-top:1rem}a{color:inherit}"
	":focus-visible{outline:2px solid var(--kept);outline-offset:2px}\n"
	".budgets td:nth-child(3){min-width:9rem}\n"
	"@media(max-width:40rem){th,td{padding:.25rem}.phases .wide{width:40%}"
	".budgets thead{display:none}.budgets tr{display:block;border-bottom:1px solid var(--line)}"
	".budgets td{display:block;border:0;padding:.1rem 0;text-align:left;white-space:normal}"
	".budgets td:empty{display:none}.beside::before{content:\"beside: \"}"
	".starts::before{content:\"starts: \"}}\n"
	"@media print{body{margin:0;max-width:none}details>*{display:block}"
	"details::details-content{content-visibility:visible;display:block}"
	".scroll{overflow:visible}tr,figure,.icicle{break-inside:avoid}}\n"
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

static void put_row(const struct cs_result *result, const struct cs_row *row, struct cs_buffer *out)
{
	cs_buffer_printf(out, "<tr><td class=\"%s\">%s</td><td><a href=\"#f%zu\">",
			 class_of(row->grade), row->label,
			 (size_t)(row->function - result->functions));
	put_name(row->function, out);
	cs_buffer_puts(out, "</a></td><td>");
	cs_escape_markup(out, cs_row_name(row), false);
	cs_buffer_puts(out, "</td><td>");
	put_evidence(row, out);
	put_notes(row, out);
	cs_buffer_puts(out, "</td><td class=\"number beside\">");
	cs_row_other(row, out);
	cs_buffer_printf(out, "</td><td class=\"number starts\">%u</td></tr>\n",
			 row->budget ? row->judgement->count : row->function->asserted.count);
}

static void put_table(const struct cs_result *result, const struct cs_row *rows, size_t count,
		      size_t room, struct cs_buffer *out)
{
	size_t put = 0;

	cs_buffer_puts(
		out,
		"<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"budgets\">"
		"<table class=\"budgets\"><thead><tr><th>verdict</th><th>function</th><th>budget</th>"
		"<th>measured</th><th class=\"number\">beside</th>"
		"<th class=\"number\">starts</th></tr></thead><tbody>\n");
	while (put < count && out->len < room && !out->failed)
		put_row(result, &rows[put++], out);
	cs_buffer_puts(out, "</tbody></table></div>\n");
	if (put < count)
		cs_buffer_printf(out, "<p>%zu more, less bad than these, are left out.</p>\n",
				 count - put);
}

static void put_remark(const struct cs_result *result, const struct cs_result_function *function,
		       enum cs_remark remark, struct cs_buffer *out)
{
	struct cs_buffer text = { 0 };

	cs_result_remark(result, function, remark, &text);
	if (text.len) {
		cs_buffer_printf(out, "<p class=\"%s\">",
				 remark == CS_REMARK_RUNNER ? "soft" : "doubtful");
		cs_escape_markup(out, text.data, false);
		cs_buffer_puts(out, "</p>\n");
	}
	out->failed |= text.failed;
	cs_buffer_deinit(&text);
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

static void put_function(const struct cs_result *result, const struct cs_result_function *function,
			 const struct cs_row *rows, size_t count, size_t room,
			 struct cs_buffer *out)
{
	const struct cs_asserted *asserted = &function->asserted;

	cs_buffer_printf(out, "<details id=\"f%zu\"%s><summary>",
			 (size_t)(function - result->functions),
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
	for (unsigned remark = 0; remark < CS_REMARK_COUNT; remark++)
		put_remark(result, function, (enum cs_remark)remark, out);
	cs_html_phases(asserted, out);
	cs_html_pairs(asserted, out);
	for (size_t i = 0; i < count && out->len < room; i++) {
		struct cs_buffer plot = { 0 };

		if (rows[i].function == function)
			cs_html_box(&rows[i], &plot);
		if (plot.len) {
			cs_buffer_printf(out, "<figure><figcaption><span class=\"%s\">%s</span> ",
					 class_of(rows[i].grade), rows[i].label);
			cs_escape_markup(out, cs_row_name(&rows[i]), false);
			cs_buffer_puts(out, "</figcaption>");
			cs_buffer_append(out, plot.data, plot.len);
			cs_buffer_puts(out, "</figure>\n");
		}
		cs_buffer_deinit(&plot);
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
	char cpus[64];

	snprintf(cpus, sizeof(cpus), "%u of %u", origin->host.cpus, origin->host.cpus_online);
	if (!origin->host.cpus_online)
		snprintf(cpus, sizeof(cpus), "%u", origin->host.cpus);
	cs_buffer_puts(out, "<h2>Measured on</h2><table><tbody>\n");
	put_fact("date", origin->date, out);
	put_fact("coldspan", origin->version, out);
	put_fact("commit", origin->commit, out);
	put_fact("processor", origin->host.processor, out);
	put_fact("processors", cpus, out);
	put_fact("machine", origin->host.machine, out);
	put_fact("kernel", origin->host.kernel, out);
	put_fact("frequency governor", origin->host.governor, out);
	put_fact("transparent huge pages", origin->host.huge_pages, out);
	put_fact("random addresses", origin->host.aslr, out);
	put_fact("configuration", result->file, out);
	put_fact("its hash", result->plan->hash, out);
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
			 cs_result_exit_code(result) ? "exceeded"
			 : strcmp(word, "kept") != 0 ? "doubtful"
						     : "kept",
			 word, count, result->count, result->tally.exceeded,
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
	size_t count = 0, drawn = 0, room;
	int r = cs_result_json_write(result, CS_RESULT_JSON_SCRIPT, &json);

	if (r == 0)
		r = cs_result_rows(result, true, &rows, &count);
	if (r < 0) {
		cs_buffer_deinit(&json);
		return r;
	}
	room = CS_HTML_BYTES_MAX - ROOM_FOR_END - (json.len > JSON_BYTES_MAX ? 0 : json.len);
	/* The last function's drawings begin with the last of it, and a budget's are some 20 KiB. */
	room = out->len + room - room / TABLE_SHARE;
	put_head(result, count, out);
	put_table(result, rows, count, room / 5 * TABLE_SHARE, out);
	for (; drawn < result->count && out->len < room; drawn++)
		put_function(result, &result->functions[drawn], rows, count, room, out);
	if (drawn < result->count)
		cs_buffer_printf(out, "<p>Drawings of %zu more functions are left out.</p>\n",
				 result->count - drawn);
	if (result->count)
		put_origin(result, out);
	put_json(&json, out);
	cs_buffer_puts(out, "</main>\n</body>\n</html>\n");
	out->failed |= json.failed;
	free(rows);
	cs_buffer_deinit(&json);
	return out->failed ? -ENOMEM : 0;
}
