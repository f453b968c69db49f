/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of agent/waterfall: what is drawn at the widths people have. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>
#include <stdlib.h>
#include <string.h>

#include "agent/recording/waterfall.h"

static const struct cs_waterfall_row rows[] = {
	{ .label = "spawn", .start_ns = 0, .duration_ns = 1000000 },
	{ .label = "exec", .start_ns = 1000000, .duration_ns = 99000000, .approximate = true },
	{ .label = "wait", .start_ns = 100000000, .duration_ns = 0 },
	{ .label = "handler", .start_ns = 100000000, .duration_ns = 100000000 },
	{ .label = "unattributed", .duration_ns = 0, .absent_bar = true, .dim = true },
};

static const struct cs_waterfall sample = {
	.title = "hello-py  cold start  200.0 ms",
	.detail = "python3.11  pid 4711  trace 0af7651916cd43dd8448eb211c80319c",
	.total_ns = 200000000,
	.rows = rows,
	.rows_count = 5,
	.footers = (const char *const[]){ "41 shared objects, 12 files of user code" },
	.footers_count = 1,
};

static size_t widest(const char *text)
{
	size_t column = 0, most = 0;

	for (; *text; text++) {
		if (*text == '\n')
			column = 0;
		else if (((unsigned char)*text & 0xc0) != 0x80)
			column++;
		most = column > most ? column : most;
	}
	return most;
}

Test(waterfall, bars_stand_where_their_time_is)
{
	struct cs_terminal term = { .columns = 68 };
	struct cs_buffer out = { 0 };

	cs_waterfall_draw(&sample, &term, &out);
	cr_assert(
		eq(str, out.data,
		   (char *)"hello-py  cold start  200.0 ms  python3.11  pid 4711  ...\n"
			   " phase            start      dur     %  0             100     200 ms\n"
			   " spawn              0.0      1.0   0.5  #\n"
			   " exec               1.0    ~99.0  49.5  ##############\n"
			   " wait             100.0      0.0   0.0\n"
			   " handler          100.0    100.0  50.0                ##############\n"
			   " unattributed         -      0.0   0.0\n"
			   " 41 shared objects, 12 files of user code\n"));
	cs_buffer_deinit(&out);
}

ParameterizedTestParameters(waterfall, no_line_is_wider_than_the_terminal)
{
	static unsigned widths[] = { 20, 21, 22, 23, 24, 25, 26, 27,  28,  29,  30, 31, 32,
				     33, 34, 35, 36, 37, 38, 39, 40,  41,  42,  43, 44, 48,
				     49, 50, 51, 52, 60, 72, 80, 100, 120, 200, 400 };

	return cr_make_param_array(unsigned, widths, sizeof(widths) / sizeof(widths[0]));
}

ParameterizedTest(unsigned *columns, waterfall, no_line_is_wider_than_the_terminal)
{
	for (int utf8 = 0; utf8 < 2; utf8++) {
		struct cs_terminal term = { .columns = *columns, .utf8 = utf8 };
		struct cs_buffer out = { 0 };

		cs_waterfall_draw(&sample, &term, &out);
		cr_assert(le(sz, widest(out.data), *columns));
		cs_buffer_deinit(&out);
	}
}

Test(waterfall, escape_sequences_are_there_only_with_colour)
{
	struct cs_terminal term = { .columns = 80, .utf8 = true };
	struct cs_buffer out = { 0 };

	cs_waterfall_draw(&sample, &term, &out);
	cr_assert(eq(ptr, strchr(out.data, '\x1b'), NULL));
	cr_assert(ne(ptr, strstr(out.data, "\xe2\x96\x88"), NULL));
	cs_buffer_clear(&out);
	term.colour = true;
	cs_waterfall_draw(&sample, &term, &out);
	cr_assert(ne(ptr, strchr(out.data, '\x1b'), NULL));
	cs_buffer_deinit(&out);
}

