/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of base/suggest. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "base/suggest.h"

static const char *const words[] = { "run", "doctor", "env", "assert" };

Test(suggest, a_typing_slip_finds_its_word)
{
	cr_assert(eq(str, (char *)cs_suggest("docter", words, 4), (char *)"doctor"));
	cr_assert(eq(str, (char *)cs_suggest("asert", words, 4), (char *)"assert"));
	cr_assert(eq(str, (char *)cs_suggest("rnu", words, 4), (char *)"run"));
}

Test(suggest, a_word_that_is_far_from_all_finds_none)
{
	cr_assert(eq(ptr, (void *)cs_suggest("frobnicate", words, 4), NULL));
	cr_assert(eq(ptr, (void *)cs_suggest("", words, 4), NULL));
	cr_assert(eq(ptr, (void *)cs_suggest("xyz", words, 4), NULL));
}
