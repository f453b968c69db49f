/* SPDX-License-Identifier: Apache-2.0 */

/* How a function is started, and when that is over; see plan_parts.h. */
#include "agent/budget/plan_parts.h"

#include <errno.h>
#include <string.h>

#include "agent/budget/fields.h"
#include "agent/budget/yaml_tree.h"

int cs_plan_refuse_image(const struct cs_fields *fields, const struct cs_yaml_node *node)
{
	return cs_fields_refuse(fields, node,
				"coldspan starts no images, which are not its children then; run "
				"coldspan assert inside of the image, or unpack it and write run:");
}

int cs_plan_take_start(const struct cs_fields *fields, const struct cs_yaml_node *map,
		       struct cs_plan_function *function)
{
	const struct cs_yaml_node *run = cs_yaml_get(map, "run");
	const struct cs_yaml_node *shell = cs_yaml_get(map, "shell");
	const struct cs_yaml_node *folder = cs_yaml_get(map, "function");
	const struct cs_yaml_node *image = cs_yaml_get(map, "image");

	if (image)
		return cs_plan_refuse_image(fields, image);
	if (!!run + !!shell + !!folder != 1)
		return cs_fields_refuse(fields, map,
					"%s: write one of run: [PROGRAM, ARGUMENT…], "
					"shell: COMMAND, function: FOLDER",
					function->name);
	if (run)
		return cs_fields_argv(fields, run, &function->argv);
	if (folder) {
		function->start = CS_START_FAAS;
		return cs_fields_text(fields, folder, &function->folder);
	}
	function->start = CS_START_SHELL;
	return cs_fields_shell(fields, shell, &function->argv);
}

static int take_ready(const struct cs_fields *fields, const struct cs_yaml_node *node,
		      struct cs_plan_function *function)
{
	static const char *const names[] = { "first-response", "listen", "first-poll", "exit" };
	static const char *const keys[] = { "pattern" };
	unsigned which;
	int r;

	if (node->kind == CS_YAML_MAP) {
		const struct cs_yaml_node *pattern = cs_yaml_get(node, "pattern");

		r = cs_fields_known(fields, node, keys, 1);
		if (r < 0)
			return r;
		if (!pattern)
			return cs_fields_refuse(fields, node, "write pattern: TEXT");
		function->ready = CS_READY_PATTERN;
		return cs_fields_text(fields, pattern, &function->pattern);
	}
	r = cs_fields_choice(fields, node, names, 4, &which);
	if (r == 0)
		function->ready = (enum cs_plan_ready)which;
	return r;
}

static int take_event(const struct cs_fields *fields, const struct cs_yaml_node *node,
		      struct cs_plan_event *event)
{
	static const char *const keys[] = { "method", "path", "body", "content_type" };
	const char **const fields_of[] = { &event->method, &event->path, &event->body,
					   &event->content_type };
	int r = cs_fields_known(fields, node, keys, 4);

	for (unsigned i = 0; r == 0 && i < 4; i++) {
		const struct cs_yaml_node *value = cs_yaml_get(node, keys[i]);

		if (value)
			r = cs_fields_text(fields, value, fields_of[i]);
	}
	if (r == 0 && event->path && event->path[0] != '/')
		r = cs_fields_refuse(fields, cs_yaml_get(node, "path"),
				     "\"%s\" does not begin with /", event->path);
	return r;
}

static int take_env(const struct cs_fields *fields, const struct cs_yaml_node *node,
		    struct cs_plan_function *function)
{
	struct cs_environment_variable *variables;
	int r = cs_fields_map(fields, node);

	if (r < 0)
		return r;
	variables = cs_arena_alloc(fields->arena, (node->count + 1) * sizeof(*variables));
	if (!variables)
		return -ENOMEM;
	for (size_t i = 0; i < node->count && r == 0; i++) {
		const struct cs_yaml_entry *entry = &node->entries[i];

		variables[i].name = entry->key;
		if (strchr(entry->key, '='))
			r = cs_fields_refuse(fields, node,
					     "variable \"%s\" has a = in its name; rename it",
					     entry->key);
		else
			r = cs_fields_any_text(fields, entry->value, &variables[i].value);
	}
	function->env = variables;
	function->env_count = node->count;
	return r;
}

static bool answers(const struct cs_plan_function *function)
{
	return function->ready == CS_READY_RESPONSE || function->ready == CS_READY_POLL;
}

int cs_plan_take_ready(const struct cs_fields *fields, const struct cs_yaml_node *map,
		       struct cs_plan_function *function)
{
	const struct cs_yaml_node *node;
	int r = 0;

	function->ready = function->start == CS_START_FAAS ? CS_READY_RESPONSE : CS_READY_EXIT;
	if ((node = cs_yaml_get(map, "ready")))
		r = take_ready(fields, node, function);
	if (r == 0 && function->start == CS_START_FAAS && function->ready != CS_READY_RESPONSE)
		r = cs_fields_refuse(fields, node,
				     "a function by its folder is asked over HTTP; write ready: "
				     "first-response");
	if (r == 0 && (node = cs_yaml_get(map, "invoke")))
		r = take_event(fields, node, &function->event);
	if (r == 0 && (node = cs_yaml_get(map, "warm_events")))
		r = cs_fields_count(fields, node, 0, CS_PLAN_WARM_MAX, &function->warm);
	if (r == 0 && function->warm && !answers(function))
		r = cs_fields_refuse(fields, node,
				     "only what answers has warm events; write ready: "
				     "first-response or first-poll");
	if (r == 0 && (node = cs_yaml_get(map, "env")))
		r = take_env(fields, node, function);
	if (r == 0 && (node = cs_yaml_get(map, "prepare")))
		r = cs_fields_text(fields, node, &function->prepare);
	return r;
}
