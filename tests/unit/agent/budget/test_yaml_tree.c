/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of agent/budget/yaml_tree. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/budget/yaml_tree.h"

static struct cs_arena arena;
static struct cs_diag diag;
static char message[CS_DIAG_TEXT_MAX + 64];

static int load(const char *text, const struct cs_yaml_node **ret)
{
	diag = (struct cs_diag){ 0 };
	return cs_yaml_load(&arena, "coldspan.yaml", text, strlen(text), &diag, ret);
}

static const struct cs_yaml_node *good(const char *text)
{
	const struct cs_yaml_node *root = NULL;

	cr_assert(zero(int, load(text, &root)), "%s", diag.text);
	return root;
}

static void refused(const char *text, int error, const char *wanted)
{
	const struct cs_yaml_node *root = NULL;

	cr_assert(eq(int, load(text, &root), error));
	cr_assert(eq(ptr, (void *)root, NULL));
	cr_assert(eq(str, cs_diag_format(&diag, message, sizeof(message)), (char *)wanted));
}

static const char *scalar(const struct cs_yaml_node *map, const char *key)
{
	const struct cs_yaml_node *node = cs_yaml_get(map, key);

	return node && node->kind == CS_YAML_SCALAR ? node->value : NULL;
}

TestSuite(yaml_tree);

Test(yaml_tree, nodes_know_where_they_stand)
{
	const struct cs_yaml_node *root = good("a: 1\nlist:\n  - x\n  - \"y\"\n");
	const struct cs_yaml_node *list = cs_yaml_get(root, "list");

	cr_assert(eq(sz, list->count, 2));
	cr_assert(eq(u32, root->entries[1].line, 2));
	cr_assert(eq(u32, root->entries[1].column, 1));
	cr_assert(eq(u32, list->entries[1].value->line, 4));
	cr_assert(eq(u32, list->entries[1].value->column, 5));
	cr_assert(not(list->entries[0].value->quoted));
	cr_assert(list->entries[1].value->quoted);
	cs_arena_deinit(&arena);
}

Test(yaml_tree, nothing_is_no_tree)
{
	cr_assert(eq(ptr, (void *)good(""), NULL));
	cr_assert(eq(ptr, (void *)good("# only a remark\n"), NULL));
	cs_arena_deinit(&arena);
}

Test(yaml_tree, anchors_and_merges)
{
	const struct cs_yaml_node *root = good("base: &b {runs: 40, cache: warm}\n"
					       "other: &o {runs: 7, env: x}\n"
					       "f: {<<: *b, cache: evict}\n"
					       "g: {<<: [*o, *b]}\n");
	const struct cs_yaml_node *f = cs_yaml_get(root, "f"), *g = cs_yaml_get(root, "g");

	cr_assert(eq(str, (char *)scalar(f, "runs"), (char *)"40"));
	cr_assert(eq(str, (char *)scalar(f, "cache"), (char *)"evict"));
	cr_assert(eq(str, (char *)scalar(g, "runs"), (char *)"7"));
	cr_assert(eq(str, (char *)scalar(g, "cache"), (char *)"warm"));
	cs_arena_deinit(&arena);
}

Test(yaml_tree, mistakes_are_told_with_their_place)
{
	refused("a: 1\nb: 2\na: 3\n", -EINVAL,
		"coldspan.yaml:3:1: key \"a\" stands here again, first in line 1; remove one");
	refused("[x]: 1\n", -EINVAL, "coldspan.yaml:1:1: a key has to be a text");
	refused("a: 1\n---\nb: 2\n", -EINVAL,
		"coldspan.yaml:3:1: a second document; write one file for each");
	refused("a: \"x\\0y\"\n", -EINVAL, "coldspan.yaml:1:4: a NUL byte in a text; remove it");
	refused("a: {<<: 3}\n", -EINVAL,
		"coldspan.yaml:1:5: << merges mappings; write <<: *NAME of one");
	cs_arena_deinit(&arena);
}

Test(yaml_tree, what_is_no_yaml_is_told_with_its_place)
{
	const struct cs_yaml_node *root;

	cr_assert(eq(int, load("a: [1, 2\nb: 3\n", &root), -EINVAL));
	cr_assert(eq(u32, diag.line, 2));
	cr_assert(eq(int, load("a: \xff\n", &root), -EINVAL));
	cr_assert(eq(u32, diag.line, 1));
	cs_arena_deinit(&arena);
}

Test(yaml_tree, bytes_that_are_no_text_are_told_with_their_place)
{
	const struct cs_yaml_node *root;
	static const char nul[] = "a: 1\nb: \xc3\xa9x\0\n";

	refused("a: 1\nb: \xc3\xa9\xff\n", -EINVAL,
		"coldspan.yaml:2:5: invalid leading UTF-8 octet; write it in UTF-8");
	diag = (struct cs_diag){ 0 };
	cr_assert(eq(int, cs_yaml_load(&arena, "coldspan.yaml", nul, sizeof(nul) - 1, &diag, &root),
		     -EINVAL));
	cr_assert(eq(str, cs_diag_format(&diag, message, sizeof(message)),
		     (char *)"coldspan.yaml:2:6: a control character (0x00); remove it"));
	cs_arena_deinit(&arena);
}

/* @count times @piece, after @before. */
static void refused_many(const char *before, const char *piece, size_t count, const char *wanted)
{
	const struct cs_yaml_node *root = NULL;
	size_t piece_len = strlen(piece), len = strlen(before);
	char *text = malloc(len + count * piece_len);

	cr_assert(text != NULL);
	memcpy(text, before, len);
	for (size_t i = 0; i < count; i++, len += piece_len)
		memcpy(text + len, piece, piece_len);
	diag = (struct cs_diag){ 0 };
	cr_assert(eq(int, cs_yaml_load(&arena, "coldspan.yaml", text, len, &diag, &root), -E2BIG));
	cr_assert(eq(str, cs_diag_format(&diag, message, sizeof(message)), (char *)wanted));
	cs_arena_deinit(&arena);
	free(text);
}

/* The time limit of the test is what fails without the bounds: the first takes ten minutes. */
Test(yaml_tree, what_libyaml_needs_too_long_for_is_refused_before_it)
{
	refused_many("", "[", 1000000, "coldspan.yaml:1:33: nested too deep");
	refused_many("", "{a: ", 250000, "coldspan.yaml:1:129: nested too deep");
	refused_many("x: 1\ny: [", "&a 1,", 200000,
		     "coldspan.yaml:2:5125: more anchors than can be meant");
	refused_many("", "%TAG !a! tag:x\n", 60000,
		     "coldspan.yaml:17:1: more tags than can be meant");
}

Test(yaml_tree, keys_of_a_mapping_are_bounded)
{
	static char text[16 * (CS_YAML_KEYS_MAX + 1)];
	size_t len = 0;

	for (unsigned i = 0; i <= CS_YAML_KEYS_MAX; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "k%u: 1\n", i);
	refused(text, -E2BIG, "coldspan.yaml:1:1: more keys than can be meant");
	cs_arena_deinit(&arena);
}

Test(yaml_tree, cycles_end)
{
	refused("a: &a [*a]\n", -E2BIG, "coldspan.yaml:1:4: nested too deep");
	cs_arena_deinit(&arena);
}

Test(yaml_tree, billions_of_laughs_end)
{
	refused("a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
		"c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\n"
		"e: [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\n",
		-E2BIG, "coldspan.yaml:1:8: more entries than can be meant");
	cs_arena_deinit(&arena);
}
