/* SPDX-License-Identifier: Apache-2.0 */

/*
 * JUnit XML. There is no official schema: elements and attributes are those that testmoapp/junitxml lists
 * and Jenkins' junit-10.xsd allows, which is more than each reader takes in. A suite is a function, a case a
 * budget; what was not measured is an error, what is not proved or excused is skipped and says why. GitLab
 * reads the text of these and not their attribute, and of cases with one name the first alone.
 *
 * What would be too much is left out, the best first; a suite at the end has a case for each kind of these,
 * which fails where they do.
 */
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "agent/budget/metric.h"
#include "agent/output/escape.h"
#include "agent/output/formats.h"

#define ROOM_FOR_REST   2048u /* the head of all, and what is said of those that are left out */
#define SUITE_END_BYTES 64u
#define ROW_BYTES_MAX   32768u

struct counts {
	unsigned tests;
	unsigned failures;
	unsigned errors;
	unsigned skipped;
};

static void put_attribute(struct cs_buffer *out, const char *name, const char *value)
{
	cs_buffer_printf(out, " %s=\"", name);
	cs_escape_markup(out, value, true);
	cs_buffer_putc(out, '"');
}

/* Of all suites together the schema knows no skipped ones. */
static void put_counts(struct cs_buffer *out, struct counts counts, bool of_suite)
{
	cs_buffer_printf(out, " tests=\"%u\" failures=\"%u\" errors=\"%u\"", counts.tests,
			 counts.failures, counts.errors);
	if (of_suite)
		cs_buffer_printf(out, " skipped=\"%u\"", counts.skipped);
}

/* Seconds that its starts took, which is what took the time. */
static double seconds_of(const struct cs_asserted *asserted)
{
	double ns = 0;

	for (uint32_t i = 0; i < asserted->count; i++) {
		double own = asserted->own[i].values[CS_METRIC_TOTAL];

		ns += isnan(own) ? 0 : own;
		own = asserted->others && !asserted->apart
			      ? asserted->others[i].values[CS_METRIC_TOTAL]
			      : 0;
		ns += isnan(own) ? 0 : own;
	}
	return ns / 1e9;
}

static const char *element_of(enum cs_grade grade)
{
	switch (grade) {
	case CS_GRADE_BROKEN:
		return "error";
	case CS_GRADE_EXCEEDED:
		return "failure";
	case CS_GRADE_DOUBTFUL:
	case CS_GRADE_EXCUSED:
		return "skipped";
	case CS_GRADE_KEPT:
		break;
	}
	return NULL;
}

static const char *type_of(const struct cs_row *row)
{
	return row->grade == CS_GRADE_BROKEN     ? "NoData"
	       : row->grade == CS_GRADE_EXCEEDED ? "BudgetExceeded"
						 : NULL;
}

static void put_outcome(const struct cs_result *result, const struct cs_row *row,
			struct cs_buffer *out)
{
	const char *element = element_of(row->grade), *type = type_of(row);
	struct cs_buffer message = { 0 };
	unsigned line, column;

	if (!element)
		return;
	cs_buffer_printf(&message, "%s: ", row->label);
	cs_row_evidence(row, &message);
	cs_buffer_printf(out, "      <%s", element);
	if (type)
		put_attribute(out, "type", type);
	put_attribute(out, "message", message.len ? message.data : "");
	cs_row_place(row, &line, &column);
	cs_buffer_putc(out, '>');
	cs_escape_markup(out, result->file, false);
	cs_buffer_printf(out, ":%u:%u: ", line, column);
	cs_escape_markup(out, cs_row_name(row), false);
	cs_buffer_puts(out, ": ");
	cs_escape_markup(out, message.len ? message.data : "", false);
	cs_buffer_clear(&message);
	cs_row_notes(row, &message);
	if (message.len) {
		cs_buffer_putc(out, '\n');
		cs_escape_markup(out, message.data, false);
	}
	cs_buffer_printf(out, "</%s>\n", element);
	cs_buffer_deinit(&message);
}

static void put_case(const struct cs_result *result, const struct cs_row *row, const char *name,
		     bool twice, struct cs_buffer *out)
{
	struct cs_buffer class = { 0 }, own = { 0 };

	cs_buffer_printf(&class, "coldspan.%s", name);
	cs_buffer_puts(&own, cs_row_name(row));
	if (twice)
		cs_buffer_printf(&own, " (%s)", row->budget->id);
	cs_buffer_puts(out, "    <testcase");
	put_attribute(out, "name", own.len ? own.data : "");
	cs_buffer_deinit(&own);
	put_attribute(out, "classname", class.len ? class.data : "");
	cs_buffer_puts(out, " time=\"0\">\n");
	put_outcome(result, row, out);
	if (!row->budget) {
		cs_buffer_puts(out, "      <system-err>");
		cs_escape_markup(out, row->function->asserted.failure.tail.text, false);
		cs_buffer_puts(out, "</system-err>\n");
	}
	cs_buffer_puts(out, "    </testcase>\n");
	cs_buffer_deinit(&class);
}

