/* SPDX-License-Identifier: Apache-2.0 */

/* Trees of libyaml's documents; see yaml_tree.h. */
#include "agent/budget/yaml_tree.h"

#include <errno.h>
#include <string.h>
#include <yaml.h>

struct reading {
	struct cs_arena *arena;
	const char *file;
	struct cs_diag *diag;
	yaml_document_t *document;
	unsigned nodes;
};

static unsigned line_of(const yaml_node_t *node)
{
	return (unsigned)node->start_mark.line + 1;
}

static unsigned column_of(const yaml_node_t *node)
{
	return (unsigned)node->start_mark.column + 1;
}

static int refuse(const struct reading *reading, const yaml_node_t *node, int code,
		  const char *text)
{
	return cs_diag_at(reading->diag, code, reading->file, line_of(node), column_of(node), "%s",
			  text);
}

static int convert(struct reading *reading, const yaml_node_t *from, unsigned depth,
		   struct cs_yaml_node *to);

static int convert_new(struct reading *reading, int index, unsigned depth,
		       const struct cs_yaml_node **ret)
{
	struct cs_yaml_node *node = cs_arena_alloc(reading->arena, sizeof(*node));

	if (!node)
		return -ENOMEM;
	*ret = node;
	return convert(reading, yaml_document_get_node(reading->document, index), depth + 1, node);
}

static int take_scalar(struct reading *reading, const yaml_node_t *from, struct cs_yaml_node *to)
{
	const char *value = (const char *)from->data.scalar.value;

	if (strlen(value) != from->data.scalar.length)
		return refuse(reading, from, -EINVAL, "a NUL byte in a text; remove it");
	to->quoted = from->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	to->value = cs_arena_strndup(reading->arena, value, from->data.scalar.length);
	return to->value ? 0 : -ENOMEM;
}

static int take_list(struct reading *reading, const yaml_node_t *from, unsigned depth,
		     struct cs_yaml_node *to)
{
	size_t count = (size_t)(from->data.sequence.items.top - from->data.sequence.items.start);
	struct cs_yaml_entry *entries =
		cs_arena_alloc(reading->arena, (count + 1) * sizeof(*entries));

	if (!entries)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		int r = convert_new(reading, from->data.sequence.items.start[i], depth,
				    &entries[i].value);

		if (r < 0)
			return r;
		entries[i].line = entries[i].value->line;
		entries[i].column = entries[i].value->column;
	}
	to->entries = entries;
	to->count = count;
	return 0;
}

static const struct cs_yaml_entry *find(const struct cs_yaml_entry *entries, size_t count,
					const char *key)
{
	for (size_t i = 0; i < count; i++) {
		if (!strcmp(entries[i].key, key))
			return &entries[i];
	}
	return NULL;
}

static bool is_merge(const yaml_node_t *key)
{
	return key->type == YAML_SCALAR_NODE && key->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
	       !strcmp((const char *)key->data.scalar.value, "<<");
}

static int take_key(struct reading *reading, const yaml_node_t *key, struct cs_yaml_entry *to,
		    const struct cs_yaml_entry *before, size_t count)
{
	const struct cs_yaml_entry *twin;
	const char *name;

	if (key->type != YAML_SCALAR_NODE || !key->data.scalar.length)
		return refuse(reading, key, -EINVAL, "a key has to be a text");
	name = (const char *)key->data.scalar.value;
	if (strlen(name) != key->data.scalar.length)
		return refuse(reading, key, -EINVAL, "a NUL byte in a key; remove it");
	twin = find(before, count, name);
	if (twin)
		return cs_diag_at(reading->diag, -EINVAL, reading->file, line_of(key),
				  column_of(key),
				  "key \"%s\" stands here again, first in line %u; remove one",
				  name, twin->line);
	to->key = cs_arena_strndup(reading->arena, name, key->data.scalar.length);
	to->line = line_of(key);
	to->column = column_of(key);
	return to->key ? 0 : -ENOMEM;
}

/* Entries that @map has and @to has not go to its end. There is room for them. */
static void merge_map(struct cs_yaml_node *to, struct cs_yaml_entry *entries,
		      const struct cs_yaml_node *map)
{
	for (size_t i = 0; i < map->count; i++) {
		if (!find(entries, to->count, map->entries[i].key))
			entries[to->count++] = map->entries[i];
	}
}

/* `<<` has a mapping, or a list of some, of which earlier ones go first; own keys go before all. */
static int merge(struct reading *reading, const yaml_node_t *at, const struct cs_yaml_node *from,
		 struct cs_yaml_node *to)
{
	size_t sources_count = from->kind == CS_YAML_LIST ? from->count : 1, room = to->count + 1;
	struct cs_yaml_entry *entries;

