/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Rules for queries of other data sources than the board's first, and of panels that grafana/dashboard-linter does
 * not look into; those for Loki are lint/rule_target_logql*.go. Of LogQL the stream selector, brackets and ranges
 * are looked at, of TraceQL strings and brackets.
 */
#include <ctype.h>
#include <string.h>

#include "agent/dashboards/lint_parts.h"

/* --- strings and brackets --------------------------------------------------------------------------- */

/* Behind a string that begins at @c; NULL: it is not closed. */
static const char *behind_string(const char *c)
{
	char quote = *c++;

	for (; *c && *c != quote; c++)
		c += *c == '\\' && quote != '`' && c[1];
	return *c ? c + 1 : NULL;
}

/* @ret_stream: does a brace begin with a name? Return: what is wrong; NULL: nothing that we see. */
static const char *bracket_mistake(const char *query, bool *ret_stream)
{
	char open[64];
	size_t depth = 0;

	*ret_stream = false;
	for (const char *c = query; *c;) {
		if (strchr("\"'`", *c)) {
			c = behind_string(c);
			if (!c)
				return "a string is not closed";
			continue;
		}
		if (strchr("({[", *c)) {
			if (depth == sizeof(open))
				return "brackets are too deep";
			*ret_stream |=
				*c == '{' && isalpha((unsigned char)c[1 + strspn(c + 1, " ")]);
			open[depth++] = *c == '(' ? ')' : *c == '{' ? '}' : ']';
		} else if (strchr(")}]", *c) && (!depth || open[--depth] != *c)) {
			return "a bracket closes none";
		}
		c++;
	}
	return depth ? "a bracket is not closed" : NULL;
}

static const char *logql_mistake(const char *query)
{
	bool stream;
	const char *mistake = bracket_mistake(query, &stream);

	return mistake ? mistake : stream ? NULL : "it selects no stream";
}

/* Braces of spans, or the id of a trace. */
static const char *traceql_mistake(const char *query)
{
	bool stream;
	const char *mistake = bracket_mistake(query, &stream);
	size_t digits = strspn(query, "0123456789abcdefABCDEF");

	if (mistake || strchr(query, '{'))
		return mistake;
	if (*query == '$' || (digits && !query[digits]))
		return NULL;
	return "neither spans in braces nor the id of a trace";
}

/* --- Loki ------------------------------------------------------------------------------------------- */

static bool is_loki(const struct cs_lint_run *run, const json_t *target)
{
	const json_t *source = cs_board_data_source(run->board);

	return (source && !strcmp(cs_board_variable_query(source), "loki")) ||
	       !strcmp(cs_board_text(json_object_get(target, "datasource"), "type"), "loki");
}

static bool looks_at_loki(struct cs_lint_run *run, const json_t *panel, const json_t *target)
{
	return !json_is_true(json_object_get(target, "hide")) && is_loki(run, target) &&
	       cs_lint_has_queries(panel);
}

static void check_logql(struct cs_lint_run *run, const json_t *panel, const json_t *target)
{
	const char *query = cs_board_text(target, "expr"), *mistake;

	if (!looks_at_loki(run, panel, target) || cs_lint_is_reference(run, target) || !*query)
		return;
	mistake = logql_mistake(query);
	if (mistake)
		cs_lint_say(run, "no query of Loki: %s: %s", mistake, query);
}

void cs_lint_target_logql(struct cs_lint_run *run)
{
	cs_lint_targets(run, check_logql);
}

static void check_auto(struct cs_lint_run *run, const json_t *panel, const json_t *target)
{
	const char *query = cs_board_text(target, "expr");

	if (!looks_at_loki(run, panel, target) || logql_mistake(query) || strstr(query, "$__auto"))
		return;
	for (const char *c = query; c && *c; c = strchr("\"'`", *c) ? behind_string(c) : c + 1) {
		if (*c == '[') {
			cs_lint_say(run, "a fixed range, not [$__auto]: %s", query);
			return;
		}
	}
}

