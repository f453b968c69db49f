/* SPDX-License-Identifier: Apache-2.0 */

/* The list of rules, and ways through a board; see lint.h and lint_parts.h. */
#include "agent/dashboards/lint.h"

#include <errno.h>
#include <string.h>

#include "agent/dashboards/lint_parts.h"
#include "base/utf8.h"

struct rule {
	const char *name;
	const char *summary;
	void (*check)(struct cs_lint_run *run);
};

static const struct rule rules[] = {
#define X(function, name, summary) { name, summary, cs_lint_##function },
	CS_LINT_RULES(X)
#undef X
};

#define RULES_COUNT (sizeof(rules) / sizeof(rules[0]))

const char *cs_lint_rule(size_t i, const char **ret_summary)
{
	if (i >= RULES_COUNT)
		return NULL;
	*ret_summary = rules[i].summary;
	return rules[i].name;
}

int cs_lint_board(const struct cs_lint *lint, const struct cs_board *board)
{
	struct cs_exported exported;
	struct cs_lint_run run = { .lint = lint, .board = board, .exported = &exported };
	struct cs_arena arena;

	cs_arena_init(&arena, 0);
	run.failed = cs_exported_init(&exported, &arena) < 0;
	for (size_t i = 0; i < RULES_COUNT && !run.failed; i++) {
		run.rule = rules[i].name;
		run.panel = "";
		rules[i].check(&run);
	}
	cs_arena_deinit(&arena);
	return run.failed ? -ENOMEM : run.findings;
}

void cs_lint_say(struct cs_lint_run *run, const char *fmt, ...)
{
	struct cs_finding finding = { .path = run->board->path, .rule = run->rule };
	va_list ap;

	cs_utf8_repair(finding.panel, sizeof(finding.panel), run->panel, strlen(run->panel), NULL);
	cs_utf8_strip_control(finding.panel);
	va_start(ap, fmt);
	cs_diag_vat(&finding.diag, -EINVAL, NULL, 0, 0, fmt, ap);
	va_end(ap);
	run->findings++;
	run->lint->fn(run->lint->user, &finding);
}

bool cs_lint_is_one_of(const char *word, const char *words)
{
	size_t len = strlen(word);

	for (const char *at = words; len && (at = strstr(at, word)); at++) {
		if (at > words && at[-1] == ' ' && at[len] == ' ')
			return true;
	}
	return false;
}

bool cs_lint_has_queries(const json_t *panel)
{
	return cs_lint_is_one_of(cs_board_text(panel, "type"),
				 " singlestat gauge table stat state-timeline timeseries ");
}

static bool names_a_panel(const struct cs_board *board, json_int_t id)
{
	for (size_t i = 0; i < board->panels_count; i++) {
		if (json_integer_value(json_object_get(board->panels[i], "id")) == id)
			return true;
	}
	return false;
}

bool cs_lint_is_reference(struct cs_lint_run *run, const json_t *target)
{
	json_int_t id = json_integer_value(json_object_get(target, "panelId"));

	if (*cs_board_text(target, "expr") || id <= 0)
		return false;
	if (!names_a_panel(run->board, id))
		cs_lint_say(run, "it refers to a panel that is not there");
	return true;
}

void cs_lint_panels(struct cs_lint_run *run,
		    void (*fn)(struct cs_lint_run *run, const json_t *panel))
{
	for (size_t i = 0; i < run->board->panels_count; i++) {
		run->panel = cs_board_text(run->board->panels[i], "title");
		fn(run, run->board->panels[i]);
	}
	run->panel = "";
}

void cs_lint_targets(struct cs_lint_run *run,
		     void (*fn)(struct cs_lint_run *run, const json_t *panel, const json_t *target))
{
	for (size_t i = 0; i < run->board->panels_count; i++) {
		const json_t *panel = run->board->panels[i];
		json_t *targets = json_object_get(panel, "targets"), *target;
		size_t j;

		run->panel = cs_board_text(panel, "title");
		json_array_foreach(targets, j, target) fn(run, panel, target);
	}
	run->panel = "";
}

bool cs_lint_is_prometheus(const struct cs_board *board)
{
	const json_t *source = cs_board_data_source(board);

	return source && !strcmp(cs_board_variable_query(source), "prometheus");
}

int cs_lint_promql(struct cs_lint_run *run, const char *query, cs_promql_selector_fn fn, void *user,
		   struct cs_diag *diag)
{
	struct cs_buffer text = { 0 };
	int r = cs_board_expand(run->board, query, &text);

	if (r == -E2BIG)
		cs_diag_set(diag, r, "variables are in each other, or the query is too long");
	if (r == 0)
		r = cs_promql_parse(text.data ? text.data : "", fn, user, diag);
	run->failed |= r == -ENOMEM;
	cs_buffer_deinit(&text);
	return r;
}

/* Of another kind of data source than Prometheus. */
static bool is_foreign(const json_t *thing)
{
	const char *type = cs_board_text(json_object_get(thing, "datasource"), "type");

	return *type && strcmp(type, "prometheus") != 0;
}

static void ask_panels(struct cs_lint_run *run,
		       void (*fn)(struct cs_lint_run *run, const char *query))
{
	for (size_t i = 0; i < run->board->panels_count; i++) {
		json_t *targets = json_object_get(run->board->panels[i], "targets"), *target;
		size_t j;

		run->panel = cs_board_text(run->board->panels[i], "title");
		json_array_foreach(targets, j, target)
		{
			const char *query = cs_board_text(target, "expr");

			if (*query && !is_foreign(target))
				fn(run, query);
		}
	}
}

static void ask_variables(struct cs_lint_run *run,
			  void (*fn)(struct cs_lint_run *run, const char *query))
{
	json_t *variable;
	size_t i;

	json_array_foreach(run->board->variables, i, variable)
	{
		cs_cleanup(cs_freep) char *query = NULL;

		run->panel = cs_board_text(variable, "name");
		if (strcmp(cs_board_text(variable, "type"), "query") != 0 || is_foreign(variable))
			continue;
		if (cs_lint_label_query(cs_board_variable_query(variable), &query, NULL) == 0 &&
		    *query)
			fn(run, query);
	}
}

void cs_lint_queries(struct cs_lint_run *run,
		     void (*fn)(struct cs_lint_run *run, const char *query))
{
	json_t *annotations = json_object_get(run->board->dashboard, "annotations"), *one;
	size_t i;

	ask_panels(run, fn);
	ask_variables(run, fn);
	json_array_foreach(json_object_get(annotations, "list"), i, one)
	{
		run->panel = cs_board_text(one, "name");
		if (*cs_board_text(one, "expr") && !is_foreign(one))
			fn(run, cs_board_text(one, "expr"));
	}
	run->panel = "";
}
