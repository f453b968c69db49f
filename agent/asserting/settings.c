/* SPDX-License-Identifier: Apache-2.0 */

/* Settings and their origins; see settings.h. The keys: coldspan.yaml(5). */
#include "agent/asserting/settings.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/budget/plan.h"
#include "agent/budget/yaml_tree.h"
#include "agent/document.h"
#include "base/buffer.h"
#include "base/shell_word.h"

#define VALUE_BYTES 32

struct telling {
	const struct cs_plan *plan;
	const struct cs_settings_options *options;
	const struct cs_plan_function *function; /* NULL: of all */
	json_t *all;
};

/* @option: NULL: none said it; @line: 0: the file does not, either. */
static void tell(const struct telling *telling, const char *key, const char *value,
		 const char *option, unsigned line)
{
	json_t *setting = json_object();
	struct cs_buffer name = { 0 };

	cs_buffer_printf(&name, "%s.%s", telling->function ? telling->function->name : "policy",
			 key);
	json_object_set_new(setting, "name", cs_document_text(name.data ? name.data : ""));
	json_object_set_new(setting, "value", cs_document_text(value));
	json_object_set_new(setting, "origin",
			    cs_document_text(option ? "option"
					     : line ? "file"
						    : "default"));
	if (option) {
		json_object_set_new(setting, "option", cs_document_text(option));
	} else if (line) {
		json_object_set_new(setting, "file", cs_document_text(telling->plan->file));
		json_object_set_new(setting, "line", cs_document_number(line));
	}
	json_array_append_new(telling->all, setting);
	cs_buffer_deinit(&name);
}

/* Where the file has @key of the function, or for all of them; 0: nowhere. */
static unsigned line_of(const struct telling *telling, const char *key)
{
	const struct cs_yaml_node *root = telling->plan->tree, *node = NULL;

	if (telling->function)
		node = cs_yaml_get(
			cs_yaml_get(cs_yaml_get(root, "functions"), telling->function->name), key);
	if (!node)
		node = cs_yaml_get(cs_yaml_get(root, telling->function ? "defaults" : "policy"),
				   key);
	return node ? node->line : 0;
}

static void tell_number(const struct telling *telling, const char *key, uint32_t value,
			const char *option)
{
	char text[VALUE_BYTES];

	snprintf(text, sizeof(text), "%" PRIu32, value);
	tell(telling, key, text, option, line_of(telling, key));
}

static void tell_quantity(const struct telling *telling, const char *key,
			  enum cs_quantity_kind kind, double value)
{
	char text[VALUE_BYTES];

	cs_quantity_format((struct cs_quantity){ kind, value }, text, sizeof(text));
	tell(telling, key, text, NULL, line_of(telling, key));
}

static void tell_sampling(const struct telling *telling)
{
	const struct cs_plan_sampling *sampling = &telling->function->sampling;
	uint32_t asked = telling->options->runs;
	const char *option = asked ? "--runs" : NULL;
	char text[VALUE_BYTES];

	tell_number(telling, "runs", asked ? asked : sampling->runs, option);
	tell_number(telling, "max_runs", asked ? asked : sampling->max_runs, option);
	tell_number(telling, "warmup", sampling->warmup, NULL);
	tell(telling, "cache", sampling->evict ? "evict" : "warm", NULL, line_of(telling, "cache"));
	snprintf(text, sizeof(text), "%g%%", 100 * (1 - sampling->alpha));
	tell(telling, "confidence", text, NULL, line_of(telling, "confidence"));
	tell_quantity(telling, "timeout", CS_QUANTITY_DURATION, (double)sampling->timeout_ns);
}

