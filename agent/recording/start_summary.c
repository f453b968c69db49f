/* SPDX-License-Identifier: Apache-2.0 */

/* Medians and extremes of cold starts; see start_summary.h. */
#include "agent/recording/start_summary.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/recording/waterfall.h"
#include "agent/statistics/quantile.h"
#include "base/cleanup.h"
#include "preload/wire/marks.h"

#define LABEL_COLUMNS  13
#define NUMBER_COLUMNS 10
#define TOTAL          "total"

/* What is told of durations. */
enum figure {
	MEDIAN,
	TAIL, /* the 95th percentile */
	MOST,
	FIGURES,
};

static const struct {
	const char *head;
	double quantile;
} figures[FIGURES] = { { "median", 0.5 }, { "p95", 0.95 }, { "slowest", 1 } };

/* In a narrow terminal these go first. */
static const enum figure given_up[] = { TAIL, MOST };

struct row {
	const char *label;
	uint64_t ns[FIGURES];
};

struct table {
	struct row rows[CS_PHASE_COUNT + 1];
	size_t rows_count;
	bool shown[FIGURES];
	int label_columns;
};

static int compare_starts(const void *a, const void *b)
{
	const struct cs_trace_span *x = *(const struct cs_trace_span *const *)a;
	const struct cs_trace_span *y = *(const struct cs_trace_span *const *)b;
	uint64_t of_x = cs_trace_span_duration(x), of_y = cs_trace_span_duration(y);

	if (of_x != of_y)
		return of_x < of_y ? -1 : 1;
	return x->number < y->number ? -1 : 1;
}

static int compare_numbers(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Those that were ready come first. Return: how many the figures are of. */
static size_t put_ready_first(const struct cs_trace_span **starts, size_t count)
{
	size_t ready = 0;

	for (size_t i = 0; i < count; i++) {
		const struct cs_trace_span *span = starts[i];

		if (span->unready)
			continue;
		starts[i] = starts[ready];
		starts[ready++] = span;
	}
	return ready ? ready : count;
}

static size_t rank(size_t count, enum figure figure)
{
	return figure == MOST ? count - 1
			      : cs_quantile_rank((uint32_t)count, figures[figure].quantile) - 1;
}

/* @sorted: @count > 0 of them */
static void add_row(struct table *table, const char *label, const uint64_t *sorted, size_t count)
{
	struct row *row = &table->rows[table->rows_count++];

	row->label = label;
	for (unsigned i = 0; i < FIGURES; i++)
		row->ns[i] = sorted[rank(count, (enum figure)i)];
}

/* Durations of that phase, of all starts that have it. */
static size_t collect(const struct cs_trace_index *index, const struct cs_trace_span **starts,
		      size_t count, const char *phase, uint64_t *ret)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		size_t phases_count;
		const struct cs_trace_span *const *phases =
			cs_trace_index_phases(index, starts[i], &phases_count);

		for (size_t k = 0; k < phases_count; k++) {
			if (strcmp(phases[k]->phase, phase) != 0)
				continue;
			ret[n++] = cs_trace_span_duration(phases[k]);
			break;
		}
	}
	return n;
}

/* @starts: sorted. @room: for @count durations */
static void fill(struct table *table, const struct cs_trace_index *index,
		 const struct cs_trace_span **starts, size_t count, uint64_t *room)
{
	for (unsigned phase = 0; phase < CS_PHASE_COUNT; phase++) {
		size_t n = collect(index, starts, count, cs_phase_name(phase), room);

		if (!n)
			continue;
		qsort(room, n, sizeof(*room), compare_numbers);
		add_row(table, cs_phase_name(phase), room, n);
	}
	for (size_t i = 0; i < count; i++)
		room[i] = cs_trace_span_duration(starts[i]);
	add_row(table, TOTAL, room, count);
}

static void lay_out(struct table *table, unsigned columns)
{
	int used = 1 + LABEL_COLUMNS + FIGURES * NUMBER_COLUMNS;

	for (unsigned i = 0; i < FIGURES; i++)
		table->shown[i] = true;
	for (size_t i = 0; i < sizeof(given_up) / sizeof(*given_up) && used > (int)columns; i++) {
		table->shown[given_up[i]] = false;
		used -= NUMBER_COLUMNS;
	}
	table->label_columns = LABEL_COLUMNS - (used > (int)columns ? used - (int)columns : 0);
}

static void draw_label(const struct table *table, const char *label, struct cs_buffer *out)
{
	cs_buffer_printf(out, " %-*.*s", table->label_columns, table->label_columns, label);
}

static void draw_table(const struct table *table, struct cs_buffer *out)
{
	uint64_t scale_ns = table->rows[table->rows_count - 1].ns[MOST];
	char number[32];

	draw_label(table, "phase (ms)", out);
	for (unsigned i = 0; i < FIGURES; i++) {
		if (table->shown[i])
			cs_buffer_printf(out, "%*s", NUMBER_COLUMNS, figures[i].head);
	}
	cs_buffer_putc(out, '\n');
	for (size_t k = 0; k < table->rows_count; k++) {
		draw_label(table, table->rows[k].label, out);
		for (unsigned i = 0; i < FIGURES; i++) {
			if (table->shown[i])
				cs_buffer_printf(out, "%*s", NUMBER_COLUMNS,
						 cs_waterfall_number(table->rows[k].ns[i], scale_ns,
								     number, sizeof(number)));
		}
		cs_buffer_putc(out, '\n');
	}
}

static void draw(const struct cs_start_summary *summary, size_t count, const struct table *table,
		 const char *said, const struct cs_terminal *terminal, struct cs_buffer *out)
{
	const char *footers[2] = { said };
	struct cs_waterfall w = { .footers = footers, .footers_count = said != NULL };
	struct cs_buffer title = { 0 }, ended = { 0 };

	cs_buffer_printf(&title, "%s  %zu cold starts", summary->median->service, count);
	if (summary->unready && summary->unready < count)
		cs_buffer_printf(&ended,
				 "%zu ended before they were ready, and are not in the table",
				 summary->unready);
	if (summary->failed)
		cs_buffer_printf(&ended, "%s%zu failed", ended.len ? "; " : "", summary->failed);
	if (ended.len)
		footers[w.footers_count++] = ended.data;
	w.title = title.failed ? "" : title.data;
	cs_waterfall_draw_title(&w, terminal, out);
	draw_table(table, out);
	cs_waterfall_draw_footers(&w, terminal, out);
	cs_buffer_deinit(&title);
	cs_buffer_deinit(&ended);
}

int cs_start_summary_draw(const struct cs_trace_span **starts, size_t count,
			  const struct cs_trace_index *index, const char *said,
			  const struct cs_terminal *terminal, struct cs_buffer *out,
			  struct cs_start_summary *ret)
{
	struct cs_start_summary summary = { .count = put_ready_first(starts, count) };
	cs_cleanup(cs_freep) uint64_t *room = calloc(count, sizeof(*room));
	struct table table = { 0 };

	if (!room)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		summary.unready += starts[i]->unready;
		summary.failed += starts[i]->failed;
	}
	qsort(starts, summary.count, sizeof(*starts), compare_starts);
	summary.median = starts[rank(summary.count, MEDIAN)];
	summary.slowest = starts[summary.count - 1];
	fill(&table, index, starts, summary.count, room);
	lay_out(&table, terminal->columns);
	draw(&summary, count, &table, said, terminal, out);
	*ret = summary;
	return 0;
}
