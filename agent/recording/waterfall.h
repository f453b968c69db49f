/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Draws a timeline of contiguous rows as text: a title, an axis, a bar per row, lines below. Knows
 * nothing of cold starts. Fits the terminal's width; without UTF-8 it draws with '#'. Pure.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "agent/terminal.h"
#include "base/buffer.h"

struct cs_waterfall_row {
	const char *label;
	uint64_t start_ns; /* from the start of the whole */
	uint64_t duration_ns;
	bool approximate; /* the duration is shown with '~' */
	bool dim;         /* drawn without emphasis */
	bool absent_bar;  /* has no place on the axis (a residue) */
};

struct cs_waterfall {
	const char *head;   /* of the labels; NULL: phase */
	const char *title;  /* bold; wrapped between its fields, which two spaces part */
	const char *detail; /* rest of the title's line: fields that do not fit are left out */
	uint64_t total_ns;
	const struct cs_waterfall_row *rows;
	size_t rows_count;
	const char *const *footers; /* lines below */
	size_t footers_count;
};

/** cs_waterfall_draw() - append the drawing to @out. Texts are taken as they are: sanitise first. */
void cs_waterfall_draw(const struct cs_waterfall *waterfall, const struct cs_terminal *term,
		       struct cs_buffer *out);

/** cs_waterfall_draw_title() - the title's lines alone, for another kind of table. */
void cs_waterfall_draw_title(const struct cs_waterfall *waterfall, const struct cs_terminal *term,
			     struct cs_buffer *out);

/** cs_waterfall_draw_footers() - the lines below alone. */
void cs_waterfall_draw_footers(const struct cs_waterfall *waterfall, const struct cs_terminal *term,
			       struct cs_buffer *out);

/** cs_waterfall_number() - as cs_waterfall_duration(), without the unit */
char *cs_waterfall_number(uint64_t duration_ns, uint64_t scale_ns, char *buf, size_t size);

/**
 * cs_waterfall_duration() - "318.4 ms", with the precision that suits @scale_ns
 * @scale_ns: the largest of the durations shown together
 *
 * Return: @buf, cut to @size bytes.
 */
char *cs_waterfall_duration(uint64_t duration_ns, uint64_t scale_ns, char *buf, size_t size);
