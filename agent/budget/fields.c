/* SPDX-License-Identifier: Apache-2.0 */

/* Typed values out of YAML; see fields.h. */
#include "agent/budget/fields.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/suggest.h"

#define CHOICES_BYTES 128

int cs_fields_refuse(const struct cs_fields *fields, const struct cs_yaml_node *node,
		     const char *fmt, ...)
{
	va_list args;
	int r;

	va_start(args, fmt);
	r = cs_diag_vat(fields->diag, -EINVAL, fields->file, node->line, node->column, fmt, args);
	va_end(args);
	return r;
}

static bool is_one_of(const char *word, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!strcmp(word, words[i]))
			return true;
	}
	return false;
}

int cs_fields_known(const struct cs_fields *fields, const struct cs_yaml_node *node,
		    const char *const *keys, size_t count)
{
	int r = cs_fields_map(fields, node);

	for (size_t i = 0; r == 0 && i < node->count; i++) {
		const struct cs_yaml_entry *entry = &node->entries[i];
		const char *near;

		if (is_one_of(entry->key, keys, count))
			continue;
		near = cs_suggest(entry->key, keys, count);
		r = cs_diag_at(fields->diag, -EINVAL, fields->file, entry->line, entry->column,
			       "unknown key \"%s\"; %s%s%s", entry->key,
			       near ? "did you mean \"" : "see man coldspan.yaml", near ? near : "",
			       near ? "\"?" : "");
	}
	return r;
}

int cs_fields_map(const struct cs_fields *fields, const struct cs_yaml_node *node)
{
	return node->kind == CS_YAML_MAP
		       ? 0
		       : cs_fields_refuse(fields, node, "a mapping is expected here: {key: value}");
}

int cs_fields_list(const struct cs_fields *fields, const struct cs_yaml_node *node)
{
	return node->kind == CS_YAML_LIST
		       ? 0
		       : cs_fields_refuse(fields, node, "a list is expected here: [one, other]");
}

/* Words that a reader elsewhere, of YAML 1.1 or 1.2, takes for something else than a text. */
static bool is_ambiguous(const struct cs_yaml_node *node)
{
	static const char *const words[] = { "yes",  "Yes",  "YES",  "no",    "No",    "NO",
					     "on",   "On",   "ON",   "off",   "Off",   "OFF",
					     "true", "True", "TRUE", "false", "False", "FALSE",
					     "null", "Null", "NULL", "~" };

	return !node->quoted && is_one_of(node->value, words, sizeof(words) / sizeof(words[0]));
}

static int check_text(const struct cs_fields *fields, const struct cs_yaml_node *node)
{
	if (node->kind != CS_YAML_SCALAR)
		return cs_fields_refuse(fields, node, "a text is expected here");
	if (!*node->value && !node->quoted)
		return cs_fields_refuse(fields, node, "a text is expected here, nothing is");
	if (is_ambiguous(node))
		return cs_fields_refuse(fields, node, "%s is not a text to every reader; quote it",
					node->value);
	return 0;
}

int cs_fields_any_text(const struct cs_fields *fields, const struct cs_yaml_node *node,
		       const char **ret)
{
	int r = check_text(fields, node);

	if (r == 0)
		*ret = node->value;
	return r;
}

int cs_fields_text(const struct cs_fields *fields, const struct cs_yaml_node *node,
		   const char **ret)
{
	int r = check_text(fields, node);

	if (r == 0 && !*node->value)
		r = cs_fields_refuse(fields, node, "a text is expected here, nothing is");
	if (r == 0)
		*ret = node->value;
	return r;
}

int cs_fields_choice(const struct cs_fields *fields, const struct cs_yaml_node *node,
		     const char *const *names, unsigned count, unsigned *ret)
{
	char choices[CHOICES_BYTES] = "";
	size_t used = 0;

	for (unsigned i = 0; i < count && used < sizeof(choices); i++) {
		if (node->kind == CS_YAML_SCALAR && !strcmp(node->value, names[i])) {
			*ret = i;
			return 0;
		}
		used += (size_t)snprintf(choices + used, sizeof(choices) - used, "%s%s",
					 i == 0           ? ""
					 : i + 1 == count ? " or "
							  : ", ",
					 names[i]);
	}
	if (node->kind != CS_YAML_SCALAR)
		return cs_fields_refuse(fields, node, "a word is expected here: %s", choices);
	return cs_fields_refuse(fields, node, "\"%s\" is not known here; write %s", node->value,
				choices);
}

