/* SPDX-License-Identifier: Apache-2.0 */

/* function.yaml by libcyaml, with places from the outline; see manifest.h. */
#include "runtime/manifest.h"

#include <cyaml/cyaml.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "runtime/duration.h"
#include "runtime/number.h"
#include "runtime/outline.h"
#include "runtime/suggest.h"

#define NAME_MAX_LEN 63
#define NAME_BYTES   "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."

/* What libcyaml fills in. */
struct raw {
	char *name;
	enum cs_mode mode;
	char **command;
	uint32_t command_count;
	char **environment; /* values, in the order of the schema that was made for this file */
	char *timeout;
	char *idle_timeout;
	char *concurrency; /* a number for libcyaml is what strtoull() takes: also 0x10, 010 and 5x */
	char *content_type;
};

static const struct known_key {
	const char *name;
	const char *expects;
} known_keys[] = {
	{ "name", "letters, digits, '-', '_' and '.', at most 63 of them" },
	{ "mode", "exec or http" },
	{ "command", "a list of strings such as [python3, handler.py]" },
	{ "environment", "a mapping such as {GREETING: hello}" },
	{ "timeout", "a duration up to 15m, such as 500ms or 3s" },
	{ "idle_timeout", "a duration such as 30s or 5m" },
	{ "concurrency", "a whole number from 1 to 1000000" },
	{ "content_type", "a media type such as application/json" },
};

#define KEYS_COUNT (sizeof(known_keys) / sizeof(known_keys[0]))

static const cyaml_strval_t modes[] = { { "exec", CS_MODE_EXEC }, { "http", CS_MODE_HTTP } };
static const cyaml_schema_value_t command_entry = {
	CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0, CS_MANIFEST_BYTES_MAX),
};

/* One parse: what is read, and what is known about it. */
struct parse {
	const char *file;
	const unsigned char *text;
	size_t text_len;
	struct cs_outline outline;
	cyaml_schema_field_t *environment; /* one field for each key that the file has there */
	struct cs_manifest *manifest;
	unsigned line, column; /* of libcyaml's complaint; 0 when it named none */
	struct cs_problem *problem;
};

static const char *expectation(const struct parse *parse, const struct cs_node *node)
{
	if (node->parent != 0 || !node->key)
		return "a string";
	for (size_t i = 0; i < KEYS_COUNT; i++) {
		if (!strcmp(known_keys[i].name, node->key))
			return known_keys[i].expects;
	}
	return "something else";
}

static bool is_empty(const struct cs_outline *outline, const struct cs_node *node)
{
	/* Children stand behind their parent, the first one directly. */
	size_t next = (size_t)(node - outline->nodes) + 1;

	return next == outline->count || outline->nodes[next].parent != (int)next - 1;
}

static int complain(struct parse *parse, const struct cs_node *node)
{
	const struct cs_node *parent = &parse->outline.nodes[node->parent < 0 ? 0 : node->parent];
	const char *key = node->key ? node->key : parent->key;
	const char *quote = node->kind == CS_NODE_SCALAR ? "\"" : "";
	const char *what = "a mapping";

	if (node->kind == CS_NODE_SCALAR)
		what = node->value;
	else if (node->kind == CS_NODE_LIST)
		what = is_empty(&parse->outline, node) ? "an empty list" : "a list";

	return cs_problem_set(parse->problem, -EINVAL, "%s:%u:%u: %s%s: expected %s, found %s%s%s",
			      parse->file, node->value_line, node->value_column,
			      node->key ? "" : "an entry of ", key ? key : "the file",
			      expectation(parse, node), quote, what, quote);
}

