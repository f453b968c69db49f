/* SPDX-License-Identifier: Apache-2.0 */

/* Places, keys and kinds of a YAML document's nodes, from libyaml's events; see outline.h. */
#include "runtime/outline.h"

#include <stdbool.h>
#include <string.h>
#include <yaml.h>

#include "runtime/problem.h"

struct reading {
	const char *file;
	struct cs_outline *outline;
	struct cs_problem *problem;
	int open[CS_OUTLINE_DEPTH_MAX]; /* indices of the mappings and lists we are in */
	int depth;
	char *key; /* owned; read, its value not yet */
	unsigned key_line, key_column;
	bool done;
	unsigned documents;
};

static int refuse(struct reading *reading, const yaml_mark_t *mark, const char *text)
{
	return cs_problem_set(reading->problem, -EINVAL, "%s:%zu:%zu: %s", reading->file,
			      mark->line + 1, mark->column + 1, text);
}

static struct cs_node *add(struct cs_outline *outline)
{
	if (outline->count == outline->room) {
		size_t room = outline->room ? outline->room * 2 : 32;
		struct cs_node *nodes = reallocarray(outline->nodes, room, sizeof(*nodes));

		if (!nodes)
			return NULL;
		outline->nodes = nodes;
		outline->room = room;
	}
	outline->nodes[outline->count] = (struct cs_node){ .parent = -1 };
	return &outline->nodes[outline->count++];
}

static bool in_mapping(const struct reading *reading)
{
	return reading->depth &&
	       reading->outline->nodes[reading->open[reading->depth - 1]].kind == CS_NODE_MAPPING;
}

static int take_key(struct reading *reading, const yaml_event_t *event)
{
	const char *name = (const char *)event->data.scalar.value;

	if (!*name || strlen(name) != event->data.scalar.length)
		return refuse(reading, &event->start_mark, "a key is empty or has a NUL byte");
	if (cs_outline_find(reading->outline, reading->open[reading->depth - 1], name))
		return cs_problem_set(reading->problem, -EINVAL,
				      "%s:%zu:%zu: key \"%s\" stands twice; remove one",
				      reading->file, event->start_mark.line + 1,
				      event->start_mark.column + 1, name);
	reading->key = strdup(name);
	if (!reading->key)
		return -ENOMEM;
	reading->key_line = (unsigned)event->start_mark.line + 1;
	reading->key_column = (unsigned)event->start_mark.column + 1;
	return 0;
}

static int add_node(struct reading *reading, const yaml_event_t *event, enum cs_node_kind kind)
{
	struct cs_node *node;

	if (reading->outline->count == CS_OUTLINE_NODES_MAX)
		return refuse(reading, &event->start_mark, "more entries than a function needs");
	node = add(reading->outline);
	if (!node)
		return -ENOMEM;
	node->kind = kind;
	node->parent = reading->depth ? reading->open[reading->depth - 1] : -1;
	node->value_line = (unsigned)event->start_mark.line + 1;
	node->value_column = (unsigned)event->start_mark.column + 1;
	node->key_line = reading->key ? reading->key_line : node->value_line;
	node->key_column = reading->key ? reading->key_column : node->value_column;
	node->key = reading->key;
	reading->key = NULL;
	return 0;
}

static int open_node(struct reading *reading, const yaml_event_t *event, enum cs_node_kind kind)
{
	int r;

	if (in_mapping(reading) && !reading->key)
		return refuse(reading, &event->start_mark, "a key must be a plain name");
	if (reading->depth == CS_OUTLINE_DEPTH_MAX)
		return refuse(reading, &event->start_mark, "nested too deep");
	if (!reading->depth && kind != CS_NODE_MAPPING)
		return refuse(reading, &event->start_mark,
			      "expected \"key: value\" lines, found a list");
	r = add_node(reading, event, kind);
	if (!r)
		reading->open[reading->depth++] = (int)reading->outline->count - 1;
	return r;
}

static int take_scalar(struct reading *reading, const yaml_event_t *event)
{
	const char *value = (const char *)event->data.scalar.value;
	struct cs_node *node;
	int r;

	if (!reading->depth)
		return refuse(reading, &event->start_mark,
			      "expected \"key: value\" lines (name, mode, command)");
	if (in_mapping(reading) && !reading->key)
		return take_key(reading, event);
	if (strlen(value) != event->data.scalar.length)
		return refuse(reading, &event->start_mark, "the value has a NUL byte");
	r = add_node(reading, event, CS_NODE_SCALAR);
	if (r < 0)
		return r;
	node = &reading->outline->nodes[reading->outline->count - 1];
	node->value = strdup(value);
	return node->value ? 0 : -ENOMEM;
}

