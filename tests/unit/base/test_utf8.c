/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of base/utf8. Ill-formed examples: Unicode 15 table 3-7 and RFC 3629 section 4. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "base/utf8.h"

Test(utf8, well_formed_text_is_left_alone)
{
	const char *s = "a\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80";
	char out[32];
	bool cut;

	cr_assert(cs_utf8_valid(s, strlen(s)));
	cr_assert(eq(sz, cs_utf8_repair(out, sizeof(out), s, strlen(s), &cut), strlen(s)));
	cr_assert(eq(str, out, (char *)s));
	cr_assert(not(cut));
}

Test(utf8, surrogates_overlong_forms_and_stray_bytes_are_ill_formed)
{
	static const char *const bad[] = { "\xed\xa0\x80",     "\xc0\xaf", "\xe0\x80\xaf", "\xff",
					   "\xf4\x90\x80\x80", "\xe2\x82", "\x80" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_assert(not(cs_utf8_valid(bad[i], strlen(bad[i]))));
}

Test(utf8, every_ill_formed_byte_becomes_a_replacement)
{
	char out[32];

	cs_utf8_repair(out, sizeof(out), "a\xff\x62", 3, NULL);
	cr_assert(eq(str, out, (char *)"a\xef\xbf\xbd\x62"));
	cr_assert(cs_utf8_valid(out, strlen(out)));
}

Test(utf8, a_cut_never_splits_a_rune)
{
	char out[5];
	bool cut = false;

	cs_utf8_repair(out, sizeof(out), "ab\xe2\x82\xac", 5, &cut);
	cr_assert(eq(str, out, (char *)"ab"));
	cr_assert(cut);
}

Test(utf8, controls_are_stripped)
{
	char s[] = "a\x1b[1m\xc2\x9bz\n";

	cs_utf8_strip_control(s);
	cr_assert(eq(str, s, (char *)"a [1m??z "));
}
