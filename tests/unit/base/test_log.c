/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of base/log. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/redirect.h>

#include "base/log.h"

Test(log, foreign_control_characters_do_not_reach_the_terminal, .init = cr_redirect_stderr)
{
	cs_log_init("prog", CS_LOG_INFO);
	cs_log(CS_LOG_WARN, "bad name \"%s\"", "a\x1b[31m\nb");
	cs_log(CS_LOG_DEBUG, "not shown");
	cr_assert_stderr_eq_str("prog: warn: bad name \"a?[31m?b\"\n");
}

Test(log, levels_are_spelled_as_otel_log_level)
{
	enum cs_log_level level = CS_LOG_INFO;

	cr_assert(eq(int, cs_log_parse_level("debug", &level), 0));
	cr_assert(eq(int, (int)level, CS_LOG_DEBUG));
	cr_assert(eq(int, cs_log_parse_level("WARN", &level), 0)); /* as many write it */
	cr_assert(eq(int, (int)level, CS_LOG_WARN));
	cr_assert(lt(int, cs_log_parse_level("loud", &level), 0));
	cr_assert(eq(int, (int)level, CS_LOG_WARN));
}
