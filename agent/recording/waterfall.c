/* SPDX-License-Identifier: Apache-2.0 */

/* The text timeline; see waterfall.h. */
#include "agent/recording/waterfall.h"

#include <stdio.h>
#include <string.h>

#include "base/wrap.h"

#define LABEL_COLUMNS 13
#define STAMP_COLUMNS 9 /* start and duration, right-aligned */
#define SHARE_COLUMNS 6
#define BAR_GAP       2
#define BAR_MIN       10 /* columns: for less, others are left out */
#define AXIS_LEAST    BAR_MIN
#define BAR_LEAST     4 /* when none is left to be left out */
#define EIGHTHS       8
#define TICK_COLUMNS  11 /* least distance of two axis labels */

#define BOLD          "\x1b[1m"
#define DIM           "\x1b[2m"
#define BAR           "\x1b[36m" /* cyan: readable on light and dark, not a verdict's colour */
#define PLAIN         "\x1b[0m"

/* Decimals of a millisecond that are worth showing when the longest is @scale_ns. */
static int decimals(uint64_t scale_ns)
{
	return scale_ns >= 100000000u ? 1 : scale_ns >= 10000000u ? 2 : 3;
}

static double in_ms(uint64_t ns)
{
	return (double)ns / 1e6;
}

char *cs_waterfall_number(uint64_t duration_ns, uint64_t scale_ns, char *buf, size_t size)
{
	snprintf(buf, size, "%.*f", decimals(scale_ns), in_ms(duration_ns));
	return buf;
}

char *cs_waterfall_duration(uint64_t duration_ns, uint64_t scale_ns, char *buf, size_t size)
{
	snprintf(buf, size, "%.*f ms", decimals(scale_ns), in_ms(duration_ns));
	return buf;
}

/* Names are short and mostly Latin. */
static size_t columns_of(const char *text)
{
	return cs_wrap_width(text, strlen(text));
}

/* What stands in a line: columns of each part, 0 left out. */
struct layout {
	int label;
	int start;
	int duration;
	int share;
	size_t bar;
};

/* What is behind the label, with its marks: "~98.4". */
static int duration_text(const struct cs_waterfall *w, const struct cs_waterfall_row *row,
			 char *buf, size_t size)
{
	return snprintf(buf, size, "%s%.*f", row->approximate ? "~" : "", decimals(w->total_ns),
			in_ms(row->duration_ns));
}

static int duration_columns(const struct cs_waterfall *w)
{
	char text[32];
	int most = (int)strlen("dur");

	for (size_t i = 0; i < w->rows_count; i++) {
		int n = duration_text(w, &w->rows[i], text, sizeof(text));

		most = n > most ? n : most;
	}
	return most + 1;
}

static void place_bar(struct layout *layout, size_t columns, int least)
{
	int used = 1 + layout->label + layout->start + layout->duration + layout->share + BAR_GAP;

	layout->bar = (int)columns >= used + least ? columns - (size_t)used : 0;
}

/* In a narrow terminal the share goes first, then the start, then the bar, then the label's end. */
static struct layout lay_out(const struct cs_waterfall *w, size_t columns)
{
	struct layout layout = { LABEL_COLUMNS, STAMP_COLUMNS, STAMP_COLUMNS, SHARE_COLUMNS, 0 };
	int needed = duration_columns(w);

	if (needed > STAMP_COLUMNS)
		layout.start = layout.duration = needed;
	place_bar(&layout, columns, BAR_MIN);
	if (!layout.bar) {
		layout.share = 0;
		place_bar(&layout, columns, BAR_MIN);
	}
	if (!layout.bar) {
		layout.start = 0;
		place_bar(&layout, columns, BAR_LEAST);
	}
	if (layout.bar || layout.start)
		return layout;
	layout.duration = needed;
	if (layout.label > (int)columns - 1 - needed)
		layout.label = (int)columns - 1 - needed;
	return layout;
}

/* The field at @text: up to two spaces. Return: its end. */
static const char *field_end(const char *text)
{
	const char *end = strstr(text, "  ");

	return end ? end : text + strlen(text);
}

static const char *ellipsis(const struct cs_terminal *term)
{
	return term->utf8 ? "\xe2\x80\xa6" : "...";
}

