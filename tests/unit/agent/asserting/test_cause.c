/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of agent/cause and agent/file_set. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "agent/asserting/cause.h"
#include "agent/asserting/largest.h"
#include "base/utf8.h"

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

/* @wanted: "moved: …"; NULL: nothing is said */
static void expect(unsigned metric, enum cs_budget_against against, const char *wanted)
{
	struct cs_budget budget = { .metric = metric, .against = against };
	struct cs_judgement judgement = { .verdict = CS_VERDICT_FAIL };
	struct cs_cause_note *causes;
	struct cs_buffer got = { 0 };

	function.budgets = &budget;
	function.budgets_count = 1;
	asserted.judgements = &judgement;
	causes = cs_causes_find(&asserted);
	cr_assert(ne(ptr, causes, NULL));
	if (causes->text)
		cs_buffer_printf(&got, "%s: %s", causes->label, causes->text);
	cr_assert(wanted ? got.len && !strcmp(got.data, wanted) : !got.len, "\"%s\", not \"%s\"",
		  got.len ? got.data : "", wanted ? wanted : "");
	cs_buffer_deinit(&got);
	cs_causes_free(causes, 1);
}

static void forget(void)
{
	cs_file_set_deinit(&asserted.files);
	cs_file_set_deinit(&asserted.other_files);
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
	       "moved: code +96.0 ms (+96.0 %); new: pandas/0.py, pandas/1.py, pandas/2.py, "
	       "pandas/3.py and 2 more; gone: /lib/libold.so");
	expect(CS_METRIC_FACTS + CS_FACT_OPENS_USER, CS_AGAINST_BASELINE,
	       "moved: new: pandas/0.py, pandas/1.py, pandas/2.py, pandas/3.py and 2 more; "
	       "gone: /lib/libold.so");
	expect(CS_METRIC_TOTAL, CS_AGAINST_NOTHING,
	       "largest: code 196 ms of 246 ms, runtime 50.0 ms of 246 ms; packages by files: pandas 6; "
	       "new: pandas/0.py, pandas/1.py, pandas/2.py, pandas/3.py and 2 more; "
	       "gone: /lib/libold.so");
	/* What was left out of the others may be any of these. */
	asserted.other_files.cut = true;
	expect(CS_METRIC_FACTS + CS_FACT_OPENS_USER, CS_AGAINST_BASELINE,
	       "moved: gone: /lib/libold.so");
	forget();
}

Test(cause, without_one_what_is_largest)
{
	fill(196);
	asserted.others = NULL;
	expect(CS_METRIC_TOTAL, CS_AGAINST_NOTHING,
	       "largest: code 196 ms of 246 ms, runtime 50.0 ms of 246 ms");
	cs_file_set_put(&asserted.files, "/lib/libc.so.6", 2 << 20);
	cs_file_set_put(&asserted.files, "/lib/libm.so.6", 1 << 20);
	cs_file_set_put(&asserted.files, "/usr/bin/big", 8 << 20);
	cs_file_set_put(&asserted.files, "libnot.found.so", 0);
	expect(CS_METRIC_PHASES + CS_PHASE_CODE, CS_AGAINST_NOTHING,
	       "largest: code 196 ms of 246 ms; files by size: /usr/bin/big 8.00 MiB, "
	       "/lib/libc.so.6 2.00 MiB, /lib/libm.so.6 1.00 MiB");
	expect(CS_METRIC_FACTS + CS_FACT_SHARED_OBJECTS, CS_AGAINST_NOTHING,
	       "largest: files by size: /lib/libc.so.6 2.00 MiB, /lib/libm.so.6 1.00 MiB");
	cs_file_set_put(&asserted.files, "/usr/lib/python3/dist-packages/numpy/core/a.py", 1);
	cs_file_set_put(&asserted.files, "/usr/lib/python3/dist-packages/numpy/b.py", 1);
	cs_file_set_put(&asserted.files, "node_modules/@aws/client/x.js", 1);
	cs_file_set_put(&asserted.files, "/w/node_modules/@aws/client/dist/y.js", 1);
	cs_file_set_put(&asserted.files, "/w/node_modules/@aws/client/dist/z.js", 1);
	expect(CS_METRIC_MODULES, CS_AGAINST_NOTHING,
	       "largest: packages by files: @aws/client 3, numpy 2");
	expect(CS_METRIC_WARM_P95, CS_AGAINST_NOTHING, NULL);
	forget();
}