static void tell_start(const struct telling *telling)
{
	static const char *const keys[] = {
		[CS_START_COMMAND] = "run", [CS_START_SHELL] = "shell", [CS_START_FAAS] = "function"
	};
	static const char *const readies[] = { [CS_READY_RESPONSE] = "first-response",
					       [CS_READY_LISTEN] = "listen",
					       [CS_READY_POLL] = "first-poll",
					       [CS_READY_EXIT] = "exit",
					       [CS_READY_PATTERN] = "pattern" };
	const struct cs_plan_function *function = telling->function;
	const char *key = keys[function->start];
	struct cs_buffer command = { 0 };

	if (function->start == CS_START_FAAS)
		cs_buffer_puts(&command, function->folder);
	else if (function->start == CS_START_SHELL)
		cs_buffer_puts(&command, function->argv[2]);
	for (char **word = function->argv; word && *word && !command.failed; word++) {
		if (function->start != CS_START_COMMAND)
			break;
		if (word != function->argv)
			cs_buffer_putc(&command, ' ');
		cs_shell_word(&command, *word, false);
	}
	tell(telling, key, command.data ? command.data : "", NULL, line_of(telling, key));
	cs_buffer_deinit(&command);
	tell(telling, "ready", readies[function->ready], NULL, line_of(telling, "ready"));
	tell_number(telling, "warm_events", function->warm, NULL);
}

static void tell_budgets(const struct telling *telling)
{
	static const char *const levels[] = { [CS_LEVEL_ERROR] = "",
					      [CS_LEVEL_WARN] = " (warn)",
					      [CS_LEVEL_INFO] = " (info)",
					      [CS_LEVEL_OFF] = " (off)" };
	const struct cs_plan_function *function = telling->function;
	const char *baseline = telling->options->baseline;

	if (baseline || function->baseline.ref)
		tell(telling, "baseline.ref",
		     function->baseline.ref ? function->baseline.ref : baseline,
		     baseline ? "--baseline" : NULL, function->baseline.line);
	for (size_t i = 0; i < function->budgets_count; i++) {
		const struct cs_budget *budget = &function->budgets[i];
		struct cs_buffer key = { 0 }, value = { 0 };

		cs_buffer_printf(&key, "budgets.%s", budget->id);
		cs_buffer_printf(&value, "%s%s", budget->text, levels[budget->level]);
		if (key.data && value.data)
			tell(telling, key.data, value.data, budget->line ? NULL : "--baseline",
			     budget->line);
		cs_buffer_deinit(&key);
		cs_buffer_deinit(&value);
	}
}

json_t *cs_settings_of(const struct cs_plan *plan, const struct cs_settings_options *options)
{
	struct telling telling = { plan, options, NULL, json_array() };

	for (size_t i = 0; i < plan->functions_count; i++) {
		telling.function = &plan->functions[i];
		if (!cs_plan_is_asked(telling.function->name, options->names, options->names_count))
			continue;
		tell_start(&telling);
		tell_sampling(&telling);
		tell_budgets(&telling);
	}
	telling.function = NULL;
	tell(&telling, "on_inconclusive",
	     options->strict || plan->fail_inconclusive ? "fail" : "warn",
	     options->strict ? "--strict" : NULL, line_of(&telling, "on_inconclusive"));
	tell_number(&telling, "confirm", plan->confirm, NULL);
	return telling.all;
}

static const char *text_of(const json_t *setting, const char *key)
{
	const char *text = json_string_value(json_object_get(setting, key));

	return text ? text : "";
}

static void put_origin(const json_t *setting, struct cs_buffer *out)
{
	const char *origin = text_of(setting, "origin");

	if (!strcmp(origin, "file"))
		cs_buffer_printf(out, "%s:%" JSON_INTEGER_FORMAT, text_of(setting, "file"),
				 json_integer_value(json_object_get(setting, "line")));
	else
		cs_buffer_puts(out, strcmp(origin, "option") ? origin : text_of(setting, "option"));
}

void cs_settings_text(const json_t *settings, struct cs_buffer *out)
{
	size_t i, widest = 0;
	const json_t *setting;

	for (unsigned round = 0; round < 2; round++) {
		json_array_foreach(settings, i, setting)
		{
			struct cs_buffer origin = { 0 };

			put_origin(setting, &origin);
			widest = origin.len > widest ? origin.len : widest;
			if (round)
				cs_buffer_printf(out, "%-*s  %s = %s\n", (int)widest,
						 origin.data ? origin.data : "",
						 text_of(setting, "name"),
						 text_of(setting, "value"));
			cs_buffer_deinit(&origin);
		}
	}
}
