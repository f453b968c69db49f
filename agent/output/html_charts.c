/* SPDX-License-Identifier: Apache-2.0 */

/* Drawings; see html_charts.h. */
#include "agent/output/html_charts.h"

#include <math.h>
#include <stdlib.h>

#include "agent/asserting/column.h"
#include "agent/budget/metric.h"
#include "agent/output/escape.h"
#include "agent/statistics/quantile.h"

#define WIDTH       1000.0 /* of a drawing, whatever it is on the screen */
#define LANE        30     /* of one side's box */
#define DOTS_MAX    500u   /* every so many starts where there are more */
#define PAIRS       240
#define PARTS_LEAST 0.002 /* of the whole: what is less is not seen side by side */

static uint32_t step_of(uint32_t count)
{
	return count / DOTS_MAX + 1;
}

static void put_amount(unsigned metric, double value, struct cs_buffer *out)
{
	const struct cs_quantity quantity = { cs_metric_about(metric).kind, value };
	char text[64];

	cs_escape_markup(out, cs_quantity_format(quantity, text, sizeof(text)), false);
}

/* --- a budget's starts --- */

/* What a box shows of one side. */
struct side {
	const char *name; /* "function", "baseline", "reference" */
	double *values;   /* owned, ascending */
	uint32_t count;
};

struct plot {
	unsigned metric;
	struct side sides[2];
	unsigned count;
	double most;  /* that has to fit */
	double limit; /* NaN: it cannot be drawn */
};

static void add_side(struct plot *plot, const char *name, const struct cs_sample *samples,
		     uint32_t count)
{
	struct side *side = &plot->sides[plot->count];

	side->name = name;
	side->count = cs_column_take(samples, count, plot->metric, &side->values);
	if (!side->count) {
		free(side->values);
		return;
	}
	plot->most = fmax(plot->most, side->values[side->count - 1]);
	plot->count++;
}

static double x_of(const struct plot *plot, double value)
{
	return fmin(fmax(value / plot->most, 0), 1) * WIDTH;
}

static double quartile(const struct side *side, double which)
{
	return side->values[cs_quantile_rank(side->count, which) - 1];
}

/* Dots are lines without length and with round ends: they stay round, however wide the page is. */
static void put_dots(const struct plot *plot, const struct side *side, double top, bool over,
		     struct cs_buffer *out)
{
	bool begun = false;

	for (uint32_t i = 0; i < side->count; i += step_of(side->count)) {
		double value = side->values[i];

		if ((!isnan(plot->limit) && value > plot->limit) != over)
			continue;
		if (!begun)
			cs_buffer_printf(out, "<path class=\"dots %s\" d=\"",
					 over ? "over" : "kept");
		begun = true;
		cs_buffer_printf(out, "M%.0f %.0fh0", x_of(plot, value), top + 8 + i * 7 % 15);
	}
	if (begun)
		cs_buffer_puts(out, "\"/>");
}

static void put_side(const struct plot *plot, const struct side *side, unsigned lane,
		     struct cs_buffer *out)
{
	double top = lane * LANE, middle = top + LANE / 2.0;
	double least = x_of(plot, side->values[0]),
	       most = x_of(plot, side->values[side->count - 1]);
	double low = x_of(plot, quartile(side, 0.25)), high = x_of(plot, quartile(side, 0.75));
	double median = x_of(plot, cs_samples_median(side->values, side->count));

	cs_buffer_printf(out,
			 "<path class=\"box%s\" d=\"M%.1f %.0fH%.1fM%.1f %.0fH%.1f"
			 "M%.1f %.0fv20h%.1fv-20z\"/><path class=\"median\" d=\"M%.1f %.0fv20\"/>",
			 lane ? " other" : "", least, middle, low, high, middle, most, low, top + 5,
			 fmax(high - low, 0.1), median, top + 5);
	put_dots(plot, side, top, false, out);
	put_dots(plot, side, top, true, out);
}

/* "function: 5 starts, 900 us to 1.20 ms, median 990 us" */
static void put_side_words(const struct plot *plot, const struct side *side, struct cs_buffer *out)
{
	cs_buffer_printf(out, "%s: %u start%s, ", side->name, side->count,
			 side->count == 1 ? "" : "s");
	put_amount(plot->metric, side->values[0], out);
	cs_buffer_puts(out, " to ");
	put_amount(plot->metric, side->values[side->count - 1], out);
	cs_buffer_puts(out, ", median ");
	put_amount(plot->metric, cs_samples_median(side->values, side->count), out);
}

