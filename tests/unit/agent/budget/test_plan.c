/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of agent/budget/plan, fields and presets. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <errno.h>
#include <math.h>
#include <string.h>

#include "agent/budget/metric.h"
#include "agent/budget/plan.h"

static struct cs_plan plan;
static struct cs_diag diag;
static char message[CS_DIAG_TEXT_MAX + 64];

static int parse(const char *text)
{
	diag = (struct cs_diag){ 0 };
	return cs_plan_parse("coldspan.yaml", text, strlen(text), &diag, &plan);
}

static const struct cs_plan_function *good(const char *text)
{
	int r = parse(text);

	cr_assert(zero(int, r), "%s", cs_diag_format(&diag, message, sizeof(message)));
	return plan.functions;
}

static void refused(const char *text, const char *wanted)
{
	cr_assert(eq(int, parse(text), -EINVAL), "%s", text);
	cr_assert(eq(str, cs_diag_format(&diag, message, sizeof(message)), (char *)wanted));
	cs_plan_deinit(&plan);
}

/* A function of a file with one, from its fourth line on. */
static void refused_function(const char *lines, const char *wanted)
{
	char text[1024];

	snprintf(text, sizeof(text), "version: 1\nfunctions:\n  hello:\n%s", lines);
	refused(text, wanted);
}

Test(plan, a_ref_of_the_command_line_is_what_all_are_compared_with)
{
	const struct cs_plan_function *f;

	plan.baseline = "main";
	f = good(
		"version: 1\n"
		"functions:\n"
		"  f: {run: [x], baseline: {ref: a, build: b}, budgets: [total <= 1s vs baseline]}\n"
		"  g: {run: [x], budgets: [total <= 1s]}\n");
	cr_assert(eq(str, (char *)f[0].baseline.ref, (char *)"main"));
	cr_assert(eq(str, (char *)f[0].baseline.build, (char *)"b"));
	cr_assert(eq(sz, f[0].budgets_count, 1));
	cr_assert(eq(sz, f[1].budgets_count, 2));
	cr_assert(eq(str, (char *)f[1].budgets[1].id, (char *)"p50-total-baseline"));
	cr_assert(epsilon_eq(dbl, f[1].budgets[1].min_effect, 1e6, 1e-9));
	cr_assert(eq(u32, f[1].budgets[1].line, 4));
	cs_plan_deinit(&plan);
}

Test(plan, a_reference_is_kept_apart_from_refs)
{
	const struct cs_plan_function *f;

	plan.baseline = "main";
	f = good(
		"version: 1\n"
		"functions:\n"
		"  f: {run: [x], reference: {run: [y, z]}, budgets: [total <= 2x vs reference]}\n");
	cr_assert(eq(int, (int)f->beside, CS_AGAINST_REFERENCE));
	cr_assert(eq(int, (int)f->baseline.kind, CS_BASELINE_NONE));
	cr_assert(eq(str, f->reference.argv[1], (char *)"z"));
	cr_assert(eq(sz, f->budgets_count, 1));
	cs_plan_deinit(&plan);
}

