/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of base/json_text. */
#include "base/json_text.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

static void expect(const char *text, size_t len, const char *want)
{
	struct cs_buffer out = { 0 };

	cs_json_put_text(&out, text, len);
	cr_expect(not(out.failed));
	cr_expect(eq(str, out.data, (char *)want));
	cs_buffer_deinit(&out);
}

Test(json_text, plain_text_stays_as_it_is_between_quotes)
{
	expect("", 0, "\"\"");
	expect("a/b \xc3\xa9 \x7f", 7, "\"a/b \xc3\xa9 \"");
	expect("a/b \xc3\xa9 \x7f", 8, "\"a/b \xc3\xa9 \x7f\"");
}

Test(json_text, quotes_backslashes_and_controls_are_escaped)
{
	expect("\"\\", 2, "\"\\\"\\\\\"");
	expect("\b\f\n\r\t", 5, "\"\\b\\f\\n\\r\\t\"");
	expect("a\0b\x1b\x1f", 5, "\"a\\u0000b\\u001b\\u001f\"");
}