Test(cause, of_a_long_name_the_end_is_told)
{
	char name[CS_LARGEST_NAME_BYTES];
	char path[] = "/usr/lib/x86_64-linux-gnu/perl/5.36.0/auto/List/Util/more/and/more/Util.so";
	char flat[] =
		"\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3"
		"\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3"
		"\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3"
		"\xa4\xc3\xa4.so";

	cr_assert(eq(str, (char *)(uintptr_t)cs_largest_name("/lib/libc.so.6", name),
		     (char *)"/lib/libc.so.6"));
	cr_assert(eq(str, (char *)(uintptr_t)cs_largest_name(path, name),
		     (char *)".../perl/5.36.0/auto/List/Util/more/and/more/Util.so"));
	cs_largest_name(flat, name);
	cr_assert(cs_utf8_valid(name, strlen(name)));
	cr_assert(zero(int, strncmp(name, "...\xc3\xa4", 5)), "%s", name);
}

static const char *file = "coldspan.yaml";
static bool unseen;

static void expect_next(const char *wanted)
{
	const struct cs_asserted of = {
		.function = &function,
		.failed = unseen,
		.failure.outcome = CS_SAMPLING_UNSEEN,
	};
	struct cs_buffer got = { 0 };

	cs_cause_next(file, &of, &got);
	cr_assert(eq(str, got.len ? got.data : (char *)"", (char *)wanted));
	cs_buffer_deinit(&got);
}

Test(cause, what_to_type_next)
{
	struct cs_environment_variable variable = { "TOKEN", "secret" };

	expect_next("coldspan run -- python3 -c 'print('\\''it'\\'')'");
	function.ready = CS_READY_RESPONSE;
	expect_next("PORT=8080 coldspan run -- python3 -c 'print('\\''it'\\'')'");
	unseen = true;
	expect_next("coldspan doctor -- python3 -c 'print('\\''it'\\'')'");
	unseen = false;
	function.ready = CS_READY_POLL;
	expect_next("coldspan assert f -o html=cold-starts.html");
	file = "/dev/stdin";
	expect_next("");
	function.ready = CS_READY_EXIT;
	expect_next("coldspan run -- python3 -c 'print('\\''it'\\'')'");
	file = "coldspan.yaml";
	function.env = &variable;
	function.env_count = 1;
	expect_next("coldspan assert f -o html=cold-starts.html");
	function.env_count = 0;
	text[0] = '\n';
	expect_next("coldspan assert f -o html=cold-starts.html");
	function.name = "my function";
	expect_next("coldspan assert 'my function' -o html=cold-starts.html");
}

Test(cause, where_to_type_it)
{
	function.ready = CS_READY_POLL;
	file = "/some/where/coldspan.yaml";
	expect_next("cd /some/where && coldspan assert f -o html=cold-starts.html");
	file = "/coldspan.yaml";
	expect_next("cd / && coldspan assert f -o html=cold-starts.html");
	file = "-x/it's/my budgets.yaml";
	expect_next("cd -- '-x/it'\\''s' && "
		    "coldspan assert f -c 'my budgets.yaml' -o html=cold-starts.html");
	function.ready = CS_READY_RESPONSE;
	file = "../coldspan.yaml";
	expect_next("cd .. && PORT=8080 coldspan run -- python3 -c 'print('\\''it'\\'')'");
	file = "a\nb/coldspan.yaml";
	expect_next("");
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

Test(file_set, it_knows_how_large_they_are)
{
	struct cs_file_set set = { 0 };

	cs_file_set_add(&set, "/proc/self/exe", NULL);
	cs_file_set_add(&set, "self/exe", "/proc");
	cs_file_set_add(&set, "/dev/null", NULL);
	cr_assert(eq(u32, set.count, 3));
	cr_assert(eq(u64, set.list[0].bytes, 0), "%s", set.list[0].name);
	cr_assert(ne(u64, set.list[1].bytes, 0), "%s", set.list[1].name);
	cr_assert(eq(u64, set.list[1].bytes, set.list[2].bytes));
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