static void put_property(struct cs_buffer *out, const char *name, const char *value)
{
	cs_buffer_puts(out, "      <property");
	put_attribute(out, "name", name);
	put_attribute(out, "value", value);
	cs_buffer_puts(out, "/>\n");
}

static void put_number(struct cs_buffer *out, const char *id, const char *what, double value)
{
	struct cs_buffer name = { 0 };
	char text[32];

	if (isnan(value))
		return;
	snprintf(text, sizeof(text), "%.15g", value);
	cs_buffer_printf(&name, "coldspan.%s.%s", id, what);
	put_property(out, name.len ? name.data : "", text);
	cs_buffer_deinit(&name);
}

static void put_properties(const struct cs_result_function *function, struct cs_buffer *out)
{
	char starts[16];

	snprintf(starts, sizeof(starts), "%u", function->asserted.count);
	put_property(out, "coldspan.starts", starts);
	put_property(out, "coldspan.kernel", function->origin.host.kernel);
	put_property(out, "coldspan.processor", function->origin.host.processor);
}

static void put_numbers(const struct cs_row *row, struct cs_buffer *out)
{
	if (!row->budget)
		return;
	put_number(out, row->budget->id, "point", row->judgement->point);
	put_number(out, row->budget->id, "lower", row->judgement->lower);
	put_number(out, row->budget->id, "upper", row->judgement->upper);
}

static void put_suite_head(const struct cs_result *result,
			   const struct cs_result_function *function, const char *name,
			   struct counts counts, struct cs_buffer *out)
{
	cs_buffer_puts(out, "  <testsuite");
	put_attribute(out, "name", name);
	put_attribute(out, "file", result->file);
	put_counts(out, counts, true);
	cs_buffer_printf(out, " time=\"%.3f\"", seconds_of(&function->asserted));
	/* Dates are without a zone in the schema. */
	if (function->origin.date)
		cs_buffer_printf(out, " timestamp=\"%.19s\"", function->origin.date);
	cs_buffer_puts(out, ">\n    <properties>\n");
	put_properties(function, out);
}

/* --- what is there --- */

/* Of each row, by its position in the plan. */
struct choice {
	bool there; /* it is written */
	bool twice; /* another budget of its function is the same line: its id tells them apart */
};

static int by_name(const void *a, const void *b)
{
	const struct cs_row *left = *(const struct cs_row *const *)a;
	const struct cs_row *right = *(const struct cs_row *const *)b;

	if (left->function != right->function)
		return left->function < right->function ? -1 : 1;
	return strcmp(cs_row_name(left), cs_row_name(right));
}

static int find_twice(const struct cs_row *rows, size_t count, struct choice *choices)
{
	const struct cs_row **sorted = calloc(count + 1, sizeof(*sorted));

	if (!sorted)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		sorted[i] = &rows[i];
	qsort(sorted, count, sizeof(*sorted), by_name);
	for (size_t i = 1; i < count; i++) {
		if (by_name(&sorted[i - 1], &sorted[i]) == 0)
			choices[sorted[i - 1]->position].twice =
				choices[sorted[i]->position].twice = true;
	}
	free(sorted);
	return 0;
}

/* Bytes of a row, and of its suite, if it is the first in it. */
static size_t bytes_of(const struct cs_result *result, const struct cs_row *row, bool twice,
		       bool first, struct cs_buffer *scratch)
{
	struct cs_buffer name = { 0 };

	cs_buffer_clear(scratch);
	cs_result_label(row->function, &name);
	if (first)
		put_suite_head(result, row->function, name.len ? name.data : "",
			       (struct counts){ UINT_MAX, UINT_MAX, UINT_MAX, UINT_MAX }, scratch);
	put_numbers(row, scratch);
	put_case(result, row, name.len ? name.data : "", twice, scratch);
	cs_buffer_deinit(&name);
	return scratch->len + (first ? SUITE_END_BYTES : 0);
}

/* As many of the worst as there is room for. */
static int choose(const struct cs_result *result, struct choice *choices)
{
	bool *begun = calloc(result->count + 1, sizeof(*begun));
	struct cs_buffer scratch = { 0 };
	struct cs_row *rows = NULL;
	size_t count = 0, used = ROOM_FOR_REST;
	bool full = false;
	int r = begun ? cs_result_rows(result, true, &rows, &count) : -ENOMEM;

	if (r == 0)
		r = find_twice(rows, count, choices);
	for (size_t i = 0; r == 0 && i < count && !full; i++) {
		size_t function = (size_t)(rows[i].function - result->functions), bytes;
		struct choice *choice = &choices[rows[i].position];

		bytes = bytes_of(result, &rows[i], choice->twice, !begun[function], &scratch);
		r = scratch.failed ? -ENOMEM : 0;
		choice->there = used + bytes <= CS_JUNIT_BYTES_MAX;
		begun[function] |= choice->there;
		used += choice->there ? bytes : 0;
		/* One that is too long for anyone takes nobody else's room. */
		full = !choice->there && bytes <= ROW_BYTES_MAX;
	}
	cs_buffer_deinit(&scratch);
	free(rows);
	free(begun);
	return r;
}