static int check_keys(struct parse *parse)
{
	const char *names[KEYS_COUNT], *near;

	for (size_t i = 0; i < KEYS_COUNT; i++)
		names[i] = known_keys[i].name;
	for (size_t n = 1; n < parse->outline.count; n++) {
		const struct cs_node *node = &parse->outline.nodes[n];
		size_t i = 0;

		if (node->parent != 0)
			continue;
		while (i < KEYS_COUNT && strcmp(node->key, names[i]))
			i++;
		if (i < KEYS_COUNT)
			continue;
		near = cs_suggest(node->key, names, KEYS_COUNT);
		return cs_problem_set(parse->problem, -EINVAL,
				      "%s:%u:%u: unknown key \"%s\"; %s%s%s", parse->file,
				      node->key_line, node->key_column, node->key,
				      near ? "did you mean \"" : "see man coldspan-faas, ",
				      near ? near : "FUNCTION.YAML", near ? "\"?" : "");
	}
	for (size_t i = 0; i < 3; i++) { /* name, mode, command must be there */
		const struct cs_node *root = &parse->outline.nodes[0];

		if (!cs_outline_find(&parse->outline, 0, names[i]))
			return cs_problem_set(parse->problem, -EINVAL,
					      "%s:%u:%u: key \"%s\" is missing; write %s",
					      parse->file, root->value_line, root->value_column,
					      names[i], known_keys[i].expects);
	}
	return 0;
}

/*
 * libcyaml's mappings have fixed keys. The outline has already told which names stand under
 * `environment`, so the schema is made to measure: one string field each.
 */
static int make_environment_schema(struct parse *parse, size_t *ret_count)
{
	const struct cs_node *node = cs_outline_find(&parse->outline, 0, "environment");
	int parent = node ? (int)(node - parse->outline.nodes) : -1;
	size_t count = 0;

	parse->environment = calloc(parse->outline.count + 1, sizeof(*parse->environment));
	if (!parse->environment)
		return -ENOMEM;
	for (size_t i = 0; node && i < parse->outline.count; i++) {
		if (parse->outline.nodes[i].parent != parent || !parse->outline.nodes[i].key)
			continue;
		parse->environment[count] = (cyaml_schema_field_t){
			.key = parse->outline.nodes[i].key,
			.data_offset = (uint32_t)(count * sizeof(char *)),
			.value = { CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0,
						      CS_MANIFEST_BYTES_MAX) },
		};
		count++;
	}
	*ret_count = count;
	return 0;
}

/* libcyaml names the place only in its log: "… (line: 3, column: 10)", innermost first. */
__attribute__((format(printf, 3, 0))) static void note_place(cyaml_log_t level, void *arg,
							     const char *fmt, va_list args)
{
	struct parse *parse = arg;
	char line[512];
	const char *place = NULL;

	if (level < CYAML_LOG_ERROR || parse->line)
		return;
	vsnprintf(line, sizeof(line), fmt, args);
	for (const char *at = line; (at = strstr(at, "(line: ")); at++)
		place = at;
	if (place && sscanf(place, "(line: %u, column: %u)", &parse->line, &parse->column) != 2)
		parse->line = 0;
}

/* A value of the right type that says nothing sensible. */
static int check_value(struct parse *parse, const char *key, bool good)
{
	return good ? 0 : complain(parse, cs_outline_find(&parse->outline, 0, key));
}

static int check_program(struct parse *parse, const char *program)
{
	/* The first entry stands directly behind its list. */
	const struct cs_node *entry = cs_outline_find(&parse->outline, 0, "command") + 1;

	return *program ? 0
			: cs_problem_set(parse->problem, -EINVAL,
					 "%s:%u:%u: command: the program's name is empty; write it",
					 parse->file, entry->value_line, entry->value_column);
}

static int take_duration(struct parse *parse, const char *key, const char *text, cs_ns longest,
			 cs_ns *ret)
{
	return text ? check_value(parse, key,
				  !cs_duration_parse(text, ret) && *ret && *ret <= longest)
		    : 0;
}