Test(plan, a_command_with_all_that_may_be_said)
{
	const struct cs_plan_function *hello = good(
		"version: 1\n"
		"defaults: {runs: 20, max_runs: 60, confidence: 99%, cache: evict, processor: same, "
		"slow_processor: take}\n"
		"functions:\n"
		"  hello-py:\n"
		"    run: [python3, app.py, \"\"]\n"
		"    ready: first-response\n"
		"    invoke: {method: POST, path: /x, body: '{}', content_type: text/plain}\n"
		"    env: {MEMORY: \"512\"}\n"
		"    timeout: 30s\n"
		"    budgets:\n"
		"      - p95 total <= 300ms\n"
		"      - {metric: shared_objects, max: 45}\n"
		"    forbid: [pandas, matplotlib.*]\n"
		"    baseline: {ref: origin/main, build: make}\n"
		"policy: {on_inconclusive: fail, confirm: 1,\n"
		"  quarantine: [{id: hello-py/p95-total, until: 2026-12-31, issue: '#88'}]}\n");

	cr_assert(eq(sz, plan.functions_count, 1));
	cr_assert(eq(str, (char *)hello->name, (char *)"hello-py"));
	cr_assert(eq(u32, hello->line, 4));
	cr_assert(eq(str, hello->argv[1], (char *)"app.py"));
	cr_assert(eq(str, hello->argv[2], (char *)""));
	cr_assert(eq(ptr, hello->argv[3], NULL));
	cr_assert(eq(int, (int)hello->ready, CS_READY_RESPONSE));
	cr_assert(eq(str, (char *)hello->event.body, (char *)"{}"));
	cr_assert(eq(str, (char *)hello->env[0].value, (char *)"512"));
	cr_assert(eq(u32, hello->sampling.runs, 20));
	cr_assert(eq(u32, hello->sampling.warmup, 2));
	cr_assert(lt(dbl, fabs(hello->sampling.alpha - 0.01), 1e-12));
	cr_assert(hello->sampling.evict);
	cr_assert(hello->sampling.same_processor);
	cr_assert(hello->sampling.take_slow);
	cr_assert(eq(u64, hello->sampling.timeout_ns, 30000000000u));
	cr_assert(eq(sz, hello->budgets_count, 3));
	cr_assert(eq(str, (char *)hello->budgets[2].text, (char *)"forbid pandas, matplotlib.*"));
	cr_assert(eq(str, (char *)hello->budgets[2].id, (char *)"forbid"));
	cr_assert(eq(u32, hello->budgets[2].line, 13));
	cr_assert(hello->names_files);
	cr_assert(eq(u32, hello->budgets[1].line, 12));
	cr_assert(eq(sz, hello->forbid_count, 2));
	cr_assert(eq(int, (int)hello->baseline.kind, CS_BASELINE_REF));
	cr_assert(plan.fail_inconclusive);
	cr_assert(eq(u32, plan.confirm, 1));
	cr_assert(eq(u32, plan.quarantine[0].until, 20261231));
	cs_plan_deinit(&plan);
}

Test(plan, json_is_read_as_well)
{
	const struct cs_plan_function *f =
		good("{\"version\": 1, \"functions\": {\"f\": {\"shell\": \"./f | cat\"}}}");

	cr_assert(eq(int, (int)f->start, CS_START_SHELL));
	cr_assert(eq(str, f->argv[2], (char *)"./f | cat"));
	cr_assert(eq(int, (int)f->ready, CS_READY_EXIT));
	cs_plan_deinit(&plan);
}

Test(plan, own_budgets_stand_for_those_of_a_preset)
{
	const struct cs_plan_function *f =
		good("version: 1\nfunctions:\n  f:\n    run: [./f]\n"
		     "    extends: coldspan:recommended\n"
		     "    budgets: [{metric: lookups.failed, max: 5}]\n");

	cr_assert(eq(sz, f->budgets_count, 4));
	cr_assert(lt(dbl, fabs(f->budgets[0].max.value - 5), 1e-12));
	cr_assert(eq(int, (int)f->budgets[0].level, CS_LEVEL_ERROR));
	cs_plan_deinit(&plan);
}

Test(plan, every_preset_is_good)
{
	(void)good("version: 1\nfunctions:\n"
		   "  a: {run: [x], extends: 'coldspan:recommended'}\n"
		   "  b: {run: [x], extends: 'coldspan:lambda'}\n"
		   "  c: {run: [x], extends: 'coldspan:knative'}\n");
	/* A slow runner is no fault of the function, and what is usual no law for it. */
	for (size_t i = 0; i < plan.functions_count; i++) {
		for (size_t k = 0; k < plan.functions[i].budgets_count; k++)
			cr_assert(eq(int, (int)plan.functions[i].budgets[k].level, CS_LEVEL_WARN));
	}
	cs_plan_deinit(&plan);
}

