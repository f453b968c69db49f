/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of agent/output/json: there and back, and what is refused. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <errno.h>
#include <string.h>

#include "agent/output/json.h"
#include "tests/unit/agent/output/results.h"

static struct results results;
static struct cs_result again;
static struct cs_diag diag;

static void begin(void)
{
	unsetenv("GITHUB_SHA");
	unsetenv("CI_COMMIT_SHA");
	results_begin(&results, 1, 2, 5, "hello", "p50 total <= 100 ms", 2);
	cs_result_init(&again, &results.plan, false);
	diag = (struct cs_diag){ 0 };
}

static void end(void)
{
	cs_result_deinit(&again);
	results_end(&results);
}

static char *document(void)
{
	struct cs_buffer out = { 0 };

	cr_assert(zero(int, cs_result_json_write(&results.result, CS_RESULT_JSON_FILE, &out)));
	return cs_buffer_take(&out);
}

static int read_back(const char *text)
{
	return cs_result_json_read(&again, "r.json", text, strlen(text), &diag);
}

/* The document with the first @from in it made @to. */
static char *with(const char *from, const char *to)
{
	char *text = document(), *at = strstr(text, from);
	struct cs_buffer out = { 0 };

	cr_assert(ne(ptr, at, NULL), "%s is not in %s", from, text);
	cs_buffer_append(&out, text, (size_t)(at - text));
	cs_buffer_puts(&out, to);
	cs_buffer_puts(&out, at + strlen(from));
	free(text);
	return cs_buffer_take(&out);
}

Test(json, what_was_written_is_judged_as_before)
{
	char *text, *second;
	struct cs_buffer out = { 0 };

	begin();
	text = document();
	cr_assert(zero(int, read_back(text)), "%s", diag.text);
	cr_assert(zero(int, cs_result_judge(&again, 1)));
	cs_result_settle(&again);
	cr_assert(eq(int, cs_result_exit_code(&again), 3));
	cr_assert(zero(int, cs_result_json_write(&again, CS_RESULT_JSON_FILE, &out)));
	second = cs_buffer_take(&out);
	cr_assert(eq(str, second, text));
	free(text);
	free(second);
	end();
}

Test(json, starts_of_one_kind_are_counted_together)
{
	char *first, *second;

	begin();
	first = document();
	second = with("\"runs\":[\"", "\"runs\":[\"x");
	cr_assert(zero(int, read_back(first)));
	cr_assert(zero(int, read_back(second)), "%s", diag.text);
	cr_assert(eq(sz, again.count, 1));
	cr_assert(eq(u32, again.functions[0].asserted.count, 10));
	cr_assert(eq(sz, again.functions[0].origin.runs_count, 2));
	free(first);
	free(second);
	end();
}

static void stay_apart(const char *from, const char *to)
{
	char *first, *second, *other;

	begin();
	first = document();
	other = with(from, to);
	cr_assert(zero(int, read_back(first)));
	second = strstr(other, "\"runs\":[\"");
	second[9] = second[9] == 'x' ? 'y' : 'x';
	cr_assert(zero(int, read_back(other)), "%s", diag.text);
	cr_assert(eq(sz, again.count, 2), "%s", to);
	cs_result_settle(&again);
	cr_assert(eq(str, (char *)(uintptr_t)again.functions[1].label, (char *)"r.json #2"));
	free(first);
	free(other);
	end();
}

Test(json, starts_of_other_machines_commits_and_versions_stay_apart)
{
	stay_apart("\"kernel\":\"", "\"kernel\":\"another ");
	stay_apart("\"cpus\":", "\"cpus\":1");
	stay_apart("\"against_itself\":false", "\"against_itself\":true");
	stay_apart("\"commit\":null", "\"commit\":\"4f1c2ab\"");
}

/* A first time that fails, and a second that does not. */
static void add_confirmation(struct cs_asserted *asserted)
{
	struct cs_asserted *second = calloc(1, sizeof(*second));

	*second = (struct cs_asserted){ .function = asserted->function,
					.confirming = true,
					.count = asserted->count,
					.looks = 1 };
	second->own = calloc(second->count, sizeof(*second->own));
	second->judgements = calloc(asserted->function->budgets_count, sizeof(*second->judgements));
	memcpy(second->own, asserted->own, second->count * sizeof(*second->own));
	for (uint32_t i = 0; i < second->count; i++)
		second->own[i].values[CS_METRIC_TOTAL] /= 4;
	asserted->confirmation = second;
}

