/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A file for --from with any content: refused in a line, or samples that are judged, written in every format
 * within its limits, and read back as the same.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "agent/output/formats.h"
#include "agent/output/json.h"
#include "base/utf8.h"
#include "tests/fuzz/fuzz.h"

static const char plan_text[] =
	"version: 1\n"
	"functions:\n"
	"  f: {run: [x], baseline: {run: [y]}, budgets: [p95 total <= 100ms, shared_objects <= 9,\n"
	"      total <= +5% vs baseline, p95 cpu <= 2x vs baseline, memory <= 1MiB]}\n"
	"  g: {run: [x], budgets: [max code <= 1s]}\n"
	"  h: {run: [x], reference: {run: [y]}, budgets: [total <= 2x vs reference]}\n";

static void load(struct cs_plan *plan)
{
	struct cs_diag diag = { 0 };
	int r = cs_plan_parse("coldspan.yaml", plan_text, sizeof(plan_text) - 1, &diag, plan);

	CS_FUZZ_CHECK(r == 0);
}

static void check_diag(const struct cs_diag *diag)
{
	CS_FUZZ_CHECK(diag->text[0]);
	for (const char *c = diag->text; *c; c++)
		CS_FUZZ_CHECK(!iscntrl((unsigned char)*c));
}

static void write_all(const struct cs_result *result)
{
	static const char *const names[] = { "github",   "gitlab", "html", "junit",
					     "markdown", "text",   "json", "openmetrics" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct cs_buffer out = { 0 };
		int r = cs_format_find(names[i])->write(result, &out);

		CS_FUZZ_CHECK(r == 0);
		CS_FUZZ_CHECK(!out.len || cs_utf8_valid(out.data, out.len));
		CS_FUZZ_CHECK(strcmp(names[i], "markdown") || out.len <= CS_MARKDOWN_BYTES_MAX);
		CS_FUZZ_CHECK(strcmp(names[i], "html") || out.len <= CS_HTML_BYTES_MAX);
		CS_FUZZ_CHECK(strcmp(names[i], "junit") || out.len <= CS_JUNIT_BYTES_MAX);
		CS_FUZZ_CHECK(strcmp(names[i], "gitlab") || out.len <= CS_GITLAB_BYTES_MAX);
		cs_buffer_deinit(&out);
	}
}

static char *document(const struct cs_result *result)
{
	struct cs_buffer out = { 0 };
	int r = cs_result_json_write(result, CS_RESULT_JSON_FILE, &out);

	CS_FUZZ_CHECK(r == 0);
	return cs_buffer_take(&out);
}

static void judge(struct cs_result *result)
{
	int r = cs_result_judge(result, 1);

	CS_FUZZ_CHECK(r == 0);
	cs_result_settle(result);
}

static void read_again(const struct cs_plan *plan, const char *text)
{
	struct cs_diag diag = { 0 };
	struct cs_result again;
	char *second;
	int r;

	cs_result_init(&again, plan, false);
	r = cs_result_json_read(&again, "r.json", text, strlen(text), &diag);
	CS_FUZZ_CHECK(r == 0);
	judge(&again);
	second = document(&again);
	CS_FUZZ_CHECK(!strcmp(text, second));
	free(second);
	cs_result_deinit(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cs_diag diag = { 0 };
	struct cs_result result;
	struct cs_plan plan;
	char *text;

	load(&plan);
	cs_result_init(&result, &plan, false);
	if (cs_result_json_read(&result, "r.json", (const char *)data, size, &diag) == 0) {
		judge(&result);
		write_all(&result);
		text = document(&result);
		read_again(&plan, text);
		free(text);
	} else {
		check_diag(&diag);
	}
	cs_result_deinit(&result);
	cs_plan_deinit(&plan);
	return 0;
}
