/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of agent/cause and agent/file_set. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/asserting/cause.h"

#define COUNT 5u
#define MS    1e6

static struct cs_sample own[COUNT], others[COUNT];
static char program[] = "python3", option[] = "-c", text[] = "print('it')";
static char *argv[] = { program, option, text, NULL };
static struct cs_plan_function function = { .name = "f", .argv = argv, .ready = CS_READY_EXIT };
static struct cs_asserted asserted;

static void fill(double code_ms)
{
	for (uint32_t i = 0; i < COUNT; i++) {
		for (unsigned m = 0; m < CS_METRIC_COUNT; m++)
			own[i].values[m] = others[i].values[m] = (double)NAN;
		own[i].values[CS_METRIC_PHASES + CS_PHASE_RUNTIME] = 50 * MS;
		others[i].values[CS_METRIC_PHASES + CS_PHASE_RUNTIME] = 49.9 * MS;
		own[i].values[CS_METRIC_PHASES + CS_PHASE_CODE] = code_ms * MS;
		others[i].values[CS_METRIC_PHASES + CS_PHASE_CODE] = 100 * MS;
		own[i].values[CS_METRIC_PHASES + CS_PHASE_WAIT] = 900 * MS;
		others[i].values[CS_METRIC_PHASES + CS_PHASE_WAIT] = 1 * MS;
		own[i].values[CS_METRIC_TOTAL] = (50 + code_ms) * MS;
	}
	asserted = (struct cs_asserted){
		.function = &function, .own = own, .others = others, .count = COUNT
	};
}

static void expect(unsigned metric, enum cs_budget_against against, const char *wanted)
{
	struct cs_budget budget = { .metric = metric, .against = against };
	char *cause = cs_cause_of(&asserted, &budget);

	cr_assert(eq(str, cause, (char *)wanted));
	free(cause);
}

Test(cause, against_a_baseline_the_phase_that_grew_and_the_files)
{
	char name[32];

	fill(196);
	cs_file_set_add(&asserted.files, "/srv/f/app.py", "/srv/f");
	cs_file_set_add(&asserted.other_files, "/tmp/checkout/app.py", "/tmp/checkout");
	cs_file_set_add(&asserted.other_files, "/lib/libold.so", "/tmp/checkout");
	for (unsigned i = 0; i < 6; i++) {
		snprintf(name, sizeof(name), "pandas/%u.py", i);
		cs_file_set_add(&asserted.files, name, "/srv/f");
		cs_file_set_add(&asserted.files, name, "/srv/f");
	}
	expect(CS_METRIC_PHASES + CS_PHASE_CODE, CS_AGAINST_BASELINE,
	       "code +96.0 ms (+96.0 %); new: pandas/0.py, pandas/1.py, pandas/2.py, pandas/3.py and "
	       "2 more; gone: /lib/libold.so; see coldspan run -- python3 -c 'print('\\''it'\\'')'");
	expect(CS_METRIC_FACTS + CS_FACT_OPENS_USER, CS_AGAINST_BASELINE,
	       "new: pandas/0.py, pandas/1.py, pandas/2.py, pandas/3.py and "
	       "2 more; gone: /lib/libold.so; see coldspan run -- python3 -c 'print('\\''it'\\'')'");
	cs_file_set_deinit(&asserted.files);
	cs_file_set_deinit(&asserted.other_files);
}

Test(cause, an_amount_has_a_phase_that_takes_most)
{
	fill(196);
	expect(CS_METRIC_TOTAL, CS_AGAINST_NOTHING,
	       "most of it is code: 196 ms of 246 ms; see coldspan run -- python3 -c "
	       "'print('\\''it'\\'')'");
}

Test(cause, what_cannot_be_typed_is_not_said)
{
	fill(196);
	text[0] = '\n';
	expect(CS_METRIC_TOTAL, CS_AGAINST_NOTHING, "most of it is code: 196 ms of 246 ms");
}

Test(file_set, each_name_once_without_controls)
{
	struct cs_file_set set = { 0 };

	cs_file_set_add(&set, "/b", NULL);
	cs_file_set_add(&set, "/a\x1b[2J", NULL);
	cs_file_set_add(&set, "/b", "/");
	cr_assert(eq(u32, set.count, 2));
	cr_assert(cs_file_set_has(&set, "/b"));
	cr_assert(not(cs_file_set_has(&set, "/a\x1b[2J")));
	cr_assert(not(cs_file_set_has(&set, "/c")));
	cs_file_set_deinit(&set);
}

Test(file_set, it_has_an_end)
{
	struct cs_file_set set = { 0 };
	char name[32];

	for (unsigned i = 0; i < CS_FILE_SET_MAX + 10; i++) {
		snprintf(name, sizeof(name), "%u", i);
		cs_file_set_add(&set, name, NULL);
	}
	cr_assert(eq(u32, set.count, CS_FILE_SET_MAX));
	cr_assert(set.cut);
	cs_file_set_deinit(&set);
}
