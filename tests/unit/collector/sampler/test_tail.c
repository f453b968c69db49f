/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of collector/sampler/tail: what is asked for, and the ratio. */
#include "collector/sampler/tail.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <string.h>

#include "collector/sampler/probability.h"

Test(tail, rules_are_read_and_told_again)
{
	static const char *const texts[][2] = {
		{ "cold,errors,timeouts,slowest=10,ratio=0.05",
		  "cold,timeouts,errors,slowest=10,ratio=0.05" },
		{ "errors", "errors,ratio=0" },
		{ "ratio=1e-3", "ratio=0.001" },
		{ "slowest=100", "slowest=100,ratio=0" },
	};
	struct cs_tail_rules tail;
	struct cs_diag diag = { 0 };
	char text[128];

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		cr_assert(eq(int, cs_tail_parse(texts[i][0], &diag, &tail), 0), "%s", diag.text);
		cr_expect(tail.asked);
		cr_expect(eq(str, (char *)cs_tail_text(&tail, text, sizeof(text)),
			     (char *)texts[i][1]));
	}
	tail = (struct cs_tail_rules){ 0 };
	cr_expect(eq(str, (char *)cs_tail_text(&tail, text, sizeof(text)), (char *)"everything"));
}

Test(tail, what_is_no_rule_is_named)
{
	static const char *const bad[] = { "",          "cold,",  "cool",        "ratio",
					   "ratio=2",   "ratio=", "slowest=101", "slowest=-1",
					   "slowest=x", "cold=1", "errors, cold" };
	char longer[400];
	struct cs_tail_rules tail = { .slowest = 7 };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct cs_diag diag = { 0 };

		cr_expect(eq(int, cs_tail_parse(bad[i], &diag, &tail), -EINVAL), "%s", bad[i]);
		cr_expect(ne(ptr, strstr(diag.text, "is none of cold"), NULL), "%s", diag.text);
	}
	for (size_t i = 0; i < sizeof(longer); i++)
		longer[i] = i + 1 < sizeof(longer) ? ',' : '\0';
	cr_expect(eq(int, cs_tail_parse(longer, NULL, &tail), -EINVAL));
	cr_expect(eq(uint, tail.slowest, 7));
}

/* The specification's equalizing sampler: T_s is what it came with, T_d our own. */
Test(tail, a_ratio_makes_nothing_more_probable)
{
	const struct cs_tail_rules tail = { .asked = true, .ratio = 0.25 };
	uint64_t threshold = CS_THRESHOLD_ALL;

	cr_expect(not(cs_tail_ratio(&tail, 0xbfffffffffffff, &threshold)));
	cr_expect(eq(u64, threshold, CS_THRESHOLD_ALL));
	cr_expect(cs_tail_ratio(&tail, 0xc0000000000000, &threshold));
	cr_expect(eq(u64, threshold, 0xc0000000000000));
	threshold = 0xe0000000000000;
	cr_expect(cs_tail_ratio(&tail, 0xe0000000000000, &threshold));
	cr_expect(eq(u64, threshold, 0xe0000000000000));
}
