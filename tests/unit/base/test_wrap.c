/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of base/wrap. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "base/wrap.h"

static void check(const char *text, unsigned columns, const char *wanted)
{
	struct cs_buffer out = { 0 };

	cs_wrap(&out, text, columns);
	cr_assert(eq(str, out.data ? out.data : (char *)"", (char *)wanted));
	cs_buffer_deinit(&out);
}

Test(wrap, lines_that_fit_stay_as_they_are)
{
	check("", 10, "");
	check("one two\n\n  three  \n", 10, "one two\n\n  three  \n");
	check("0123456789", 10, "0123456789");
}

Test(wrap, without_a_width_nothing_is_broken)
{
	check("a line that is rather long\n", 0, "a line that is rather long\n");
}

Test(wrap, words_move_below_the_first)
{
	check("one two three\n", 10, "one two\nthree\n");
	check("  one two three four\n", 10, "  one two\n  three\n  four\n");
}

Test(wrap, words_move_below_the_second_column)
{
	check("ok    a shim that is there\n", 16, "ok    a shim\n      that is\n      there\n");
	check("  --json  writes it down\n", 20, "  --json  writes it\n          down\n");
}

Test(wrap, a_second_column_beyond_the_middle_is_none)
{
	check("  a long example    and what it is\n", 20, "  a long example\n  and what it is\n");
}

Test(wrap, a_word_that_is_too_long_stays_whole)
{
	check("see /a/rather/long/path now\n", 10, "see\n/a/rather/long/path\nnow\n");
	check("/a/rather/long/path\n", 10, "/a/rather/long/path\n");
}

Test(wrap, a_rune_is_one_column)
{
	check("\xc3\xa4\xc3\xb6\xc3\xbc \xe2\x80\xa6\n", 5,
	      "\xc3\xa4\xc3\xb6\xc3\xbc \xe2\x80\xa6\n");
}

Test(wrap, a_colour_takes_no_room)
{
	check("\x1b[31mFAIL\x1b[0m it is\n", 10, "\x1b[31mFAIL\x1b[0m it is\n");
	check("\x1b[31mFAIL\x1b[0m it is not\n", 10, "\x1b[31mFAIL\x1b[0m it is\nnot\n");
	check("  \x1b[31mNO    \x1b[0m  a thing or two\n", 22,
	      "  \x1b[31mNO    \x1b[0m  a thing or\n          two\n");
}
