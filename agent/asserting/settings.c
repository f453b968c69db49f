/* SPDX-License-Identifier: Apache-2.0 */

/* Settings and their origins; see settings.h. The keys: coldspan.yaml(5). */
#include "agent/asserting/settings.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/budget/plan.h"
#include "agent/budget/yaml_tree.h"
#include "base/buffer.h"
#include "base/settings.h"
#include "base/shell_word.h"

#define VALUE_BYTES 32
#define KEY_BYTES   512 /* of a name that people read; more is cut */

struct telling {
	const struct cs_plan *plan;
	const struct cs_assert_settings_options *options;
	const struct cs_plan_function *function; /* NULL: of all */
	struct cs_settings *all;
};

/* @option: NULL: none said it; @line: 0: the file does not, either. */
static void tell(const struct telling *telling, const char *key, const char *value,
		 const char *option, unsigned line)
{
	enum cs_setting_origin origin = option ? CS_SETTING_OPTION
					: line ? CS_SETTING_FILE
					       : CS_SETTING_DEFAULT;
	const char *source = option ? option : line ? telling->plan->file : NULL;
	struct cs_buffer name = { 0 };

	cs_buffer_printf(&name, "%s.%s", telling->function ? telling->function->name : "policy",
			 key);
	telling->all->failed |= name.failed;
	if (!name.failed)
		cs_settings_add(telling->all, name.data, value, origin, source, option ? 0 : line);
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
	tell(telling, "processor", sampling->same_processor ? "same" : "any", NULL,
	     line_of(telling, "processor"));
	tell(telling, "slow_processor", sampling->take_slow ? "take" : "avoid", NULL,
	     line_of(telling, "slow_processor"));
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

/* --- what stands in the file as it stands there --- */

static bool has_word(const char *const *words, size_t count, const char *word)
{
	for (size_t i = 0; i < count; i++) {
		if (!strcmp(words[i], word))
			return true;
	}
	return false;
}

/* What may be a secret: variables, and what is sent. */
static bool is_hidden(const char *key)
{
	return !strncmp(key, "env.", 4) || !strcmp(key, "invoke.body");
}

static bool is_of_scalars(const struct cs_yaml_node *list)
{
	for (size_t i = 0; i < list->count; i++) {
		if (list->entries[i].value->kind != CS_YAML_SCALAR)
			return false;
	}
	return list->kind == CS_YAML_LIST;
}

static void tell_words(const struct telling *telling, const char *key,
		       const struct cs_yaml_node *list)
{
	struct cs_buffer words = { 0 };

	for (size_t i = 0; i < list->count; i++) {
		if (i)
			cs_buffer_putc(&words, ' ');
		cs_shell_word(&words, list->entries[i].value->value, false);
	}
	tell(telling, key, words.len ? words.data : "", NULL, list->line);
	cs_buffer_deinit(&words);
}

/* Of what is in another, with a point between: "baseline.ref"; of a list "quarantine.0.id". */
static void tell_node(const struct telling *telling, const char *key,
		      const struct cs_yaml_node *node)
{
	char below[KEY_BYTES];

	if (node->kind == CS_YAML_SCALAR) {
		tell(telling, key, is_hidden(key) ? "(set, not shown)" : node->value, NULL,
		     node->line);
		return;
	}
	if (is_of_scalars(node)) {
		tell_words(telling, key, node);
		return;
	}
	for (size_t i = 0; i < node->count; i++) {
		const struct cs_yaml_entry *entry = &node->entries[i];

		if (entry->key)
			snprintf(below, sizeof(below), "%s.%s", key, entry->key);
		else
			snprintf(below, sizeof(below), "%s.%zu", key, i);
		tell_node(telling, below, entry->value);
	}
}

/* All of @map but what is told elsewhere. */
static void tell_rest(const struct telling *telling, const struct cs_yaml_node *map,
		      const char *const *told, size_t told_count)
{
	for (size_t i = 0; map && i < map->count; i++) {
		const struct cs_yaml_entry *entry = &map->entries[i];
		bool more = !strcmp(entry->key, "ready") && entry->value->kind == CS_YAML_MAP;

		if (more || !has_word(told, told_count, entry->key))
			tell_node(telling, entry->key, entry->value);
	}
}

static void tell_rest_of_function(const struct telling *telling)
{
	static const char *const told[] = { "run",     "shell",       "function",   "ready",
					    "runs",    "max_runs",    "warmup",     "cache",
					    "timeout", "warm_events", "confidence", "budgets",
					    "baseline" };
	const struct cs_yaml_node *function =
		cs_yaml_get(cs_yaml_get(telling->plan->tree, "functions"), telling->function->name);
	const struct cs_yaml_node *baseline = cs_yaml_get(function, "baseline");
	const char *ref = telling->options->baseline;

	tell_rest(telling, function, told, sizeof(told) / sizeof(told[0]));
	if (ref) {
		tell(telling, "baseline.ref", ref, "--baseline", 0);
		baseline = cs_yaml_get(baseline, "build");
	}
	if (baseline)
		tell_node(telling, ref ? "baseline.build" : "baseline", baseline);
}

static void tell_policy(const struct telling *telling)
{
	static const char *const told[] = { "on_inconclusive", "on_no_data", "confirm" };
	const struct cs_assert_settings_options *options = telling->options;
	const struct cs_plan *plan = telling->plan;

	tell(telling, "on_inconclusive",
	     options->strict || plan->fail_inconclusive ? "fail" : "warn",
	     options->strict ? "--strict" : NULL, line_of(telling, "on_inconclusive"));
	tell(telling, "on_no_data", "fail", NULL, line_of(telling, "on_no_data"));
	tell_number(telling, "confirm", plan->confirm, NULL);
	tell_rest(telling, cs_yaml_get(plan->tree, "policy"), told, sizeof(told) / sizeof(told[0]));
}

void cs_assert_settings(const struct cs_plan *plan,
			const struct cs_assert_settings_options *options, struct cs_settings *all)
{
	struct telling telling = { plan, options, NULL, all };

	for (size_t i = 0; i < plan->functions_count; i++) {
		telling.function = &plan->functions[i];
		if (!cs_plan_is_asked(telling.function->name, options->names, options->names_count))
			continue;
		tell_start(&telling);
		tell_sampling(&telling);
		tell_rest_of_function(&telling);
		tell_budgets(&telling);
	}
	telling.function = NULL;
	tell_policy(&telling);
}