static void put_plot(const struct plot *plot, struct cs_buffer *out)
{
	int height = LANE * (int)plot->count;

	cs_buffer_printf(out,
			 "<svg class=\"plot\" viewBox=\"0 0 1000 %d\" preserveAspectRatio=\"none\" "
			 "style=\"height:%dpx\" aria-hidden=\"true\">",
			 height, height);
	for (unsigned i = 0; i < plot->count; i++)
		put_side(plot, &plot->sides[i], i, out);
	if (!isnan(plot->limit))
		cs_buffer_printf(out, "<path class=\"limit\" d=\"M%.1f 0v%d\"/>",
				 x_of(plot, plot->limit), height);
	cs_buffer_puts(out, "</svg><p class=\"scale\"><span>0</span><span>");
	if (!isnan(plot->limit)) {
		cs_buffer_puts(out, "<b class=\"dash\">\xe2\x94\x86</b> allowed ");
		put_amount(plot->metric, plot->limit, out);
	}
	cs_buffer_puts(out, "</span><span>");
	put_amount(plot->metric, plot->most, out);
	cs_buffer_puts(out, "</span></p><p class=\"soft\">");
	for (unsigned i = 0; i < plot->count; i++) {
		cs_buffer_puts(out, i ? "<br>" : "");
		put_side_words(plot, &plot->sides[i], out);
	}
	cs_buffer_puts(out, "</p>\n");
}

void cs_html_box(const struct cs_row *row, struct cs_buffer *out)
{
	const struct cs_asserted *asserted = &row->function->asserted;
	struct plot plot = { .limit = (double)NAN };

	if (!row->budget || !asserted->count)
		return;
	plot.metric = row->budget->metric;
	plot.limit = cs_judge_allowed(row->budget, row->judgement->other);
	add_side(&plot, "function", asserted->own, asserted->count);
	if (plot.count && asserted->others)
		add_side(&plot, cs_assert_beside(asserted), asserted->others,
			 cs_asserted_others_count(asserted));
	if (!isnan(plot.limit))
		plot.most = fmax(plot.most, plot.limit);
	if (plot.count && plot.most > 0 && isfinite(plot.most))
		put_plot(&plot, out);
	for (unsigned i = 0; i < plot.count; i++)
		free(plot.sides[i].values);
}

/* --- phases --- */

struct medians {
	double of[CS_PHASE_COUNT]; /* 0: not seen */
	double sum;
};

static struct medians medians_of(const struct cs_sample *samples, uint32_t count)
{
	struct medians medians = { 0 };

	for (unsigned phase = 0; phase < CS_PHASE_COUNT; phase++) {
		double median = cs_column_median(samples, count, CS_METRIC_PHASES + phase);

		/* The wait for its event is no part of a cold start's total. */
		if (!(median > 0) || phase == CS_PHASE_WAIT)
			continue;
		medians.of[phase] = median;
		medians.sum += median;
	}
	return medians;
}

/* All phases in a row, the whole above them. */
static void put_icicle(const char *name, const struct medians *medians, double scale,
		       struct cs_buffer *out)
{
	cs_buffer_printf(out, "<div class=\"icicle\" style=\"width:%.2f%%\"><p>%s ",
			 medians->sum / scale * 100, name);
	put_amount(CS_METRIC_TOTAL, medians->sum, out);
	cs_buffer_puts(out, "</p><div>");
	for (unsigned phase = 0; phase < CS_PHASE_COUNT; phase++) {
		if (medians->of[phase] < medians->sum * PARTS_LEAST)
			continue;
		cs_buffer_printf(out, "<span style=\"flex:%.4f\" title=\"%s ",
				 medians->of[phase] / medians->sum, cs_phase_name(phase));
		put_amount(CS_METRIC_PHASES + phase, medians->of[phase], out);
		cs_buffer_printf(out, "\">%s</span>", cs_phase_name(phase));
	}
	cs_buffer_puts(out, "</div></div>\n");
}

static void put_bar(const char *class, double from, double width, int y, struct cs_buffer *out)
{
	cs_buffer_printf(out,
			 "<rect class=\"%s\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"6\"/>",
			 class, from * WIDTH, y, fmax(width * WIDTH, 1));
}