/* @text up to @end, or as much of it as leaves room for an ellipsis. Return: columns. */
static size_t put_field(const char *text, const char *end, size_t columns,
			const struct cs_terminal *term, struct cs_buffer *out)
{
	size_t n = 0, room = columns - (term->utf8 ? 1 : 3);
	const char *cut = end;

	for (const char *at = text; at < end; at++) {
		if (((unsigned char)*at & 0xc0) == 0x80)
			continue;
		if (n++ == room)
			cut = at;
	}
	if (n <= columns)
		cut = end;
	cs_buffer_append(out, text, (size_t)(cut - text));
	if (cut == end)
		return n;
	cs_buffer_puts(out, ellipsis(term));
	return columns;
}

/* All fields of the title, on as many lines as they need. Return: columns of the last line. */
static size_t draw_title_fields(const char *text, const struct cs_terminal *term,
				struct cs_buffer *out)
{
	size_t at = 0;

	if (term->colour)
		cs_buffer_puts(out, BOLD);
	while (*text) {
		const char *end = field_end(text);
		size_t len = columns_of(text) - columns_of(end);

		if (at && at + 2 + len <= term->columns) {
			cs_buffer_puts(out, "  ");
			at += 2;
		} else if (at) {
			cs_buffer_putc(out, '\n');
			at = 0;
		}
		at += put_field(text, end, term->columns, term, out);
		text = end + strspn(end, " ");
	}
	if (term->colour)
		cs_buffer_puts(out, PLAIN);
	return at;
}

/* Whole fields of the detail: half a number would be another one. */
void cs_waterfall_draw_title(const struct cs_waterfall *w, const struct cs_terminal *term,
			     struct cs_buffer *out)
{
	size_t at = draw_title_fields(w->title, term, out), dots = columns_of(ellipsis(term));
	const char *text = w->detail ? w->detail : "";

	while (*text) {
		const char *end = field_end(text), *next = end + strspn(end, " ");
		size_t len = columns_of(text) - columns_of(end);

		if (at + 2 + len + (*next ? 2 + dots : 0) > term->columns &&
		    at + 2 + columns_of(text) > term->columns) {
			if (at + 2 + dots <= term->columns)
				cs_buffer_printf(out, "  %s", ellipsis(term));
			break;
		}
		cs_buffer_printf(out, "  %.*s", (int)(end - text), text);
		at += 2 + len;
		text = next;
	}
	cs_buffer_putc(out, '\n');
}

static void draw_heads(const struct cs_waterfall *w, const struct layout *layout,
		       struct cs_buffer *out)
{
	cs_buffer_printf(out, " %-*.*s", layout->label, layout->label, w->head ? w->head : "phase");
	if (layout->start)
		cs_buffer_printf(out, "%*s", layout->start, "start");
	cs_buffer_printf(out, "%*s", layout->duration, "dur");
	if (layout->share)
		cs_buffer_printf(out, "%*s", layout->share, "%");
}

/* "0   80   160 ms": labels start at the column they stand for; the last ends at the edge. */
static void draw_axis(const struct cs_waterfall *w, size_t columns, struct cs_buffer *out)
{
	size_t ticks = columns / TICK_COLUMNS, at = 0;
	char label[32], last[32];
	int places = decimals(w->total_ns) - 1;

	snprintf(last, sizeof(last), "%.*f ms", places, in_ms(w->total_ns));
	cs_buffer_printf(out, "%*s", BAR_GAP, "");
	ticks = ticks > 4 ? 4 : ticks;
	for (size_t i = 0; i < ticks; i++) {
		size_t column = columns * i / ticks;
		int len;

		if (i)
			len = snprintf(label, sizeof(label), "%.*f", places,
				       in_ms(w->total_ns) * (double)i / (double)ticks);
		else
			len = snprintf(label, sizeof(label), "0");
		if (column + (size_t)len + 2 + strlen(last) > columns)
			break;
		cs_buffer_printf(out, "%*s%s", (int)(column - at), "", label);
		at = column + (size_t)len;
	}
	if (at + strlen(last) < columns)
		cs_buffer_printf(out, "%*s", (int)(columns - at), last);
}

/* Eighth blocks U+2588..U+258F, from full to one eighth. */
static void append_block(struct cs_buffer *out, size_t eighths)
{
	char block[4] = { '\xe2', '\x96', (char)(0x88 + (EIGHTHS - eighths)), '\0' };

	cs_buffer_puts(out, block);
}

