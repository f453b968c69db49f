/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/manifest.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>
#include <string.h>

#define GOOD "name: f\nmode: exec\ncommand: [cat]\n"

static int parse(const char *text, struct cs_manifest *manifest, struct cs_problem *problem)
{
	return cs_manifest_parse("f.yaml", (const unsigned char *)text, strlen(text), manifest,
				 problem);
}

Test(manifest, every_key_is_read)
{
	struct cs_manifest manifest = { 0 };
	struct cs_problem problem = { 0 };

	cr_assert(zero(int, parse("name: fun-1\n"
				  "mode: http\n"
				  "command:\n  - python3\n  - \"a b.py\"\n  - ''\n"
				  "environment:\n  A: 1\n  B: \"x: y\"\n  EMPTY:\n"
				  "timeout: 2m\nidle_timeout: 1h\nconcurrency: 7\n"
				  "content_type: text/plain\n",
				  &manifest, &problem)),
		  "%s", problem.text);
	cr_assert(eq(str, manifest.name, (char *)"fun-1"));
	cr_assert(eq(int, manifest.mode, CS_MODE_HTTP));
	cr_assert(eq(sz, manifest.command_count, 3));
	cr_assert(eq(str, manifest.command[1], (char *)"a b.py"));
	cr_assert(eq(str, manifest.command[2], (char *)""));
	cr_assert(eq(ptr, manifest.command[3], NULL));
	cr_assert(eq(sz, manifest.environment.count, 3));
	cr_assert(eq(str, manifest.environment.items[0], (char *)"A=1"));
	cr_assert(eq(str, manifest.environment.items[1], (char *)"B=x: y"));
	cr_assert(eq(str, manifest.environment.items[2], (char *)"EMPTY="));
	cr_assert(eq(u64, manifest.timeout_ns, 120 * CS_SEC));
	cr_assert(eq(u64, manifest.idle_timeout_ns, 3600 * CS_SEC));
	cr_assert(eq(u32, manifest.concurrency, 7));
	cr_assert(eq(str, manifest.content_type, (char *)"text/plain"));
	cs_manifest_deinit(&manifest);
}

Test(manifest, what_is_left_out_is_zero)
{
	struct cs_manifest manifest = { 0 };
	struct cs_problem problem = { 0 };

	cr_assert(zero(int, parse(GOOD "environment: {}\n", &manifest, &problem)), "%s",
		  problem.text);
	cr_assert(eq(int, manifest.mode, CS_MODE_EXEC));
	cr_assert(eq(sz, manifest.environment.count, 0));
	cr_assert(eq(u64, manifest.timeout_ns, 0));
	cr_assert(eq(u64, manifest.idle_timeout_ns, 0));
	cr_assert(eq(u32, manifest.concurrency, 0));
	cr_assert(eq(ptr, manifest.content_type, NULL));
	cs_manifest_deinit(&manifest);
}

struct mistake {
	char yaml[96];
	char says[96];
};

/* The messages themselves are checked end to end in tests/runtime/test_serve.py. */
ParameterizedTestParameters(manifest, mistake_is_placed)
{
	static struct mistake mistakes[] = {
		{ GOOD "modes: x\n", "f.yaml:4:1: unknown key \"modes\"; did you mean \"mode\"?" },
		{ "a: 1\n" GOOD, "f.yaml:1:1: unknown key \"a\"; see man coldspan-faas" },
		{ "mode: exec\nname: f\n", "f.yaml:1:1: key \"command\" is missing" },
		{ "name: f\ncommand: [cat]\nmode:   no\n", "f.yaml:3:9: mode: expected exec or" },
		{ "name: f\nmode: exec\ncommand: ['']\n",
		  "f.yaml:3:11: command: the program's name" },
		{ "name: f\nmode: exec\ncommand:\n", "f.yaml:3:9: command: expected a list" },
		{ GOOD "concurrency: -1\n", "f.yaml:4:14: concurrency: expected" },
		{ GOOD "concurrency: 1000001\n", "f.yaml:4:14: concurrency: expected" },
		{ GOOD "timeout: 0s\n", "f.yaml:4:10: timeout: expected" },
		{ GOOD "content_type: \"a/b\\nX: y\"\n", "f.yaml:4:15: content_type: expected" },
		{ GOOD "environment: {a=b: c}\n", "f.yaml:4:15: environment variable \"a=b\"" },
		{ GOOD "environment: {A: 1, A: 2}\n", "f.yaml:4:21: key \"A\" stands twice" },
		{ GOOD "environment: &a {}\n", "f.yaml:4:14: anchors" },
		{ "name: !!str f\n", "f.yaml:1:7: anchors, aliases and tags" },
		{ "? [a]\n: b\n", "f.yaml:1:3: a key must be a plain name" },
		{ GOOD "environment: [[[[[[[[[]]]]]]]]]\n", "f.yaml:4:21: nested too deep" },
		{ "name: \xc3\xa4\xff\n", "f.yaml:1:8: not YAML" },
		{ "# only a remark\n", "f.yaml:2:1: the file is empty" },
	};

	return cr_make_param_array(struct mistake, mistakes,
				   sizeof(mistakes) / sizeof(mistakes[0]));
}

ParameterizedTest(struct mistake *mistake, manifest, mistake_is_placed)
{
	struct cs_manifest manifest = { 0 };
	struct cs_problem problem = { 0 };

	cr_assert(eq(int, parse(mistake->yaml, &manifest, &problem), -EINVAL));
	cr_assert(eq(ptr, strstr(problem.text, mistake->says), problem.text), "%s\n%s",
		  problem.text, mistake->says);
	cs_manifest_deinit(&manifest);
}

Test(manifest, names_are_safe_in_paths_and_messages)
{
	static const char *const bad[] = { "", ".", "..", ".a", "a/b", "a b", "a%", "\xc3\xa4" };
	char name[66];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_assert(not(cs_name_is_good(bad[i])), "\"%s\"", bad[i]);
	cr_assert(cs_name_is_good("a"));
	cr_assert(cs_name_is_good("A-b_c.9"));
	memset(name, 'a', sizeof(name));
	name[63] = 0;
	cr_assert(cs_name_is_good(name));
	name[63] = 'a';
	name[64] = 0;
	cr_assert(not(cs_name_is_good(name)));
}

Test(manifest, a_missing_file_is_told_from_a_bad_one)
{
	struct cs_manifest manifest = { 0 };
	struct cs_problem problem = { 0 };

	cr_assert(eq(int, cs_manifest_load("/does/not/exist", &manifest, &problem), -ENOENT));
	cr_assert(eq(sz, strlen(problem.text), 0));
	cr_assert(eq(int, cs_manifest_load("/", &manifest, &problem), -EIO));
	cr_assert(ne(sz, strlen(problem.text), 0));
}
