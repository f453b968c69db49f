/* SPDX-License-Identifier: Apache-2.0 */

/*
 * OpenMetrics 1.0: what was measured and what is allowed, a family for each unit. GitLab compares values as
 * strings, so they have three digits, unless they are counts.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "agent/budget/metric.h"
#include "agent/output/escape.h"
#include "agent/output/formats.h"

enum unit {
	UNIT_SECONDS,
	UNIT_BYTES,
	UNIT_COUNT,
	UNIT_RATIO,
	UNIT_USD,
	UNITS,
};

static const struct {
	const char *name; /* as the family ends */
	double by;
} units[UNITS] = {
	[UNIT_SECONDS] = { "_seconds", 1e9 },
	[UNIT_BYTES] = { "_bytes", 1 },
	[UNIT_COUNT] = { "", 1 },
	[UNIT_RATIO] = { "_ratio", 1 },
	[UNIT_USD] = { "_usd", 1 },
};

static enum unit unit_of(enum cs_quantity_kind kind)
{
	switch (kind) {
	case CS_QUANTITY_DURATION:
		return UNIT_SECONDS;
	case CS_QUANTITY_SIZE:
		return UNIT_BYTES;
	case CS_QUANTITY_SHARE:
	case CS_QUANTITY_FACTOR:
		return UNIT_RATIO;
	case CS_QUANTITY_COST:
		return UNIT_USD;
	case CS_QUANTITY_COUNT:
		break;
	}
	return UNIT_COUNT;
}

/* Of what is measured: against others a ratio, if it is no count. */
static enum unit measured_unit(const struct cs_budget *budget)
{
	const struct cs_metric_about about = cs_metric_about(budget->metric);

	return budget->against != CS_AGAINST_NOTHING && !about.exact ? UNIT_RATIO
								     : unit_of(about.kind);
}

/* What is allowed, as it is measured: a share of growth is a ratio of one and that. */
static double allowed_of(const struct cs_budget *budget)
{
	return budget->max.kind == CS_QUANTITY_SHARE ? 1 + budget->max.value : budget->max.value;
}

static void put_labels(const struct cs_row *row, struct cs_buffer *out)
{
	struct cs_buffer name = { 0 };

	cs_result_label(row->function, &name);
	cs_buffer_puts(out, "{function=\"");
	cs_escape_label(out, name.len ? name.data : "");
	if (row->budget) {
		cs_buffer_puts(out, "\",budget=\"");
		cs_escape_label(out, row->budget->id);
	}
	cs_buffer_puts(out, "\"");
	cs_buffer_deinit(&name);
}

static void put_value(enum unit unit, double value, struct cs_buffer *out)
{
	cs_buffer_printf(out, unit == UNIT_COUNT ? "} %.15g\n" : "} %.3g\n",
			 value / units[unit].by);
}

static void put_family(const struct cs_row *rows, size_t count, const char *family, enum unit unit,
		       bool allowed, const char *help, struct cs_buffer *out)
{
	bool begun = false;

	for (size_t i = 0; i < count; i++) {
		const struct cs_budget *budget = rows[i].budget;
		enum unit own;
		double value;

		if (!budget)
			continue;
		own = allowed ? unit_of(budget->max.kind) : measured_unit(budget);
		value = allowed ? allowed_of(budget) : rows[i].judgement->point;
		if (own != unit || isnan(value))
			continue;
		if (!begun) {
			cs_buffer_printf(out, "# TYPE coldspan_%s%s gauge\n", family,
					 units[unit].name);
			if (unit == UNIT_SECONDS || unit == UNIT_BYTES)
				cs_buffer_printf(out, "# UNIT coldspan_%s%s %s\n", family,
						 units[unit].name, units[unit].name + 1);
			cs_buffer_printf(out, "# HELP coldspan_%s%s %s\n", family, units[unit].name,
					 help);
			begun = true;
		}
		cs_buffer_printf(out, "coldspan_%s%s", family, units[unit].name);
		put_labels(&rows[i], out);
		put_value(unit, value, out);
	}
}

static void put_verdicts(const struct cs_row *rows, size_t count, struct cs_buffer *out)
{
	cs_buffer_puts(out,
		       "# TYPE coldspan_budget_kept gauge\n"
		       "# HELP coldspan_budget_kept 1: it is kept; 0: it is not, or not proved.\n");
	for (size_t i = 0; i < count; i++) {
		cs_buffer_puts(out, "coldspan_budget_kept");
		put_labels(&rows[i], out);
		cs_buffer_printf(out, ",verdict=\"%s\"} %d\n", rows[i].label,
				 rows[i].grade == CS_GRADE_KEPT);
	}
}

static void put_starts(const struct cs_result *result, struct cs_buffer *out)
{
	cs_buffer_puts(out, "# TYPE coldspan_cold_starts gauge\n"
			    "# HELP coldspan_cold_starts Cold starts that were measured.\n");
	for (size_t i = 0; i < result->count; i++) {
		const struct cs_row row = { .function = &result->functions[i] };

		cs_buffer_puts(out, "coldspan_cold_starts");
		put_labels(&row, out);
		cs_buffer_printf(out, "} %u\n", row.function->asserted.count);
	}
}

int cs_format_openmetrics(const struct cs_result *result, struct cs_buffer *out)
{
	struct cs_row *rows;
	size_t count;

	if (cs_result_rows(result, false, &rows, &count) < 0)
		return -ENOMEM;
	for (unsigned unit = 0; unit < UNITS; unit++) {
		put_family(rows, count, "budget_measured", unit, false,
			   "What a budget bounds, as it was measured.", out);
		put_family(rows, count, "budget_allowed", unit, true, "What a budget allows.", out);
	}
	put_verdicts(rows, count, out);
	put_starts(result, out);
	cs_buffer_puts(out, "# EOF\n");
	free(rows);
	return out->failed ? -ENOMEM : 0;
}