	for (size_t i = 0; i < sources_count; i++) {
		const struct cs_yaml_node *source =
			from->kind == CS_YAML_LIST ? from->entries[i].value : from;

		if (source->kind != CS_YAML_MAP)
			return refuse(reading, at, -EINVAL,
				      "<< merges mappings; write <<: *NAME of one");
		room += source->count;
	}
	entries = cs_arena_alloc(reading->arena, room * sizeof(*entries));
	if (!entries)
		return -ENOMEM;
	for (size_t i = 0; i < to->count; i++)
		entries[i] = to->entries[i];
	for (size_t i = 0; i < sources_count; i++)
		merge_map(to, entries, from->kind == CS_YAML_LIST ? from->entries[i].value : from);
	to->entries = entries;
	return 0;
}

static int take_map(struct reading *reading, const yaml_node_t *from, unsigned depth,
		    struct cs_yaml_node *to)
{
	const yaml_node_pair_t *pair = from->data.mapping.pairs.start;
	const yaml_node_pair_t *end = from->data.mapping.pairs.top;
	const struct cs_yaml_node *merged = NULL;
	const yaml_node_t *merge_at = NULL;
	struct cs_yaml_entry *entries =
		cs_arena_alloc(reading->arena, ((size_t)(end - pair) + 1) * sizeof(*entries));

	if (!entries)
		return -ENOMEM;
	if ((size_t)(end - pair) > CS_YAML_KEYS_MAX)
		return refuse(reading, from, -E2BIG, "more keys than can be meant");
	to->entries = entries;
	for (; pair < end; pair++) {
		const yaml_node_t *key = yaml_document_get_node(reading->document, pair->key);
		struct cs_yaml_entry *entry = &entries[to->count];
		int r;

		if (is_merge(key)) {
			if (merged)
				return refuse(reading, key, -EINVAL,
					      "<< stands here again; write <<: [*ONE, *OTHER]");
			r = convert_new(reading, pair->value, depth, &merged);
			merge_at = key;
		} else {
			r = take_key(reading, key, entry, entries, to->count);
			if (r == 0)
				r = convert_new(reading, pair->value, depth, &entry->value);
			to->count++;
		}
		if (r < 0)
			return r;
	}
	return merged ? merge(reading, merge_at, merged, to) : 0;
}

static int convert(struct reading *reading, const yaml_node_t *from, unsigned depth,
		   struct cs_yaml_node *to)
{
	to->line = line_of(from);
	to->column = column_of(from);
	if (++reading->nodes > CS_YAML_NODES_MAX)
		return refuse(reading, from, -E2BIG, "more entries than can be meant");
	if (depth > CS_YAML_DEPTH_MAX)
		return refuse(reading, from, -E2BIG, "nested too deep");
	switch (from->type) {
	case YAML_SCALAR_NODE:
		to->kind = CS_YAML_SCALAR;
		return take_scalar(reading, from, to);
	case YAML_SEQUENCE_NODE:
		to->kind = CS_YAML_LIST;
		return take_list(reading, from, depth, to);
	case YAML_MAPPING_NODE:
		to->kind = CS_YAML_MAP;
		return take_map(reading, from, depth, to);
	case YAML_NO_NODE:
		break;
	}
	return refuse(reading, from, -EINVAL, "nothing that YAML has");
}

/*
 * libyaml reads ahead, and knows of a byte that is no text only how far from the beginning it is: here in
 * characters of its line, as its marks count elsewhere. Of UTF-16, whose bytes are none of ours, it is the
 * beginning.
 */
static int complain_of_byte(const yaml_parser_t *parser, const struct reading *reading)
{
	const unsigned char *text = parser->input.string.start;
	size_t at = parser->problem_offset, line = 0, column = 0;
	bool is_control = parser->problem_value >= 0 && parser->problem_value < 0x80;

	if (parser->encoding == YAML_UTF8_ENCODING) {
		for (size_t i = 0; i < at && text + i < parser->input.string.end; i++) {
			column += (text[i] & 0xc0) != 0x80;
			if (text[i] == '\n') {
				line++;
				column = 0;
			}
		}
	}
	if (is_control && !strcmp(parser->problem, "control characters are not allowed"))
		return cs_diag_at(reading->diag, -EINVAL, reading->file, (unsigned)line + 1,
				  (unsigned)column + 1, "a control character (0x%02x); remove it",
				  (unsigned)parser->problem_value);
	return cs_diag_at(reading->diag, -EINVAL, reading->file, (unsigned)line + 1,
			  (unsigned)column + 1, "%s; write it in UTF-8", parser->problem);
}