static int take_strings(struct cs_manifest *manifest, const struct raw *raw)
{
	manifest->name = strdup(raw->name);
	manifest->command = calloc(raw->command_count + 1, sizeof(char *));
	if (!manifest->name || !manifest->command)
		return -ENOMEM;
	for (uint32_t i = 0; i < raw->command_count; i++) {
		manifest->command[i] = strdup(raw->command[i]);
		if (!manifest->command[i])
			return -ENOMEM;
		manifest->command_count++;
	}
	if (raw->content_type) {
		manifest->content_type = strdup(raw->content_type);
		if (!manifest->content_type)
			return -ENOMEM;
	}
	return 0;
}

static int take_environment(struct parse *parse, char *const *values)
{
	for (size_t i = 0; values && parse->environment[i].key; i++) {
		const char *name = parse->environment[i].key;
		const struct cs_node *environment =
			cs_outline_find(&parse->outline, 0, "environment");
		const struct cs_node *node = cs_outline_find(
			&parse->outline, (int)(environment - parse->outline.nodes), name);
		bool ours = parse->manifest->mode == CS_MODE_HTTP && !strcmp(name, "PORT");
		int r;

		if (ours || strchr(name, '='))
			return cs_problem_set(parse->problem, -EINVAL,
					      "%s:%u:%u: environment variable \"%s\" %s",
					      parse->file, node->key_line, node->key_column, name,
					      ours ? "is set by the runtime in mode http; remove it"
						   : "has a '=' in its name; rename it");
		r = cs_variables_set(&parse->manifest->environment, name, values[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

static int take_values(struct parse *parse, const struct raw *raw)
{
	struct cs_manifest *manifest = parse->manifest;
	const char *type = raw->content_type;
	unsigned long number = 0;
	int r = take_strings(manifest, raw);

	manifest->mode = raw->mode;
	if (!r)
		r = check_value(parse, "name", cs_name_is_good(raw->name));
	if (!r)
		r = check_program(parse, raw->command[0]);
	if (!r)
		r = take_duration(parse, "timeout", raw->timeout, CS_TIMEOUT_MAX,
				  &manifest->timeout_ns);
	if (!r)
		r = take_duration(parse, "idle_timeout", raw->idle_timeout, ~0ULL,
				  &manifest->idle_timeout_ns);
	if (!r && raw->concurrency)
		r = check_value(parse, "concurrency",
				cs_number_parse(raw->concurrency, CS_CONCURRENCY_MAX, &number) &&
					number);
	manifest->concurrency = (uint32_t)number;
	if (!r && type)
		r = check_value(parse, "content_type",
				strchr(type, '/') && !type[strcspn(type, "\r\n")]);
	return r ? r : take_environment(parse, raw->environment);
}

static int load_values(struct parse *parse, size_t environment_count)
{
	const cyaml_schema_field_t fields[] = {
		CYAML_FIELD_STRING_PTR("name", CYAML_FLAG_POINTER, struct raw, name, 0,
				       CS_MANIFEST_BYTES_MAX),
		CYAML_FIELD_ENUM("mode", CYAML_FLAG_STRICT, struct raw, mode, modes, 2),
		CYAML_FIELD_SEQUENCE("command", CYAML_FLAG_POINTER, struct raw, command,
				     &command_entry, 1, CS_OUTLINE_NODES_MAX),
		{ .key = "environment",
		  .data_offset = offsetof(struct raw, environment),
		  .value = { .type = CYAML_MAPPING,
			     .flags = CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
			     /* an empty mapping still gets memory */
			     .data_size = (uint32_t)((environment_count + 1) * sizeof(char *)),
			     .mapping = { .fields = parse->environment } } },
		CYAML_FIELD_STRING_PTR("timeout", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
				       struct raw, timeout, 0, CS_MANIFEST_BYTES_MAX),
		CYAML_FIELD_STRING_PTR("idle_timeout", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
				       struct raw, idle_timeout, 0, CS_MANIFEST_BYTES_MAX),
		CYAML_FIELD_STRING_PTR("concurrency", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
				       struct raw, concurrency, 0, CS_MANIFEST_BYTES_MAX),
		CYAML_FIELD_STRING_PTR("content_type", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
				       struct raw, content_type, 0, CS_MANIFEST_BYTES_MAX),
		CYAML_FIELD_END,
	};
	const cyaml_schema_value_t root = {
		CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct raw, fields),
	};
	const cyaml_config_t config = {
		.log_fn = note_place,
		.log_ctx = parse,
		.log_level = CYAML_LOG_ERROR,
		.mem_fn = cyaml_mem,
		.flags = CYAML_CFG_NO_ALIAS,
	};
	cyaml_data_t *raw = NULL;
	cyaml_err_t err = cyaml_load_data(parse->text, parse->text_len, &config, &root, &raw, NULL);
	const struct cs_node *node;
	int r;

	if (err == CYAML_OK) {
		r = take_values(parse, raw);
		cyaml_free(&config, &root, raw, 0);
		return r;
	}
	if (err == CYAML_ERR_OOM)
		return -ENOMEM;
	node = parse->line ? cs_outline_at(&parse->outline, parse->line, parse->column) : NULL;
	return node ? complain(parse, node)
		    : cs_problem_set(parse->problem, -EINVAL, "%s:%u:%u: %s", parse->file,
				     parse->line ? parse->line : 1,
				     parse->column ? parse->column : 1, cyaml_strerror(err));
}

int cs_manifest_parse(const char *file, const unsigned char *text, size_t text_len,
		      struct cs_manifest *ret, struct cs_problem *problem)
{
	struct parse parse = {
		.file = file,
		.text = text,
		.text_len = text_len,
		.manifest = ret,
		.problem = problem,
	};
	size_t environment_count = 0;
	int r = cs_outline_read(file, text, text_len, &parse.outline, problem);

	if (!r)
		r = check_keys(&parse);
	if (!r)
		r = make_environment_schema(&parse, &environment_count);
	if (!r)
		r = load_values(&parse, environment_count);
	free(parse.environment);
	cs_outline_deinit(&parse.outline);
	return r;
}

static int unreadable(const char *file, struct cs_problem *problem, int error)
{
	return cs_problem_set(problem, -EIO,
			      "%s: cannot be read: %s; correct its permissions or remove it", file,
			      strerror(error));
}

int cs_manifest_load(const char *file, struct cs_manifest *ret, struct cs_problem *problem)
{
	/* NONBLOCK: a FIFO of that name must not hang us */
	cs_cleanup(cs_fd_close) int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	cs_cleanup(cs_freep) unsigned char *text = NULL;
	struct stat st;
	size_t len = 0;
	ssize_t got;

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return -ENOENT;
	if (fd < 0 || fstat(fd, &st) < 0)
		return unreadable(file, problem, errno);
	if (!S_ISREG(st.st_mode))
		return cs_problem_set(problem, -EIO, "%s: is not a regular file; replace it", file);
	text = malloc(CS_MANIFEST_BYTES_MAX + 1);
	if (!text)
		return -ENOMEM;
	do {
		got = read(fd, text + len, CS_MANIFEST_BYTES_MAX + 1 - len);
		if (got < 0 && errno != EINTR)
			return unreadable(file, problem, errno);
		len += got > 0 ? (size_t)got : 0;
	} while (got && len <= CS_MANIFEST_BYTES_MAX);
	if (len > CS_MANIFEST_BYTES_MAX)
		return cs_problem_set(problem, -EINVAL, "%s: longer than %d bytes; shorten it",
				      file, CS_MANIFEST_BYTES_MAX);
	return cs_manifest_parse(file, text, len, ret, problem);
}

void cs_manifest_deinit(struct cs_manifest *manifest)
{
	for (size_t i = 0; i < manifest->command_count; i++)
		free(manifest->command[i]);
	free(manifest->command);
	free(manifest->name);
	free(manifest->content_type);
	cs_variables_deinit(&manifest->environment);
	*manifest = (struct cs_manifest){ 0 };
}

bool cs_name_is_good(const char *name)
{
	size_t len = strspn(name, NAME_BYTES);

	return len && len <= NAME_MAX_LEN && !name[len] && name[0] != '.';
}
