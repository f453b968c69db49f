/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Drawings of a page: SVG and boxes inside of HTML, coloured by the page's classes. They grow and shrink with
 * the page; words and numbers stand beside them as text, so that they stay readable.
 */
#pragma once

#include "agent/output/result.h"
#include "base/buffer.h"

/**
 * cs_html_box() - the starts that a budget judges
 *
 * A box from the lower to the upper quartile with the median, lines to the smallest and the largest, every
 * start a dot, and what is allowed a line; below them the same of what they were made beside. Nothing where
 * there is nothing to draw.
 */
void cs_html_box(const struct cs_row *row, struct cs_buffer *out);

/** cs_html_phases() - the medians of the phases: side by side as parts of the start, and one below the other */
void cs_html_phases(const struct cs_asserted *asserted, struct cs_buffer *out);

/** cs_html_pairs() - each pair a dot: the other's total to the right, the function's upwards */
void cs_html_pairs(const struct cs_asserted *asserted, struct cs_buffer *out);