static int complain(const yaml_parser_t *parser, const struct reading *reading)
{
	const yaml_mark_t *mark = &parser->problem_mark;
	struct cs_diag *diag = reading->diag;
	const char *file = reading->file;

	if (parser->error == YAML_MEMORY_ERROR)
		return -ENOMEM;
	if (parser->error == YAML_READER_ERROR)
		return complain_of_byte(parser, reading);
	return cs_diag_at(diag, -EINVAL, file, (unsigned)mark->line + 1, (unsigned)mark->column + 1,
			  "no YAML: %s%s%s", parser->problem, parser->context ? " " : "",
			  parser->context ? parser->context : "");
}

static int load_document(yaml_parser_t *parser, struct reading *reading,
			 const struct cs_yaml_node **ret)
{
	const yaml_node_t *root = yaml_document_get_root_node(reading->document);
	struct cs_yaml_node *node;
	yaml_document_t next;
	bool more;
	int r;

	*ret = NULL;
	if (!root)
		return 0;
	node = cs_arena_alloc(reading->arena, sizeof(*node));
	if (!node)
		return -ENOMEM;
	r = convert(reading, root, 1, node);
	if (r < 0)
		return r;
	if (!yaml_parser_load(parser, &next))
		return complain(parser, reading);
	root = yaml_document_get_root_node(&next);
	more = root != NULL;
	if (more)
		r = refuse(reading, root, -EINVAL, "a second document; write one file for each");
	yaml_document_delete(&next);
	*ret = node;
	return r;
}

/* --- what would take libyaml too long, by its tokens, which it makes in time --- */

struct bounds {
	unsigned depth;
	unsigned anchors;
	unsigned tags;
};

/* Return: NULL, or of what there is too much. */
static const char *count_token(struct bounds *bounds, yaml_token_type_t type)
{
	switch (type) {
	case YAML_BLOCK_SEQUENCE_START_TOKEN:
	case YAML_BLOCK_MAPPING_START_TOKEN:
	case YAML_FLOW_SEQUENCE_START_TOKEN:
	case YAML_FLOW_MAPPING_START_TOKEN:
		return ++bounds->depth > CS_YAML_DEPTH_MAX ? "nested too deep" : NULL;
	case YAML_BLOCK_END_TOKEN:
	case YAML_FLOW_SEQUENCE_END_TOKEN:
	case YAML_FLOW_MAPPING_END_TOKEN:
		bounds->depth -= bounds->depth > 0;
		return NULL;
	case YAML_ANCHOR_TOKEN:
		return ++bounds->anchors > CS_YAML_ANCHORS_MAX ? "more anchors than can be meant"
							       : NULL;
	case YAML_TAG_DIRECTIVE_TOKEN:
		return ++bounds->tags > CS_YAML_TAGS_MAX ? "more tags than can be meant" : NULL;
	default:
		return NULL;
	}
}

/* What is no YAML ends it, and is told by who loads it. */
static int check_bounds(const void *text, size_t len, const struct reading *reading)
{
	struct bounds bounds = { 0 };
	yaml_parser_t parser;
	yaml_token_t token;
	bool more = true;
	int r = 0;

	if (!yaml_parser_initialize(&parser))
		return -ENOMEM;
	yaml_parser_set_input_string(&parser, text, len);
	while (r == 0 && more && yaml_parser_scan(&parser, &token)) {
		const char *what = count_token(&bounds, token.type);

		if (what)
			r = cs_diag_at(reading->diag, -E2BIG, reading->file,
				       (unsigned)token.start_mark.line + 1,
				       (unsigned)token.start_mark.column + 1, "%s", what);
		more = token.type != YAML_STREAM_END_TOKEN;
		yaml_token_delete(&token);
	}
	yaml_parser_delete(&parser);
	return r;
}

int cs_yaml_load(struct cs_arena *arena, const char *file, const void *text, size_t len,
		 struct cs_diag *diag, const struct cs_yaml_node **ret)
{
	yaml_parser_t parser;
	yaml_document_t document;
	struct reading reading = { arena, file, diag, &document, 0 };
	const struct cs_yaml_node *root = NULL;
	int r;

	if (len > CS_YAML_BYTES_MAX)
		return cs_diag_at(diag, -E2BIG, file, 0, 0, "larger than 1 MiB");
	r = check_bounds(text, len, &reading);
	if (r < 0)
		return r;
	if (!yaml_parser_initialize(&parser))
		return -ENOMEM;
	yaml_parser_set_input_string(&parser, text, len);
	if (yaml_parser_load(&parser, &document)) {
		r = load_document(&parser, &reading, &root);
		yaml_document_delete(&document);
	} else {
		r = complain(&parser, &reading);
	}
	yaml_parser_delete(&parser);
	if (r == 0)
		*ret = root;
	return r;
}

const struct cs_yaml_node *cs_yaml_get(const struct cs_yaml_node *map, const char *key)
{
	const struct cs_yaml_entry *entry;

	if (!map || map->kind != CS_YAML_MAP)
		return NULL;
	entry = find(map->entries, map->count, key);
	return entry ? entry->value : NULL;
}
