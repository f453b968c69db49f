/* SPDX-License-Identifier: Apache-2.0 */

/* The text timeline; see waterfall.h. */
#include "agent/waterfall.h"

#include <stdio.h>
#include <string.h>

#define LABEL_COLUMNS 13
#define STAMP_COLUMNS 9 /* start and duration, right-aligned */
#define SHARE_COLUMNS 6
#define BAR_OFFSET    (1 + LABEL_COLUMNS + 2 * STAMP_COLUMNS + SHARE_COLUMNS + 2)
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

char *cs_waterfall_duration(uint64_t duration_ns, uint64_t scale_ns, char *buf, size_t size)
{
	snprintf(buf, size, "%.*f ms", decimals(scale_ns), in_ms(duration_ns));
	return buf;
}

static void styled(struct cs_buffer *out, const struct cs_terminal *term, const char *style,
		   const char *text)
{
	if (term->colour)
		cs_buffer_puts(out, style);
	cs_buffer_puts(out, text);
	if (term->colour)
		cs_buffer_puts(out, PLAIN);
}

/* Columns that @text takes, one a code point: names are short and mostly Latin. */
static size_t columns_of(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

/* At most @columns of @text, cut on a code point. */
static void append_cut(struct cs_buffer *out, const char *text, size_t columns)
{
	const char *end = text;

	for (size_t n = 0; *end; end++) {
		if (((unsigned char)*end & 0xc0) != 0x80 && n++ == columns)
			break;
	}
	cs_buffer_append(out, text, (size_t)(end - text));
}

static void draw_title(const struct cs_waterfall *w, const struct cs_terminal *term,
		       struct cs_buffer *out)
{
	size_t title = columns_of(w->title);

	styled(out, term, BOLD, w->title);
	if (w->detail && title + 3 < term->columns) {
		cs_buffer_puts(out, "  ");
		append_cut(out, w->detail, term->columns - title - 2);
	}
	cs_buffer_putc(out, '\n');
}

/* "0   80   160 ms": labels start at the column they stand for; the last ends at the edge. */
static void draw_axis(const struct cs_waterfall *w, size_t columns, struct cs_buffer *out)
{
	size_t ticks = columns / TICK_COLUMNS, at = 0;
	char label[32], last[32];
	int places = decimals(w->total_ns) - 1;

	snprintf(last, sizeof(last), "%.*f ms", places, in_ms(w->total_ns));
	cs_buffer_printf(out, " %-*s%*s%*s%*s  ", LABEL_COLUMNS, "phase", STAMP_COLUMNS, "start",
			 STAMP_COLUMNS, "dur", SHARE_COLUMNS, "%");
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
	cs_buffer_putc(out, '\n');
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
		     size_t columns, const struct cs_terminal *term, struct cs_buffer *out)
{
	int places = decimals(w->total_ns);
	char start[32], duration[32];

	if (row->absent_bar)
		snprintf(start, sizeof(start), "-");
	else
		snprintf(start, sizeof(start), "%.*f", places, in_ms(row->start_ns));
	snprintf(duration, sizeof(duration), "%s%.*f", row->approximate ? "~" : "", places,
		 in_ms(row->duration_ns));
	cs_buffer_printf(out, " %-*.*s%*s%*s%*.1f", LABEL_COLUMNS, LABEL_COLUMNS, row->label,
			 STAMP_COLUMNS, start, STAMP_COLUMNS, duration, SHARE_COLUMNS,
			 w->total_ns ? 100.0 * (double)row->duration_ns / (double)w->total_ns
				     : 0.0);
	if (row->duration_ns && w->total_ns && !row->absent_bar && columns) {
		cs_buffer_puts(out, "  ");
		draw_bar(w, row, columns, term, out);
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

void cs_waterfall_draw(const struct cs_waterfall *w, const struct cs_terminal *term,
		       struct cs_buffer *out)
{
	size_t columns = term->columns > BAR_OFFSET + 4 ? term->columns - BAR_OFFSET : 0;

	draw_title(w, term, out);
	draw_axis(w, columns, out);
	for (size_t i = 0; i < w->rows_count; i++)
		draw_row(w, &w->rows[i], columns, term, out);
	for (size_t i = 0; i < w->footers_count; i++)
		draw_footer(w->footers[i], term->columns, out);
}
