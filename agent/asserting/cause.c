/* SPDX-License-Identifier: Apache-2.0 */

/* What moved; see cause.h. */
#include "agent/asserting/cause.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "agent/statistics/quantile.h"
#include "base/buffer.h"
#include "base/shell_word.h"

#define NAMES_MOST    4
#define PHASES_MOST   2
#define GROWTH_SHARE  0.1  /* of all growth: what moved by less is not named */
#define COMMAND_BYTES 240u /* a longer one is nothing to type */

static void put_quantity(enum cs_quantity_kind kind, double value, struct cs_buffer *out)
{
	char text[64];

	cs_buffer_puts(out,
		       cs_quantity_format((struct cs_quantity){ kind, value }, text, sizeof(text)));
}

/* --- phases --- */

/* Of those starts in which it was seen; 0: in none. */
static double median_of(const struct cs_sample *samples, uint32_t count, unsigned metric)
{
	double *values = calloc(count, sizeof(*values)), median;
	uint32_t seen = 0;

	for (uint32_t i = 0; values && i < count; i++) {
		if (!isnan(samples[i].values[metric]))
			values[seen++] = samples[i].values[metric];
	}
	if (seen)
		cs_samples_sort(values, seen);
	median = seen ? cs_samples_median(values, seen) : 0;
	free(values);
	return median;
}

/* Nobody's fault: what passes until somebody asks. */
static bool is_counted(unsigned phase)
{
	return phase != CS_PHASE_WAIT;
}

static void put_grown(const struct cs_asserted *asserted, struct cs_buffer *out)
{
	double own[CS_PHASE_COUNT], growth[CS_PHASE_COUNT], all = 0;

	for (unsigned i = 0; i < CS_PHASE_COUNT; i++) {
		own[i] = median_of(asserted->own, asserted->count, CS_METRIC_PHASES + i);
		growth[i] =
			own[i] - median_of(asserted->others, asserted->count, CS_METRIC_PHASES + i);
		all += is_counted(i) ? fmax(growth[i], 0) : 0;
	}
	for (unsigned told = 0; told < PHASES_MOST; told++) {
		unsigned most = CS_PHASE_WAIT;

		for (unsigned i = 0; i < CS_PHASE_COUNT; i++) {
			if (is_counted(i) && (!is_counted(most) || growth[i] > growth[most]))
				most = i;
		}
		if (growth[most] <= 0 || growth[most] < GROWTH_SHARE * all)
			return;
		cs_buffer_printf(out, "%s%s +", out->len ? ", " : "",
				 cs_metric_about(CS_METRIC_PHASES + most).name);
		put_quantity(CS_QUANTITY_DURATION, growth[most], out);
		if (own[most] > growth[most]) {
			cs_buffer_puts(out, " (");
			put_quantity(CS_QUANTITY_SHARE, growth[most] / (own[most] - growth[most]),
				     out);
			cs_buffer_putc(out, ')');
		}
		growth[most] = -1;
	}
}

static void put_largest(const struct cs_asserted *asserted, struct cs_buffer *out)
{
	double largest = 0, all = median_of(asserted->own, asserted->count, CS_METRIC_TOTAL);
	unsigned which = CS_PHASE_WAIT;

	for (unsigned i = 0; i < CS_PHASE_COUNT; i++) {
		double median = median_of(asserted->own, asserted->count, CS_METRIC_PHASES + i);

		if (is_counted(i) && median > largest) {
			largest = median;
			which = i;
		}
	}
	if (!is_counted(which))
		return;
	cs_buffer_printf(out, "most of it is %s: ", cs_metric_about(CS_METRIC_PHASES + which).name);
	put_quantity(CS_QUANTITY_DURATION, largest, out);
	cs_buffer_puts(out, " of ");
	put_quantity(CS_QUANTITY_DURATION, all, out);
}

/* --- files --- */

static void put_difference(const struct cs_file_set *files, const struct cs_file_set *others,
			   const char *what, struct cs_buffer *out)
{
	uint32_t found = 0;

	for (uint32_t i = 0; i < files->count; i++) {
		if (cs_file_set_has(others, files->names[i]))
			continue;
		if (found < NAMES_MOST)
			cs_buffer_printf(out, "%s%s",
					 found      ? ", "
					 : out->len ? "; "
						    : "",
					 found ? "" : what);
		if (found < NAMES_MOST)
			cs_buffer_puts(out, files->names[i]);
		found++;
	}
	if (found > NAMES_MOST)
		cs_buffer_printf(out, " and %u more", found - NAMES_MOST);
}

/* --- what to type --- */

static bool has_control(const char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return true;
	}
	return false;
}

static void put_command(const struct cs_plan_function *function, struct cs_buffer *out)
{
	struct cs_buffer command = { 0 };
	bool listens = function->ready == CS_READY_RESPONSE || function->ready == CS_READY_LISTEN;

	for (char **word = function->argv; word && *word; word++) {
		cs_buffer_putc(&command, ' ');
		cs_shell_word(&command, *word, false);
	}
	if (command.len && command.len <= COMMAND_BYTES && !has_control(command.data))
		cs_buffer_printf(out, "%ssee %scoldspan run --%s", out->len ? "; " : "",
				 listens ? "PORT=8080 " : "", command.data);
	cs_buffer_deinit(&command);
}

char *cs_cause_of(const struct cs_asserted *asserted, const struct cs_budget *budget)
{
	struct cs_buffer out = { 0 };

	if (!asserted->count)
		return NULL;
	if (cs_metric_about(budget->metric).kind == CS_QUANTITY_DURATION) {
		if (asserted->others && budget->against != CS_AGAINST_NOTHING)
			put_grown(asserted, &out);
		else
			put_largest(asserted, &out);
	}
	if (asserted->others && budget->against != CS_AGAINST_NOTHING) {
		put_difference(&asserted->files, &asserted->other_files, "new: ", &out);
		put_difference(&asserted->other_files, &asserted->files, "gone: ", &out);
	}
	if (asserted->function->start != CS_START_FAAS)
		put_command(asserted->function, &out);
	return cs_buffer_take(&out);
}