static int refuse_amount(const struct cs_fields *fields, const struct cs_yaml_node *node,
			 const char *what, const char *example)
{
	return cs_fields_refuse(fields, node, "\"%s\" is no %s; write it as %s",
				node->kind == CS_YAML_SCALAR ? node->value : "a list or a mapping",
				what, example);
}

int cs_fields_count(const struct cs_fields *fields, const struct cs_yaml_node *node, uint32_t min,
		    uint32_t max, uint32_t *ret)
{
	struct cs_quantity found;
	uint32_t value;

	if (node->kind == CS_YAML_SCALAR && node->value[0] == '0' && node->value[1])
		return cs_fields_refuse(
			fields, node,
			"%s is not the same number to every reader; leave the first "
			"0 out",
			node->value);
	if (node->kind == CS_YAML_SCALAR && node->quoted)
		return cs_fields_refuse(fields, node,
					"\"%s\" is a text, and a number is expected; "
					"do not quote it",
					node->value);
	if (node->kind != CS_YAML_SCALAR || cs_quantity_parse(node->value, &found) < 0 ||
	    found.kind != CS_QUANTITY_COUNT || !(found.value >= min && found.value <= max))
		return cs_fields_refuse(fields, node, "a whole number from %u to %u is expected",
					min, max);
	value = (uint32_t)found.value;
	if (value < found.value)
		return cs_fields_refuse(fields, node, "a whole number from %u to %u is expected",
					min, max);
	*ret = value;
	return 0;
}

int cs_fields_quantity(const struct cs_fields *fields, const struct cs_yaml_node *node,
		       enum cs_quantity_kind kind, struct cs_quantity *ret)
{
	static const struct {
		const char *what;
		const char *example;
	} kinds[] = {
		[CS_QUANTITY_COUNT] = { "count", "45" },
		[CS_QUANTITY_DURATION] = { "duration", "300ms" },
		[CS_QUANTITY_SIZE] = { "size", "96MiB" },
		[CS_QUANTITY_SHARE] = { "share", "95%" },
		[CS_QUANTITY_FACTOR] = { "factor", "3.0x" },
		[CS_QUANTITY_COST] = { "price", "0.0000002USD" },
	};
	struct cs_quantity found;

	if (node->kind != CS_YAML_SCALAR || cs_quantity_parse(node->value, &found) < 0 ||
	    found.kind != kind)
		return refuse_amount(fields, node, kinds[kind].what, kinds[kind].example);
	*ret = found;
	return 0;
}

int cs_fields_texts(const struct cs_fields *fields, const struct cs_yaml_node *node,
		    const char *const **ret, size_t *ret_count)
{
	int r = cs_fields_list(fields, node);
	const char **texts;

	if (r < 0)
		return r;
	texts = cs_arena_alloc(fields->arena, (node->count + 1) * sizeof(*texts));
	if (!texts)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < node->count; i++)
		r = cs_fields_text(fields, node->entries[i].value, &texts[i]);
	*ret = texts;
	*ret_count = node->count;
	return r;
}

static char *copy(const struct cs_fields *fields, const char *text)
{
	return cs_arena_strndup(fields->arena, text, strlen(text));
}

/* An argument may be empty; a program may not. */
int cs_fields_argv(const struct cs_fields *fields, const struct cs_yaml_node *node, char ***ret)
{
	int r = cs_fields_list(fields, node);
	char **argv;

	if (r < 0)
		return r;
	if (!node->count)
		return cs_fields_refuse(fields, node, "no program is named");
	argv = cs_arena_alloc(fields->arena, (node->count + 1) * sizeof(*argv));
	if (!argv)
		return -ENOMEM;
	for (size_t i = 0; i < node->count; i++) {
		const struct cs_yaml_node *value = node->entries[i].value;

		r = check_text(fields, value);
		if (r == 0 && i == 0 && !*value->value)
			r = cs_fields_refuse(fields, value, "no program is named");
		if (r < 0)
			return r;
		argv[i] = copy(fields, value->value);
		if (!argv[i])
			return -ENOMEM;
	}
	*ret = argv;
	return 0;
}

int cs_fields_shell(const struct cs_fields *fields, const struct cs_yaml_node *node, char ***ret)
{
	const char *text = "";
	int r = cs_fields_text(fields, node, &text);
	char **argv;

	if (r < 0)
		return r;
	argv = cs_arena_alloc(fields->arena, 4 * sizeof(*argv));
	if (!argv)
		return -ENOMEM;
	argv[0] = copy(fields, "sh");
	argv[1] = copy(fields, "-c");
	argv[2] = copy(fields, text);
	if (!argv[0] || !argv[1] || !argv[2])
		return -ENOMEM;
	*ret = argv;
	return 0;
}
