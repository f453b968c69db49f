/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What is drawn of a cold start, and said below it, whoever draws: `run` of what it just saw, `report`
 * of what it read back. Same rows, same words.
 */
#pragma once

#include "agent/recording/waterfall.h"
#include "base/buffer.h"
#include "collector/assembler/model.h"

#define CS_START_UNATTRIBUTED "unattributed" /* the row of what belongs to no phase */
#define CS_START_FOOTERS_MAX  8

struct cs_start_drawing {
	struct cs_waterfall
		waterfall; /* points into the rest: do not copy. The detail is the caller's */
	struct cs_waterfall_row rows[CS_PHASE_COUNT + 1];
	const char *footers[CS_START_FOOTERS_MAX];
	struct cs_buffer title;
	struct cs_buffer reasons; /* why phases are approximate */
	struct cs_buffer less;    /* why less was watched */
};

/**
 * cs_start_drawing_init() - title and rows
 * @name: of the function
 * @cold: its times and phases are read; these need not be contiguous
 *
 * Free with cs_start_drawing_deinit(). Without memory it has no title.
 */
void cs_start_drawing_init(struct cs_start_drawing *drawing, const char *name,
			   const struct cs_cold_start *cold);

/** cs_start_drawing_deinit() - free it. */
void cs_start_drawing_deinit(struct cs_start_drawing *drawing);

/** cs_start_drawing_say() - one more line below; NULL: none. Borrowed until it is drawn. */
void cs_start_drawing_say(struct cs_start_drawing *drawing, const char *line);

/**
 * cs_start_drawing_explain() - say what is not exact, or was not watched, and how it ended
 * @cold:  its phases, approximate, stand_down and ready are read; borrowed until it is drawn
 * @ended: not well, and how; NULL: it ended well, or lives
 */
void cs_start_drawing_explain(struct cs_start_drawing *drawing, const struct cs_cold_start *cold,
			      const char *ended);
