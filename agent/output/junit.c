/* SPDX-License-Identifier: Apache-2.0 */

/*
 * JUnit XML. There is no official schema: elements and attributes are those that testmoapp/junitxml lists
 * and Jenkins' junit-10.xsd allows, which is more than each reader takes in. A suite is a function, a case a
 * budget; what was not measured is an error, what is not proved or excused is skipped and says why.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "agent/budget/metric.h"
#include "agent/output/escape.h"
#include "agent/output/formats.h"

struct counts {
	unsigned tests;
	unsigned failures;
	unsigned errors;
	unsigned skipped;
};

static struct counts count(const struct cs_row *rows, size_t rows_count,
			   const struct cs_result_function *function)
{
	struct counts counts = { 0 };

	for (size_t i = 0; i < rows_count; i++) {
		const struct cs_row *row = &rows[i];

		if (function && row->function != function)
			continue;
		counts.tests++;
		counts.failures += row->grade == CS_GRADE_EXCEEDED;
		counts.errors += row->grade == CS_GRADE_BROKEN;
		counts.skipped += row->grade == CS_GRADE_DOUBTFUL || row->grade == CS_GRADE_EXCUSED;
	}
	return counts;
}

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
		own = asserted->others ? asserted->others[i].values[CS_METRIC_TOTAL] : 0;
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
	if (row->grade != CS_GRADE_BROKEN && row->grade != CS_GRADE_EXCEEDED) {
		cs_buffer_puts(out, "/>\n");
		cs_buffer_deinit(&message);
		return;
	}
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
		     struct cs_buffer *out)
{
	struct cs_buffer class = { 0 };

	cs_buffer_printf(&class, "coldspan.%s", name);
	cs_buffer_puts(out, "    <testcase");
	put_attribute(out, "name", cs_row_name(row));
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

static void put_properties(const struct cs_result_function *function, const struct cs_row *rows,
			   size_t rows_count, struct cs_buffer *out)
{
	char starts[16];

	snprintf(starts, sizeof(starts), "%u", function->asserted.count);
	cs_buffer_puts(out, "    <properties>\n");
	put_property(out, "coldspan.starts", starts);
	put_property(out, "coldspan.kernel", function->origin.host.kernel);
	put_property(out, "coldspan.processor", function->origin.host.processor);
	for (size_t i = 0; i < rows_count; i++) {
		if (rows[i].function != function || !rows[i].budget)
			continue;
		put_number(out, rows[i].budget->id, "point", rows[i].judgement->point);
		put_number(out, rows[i].budget->id, "lower", rows[i].judgement->lower);
		put_number(out, rows[i].budget->id, "upper", rows[i].judgement->upper);
	}
	cs_buffer_puts(out, "    </properties>\n");
}

static void put_suite(const struct cs_result *result, const struct cs_result_function *function,
		      const struct cs_row *rows, size_t rows_count, struct cs_buffer *out)
{
	struct cs_buffer name = { 0 };

	cs_result_label(function, &name);
	cs_buffer_puts(out, "  <testsuite");
	put_attribute(out, "name", name.len ? name.data : "");
	put_attribute(out, "file", result->file);
	put_counts(out, count(rows, rows_count, function), true);
	cs_buffer_printf(out, " time=\"%.3f\"", seconds_of(&function->asserted));
	/* Dates are without a zone in the schema. */
	if (function->origin.date)
		cs_buffer_printf(out, " timestamp=\"%.19s\"", function->origin.date);
	cs_buffer_puts(out, ">\n");
	put_properties(function, rows, rows_count, out);
	for (size_t i = 0; i < rows_count; i++) {
		if (rows[i].function == function)
			put_case(result, &rows[i], name.len ? name.data : "", out);
	}
	cs_buffer_puts(out, "  </testsuite>\n");
	cs_buffer_deinit(&name);
}

int cs_format_junit(const struct cs_result *result, struct cs_buffer *out)
{
	struct cs_row *rows;
	size_t rows_count;

	if (cs_result_rows(result, false, &rows, &rows_count) < 0)
		return -ENOMEM;
	cs_buffer_puts(out,
		       "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"coldspan\"");
	put_counts(out, count(rows, rows_count, NULL), false);
	cs_buffer_puts(out, ">\n");
	for (size_t i = 0; i < result->count; i++)
		put_suite(result, &result->functions[i], rows, rows_count, out);
	cs_buffer_puts(out, "</testsuites>\n");
	free(rows);
	return out->failed ? -ENOMEM : 0;
}