void cs_lint_target_logql_auto(struct cs_lint_run *run)
{
	cs_lint_targets(run, check_auto);
}

/* --- any source ------------------------------------------------------------------------------------- */

static const char *uid_of(const json_t *source)
{
	return json_is_string(source) ? json_string_value(source) : cs_board_text(source, "uid");
}

/* What Grafana answers by itself: "-- Grafana --", "-- Dashboard --", expressions. */
static bool is_grafanas(const char *uid)
{
	return !strncmp(uid, "-- ", 3) || cs_lint_is_one_of(uid, " __expr__ grafana ");
}

/* The variable that @source is, of the kind that it says; NULL: that is a finding. */
static const json_t *source_variable(struct cs_lint_run *run, const json_t *source)
{
	const char *uid = uid_of(source), *at = uid, *name, *kind;
	const char *type = cs_board_text(source, "type");
	const json_t *variable = NULL;
	size_t len;

	if (cs_board_next_variable(&at, &name, &len) == uid && !*at)
		variable = cs_board_variable(run->board, name, len);
	if (!variable || strcmp(cs_board_text(variable, "type"), "datasource") != 0) {
		cs_lint_say(run, "a query asks \"%s\", which is no data source's variable", uid);
		return NULL;
	}
	kind = cs_board_variable_query(variable);
	if (!*type || !strcmp(type, kind))
		return variable;
	cs_lint_say(run, "a query for %s asks %s, which is a variable for %s", type, uid, kind);
	return NULL;
}

static void check_traceql(struct cs_lint_run *run, const json_t *target)
{
	const char *query = cs_board_text(target, "query"), *mistake;

	/* A graph of services asks nothing, and a search by fields has filters. */
	if (cs_lint_is_one_of(cs_board_text(target, "queryType"),
			      " serviceMap traceqlSearch upload nativeSearch "))
		return;
	mistake = traceql_mistake(query);
	if (mistake)
		cs_lint_say(run, "no query of Tempo: %s: %s", mistake, query);
}

static void check_expr(struct cs_lint_run *run, const json_t *target, const char *kind)
{
	const char *query = cs_board_text(target, "expr"), *mistake;
	struct cs_diag diag = { 0 };

	if (!strcmp(kind, "loki")) {
		mistake = logql_mistake(query);
		if (mistake)
			cs_lint_say(run, "no query of Loki: %s: %s", mistake, query);
	} else if (!strcmp(kind, "prometheus")) {
		if (cs_lint_promql(run, query, NULL, NULL, &diag) < 0)
			cs_lint_say(run, "no query of Prometheus: %s: %s", diag.text, query);
	}
}

static void check_source(struct cs_lint_run *run, const json_t *panel, const json_t *target)
{
	const json_t *source = json_object_get(target, "datasource"), *variable;
	const char *kind;

	if (!source)
		source = json_object_get(panel, "datasource");
	if (json_is_true(json_object_get(target, "hide")) || is_grafanas(uid_of(source)))
		return;
	variable = source_variable(run, source);
	if (!variable)
		return;
	kind = cs_board_variable_query(variable);
	if (!strcmp(kind, "tempo"))
		check_traceql(run, target);
	/* The others are looked at by the rules of grafana/dashboard-linter. */
	else if (!cs_lint_has_queries(panel) ||
		 (!strcmp(kind, "prometheus") && !cs_lint_is_prometheus(run->board)))
		check_expr(run, target, kind);
}

void cs_lint_query_source(struct cs_lint_run *run)
{
	json_t *annotations = json_object_get(run->board->dashboard, "annotations"), *one;
	size_t i;

	cs_lint_targets(run, check_source);
	json_array_foreach(json_object_get(annotations, "list"), i, one)
	{
		run->panel = cs_board_text(one, "name");
		if (*cs_board_text(one, "expr"))
			check_source(run, one, one);
	}
	run->panel = "";
}
