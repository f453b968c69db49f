/* SPDX-License-Identifier: Apache-2.0 */

/* Rows and lines of a cold start; see start_drawing.h. */
#include "agent/recording/start_drawing.h"

#include <string.h>

#include "preload/wire/facts.h"

static size_t set_rows(const struct cs_cold_start *cold, struct cs_waterfall_row *rows)
{
	uint64_t total_ns = cold->end_ns - cold->start_ns, sum_ns = 0;
	size_t n = 0;

	for (; n < cold->phases_count; n++) {
		const struct cs_phase_part *part = &cold->phases[n];

		rows[n] = (struct cs_waterfall_row){
			.label = cs_phase_name(part->phase),
			.start_ns = part->start_ns - cold->start_ns,
			.duration_ns = part->end_ns - part->start_ns,
			.approximate = part->approximate != NULL,
			.dim = part->phase == CS_PHASE_WAIT || part->phase == CS_PHASE_QUEUE,
		};
		sum_ns += rows[n].duration_ns;
	}
	rows[n] =
		(struct cs_waterfall_row){ .label = CS_START_UNATTRIBUTED,
					   .duration_ns = total_ns > sum_ns ? total_ns - sum_ns : 0,
					   .dim = true,
					   .absent_bar = true };
	return n + 1;
}

void cs_start_drawing_init(struct cs_start_drawing *drawing, const char *name,
			   const struct cs_cold_start *cold)
{
	uint64_t total_ns = cold->end_ns - cold->start_ns;
	char total[32];

	*drawing = (struct cs_start_drawing){ .waterfall = { .total_ns = total_ns } };
	cs_waterfall_duration(total_ns, total_ns, total, sizeof(total));
	cs_buffer_printf(&drawing->title, "%s  cold start  %s", name, total);
	drawing->waterfall.title = drawing->title.failed ? "" : drawing->title.data;
	drawing->waterfall.detail = "";
	drawing->waterfall.rows = drawing->rows;
	drawing->waterfall.rows_count = set_rows(cold, drawing->rows);
	drawing->waterfall.footers = drawing->footers;
}

void cs_start_drawing_deinit(struct cs_start_drawing *drawing)
{
	cs_buffer_deinit(&drawing->title);
	cs_buffer_deinit(&drawing->reasons);
	cs_buffer_deinit(&drawing->less);
}

void cs_start_drawing_say(struct cs_start_drawing *drawing, const char *line)
{
	if (line && drawing->waterfall.footers_count < CS_START_FOOTERS_MAX)
		drawing->footers[drawing->waterfall.footers_count++] = line;
}

static void collect_reasons(const struct cs_cold_start *cold, struct cs_buffer *out)
{
	for (unsigned i = 0; i < cold->phases_count; i++) {
		const struct cs_phase_part *part = &cold->phases[i];

		if (part->approximate)
			cs_buffer_printf(out, "%s~ %s: %s", out->len ? "; " : "",
					 cs_phase_name(part->phase), part->approximate);
	}
}

/* What holds for the whole, unless a phase has said it. */
static const char *of_the_whole(const struct cs_cold_start *cold)
{
	for (unsigned i = 0; i < cold->phases_count && cold->approximate; i++) {
		if (cold->phases[i].approximate &&
		    strstr(cold->phases[i].approximate, cold->approximate))
			return NULL;
	}
	return cold->approximate;
}

static void collect_stand_downs(const struct cs_cold_start *cold, struct cs_buffer *out)
{
	for (unsigned i = 0; i < CS_STAND_DOWN_COUNT; i++) {
		if (cold->stand_down & 1ull << i)
			cs_buffer_printf(out, "%s%s", out->len ? "; " : "watched less: ",
					 cs_stand_down_meaning(i));
	}
}

void cs_start_drawing_explain(struct cs_start_drawing *drawing, const struct cs_cold_start *cold,
			      const char *ended)
{
	collect_reasons(cold, &drawing->reasons);
	cs_start_drawing_say(drawing, drawing->reasons.data);
	cs_start_drawing_say(drawing, of_the_whole(cold));
	collect_stand_downs(cold, &drawing->less);
	cs_start_drawing_say(drawing, drawing->less.data);
	cs_start_drawing_say(drawing, ended);
	if (!cold->ready)
		cs_start_drawing_say(drawing, "it ended, and no event of it was seen");
}