Test(json, what_was_measured_once_more_is_judged_with_it)
{
	struct cs_asserted *asserted;
	char *text, *more;

	begin();
	asserted = &results.result.functions[0].asserted;
	add_confirmation(asserted);
	text = document();
	more = with("\"runs\":[\"", "\"runs\":[\"x");
	cr_assert(zero(int, read_back(text)), "%s", diag.text);
	cr_assert(zero(int, cs_result_judge(&again, 1)));
	asserted = &again.functions[0].asserted;
	cr_assert(eq(int, (int)asserted->judgements[0].verdict, (int)CS_VERDICT_UNSTABLE));
	cr_assert(zero(int, read_back(more)), "%s", diag.text);
	asserted = &again.functions[0].asserted;
	cr_assert(eq(u32, asserted->confirmation->count, 10));
	free(text);
	free(more);
	end();
}

Test(json, a_start_is_counted_once)
{
	char *text;

	begin();
	text = document();
	cr_assert(zero(int, read_back(text)));
	cr_assert(eq(int, read_back(text), -EEXIST));
	cr_assert(eq(str, diag.text, (char *)"r.json: hello: its starts are counted already"));
	free(text);
	end();
}

static void refused(const char *from, const char *to, int code, const char *words)
{
	char *text;

	begin();
	text = with(from, to);
	cr_assert(eq(int, read_back(text), code), "%s", to);
	cr_assert(ne(ptr, strstr(diag.text, words), NULL), "\"%s\" is not in \"%s\"", words,
		  diag.text);
	free(text);
	end();
}

Test(json, what_is_not_as_the_schema_says_is_refused)
{
	refused("assert/v1", "assert/v2", -EINVAL,
		"reads coldspan.assert/v1, not coldspan.assert/v2");
	refused("\"schema\"", "\"shema\"", -EINVAL, "it has no schema");
	refused("{\"", "{", -EINVAL, "r.json:1:");
	refused("\"function\":\"hello\"", "\"function\":\"helo\"", -ENOENT,
		"has no function \"helo\"; it has \"hello\"");
	refused("\"function\":\"hello\"", "\"function\":7", -EINVAL, "of the wrong type: function");
	refused("\"starts\":5,\"looks\"", "\"starts\":6,\"looks\"", -EINVAL,
		"hello: not one number a start: ");
	refused("\"starts\":5,\"looks\"", "\"starts\":-5,\"looks\"", -EINVAL,
		"out of range: starts");
	refused("\"starts\":5,\"looks\"", "\"starts\":5.5,\"looks\"", -EINVAL,
		"of the wrong type: starts");
	refused("\"starts\":5,\"looks\"", "\"starts\":99999,\"looks\"", -EINVAL,
		"out of range: starts");
	refused("\"looks\":1", "\"looks\":0", -EINVAL, "out of range: looks");
	refused("\"total_ns\":[", "\"total_ms\":[", -EINVAL, "does not know the metric total_ms");
	refused("\"total_ns\":[", "\"total_ns\":[\"", -EINVAL, "r.json:1:");
	refused("\"total_ns\":[", "\"total_ns\":[true,", -EINVAL,
		"not one number a start: total_ns");
	refused("\"total_ns\":[", "\"cpu_ns\":[1e300,0,0,0,0],\"total_ns\":[", -EINVAL,
		"neither a number nor null: cpu_ns");
	refused("\"steal_ns\"", "\"stale_ns\"", -EINVAL, "does not know the metric stale_ns");
	refused("\"again\":[", "\"again\":[1,", -EINVAL, "not one answer a start: again");
	refused("\"runs\":[\"", "\"runs\":[],\"x\":[\"", -EINVAL, "runs");
	refused("\"confirmation\":null", "\"confirmation\":[]", -EINVAL, "confirmation");
	refused("\"failure\":null", "\"failure\":1", -EINVAL, "failure");
	refused("\"date\":\"2", "\"date\":\"x", -EINVAL, "no such date");
	refused("\"starts\":5,\"looks\"", "\"starts\":5,\"starts\":5,\"looks\"", -EINVAL,
		"r.json:1:");
}

Test(json, nothing_and_noise_are_no_results)
{
	static const char *const texts[] = { "", "[]", "null", "{}", "<html></html>", "\xff\xfe" };

	begin();
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		diag = (struct cs_diag){ 0 };
		cr_assert(eq(int, read_back(texts[i]), -EINVAL));
		cr_assert(ne(int, (unsigned char)diag.text[0], 0));
	}
	end();
}
