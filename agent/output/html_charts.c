/* SPDX-License-Identifier: Apache-2.0 */

/* Drawings; see html_charts.h. */
#include "agent/output/html_charts.h"

#include <math.h>
#include <stdlib.h>

#include "agent/budget/metric.h"
#include "agent/output/escape.h"
#include "agent/statistics/quantile.h"

#define WIDTH    600
#define MARGIN   10
#define DOTS_MAX 500u /* every so many starts where there are more */
#define PAIRS    240

static uint32_t step_of(uint32_t count)
{
	return count / DOTS_MAX + 1;
}

static double largest(const struct cs_sample *samples, uint32_t count, unsigned metric)
{
	double most = 0;

	for (uint32_t i = 0; samples && i < count; i++) {
		if (samples[i].values[metric] > most)
			most = samples[i].values[metric];
	}
	return most;
}

static void put_amount(unsigned metric, double value, struct cs_buffer *out)
{
	const struct cs_quantity quantity = { cs_metric_about(metric).kind, value };
	char text[64];

	cs_escape_markup(out, cs_quantity_format(quantity, text, sizeof(text)), false);
}

void cs_html_strip(const struct cs_row *row, struct cs_buffer *out)
{
	const struct cs_asserted *asserted = &row->function->asserted;
	const struct cs_budget *budget = row->budget;
	double most, limit;

	if (!budget || budget->against != CS_AGAINST_NOTHING || !asserted->count)
		return;
	limit = budget->max.value;
	most = fmax(largest(asserted->own, asserted->count, budget->metric), limit);
	if (!(most > 0) || !isfinite(most))
		return;
	cs_buffer_printf(out,
			 "<svg class=\"strip\" viewBox=\"0 0 %d 44\" role=\"img\" "
			 "aria-label=\"each start, and what is allowed\">"
			 "<line class=\"axis\" x1=\"%d\" y1=\"22\" x2=\"%d\" y2=\"22\"/>",
			 WIDTH, MARGIN, WIDTH - MARGIN);
	for (uint32_t i = 0; i < asserted->count; i += step_of(asserted->count)) {
		double value = asserted->own[i].values[budget->metric];

		if (value >= 0)
			cs_buffer_printf(
				out, "<circle class=\"%s\" cx=\"%.1f\" cy=\"%u\" r=\"3\"/>",
				value > limit ? "over" : "kept",
				MARGIN + value / most * (WIDTH - 2 * MARGIN), 14 + i * 7 % 17);
	}
	limit = MARGIN + limit / most * (WIDTH - 2 * MARGIN);
	cs_buffer_printf(out,
			 "<line class=\"limit\" x1=\"%.1f\" y1=\"2\" x2=\"%.1f\" y2=\"34\"/>"
			 "<text x=\"%d\" y=\"43\">0</text><text x=\"%d\" y=\"43\" class=\"end\">",
			 limit, limit, MARGIN, WIDTH - MARGIN);
	put_amount(budget->metric, most, out);
	cs_buffer_puts(out, "</text></svg>\n");
}

/* NaN: it was never seen. */
static double median_of(const struct cs_asserted *asserted, unsigned metric)
{
	double *column = calloc(asserted->count + 1, sizeof(*column)), median = (double)NAN;
	uint32_t seen = 0;

	for (uint32_t i = 0; column && i < asserted->count; i++) {
		if (!isnan(asserted->own[i].values[metric]))
			column[seen++] = asserted->own[i].values[metric];
	}
	if (seen) {
		cs_samples_sort(column, seen);
		median = cs_samples_median(column, seen);
	}
	free(column);
	return median;
}

void cs_html_phases(const struct cs_asserted *asserted, struct cs_buffer *out)
{
	double medians[CS_PHASE_COUNT], sum = 0, at = 0;

	for (unsigned phase = 0; phase < CS_PHASE_COUNT; phase++) {
		medians[phase] = median_of(asserted, CS_METRIC_PHASES + phase);
		/* The wait for its event is no part of a cold start's total. */
		if (medians[phase] > 0 && phase != CS_PHASE_WAIT)
			sum += medians[phase];
	}
	if (!(sum > 0))
		return;
	cs_buffer_puts(out,
		       "<table class=\"phases\"><caption>Phases, their medians</caption><tbody>\n");
	for (unsigned phase = 0; phase < CS_PHASE_COUNT; phase++) {
		if (!(medians[phase] > 0) || phase == CS_PHASE_WAIT)
			continue;
		cs_buffer_printf(out, "<tr><th scope=\"row\">%s</th><td class=\"number\">",
				 cs_phase_name(phase));
		put_amount(CS_METRIC_PHASES + phase, medians[phase], out);
		cs_buffer_printf(
			out,
			"</td><td><svg class=\"bar\" viewBox=\"0 0 %d 12\" "
			"preserveAspectRatio=\"none\" aria-hidden=\"true\">"
			"<rect x=\"%.1f\" y=\"1\" width=\"%.1f\" height=\"10\"/></svg></td></tr>\n",
			WIDTH, at / sum * WIDTH, fmax(medians[phase] / sum * WIDTH, 1));
		at += medians[phase];
	}
	cs_buffer_puts(out, "</tbody></table>\n");
}

void cs_html_pairs(const struct cs_asserted *asserted, struct cs_buffer *out)
{
	unsigned metric = cs_asserted_whole(asserted);
	double most = fmax(largest(asserted->own, asserted->count, metric),
			   largest(asserted->others, cs_asserted_others_count(asserted), metric));

	if (!asserted->others || asserted->apart || !(most > 0) || !isfinite(most))
		return;
	cs_buffer_printf(out,
			 "<figure><svg class=\"pairs\" viewBox=\"0 0 %d %d\" role=\"img\" "
			 "aria-label=\"pairs: %s, beside that of the %s start\">"
			 "<line class=\"axis\" x1=\"0\" y1=\"%d\" x2=\"%d\" y2=\"0\"/>",
			 PAIRS, PAIRS, cs_metric_about(metric).name, cs_assert_beside(asserted),
			 PAIRS, PAIRS);
	for (uint32_t i = 0; i < asserted->count; i += step_of(asserted->count)) {
		double own = asserted->own[i].values[metric];
		double other = asserted->others[i].values[metric];

		if (own >= 0 && other >= 0)
			cs_buffer_printf(out,
					 "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"3\"/>",
					 own > other ? "over" : "kept", other / most * PAIRS,
					 PAIRS - own / most * PAIRS);
	}
	cs_buffer_printf(out,
			 "</svg><figcaption>Pairs: %s of the %s start to the right, of the "
			 "function's upwards, both up to ",
			 cs_metric_about(metric).name, cs_assert_beside(asserted));
	put_amount(metric, most, out);
	cs_buffer_puts(out, "</figcaption></figure>\n");
}