/* An anchor or a tag makes a file that reads differently from what it means: refused, not guessed. */
static bool is_decorated(const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		return event->data.scalar.anchor || event->data.scalar.tag;
	case YAML_SEQUENCE_START_EVENT:
		return event->data.sequence_start.anchor || event->data.sequence_start.tag;
	case YAML_MAPPING_START_EVENT:
		return event->data.mapping_start.anchor || event->data.mapping_start.tag;
	default:
		return event->type == YAML_ALIAS_EVENT;
	}
}

static int take_event(struct reading *reading, const yaml_event_t *event)
{
	if (is_decorated(event))
		return refuse(reading, &event->start_mark,
			      "anchors, aliases and tags are not taken; write the value out");
	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		if (reading->documents++)
			return refuse(reading, &event->start_mark,
				      "a second document; one function a file");
		return 0;
	case YAML_SCALAR_EVENT:
		return take_scalar(reading, event);
	case YAML_SEQUENCE_START_EVENT:
		return open_node(reading, event, CS_NODE_LIST);
	case YAML_MAPPING_START_EVENT:
		return open_node(reading, event, CS_NODE_MAPPING);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		reading->depth--;
		return 0;
	case YAML_STREAM_END_EVENT:
		reading->done = true;
		return reading->documents ? 0
					  : refuse(reading, &event->start_mark,
						   "the file is empty; write name, mode, command");
	default:
		return 0;
	}
}

/* libyaml's reader (bad UTF-8, control characters) tells no place but the byte's offset. */
static yaml_mark_t place_of(const unsigned char *text, size_t text_len, size_t offset)
{
	yaml_mark_t mark = { 0 };

	for (size_t i = 0; i < offset && i < text_len; i++) {
		if (text[i] == '\n') {
			mark.line++;
			mark.column = 0;
		} else if ((text[i] & 0xc0) != 0x80) {
			mark.column++;
		}
	}
	return mark;
}

static int syntax_error(struct reading *reading, const yaml_parser_t *parser,
			const unsigned char *text, size_t text_len)
{
	const char *why = parser->problem ? parser->problem : "cannot be read";
	yaml_mark_t mark = parser->problem_mark;

	if (parser->error == YAML_MEMORY_ERROR)
		return -ENOMEM;
	if (parser->error == YAML_READER_ERROR)
		mark = place_of(text, text_len, parser->problem_offset);
	return cs_problem_set(reading->problem, -EINVAL, "%s:%zu:%zu: not YAML: %s", reading->file,
			      mark.line + 1, mark.column + 1, why);
}

int cs_outline_read(const char *file, const unsigned char *text, size_t text_len,
		    struct cs_outline *ret, struct cs_problem *problem)
{
	struct reading reading = { .file = file, .outline = ret, .problem = problem };
	yaml_parser_t parser;
	int r = 0;

	if (!yaml_parser_initialize(&parser))
		return -ENOMEM;
	yaml_parser_set_input_string(&parser, text, text_len);
	while (!r && !reading.done) {
		yaml_event_t event;

		if (!yaml_parser_parse(&parser, &event)) {
			r = syntax_error(&reading, &parser, text, text_len);
			break;
		}
		r = take_event(&reading, &event);
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
	free(reading.key);
	return r;
}

void cs_outline_deinit(struct cs_outline *outline)
{
	for (size_t i = 0; i < outline->count; i++) {
		free(outline->nodes[i].key);
		free(outline->nodes[i].value);
	}
	free(outline->nodes);
	*outline = (struct cs_outline){ 0 };
}

const struct cs_node *cs_outline_find(const struct cs_outline *outline, int parent, const char *key)
{
	for (size_t i = 0; i < outline->count; i++) {
		const struct cs_node *node = &outline->nodes[i];

		if (node->parent == parent && node->key && !strcmp(node->key, key))
			return node;
	}
	return NULL;
}

const struct cs_node *cs_outline_at(const struct cs_outline *outline, unsigned line,
				    unsigned column)
{
	for (size_t i = 0; i < outline->count; i++) {
		const struct cs_node *node = &outline->nodes[i];

		if (node->value_line == line && node->value_column == column)
			return node;
	}
	return NULL;
}