Test(plan, mistakes_of_the_file)
{
	refused("", "coldspan.yaml:1:1: nothing is in it; see coldspan init");
	refused("- 1\n", "coldspan.yaml:1:1: a mapping is expected here: {key: value}");
	refused("functions: {}\n",
		"coldspan.yaml:1:1: key \"version\" is missing; write version: 1");
	refused("version: '1'\n",
		"coldspan.yaml:1:10: this version is not known here; write version: 1");
	refused("version: 2\n",
		"coldspan.yaml:1:10: this version is not known here; write version: 1");
	refused("version: 1\n",
		"coldspan.yaml:1:1: key \"functions\" is missing; see coldspan init");
	refused("version: 1\nfunctions: {}\n", "coldspan.yaml:2:12: no function is named");
	refused("version: 1\nfuncions: {}\n",
		"coldspan.yaml:2:1: unknown key \"funcions\"; did you mean \"functions\"?");
}

Test(plan, mistakes_of_a_function)
{
	refused_function("    budget: []\n",
			 "coldspan.yaml:4:5: unknown key \"budget\"; did you mean \"budgets\"?");
	refused_function("    runs: 3\n", "coldspan.yaml:4:5: hello: write one of run: [PROGRAM, "
					  "ARGUMENT…], shell: COMMAND, function: FOLDER");
	refused_function("    run: ./f\n",
			 "coldspan.yaml:4:10: a list is expected here: [one, other]");
	refused_function("    run: []\n", "coldspan.yaml:4:10: no program is named");
	refused_function("    run: [f]\n    ready: lisen\n",
			 "coldspan.yaml:5:12: \"lisen\" is not known here; write first-response, "
			 "listen, first-poll or exit");
	refused_function("    run: [f]\n    timeout: 10\n",
			 "coldspan.yaml:5:14: \"10\" is no duration; write it as 300ms");
	refused_function("    run: [f]\n    runs: 2.5\n",
			 "coldspan.yaml:5:11: a whole number from 1 to 10000 is expected");
	refused_function("    run: [f]\n    env: {A: no}\n",
			 "coldspan.yaml:5:14: no is not a text to every reader; quote it");
	refused_function("    run: [f, true]\n",
			 "coldspan.yaml:4:14: true is not a text to every reader; quote it");
	refused_function("    run: [f, ~]\n",
			 "coldspan.yaml:4:14: ~ is not a text to every reader; quote it");
	refused_function("    run: ['']\n", "coldspan.yaml:4:11: no program is named");
	refused_function(
		"    run: [f]\n    runs: 010\n",
		"coldspan.yaml:5:11: 010 is not the same number to every reader; leave the "
		"first 0 out");
	refused_function("    run: [f]\n    runs: '10'\n",
			 "coldspan.yaml:5:11: \"10\" is a text, and a number is expected; do not "
			 "quote it");
	refused_function("    run: [f]\n    budgets: [total <= 1s, total <= 2s]\n",
			 "coldspan.yaml:5:28: budget \"p50-total\" stands twice; give one an id");
	refused_function("    run: [f]\n    budgets: [total <= +5% vs baseline]\n",
			 "coldspan.yaml:5:15: hello has no baseline; write baseline: {ref: "
			 "origin/main}");
	refused_function("    run: [f]\n    extends: recommended\n",
			 "coldspan.yaml:5:14: a preset is written as coldspan:recommended");
	refused_function("    run: [f]\n    baseline: {ref: x, file: y}\n",
			 "coldspan.yaml:5:15: write one of ref: GITREF, run: [PROGRAM…], file: "
			 "SAMPLES");
}

Test(plan, mistakes_of_the_policy)
{
	refused("version: 1\nfunctions: {f: {run: [f]}}\npolicy: {quarantine: [{id: f/x, until: "
		"2026-12-31}]}\n",
		"coldspan.yaml:3:28: there is no budget \"f/x\"");
	refused("version: 1\nfunctions: {f: {run: [f], budgets: [total <= 1s]}}\n"
		"policy: {quarantine: [{id: f/p50-total, until: soon}]}\n",
		"coldspan.yaml:3:48: a day is written as 2026-12-31");
}
