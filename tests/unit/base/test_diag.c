/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of base/diag. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>

#include "base/diag.h"

Test(diag, the_first_mistake_wins)
{
	struct cs_diag diag = { 0 };
	char line[128];

	cr_assert(eq(int, cs_diag_at(&diag, -EINVAL, "f.yaml", 3, 7, "unknown key \"%s\"", "x"),
		     -EINVAL));
	cr_assert(eq(int, cs_diag_set(&diag, -ENOENT, "second"), -ENOENT));
	cr_assert(eq(str, cs_diag_format(&diag, line, sizeof(line)),
		     (char *)"f.yaml:3:7: unknown key \"x\""));
}

Test(diag, what_is_unknown_is_left_out)
{
	struct cs_diag diag = { 0 };
	char line[128];

	cs_diag_at(&diag, -EINVAL, "f.yaml", 0, 0, "empty");
	cr_assert(eq(str, cs_diag_format(&diag, line, sizeof(line)), (char *)"f.yaml: empty"));
	cr_assert(eq(int, cs_diag_set(NULL, -EIO, "nobody listens"), -EIO));
}

Test(diag, what_is_quoted_cannot_speak_to_the_terminal)
{
	struct cs_diag diag = { 0 };

	cs_diag_set(&diag, -EINVAL, "unknown key \"%s\"", "\x1b[31m\nred\xff");
	cr_assert(eq(str, diag.text, (char *)"unknown key \" [31m red\xef\xbf\xbd\""));
}