static void draw_bar(const struct cs_waterfall *w, const struct cs_waterfall_row *row,
		     size_t columns, const struct cs_terminal *term, struct cs_buffer *out)
{
	double scale = (double)(columns * EIGHTHS) / (double)w->total_ns;
	size_t first = (size_t)((double)row->start_ns * scale) / EIGHTHS;
	size_t eighths = (size_t)((double)row->duration_ns * scale + 0.5);

	first = first < columns ? first : columns - 1;
	eighths = eighths ? eighths : 1;
	if (eighths > (columns - first) * EIGHTHS)
		eighths = (columns - first) * EIGHTHS;
	cs_buffer_printf(out, "%*s", (int)first, "");
	if (term->colour)
		cs_buffer_puts(out, row->dim ? DIM : BAR);
	if (!term->utf8)
		eighths = (eighths + EIGHTHS - 1) / EIGHTHS * EIGHTHS;
	for (; eighths >= EIGHTHS; eighths -= EIGHTHS) {
		if (term->utf8)
			append_block(out, EIGHTHS);
		else
			cs_buffer_putc(out, '#');
	}
	if (eighths)
		append_block(out, eighths);
	if (term->colour)
		cs_buffer_puts(out, PLAIN);
}

static void draw_row(const struct cs_waterfall *w, const struct cs_waterfall_row *row,
		     const struct layout *layout, const struct cs_terminal *term,
		     struct cs_buffer *out)
{
	char start[32] = "-", duration[32];

	if (!row->absent_bar)
		snprintf(start, sizeof(start), "%.*f", decimals(w->total_ns), in_ms(row->start_ns));
	duration_text(w, row, duration, sizeof(duration));
	cs_buffer_printf(out, " %-*.*s", layout->label, layout->label, row->label);
	if (layout->start)
		cs_buffer_printf(out, "%*s", layout->start, start);
	cs_buffer_printf(out, "%*s", layout->duration, duration);
	if (layout->share)
		cs_buffer_printf(
			out, "%*.1f", layout->share,
			w->total_ns ? 100.0 * (double)row->duration_ns / (double)w->total_ns : 0.0);
	if (row->duration_ns && w->total_ns && !row->absent_bar && layout->bar) {
		cs_buffer_printf(out, "%*s", BAR_GAP, "");
		draw_bar(w, row, layout->bar, term, out);
	}
	cs_buffer_putc(out, '\n');
}

/* The end of what fits into @columns of @text: after a whole word, inside only a word that is wider. */
static const char *line_end(const char *text, size_t columns)
{
	const char *end = text, *word = NULL;

	for (size_t n = 0; *end; end++) {
		if (*end == ' ')
			word = end;
		if (((unsigned char)*end & 0xc0) != 0x80 && n++ == columns)
			return word && word > text ? word : end;
	}
	return end;
}

/* Wrapped, never cut: what is at the end of such a line is as true as its beginning. */
static void draw_footer(const char *text, size_t columns, struct cs_buffer *out)
{
	size_t indent = 1;

	while (*text) {
		const char *end = line_end(text, columns - indent);

		cs_buffer_printf(out, "%*s%.*s\n", (int)indent, "", (int)(end - text), text);
		text = end + strspn(end, " ");
		indent = 3;
	}
}

void cs_waterfall_draw_footers(const struct cs_waterfall *w, const struct cs_terminal *term,
			       struct cs_buffer *out)
{
	for (size_t i = 0; i < w->footers_count; i++)
		draw_footer(w->footers[i], term->columns, out);
}

void cs_waterfall_draw(const struct cs_waterfall *w, const struct cs_terminal *term,
		       struct cs_buffer *out)
{
	struct layout layout = lay_out(w, term->columns);

	cs_waterfall_draw_title(w, term, out);
	draw_heads(w, &layout, out);
	if (layout.bar >= AXIS_LEAST)
		draw_axis(w, layout.bar, out);
	cs_buffer_putc(out, '\n');
	for (size_t i = 0; i < w->rows_count; i++)
		draw_row(w, &w->rows[i], &layout, term, out);
	cs_waterfall_draw_footers(w, term, out);
}