/* --- the document --- */

/* Of those that are @there, or are not. */
static struct counts count_of(const struct cs_row *rows, size_t count, const struct choice *choices,
			      bool there)
{
	struct counts counts = { 0 };

	for (size_t i = 0; i < count; i++) {
		const struct cs_row *row = &rows[i];

		if (choices[row->position].there != there)
			continue;
		counts.tests++;
		counts.failures += row->grade == CS_GRADE_EXCEEDED;
		counts.errors += row->grade == CS_GRADE_BROKEN;
		counts.skipped += row->grade == CS_GRADE_DOUBTFUL || row->grade == CS_GRADE_EXCUSED;
	}
	return counts;
}

/* @rows: all @count of one function */
static void put_suite(const struct cs_result *result, const struct cs_row *rows, size_t count,
		      const struct choice *choices, struct cs_buffer *out)
{
	struct counts counts = count_of(rows, count, choices, true);
	struct cs_buffer name = { 0 };

	if (!counts.tests)
		return;
	cs_result_label(rows->function, &name);
	put_suite_head(result, rows->function, name.len ? name.data : "", counts, out);
	for (size_t i = 0; i < count; i++) {
		if (choices[rows[i].position].there)
			put_numbers(&rows[i], out);
	}
	cs_buffer_puts(out, "    </properties>\n");
	for (size_t i = 0; i < count; i++) {
		if (choices[rows[i].position].there)
			put_case(result, &rows[i], name.len ? name.data : "",
				 choices[rows[i].position].twice, out);
	}
	cs_buffer_puts(out, "  </testsuite>\n");
	cs_buffer_deinit(&name);
}

static void put_rest_case(unsigned number, const char *what, const char *element,
			  struct cs_buffer *out)
{
	static const char where[] =
		"left out of this file, which ends at 1 MB; -o json=FILE has all";

	if (!number)
		return;
	cs_buffer_printf(out,
			 "    <testcase name=\"%u more budgets: %s\" classname=\"coldspan\" "
			 "time=\"0\">\n",
			 number, what);
	if (element)
		cs_buffer_printf(out, "      <%s message=\"%u %s\">%u %s: %s</%s>\n", element,
				 number, what, number, what, where, element);
	cs_buffer_puts(out, "    </testcase>\n");
}

/* A case for each kind of what is not there. */
static struct counts cases_of(struct counts rest)
{
	unsigned kept = rest.tests - rest.failures - rest.errors - rest.skipped;

	return (struct counts){ !!rest.failures + !!rest.errors + !!rest.skipped + !!kept,
				!!rest.failures, !!rest.errors, !!rest.skipped };
}

static void put_rest(struct counts rest, struct cs_buffer *out)
{
	if (!rest.tests)
		return;
	cs_buffer_puts(out, "  <testsuite name=\"left out\"");
	put_counts(out, cases_of(rest), true);
	cs_buffer_puts(out, " time=\"0\">\n");
	put_rest_case(rest.errors, "without data", "error", out);
	put_rest_case(rest.failures, "exceeded", "failure", out);
	put_rest_case(rest.skipped, "in doubt or excused", "skipped", out);
	put_rest_case(rest.tests - rest.failures - rest.errors - rest.skipped, "kept", NULL, out);
	cs_buffer_puts(out, "  </testsuite>\n");
}

static void put_document(const struct cs_result *result, const struct cs_row *rows, size_t count,
			 const struct choice *choices, struct cs_buffer *out)
{
	struct counts all = count_of(rows, count, choices, true);
	struct counts rest = count_of(rows, count, choices, false), more = cases_of(rest);

	all.tests += more.tests;
	all.failures += more.failures;
	all.errors += more.errors;
	cs_buffer_puts(out,
		       "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"coldspan\"");
	put_counts(out, all, false);
	cs_buffer_puts(out, ">\n");
	for (size_t i = 0, end; i < count; i = end) {
		for (end = i; end < count && rows[end].function == rows[i].function;)
			end++;
		put_suite(result, rows + i, end - i, choices, out);
	}
	put_rest(rest, out);
	cs_buffer_puts(out, "</testsuites>\n");
}

int cs_format_junit(const struct cs_result *result, struct cs_buffer *out)
{
	struct choice *choices;
	struct cs_row *rows;
	size_t count;
	int r;

	if (cs_result_rows(result, false, &rows, &count) < 0)
		return -ENOMEM;
	choices = calloc(count + 1, sizeof(*choices));
	r = choices ? choose(result, choices) : -ENOMEM;
	if (r == 0)
		put_document(result, rows, count, choices, out);
	free(choices);
	free(rows);
	return r < 0 || out->failed ? -ENOMEM : 0;
}
