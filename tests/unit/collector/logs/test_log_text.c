/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of collector/log_text: lines out of pieces. */
#include "collector/logs/log_text.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "exporters/telemetry.h"

static struct cs_log_text text;
static struct cs_buffer told; /* "line(time)cut|" for each */

static void tell(void *context, const char *line, size_t len, uint64_t cut, uint64_t time_ns)
{
	cs_buffer_append(&told, line, len > 20 ? 20 : len);
	if (len > 20)
		cs_buffer_printf(&told, "...%zu", len);
	cs_buffer_printf(&told, "(%u)", (unsigned)time_ns);
	if (cut)
		cs_buffer_printf(&told, "-%u", (unsigned)cut);
	cs_buffer_putc(&told, '|');
}

static void feed(const char *bytes, uint64_t lost, uint64_t time_ns)
{
	cs_log_text_feed(&text, bytes, strlen(bytes), lost, time_ns, tell, NULL);
}

static void stop(void)
{
	cs_log_text_deinit(&text);
	cs_buffer_deinit(&told);
}

TestSuite(log_text, .fini = stop);

Test(log_text, a_write_holds_many_lines_and_a_line_many_writes)
{
	feed("one\ntwo\nthr", 0, 1);
	feed("e", 0, 2);
	feed("e\n\nfour\n", 0, 3);
	cr_assert(eq(str, told.data, (char *)"one(1)|two(1)|three(1)|(3)|four(3)|"));
}

Test(log_text, what_was_begun_is_told_at_the_end)
{
	feed("no end", 0, 5);
	cr_assert(eq(sz, told.len, 0));
	cs_log_text_end(&text, tell, NULL);
	cs_log_text_end(&text, tell, NULL);
	cr_assert(eq(str, told.data, (char *)"no end(5)|"));
}

Test(log_text, a_line_ends_where_its_bytes_were_lost)
{
	feed("whole\nhalf", 100, 1);
	feed("next\n", 0, 2);
	feed("", 7, 3);
	cr_assert(eq(str, told.data, (char *)"whole(1)|half(1)-100|next(2)|(3)-7|"));
}

Test(log_text, a_long_line_is_cut_and_says_so)
{
	static char bytes[5001];

	memset(bytes, 'x', 5000);
	feed(bytes, 0, 1);
	feed(bytes, 0, 2);
	feed("\nshort\n", 0, 3);
	cr_assert(eq(str, told.data, (char *)"xxxxxxxxxxxxxxxxxxxx...8192(1)-1808|short(3)|"));
}
