/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of agent/output: the limits of those who read, and that names break no format. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "agent/output/formats.h"
#include "tests/unit/agent/output/results.h"

#define NASTY "a|<b>&\"'`]]>\n::error::%0A\x1b\xff_*@x"

static size_t count_of(const char *text, const char *what)
{
	size_t count = 0;

	for (const char *at = text; (at = strstr(at, what)); at += strlen(what))
		count++;
	return count;
}

static void write_to(const char *format, const struct cs_result *result, struct cs_buffer *out)
{
	cr_assert(zero(int, cs_format_find(format)->write(result, out)));
	cr_assert(ne(sz, out->len, 0));
}

/* Every failure is there, or counted by the one that says how many are not. */
static void check_junit(const char *text, unsigned failing, bool all)
{
	const char *rest = strstr(text, "<testsuite name=\"left out\"");
	size_t there = count_of(text, "<failure type=");
	unsigned left = 0;

	cr_assert(eq(int, rest != NULL, !all));
	if (rest)
		cr_assert(eq(int,
			     sscanf(strstr(rest, "<testcase name=\""),
				    "<testcase name=\"%u more budgets: exceeded\"", &left),
			     1));
	cr_assert(eq(sz, there + left, failing));
	cr_assert(eq(sz, count_of(text, "<failure "), there + !all));
}

static void check_quality(const char *text, unsigned failing, bool all)
{
	json_t *report = json_loads(text, 0, NULL);
	size_t there = json_array_size(report);
	unsigned left = 0;

	cr_assert(ne(ptr, report, NULL));
	if (!all) {
		const json_t *last = json_array_get(report, --there);
		const char *said = json_string_value(json_object_get(last, "description"));

		cr_assert(eq(int, sscanf(said, "%u more budgets are not kept", &left), 1), "%s",
			  said);
	}
	cr_assert(eq(sz, there + left, failing));
	json_decref(report);
}

/* How a summary and annotations of so many exceeded budgets look. */
static void check_limits(unsigned functions, unsigned budgets, bool all)
{
	struct cs_buffer summary = { 0 }, commands = { 0 }, page = { 0 }, suites = { 0 };
	struct cs_buffer quality = { 0 };
	struct results results;

	results_begin(&results, functions, budgets, 5, "f", NASTY, 2);
	write_to("junit", &results.result, &suites);
	write_to("gitlab", &results.result, &quality);
	check_junit(suites.data, functions * budgets, all);
	check_quality(quality.data, functions * budgets, all);
	cr_assert(le(sz, suites.len, (size_t)CS_JUNIT_BYTES_MAX));
	cr_assert(le(sz, quality.len, (size_t)CS_GITLAB_BYTES_MAX));
	cs_buffer_deinit(&suites);
	cs_buffer_deinit(&quality);
	write_to("markdown", &results.result, &summary);
	write_to("github", &results.result, &commands);
	write_to("html", &results.result, &page);
	cr_assert(le(sz, summary.len, (size_t)CS_MARKDOWN_BYTES_MAX));
	cr_assert(le(sz, page.len, (size_t)CS_HTML_BYTES_MAX));
	cr_assert(eq(sz, count_of(commands.data, "::error "), 10));
	cr_assert(eq(sz, count_of(commands.data, "\n"), 10));
	cr_assert(ne(ptr, strstr(commands.data, " more budgets are not kept"), NULL));
	if (all)
		cr_assert(eq(sz, count_of(summary.data, "| FAIL |"), functions * budgets));
	else
		cr_assert(ne(ptr, strstr(summary.data, "are left out: GitHub takes 1 MiB"), NULL));
	cs_buffer_deinit(&summary);
	cs_buffer_deinit(&commands);
	cs_buffer_deinit(&page);
	results_end(&results);
}

Test(formats, thirty_exceeded_budgets_are_ten_annotations_and_all_in_the_summary)
{
	check_limits(3, 10, true);
}

Test(formats, ten_thousand_stay_within_what_others_take)
{
	check_limits(1, 10000, false);
	check_limits(1000, 10, false);
}

