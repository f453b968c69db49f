/* SPDX-License-Identifier: Apache-2.0 */

/* The line for those who wait; see progress.h. */
#include "agent/asserting/progress.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/asserting/assert_text.h"
#include "base/clock.h"
#include "base/wrap.h"

#define REDRAW_NS   100000000u
#define BAR_COLUMNS 12
#define CLEAR       "\r\x1b[K"

void cs_progress_init(struct cs_progress *progress, int fd, const struct cs_look *look, bool quiet)
{
	const char *term = getenv("TERM");

	*progress = (struct cs_progress){ .fd = fd, .quiet = quiet };
	cs_terminal_init(&progress->terminal, fd, look);
	progress->moves = isatty(fd) && term && strcmp(term, "dumb") != 0;
}

/* --- its parts --- */

static void put_bar(uint32_t done, uint32_t most, bool utf8, struct cs_buffer *out)
{
	uint32_t full = most ? done * BAR_COLUMNS / most : 0;

	for (uint32_t i = 0; i < BAR_COLUMNS; i++) {
		if (utf8)
			cs_buffer_puts(out, i < full ? "━" : " ");
		else
			cs_buffer_putc(out, i < full ? '#' : '.');
	}
}

static bool is_amount(const struct cs_budget *budget)
{
	return budget->level != CS_LEVEL_OFF && !cs_metric_about(budget->metric).exact;
}

/* Of the first amount: "p95 total so far 281 ms". */
static void put_measured(const struct cs_asserted *so_far, const struct cs_judgement *judgements,
			 struct cs_buffer *out)
{
	for (size_t i = 0; i < so_far->function->budgets_count; i++) {
		const struct cs_budget *budget = &so_far->function->budgets[i];
		const char *end = strstr(budget->text, " <=");

		if (!is_amount(budget) || !end || isnan(judgements[i].point))
			continue;
		cs_buffer_printf(out, "%.*s so far ", (int)(end - budget->text), budget->text);
		cs_assert_value(budget, judgements[i].point, out);
		return;
	}
}

/* Of all budgets, as they stand now. */
static const char *likely(const struct cs_asserted *so_far, const struct cs_judgement *judgements)
{
	bool open = false;

	for (size_t i = 0; i < so_far->function->budgets_count; i++) {
		if (so_far->function->budgets[i].level == CS_LEVEL_OFF)
			continue;
		if (judgements[i].verdict == CS_VERDICT_FAIL)
			return "likely FAIL";
		open |= judgements[i].verdict != CS_VERDICT_PASS;
	}
	return open ? "open" : "likely PASS";
}

/* @part behind what is there, if it fits. */
static void put_part(struct cs_buffer *out, struct cs_buffer *part, unsigned columns)
{
	if (part->len &&
	    cs_wrap_width(out->data, out->len) + 2 + cs_wrap_width(part->data, part->len) <=
		    columns)
		cs_buffer_printf(out, "  %s", part->data);
	cs_buffer_clear(part);
}

static void put_judged(const struct cs_asserted *so_far, unsigned columns, struct cs_buffer *part,
		       struct cs_buffer *out)
{
	const struct cs_plan_function *function = so_far->function;
	struct cs_judgement *now = calloc(function->budgets_count + 1, sizeof(*now));
	int r = now ? 0 : -1;

	for (size_t i = 0; r == 0 && i < function->budgets_count; i++) {
		const struct cs_samples samples =
			cs_asserted_samples(so_far, &function->budgets[i]);

		r = cs_judge(&function->budgets[i], &samples,
			     function->sampling.alpha / so_far->looks, false, 1, &now[i]);
	}
	if (r == 0) {
		put_measured(so_far, now, part);
		put_part(out, part, columns);
		cs_buffer_puts(part, likely(so_far, now));
		put_part(out, part, columns);
	}
	free(now);
}

void cs_progress_line(const struct cs_asserted *so_far, uint32_t most, double seconds,
		      unsigned columns, bool utf8, struct cs_buffer *out)
{
	struct cs_buffer part = { 0 };

	cs_buffer_printf(out, "%.*s  %s%s %u/%u", columns > 40 ? (int)columns - 40 : 8,
			 so_far->function->name, so_far->confirming ? "again, " : "",
			 so_far->others && !so_far->apart ? "pair" : "start", so_far->count, most);
	put_bar(so_far->count, most, utf8, &part);
	put_part(out, &part, columns);
	if (so_far->count) {
		put_judged(so_far, columns, &part, out);
		cs_buffer_printf(&part, "eta %.0f s",
				 seconds / so_far->count * (most - so_far->count));
		put_part(out, &part, columns);
	}
	cs_buffer_deinit(&part);
}

/* --- drawing --- */

static void put(const struct cs_progress *progress, const char *text)
{
	ssize_t written = write(progress->fd, text, strlen(text));

	(void)written; /* a terminal that is gone misses nothing */
}

static void announce(const struct cs_progress *progress, const struct cs_asserted *so_far,
		     uint32_t most)
{
	struct cs_buffer line = { 0 };

	cs_buffer_printf(&line, "%s: %s%u %s%s\n", so_far->function->name,
			 so_far->confirming ? "once more: " : "", most,
			 so_far->others && !so_far->apart ? "pair" : "cold start",
			 most == 1 ? "" : "s");
	if (line.len)
		put(progress, line.data);
	cs_buffer_deinit(&line);
}

void cs_progress_show(void *context, const struct cs_asserted *so_far, uint32_t most)
{
	struct cs_progress *progress = context;
	uint64_t now_ns = cs_clock_monotonic_ns();
	struct cs_buffer line = { 0 };

	if (progress->quiet)
		return;
	if (!so_far->count) {
		progress->begin_ns = now_ns;
		if (!progress->moves)
			announce(progress, so_far, most);
	}
	if (!progress->moves || (so_far->count && now_ns - progress->drawn_ns < REDRAW_NS))
		return;
	cs_progress_line(so_far, most, (double)(now_ns - progress->begin_ns) / 1e9,
			 progress->terminal.columns - 1, progress->terminal.utf8, &line);
	if (line.len) {
		put(progress, CLEAR);
		put(progress, line.data);
	}
	cs_buffer_deinit(&line);
	progress->drawn = true;
	progress->drawn_ns = now_ns;
}

void cs_progress_clear(struct cs_progress *progress)
{
	if (progress->drawn)
		put(progress, CLEAR);
	progress->drawn = false;
}