Test(waterfall, a_start_of_no_length_is_drawn_without_dividing_by_it)
{
	struct cs_waterfall nothing = { .title = "x", .rows = rows, .rows_count = 1 };
	struct cs_terminal term = { .columns = 80 };
	struct cs_buffer out = { 0 };

	cs_waterfall_draw(&nothing, &term, &out);
	cr_assert(not(out.failed));
	cs_buffer_deinit(&out);
}

Test(waterfall, a_long_fact_is_wrapped_between_words_and_told_to_its_end)
{
	struct cs_waterfall facts = sample;
	const char *const footers[] = {
		"5 shared objects, files: 0 user, 0 dependency; 0 failed; cpu 1.5 ms, 210 faults",
	};
	struct cs_terminal term = { .columns = 45 };
	struct cs_buffer out = { 0 };

	facts.footers = footers;
	facts.footers_count = 1;
	cs_waterfall_draw(&facts, &term, &out);
	cr_assert(ne(ptr,
		     strstr(out.data, "\n 5 shared objects, files: 0 user, 0\n"
				      "   dependency; 0 failed; cpu 1.5 ms, 210\n"
				      "   faults\n"),
		     NULL));
	cs_buffer_deinit(&out);
}

static void expect(unsigned columns, const char *text)
{
	struct cs_terminal term = { .columns = columns };
	struct cs_buffer out = { 0 };

	cs_waterfall_draw(&sample, &term, &out);
	cr_assert(eq(str, out.data, (char *)text));
	cs_buffer_deinit(&out);
}

Test(waterfall, a_narrow_terminal_loses_columns_before_bars)
{
	expect(49, "hello-py  cold start  200.0 ms  python3.11  ...\n"
		   " phase            start      dur  0        200 ms\n"
		   " spawn              0.0      1.0  #\n"
		   " exec               1.0    ~99.0  ########\n"
		   " wait             100.0      0.0\n"
		   " handler          100.0    100.0         ########\n"
		   " unattributed         -      0.0\n"
		   " 41 shared objects, 12 files of user code\n");
	expect(40, "hello-py  cold start  200.0 ms  ...\n"
		   " phase              dur  0        200 ms\n"
		   " spawn              1.0  #\n"
		   " exec             ~99.0  ########\n"
		   " wait               0.0\n"
		   " handler          100.0         ########\n"
		   " unattributed       0.0\n"
		   " 41 shared objects, 12 files of user\n"
		   "   code\n");
	expect(20, "hello-py  cold start\n"
		   "200.0 ms  ...\n"
		   " phase           dur\n"
		   " spawn           1.0\n"
		   " exec          ~99.0\n"
		   " wait            0.0\n"
		   " handler       100.0\n"
		   " unattributed    0.0\n"
		   " 41 shared objects,\n"
		   "   12 files of user\n"
		   "   code\n");
}

Test(waterfall, a_field_of_the_title_is_left_out_whole_and_a_name_is_cut_with_a_mark)
{
	struct cs_waterfall named = sample;
	struct cs_terminal term = { .columns = 44 };
	struct cs_buffer out = { 0 };

	for (; term.columns < 90; term.columns++) {
		const char *pid, *trace, *newline;

		cs_buffer_clear(&out);
		cs_waterfall_draw(&sample, &term, &out);
		newline = strchr(out.data, '\n');
		pid = strstr(out.data, "pid");
		trace = strstr(out.data, "trace");
		cr_assert(pid == NULL || pid == strstr(out.data, "pid 4711"));
		cr_assert(trace == NULL ||
			  trace == strstr(out.data, "trace 0af7651916cd43dd8448eb211c80319c"));
		cr_assert(trace || !strncmp(newline - 3, "...", 3));
	}
	named.title = "a-function-with-a-long-name  cold start  200.0 ms";
	term = (struct cs_terminal){ .columns = 24, .utf8 = true };
	cs_buffer_clear(&out);
	cs_waterfall_draw(&named, &term, &out);
	cr_assert(eq(int,
		     strncmp(out.data, "a-function-with-a-long-\xe2\x80\xa6\ncold start  200.0 ms",
			     strlen("a-function-with-a-long-xyz\ncold start  200.0 ms")),
		     0));
	cs_buffer_deinit(&out);
}
