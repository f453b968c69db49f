/* SPDX-License-Identifier: Apache-2.0 */

/* Rules for variables: grafana/dashboard-linter, lint/rule_template_*.go, rule_uneditable.go. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/dashboards/lint_parts.h"

static size_t count_of_type(const struct cs_board *board, const char *type)
{
	json_t *variable;
	size_t i, count = 0;

	json_array_foreach(board->variables, i, variable) count +=
		!strcmp(cs_board_text(variable, "type"), type);
	return count;
}

static void check_data_source(struct cs_lint_run *run, const json_t *variable, bool alone)
{
	const char *kind = cs_board_variable_query(variable);
	const char *name = cs_board_text(variable, "name"),
		   *label = cs_board_text(variable, "label");
	char wanted[128], title[128];

	snprintf(wanted, sizeof(wanted), "%.100s_datasource", kind);
	for (char *c = wanted; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	snprintf(title, sizeof(title), "%.100s data source", kind);
	title[0] = (char)toupper((unsigned char)title[0]);
	run->panel = name;
	if (strcmp(name, wanted) != 0 && !(alone && !strcmp(name, "datasource")))
		cs_lint_say(run, "a data source is called %s%s", wanted,
			    alone ? " or datasource" : "");
	if (strcmp(label, title) != 0 && !(alone && !strcmp(label, "Data source")))
		cs_lint_say(run, "a data source is labelled \"%s\"%s", title,
			    alone ? " or \"Data source\"" : "");
}

void cs_lint_template_datasource(struct cs_lint_run *run)
{
	size_t i, count = count_of_type(run->board, "datasource");
	json_t *variable;

	if (!count)
		cs_lint_say(run, "no variable is a data source");
	json_array_foreach(run->board->variables, i, variable)
	{
		if (!strcmp(cs_board_text(variable, "type"), "datasource"))
			check_data_source(run, variable, count == 1);
	}
}

static void check_place(struct cs_lint_run *run, const char *name, const char *label)
{
	const json_t *variable = cs_board_variable(run->board, name, strlen(name));
	const json_t *source = json_object_get(variable, "datasource");
	const char *uid =
		json_is_string(source) ? json_string_value(source) : cs_board_text(source, "uid");

	if (!cs_lint_is_prometheus(run->board))
		return;
	if (!variable) {
		cs_lint_say(run, "there is no variable %s", name);
		return;
	}
	run->panel = name;
	if (!cs_lint_is_one_of(uid, " $datasource ${datasource} $prometheus_datasource "
				    "${prometheus_datasource} "))
		cs_lint_say(run, "it asks the data source \"%s\", not $datasource", uid);
	if (strcmp(cs_board_text(variable, "type"), "query") != 0)
		cs_lint_say(run, "it is no query");
	if (strcmp(cs_board_text(variable, "label"), label) != 0)
		cs_lint_say(run, "it is labelled \"%s\", not \"%s\"",
			    cs_board_text(variable, "label"), label);
	if (!json_is_true(json_object_get(variable, "multi")))
		cs_lint_say(run, "only one value of it can be chosen (multi)");
	if (strcmp(cs_board_text(variable, "allValue"), ".+") != 0)
		cs_lint_say(run, "its allValue is \"%s\", not \".+\"",
			    cs_board_text(variable, "allValue"));
}

void cs_lint_template_job(struct cs_lint_run *run)
{
	check_place(run, "job", "Job");
}

void cs_lint_template_instance(struct cs_lint_run *run)
{
	check_place(run, "instance", "Instance");
}

/* The last comma that stands in no brackets and no quotes; @end where these do not close; NULL: there is none. */
static const char *last_comma(const char *text, const char *end)
{
	const char *found = NULL;
	int depth = 0;
	char quote = 0;

	for (const char *c = text; c < end; c++) {
		if (quote) {
			quote = *c == quote ? 0 : quote;
		} else if (*c == '"' || *c == '\'') {
			quote = *c;
		} else if (strchr("({[", *c)) {
			depth++;
		} else if (strchr(")}]", *c)) {
			depth--;
		} else if (*c == ',' && depth == 0) {
			found = c;
		}
	}
	return quote || depth ? end : found;
}

int cs_lint_label_query(const char *text, char **ret, struct cs_diag *diag)
{
	size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz_");
	const char *open = text + len, *end = strrchr(text, ')'), *comma;
	bool query = !strncmp(text, "query_result(", 13);
	bool values = !strncmp(text, "label_values(", 13);

	if (*open != '(' || !end || end[1 + strspn(end + 1, " \t\n")])
		return cs_diag_set(diag, -EINVAL, "\"%s\" is no function", text);
	if (!query && !values && strncmp(text, "label_names(", 12) != 0 &&
	    strncmp(text, "metrics(", 8) != 0)
		return cs_diag_set(diag, -EINVAL,
				   "%.*s() is none of label_names, label_values, metrics, "
				   "query_result",
				   len > 64 ? 64 : (int)len, text);
	comma = values ? last_comma(open + 1, end) : query ? end : open + 1;
	*ret = strndup(open + 1, comma ? (size_t)(comma - open - 1) : 0);
	return *ret ? 0 : -ENOMEM;
}

void cs_lint_template_label_promql(struct cs_lint_run *run)
{
	json_t *variable;
	size_t i;

	if (!cs_lint_is_prometheus(run->board))
		return;
	json_array_foreach(run->board->variables, i, variable)
	{
		cs_cleanup(cs_freep) char *query = NULL;
		struct cs_diag diag = { 0 };
		int r;

		if (strcmp(cs_board_text(variable, "type"), "query") != 0)
			continue;
		run->panel = cs_board_text(variable, "name");
		r = cs_lint_label_query(cs_board_variable_query(variable), &query, &diag);
		if (r == 0 && query && *query)
			r = cs_lint_promql(run, query, NULL, NULL, &diag);
		run->failed |= r == -ENOMEM;
		if (r < 0)
			cs_lint_say(run, "%s", diag.text);
	}
}

void cs_lint_template_reload(struct cs_lint_run *run)
{
	json_t *variable;
	size_t i;

	json_array_foreach(run->board->variables, i, variable)
	{
		run->panel = cs_board_text(variable, "name");
		if (!strcmp(cs_board_text(variable, "type"), "query") &&
		    json_integer_value(json_object_get(variable, "refresh")) != 2)
			cs_lint_say(run, "it does not ask again when the time range changes "
					 "(refresh: 2)");
	}
}

void cs_lint_uneditable(struct cs_lint_run *run)
{
	if (json_is_true(json_object_get(run->board->dashboard, "editable")))
		cs_lint_say(run, "the board is editable (editable: false)");
}
