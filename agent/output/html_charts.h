/* SPDX-License-Identifier: Apache-2.0 */

/* Drawings of a page: SVG inside of HTML, coloured by the page's classes. They say nothing that the tables do not. */
#pragma once

#include "agent/output/result.h"
#include "base/buffer.h"

/** cs_html_strip() - each start a dot, and what is allowed a line; nothing where there is nothing to draw */
void cs_html_strip(const struct cs_row *row, struct cs_buffer *out);

/** cs_html_phases() - the median of each phase as a bar, one below the other */
void cs_html_phases(const struct cs_asserted *asserted, struct cs_buffer *out);

/** cs_html_pairs() - each pair a dot: the baseline's total to the right, the function's upwards */
void cs_html_pairs(const struct cs_asserted *asserted, struct cs_buffer *out);