/* @at: where each side's phase begins, as a share of the scale */
static void put_phase(unsigned phase, const struct medians *sides, unsigned count, double *at,
		      double scale, struct cs_buffer *out)
{
	cs_buffer_printf(out, "<tr><th scope=\"row\">%s</th>", cs_phase_name(phase));
	for (unsigned i = 0; i < count; i++) {
		cs_buffer_puts(out, "<td class=\"number\">");
		if (sides[i].of[phase] > 0)
			put_amount(CS_METRIC_PHASES + phase, sides[i].of[phase], out);
		cs_buffer_puts(out, "</td>");
	}
	cs_buffer_puts(out, "<td class=\"wide\"><svg class=\"bar\" viewBox=\"0 0 1000 14\" "
			    "preserveAspectRatio=\"none\" aria-hidden=\"true\">");
	for (unsigned i = 0; i < count; i++) {
		if (sides[i].of[phase] > 0)
			put_bar(i ? "other" : "own", at[i] / scale, sides[i].of[phase] / scale,
				i ? 8 : 1, out);
		at[i] += sides[i].of[phase];
	}
	cs_buffer_puts(out, "</svg></td></tr>\n");
}

void cs_html_phases(const struct cs_asserted *asserted, struct cs_buffer *out)
{
	const char *beside = cs_assert_beside(asserted);
	struct medians sides[2] = { medians_of(asserted->own, asserted->count) };
	double at[2] = { 0 }, scale;
	unsigned count;

	if (beside)
		sides[1] = medians_of(asserted->others, cs_asserted_others_count(asserted));
	/* Without the shim there are none. */
	count = sides[1].sum > 0 ? 2 : 1;
	scale = fmax(sides[0].sum, sides[1].sum);
	if (!(scale > 0))
		return;
	cs_buffer_puts(out, "<div aria-hidden=\"true\">\n");
	put_icicle("function", &sides[0], scale, out);
	if (count > 1)
		put_icicle(beside, &sides[1], scale, out);
	cs_buffer_puts(out,
		       "</div>\n<table class=\"phases\"><caption>Phases, their medians</caption>"
		       "<thead><tr><th>phase</th><th class=\"number\">function</th>");
	if (count > 1)
		cs_buffer_printf(out, "<th class=\"number\">%s</th>", beside);
	cs_buffer_puts(out, "<th class=\"wide\">when</th></tr></thead><tbody>\n");
	for (unsigned phase = 0; phase < CS_PHASE_COUNT; phase++) {
		if (sides[0].of[phase] > 0 || sides[1].of[phase] > 0)
			put_phase(phase, sides, count, at, scale, out);
	}
	cs_buffer_puts(out, "</tbody></table>\n");
}

/* --- pairs --- */

static double largest(const struct cs_sample *samples, uint32_t count, unsigned metric)
{
	double most = 0;

	for (uint32_t i = 0; samples && i < count; i++) {
		if (samples[i].values[metric] > most)
			most = samples[i].values[metric];
	}
	return most;
}

static void put_pair_dots(const struct cs_asserted *asserted, unsigned metric, double most,
			  bool over, struct cs_buffer *out)
{
	cs_buffer_printf(out, "<path class=\"dots %s\" d=\"M0 0", over ? "over" : "kept");
	for (uint32_t i = 0; i < asserted->count; i += step_of(asserted->count)) {
		double own = asserted->own[i].values[metric];
		double other = asserted->others[i].values[metric];

		if (own >= 0 && other >= 0 && (own > other) == over)
			cs_buffer_printf(out, "M%.1f %.1fh0", other / most * PAIRS,
					 PAIRS - own / most * PAIRS);
	}
	cs_buffer_puts(out, "\"/>");
}

void cs_html_pairs(const struct cs_asserted *asserted, struct cs_buffer *out)
{
	const char *beside = cs_assert_beside(asserted);
	unsigned metric = cs_asserted_whole(asserted);
	double most = largest(asserted->own, asserted->count, metric);

	if (!beside || asserted->apart)
		return;
	most = fmax(most, largest(asserted->others, asserted->count, metric));
	if (!(most > 0) || !isfinite(most))
		return;
	cs_buffer_printf(out,
			 "<figure><svg class=\"pairs\" viewBox=\"0 0 %d %d\" role=\"img\" "
			 "aria-label=\"pairs: %s, beside that of the %s start\">"
			 "<path class=\"axis\" d=\"M0 %dL%d 0\"/>",
			 PAIRS, PAIRS, cs_metric_about(metric).name, beside, PAIRS, PAIRS);
	put_pair_dots(asserted, metric, most, false, out);
	put_pair_dots(asserted, metric, most, true, out);
	cs_buffer_printf(out,
			 "</svg><figcaption>Pairs: %s of the %s start to the right, of the "
			 "function's upwards, both up to ",
			 cs_metric_about(metric).name, beside);
	put_amount(metric, most, out);
	cs_buffer_puts(out, "; on the line they are equal</figcaption></figure>\n");
}