Test(formats, what_is_too_long_for_anyone_hides_nobody)
{
	struct cs_buffer suites = { 0 };
	struct results results;
	char *name = calloc(1, 2 * CS_JUNIT_BYTES_MAX);

	memset(name, 'x', 2 * CS_JUNIT_BYTES_MAX - 1);
	results_begin(&results, 1, 3, 5, "f", "p50 total <= 100 ms", 2);
	results.budgets[0].text = name;
	write_to("junit", &results.result, &suites);
	cr_assert(le(sz, suites.len, (size_t)CS_JUNIT_BYTES_MAX));
	check_junit(suites.data, 3, false);
	cr_assert(eq(sz, count_of(suites.data, "<failure type="), 2));
	cs_buffer_deinit(&suites);
	results_end(&results);
	free(name);
}

Test(formats, ten_are_ten_without_a_word_of_more)
{
	struct cs_buffer commands = { 0 };
	struct results results;

	results_begin(&results, 1, 10, 5, "f", "p50 total <= 100 ms", 2);
	write_to("github", &results.result, &commands);
	cr_assert(eq(sz, count_of(commands.data, "::error file=coldspan.yaml,line="), 10));
	cs_buffer_deinit(&commands);
	results_end(&results);
}

Test(formats, what_is_kept_is_annotated_nowhere)
{
	struct cs_buffer commands = { 0 }, report = { 0 };
	struct results results;

	results_begin(&results, 1, 3, 5, "f", "p50 total <= 100 ms", 0.5);
	cr_assert(zero(int, cs_format_github(&results.result, &commands)));
	cr_assert(eq(sz, commands.len, 0));
	write_to("gitlab", &results.result, &report);
	cr_assert(eq(str, report.data, (char *)"[]\n"));
	cs_buffer_deinit(&commands);
	cs_buffer_deinit(&report);
	results_end(&results);
}

Test(formats, a_step_summary_begins_with_the_worst)
{
	struct cs_buffer summary = { 0 };
	struct results results;
	const char *excess, *kept;

	results_begin(&results, 1, 3, 5, "f", "p50 total <= 100 ms", 0.5);
	results.budgets[1].text = "three times";
	results.result.functions[0].asserted.judgements[1].verdict = CS_VERDICT_FAIL;
	results.result.functions[0].asserted.judgements[1].point = 3e8;
	results.budgets[2].text = "twice";
	results.result.functions[0].asserted.judgements[2].verdict = CS_VERDICT_FAIL;
	results.result.functions[0].asserted.judgements[2].point = 2e8;
	cs_result_settle(&results.result);
	write_to("markdown", &results.result, &summary);
	excess = strstr(summary.data, "three times");
	kept = strstr(summary.data, "PASS");
	cr_assert(excess && kept && excess < strstr(summary.data, "twice") && excess < kept);
	cr_assert(ne(ptr, strstr(summary.data, "2 of 3 budgets not kept"), NULL));
	cs_buffer_deinit(&summary);
	results_end(&results);
}

Test(formats, names_of_any_bytes_break_none)
{
	static const char *const names[] = { "github", "gitlab",   "html",       "json",
					     "junit",  "markdown", "openmetrics" };
	struct results results;

	results_begin(&results, 1, 2, 5, NASTY, NASTY, 2);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct cs_buffer out = { 0 };

		write_to(names[i], &results.result, &out);
		cr_assert(zero(ptr, strchr(out.data, '\x1b')), "%s", names[i]);
		cr_assert(i > 0 || !strstr(out.data, "\n::error::"));
		cr_assert(i < 2 || i == 3 || i == 6 || !strstr(out.data, "<b>&"), "%s", names[i]);
		if (!strcmp(names[i], "gitlab") || !strcmp(names[i], "json")) {
			json_t *json = json_loads(out.data, 0, NULL);

			cr_assert(ne(ptr, json, NULL), "%s", names[i]);
			json_decref(json);
		}
		cs_buffer_deinit(&out);
	}
	results_end(&results);
}
