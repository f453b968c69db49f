/* SPDX-License-Identifier: Apache-2.0 */

/* Rules that are ours alone: variables, links, and what coldspan exports. */
#include <ctype.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/dashboards/exported.h"
#include "agent/dashboards/lint_parts.h"
#include "collector/metrics/bucket_layout.h"

#define DEPTH_MAX 64u /* of a board's JSON */

/* --- every text of a board -------------------------------------------------------------------------- */

typedef bool (*text_fn)(void *user, const char *key, const char *text);

/* Return: what @fn returned, which ends the way when it is true. */
static bool each_text(const json_t *json, const char *key, unsigned depth, text_fn fn, void *user)
{
	json_t *member;
	const char *name;
	size_t i;

	if (json_is_string(json))
		return fn(user, key, json_string_value(json));
	if (depth == DEPTH_MAX)
		return false;
	json_array_foreach((json_t *)(uintptr_t)json, i, member)
	{
		if (each_text(member, key, depth + 1, fn, user))
			return true;
	}
	json_object_foreach((json_t *)(uintptr_t)json, name, member)
	{
		if (each_text(member, name, depth + 1, fn, user))
			return true;
	}
	return false;
}

/* --- variables -------------------------------------------------------------------------------------- */

static bool names_variable(void *user, const char *key, const char *text)
{
	const char *wanted = user, *name;
	size_t len;

	if (!strcmp(key, "repeat") && !strcmp(text, wanted))
		return true;
	while (cs_board_next_variable(&text, &name, &len)) {
		if (strlen(wanted) == len && !memcmp(name, wanted, len))
			return true;
	}
	return false;
}

/* Anywhere but in itself; panels and rows are repeated for one by its bare name. */
static bool is_used(const struct cs_board *board, const json_t *variable, const char *wanted)
{
	json_t *member, *other;
	const char *key;
	size_t i;

	json_object_foreach(board->dashboard, key, member)
	{
		if (strcmp(key, "templating") != 0 &&
		    each_text(member, key, 0, names_variable, (void *)(uintptr_t)wanted))
			return true;
	}
	json_array_foreach(board->variables, i, other)
	{
		if (other != variable &&
		    each_text(other, "", 0, names_variable, (void *)(uintptr_t)wanted))
			return true;
	}
	return false;
}

void cs_lint_variable_used(struct cs_lint_run *run)
{
	json_t *variable;
	size_t i;

	json_array_foreach(run->board->variables, i, variable)
	{
		run->panel = cs_board_text(variable, "name");
		/* Grafana itself puts these filters into every query. */
		if (strcmp(cs_board_text(variable, "type"), "adhoc") != 0 &&
		    !is_used(run->board, variable, run->panel))
			cs_lint_say(run, "nothing uses this variable");
	}
}

/* "$1" is label_replace()'s; what begins with two underscores is Grafana's. */
static void check_names(struct cs_lint_run *run, const char *text)
{
	const char *at = text, *name;
	size_t len;

	while (cs_board_next_variable(&at, &name, &len)) {
		if (isdigit((unsigned char)*name) || (len > 1 && !memcmp(name, "__", 2)) ||
		    cs_board_variable(run->board, name, len))
			continue;
		cs_lint_say(run, "there is no variable %.*s", len > 64 ? 64 : (int)len, name);
	}
}

static bool check_link_names(void *user, const char *key, const char *text)
{
	if (!strcmp(key, "url"))
		check_names(user, text);
	return false;
}

void cs_lint_variable_known(struct cs_lint_run *run)
{
	cs_lint_queries(run, check_names);
	each_text(run->board->dashboard, "", 0, check_link_names, run);
}

/* --- links ------------------------------------------------------------------------------------------ */

static const struct cs_board *find_board(const struct cs_lint *lint, const char *uid, size_t len)
{
	for (size_t i = 0; i < lint->boards_count; i++) {
		const char *one = lint->boards[i].uid;

		if (len && strlen(one) == len && !memcmp(one, uid, len))
			return &lint->boards[i];
	}
	return NULL;
}

static bool is_installed(const struct cs_lint *lint, const char *uid, size_t len)
{
	char path[PATH_MAX];

	if (!lint->installed || len > 100 || memchr(uid, '/', len))
		return false;
	snprintf(path, sizeof(path), "%s/%.*s.json", lint->installed, (int)len, uid);
	return access(path, R_OK) == 0;
}

/* Its "var-NAME=" are variables of the board that it leads to. */
static void check_parameters(struct cs_lint_run *run, const struct cs_board *board,
			     const char *text)
{
	for (const char *at = text; (at = strstr(at, "var-")); at++) {
		size_t len = strcspn(at + 4, "=&");

		if (at[-1] != '?' && at[-1] != '&')
			continue;
		if (!cs_board_variable(board, at + 4, len))
			cs_lint_say(run, "a link to %s sets %.*s, which is no variable there",
				    board->uid, len > 64 ? 64 : (int)len, at + 4);
	}
}

/*
 * A value behind "=" without a format: Grafana then leaves "&", "#", "+" and "=" of it as they are ("uriencode"),
 * so that what follows them is lost. Its times are numbers.
 */
static void check_encoded(struct cs_lint_run *run, const char *text)
{
	const char *at = text, *name, *begin;
	size_t len;

	while ((begin = cs_board_next_variable(&at, &name, &len))) {
		if (begin == text || begin[-1] != '=' || memchr(begin, ':', (size_t)(at - begin)) ||
		    (len == 6 && !memcmp(name, "__from", 6)) ||
		    (len == 4 && !memcmp(name, "__to", 4)))
			continue;
		cs_lint_say(run, "a value of a link is not encoded: %.*s, not %s",
			    at - begin > 64 ? 64 : (int)(at - begin), begin,
			    "${name:percentencode} or ${name:queryparam}");
	}
}

/* What leads elsewhere, or to somebody's board that was not named, is not ours to judge. */
static bool check_link(void *user, const char *key, const char *text)
{
	struct cs_lint_run *run = user;
	const char *uid = text + strlen("/d/");
	const struct cs_board *board;
	size_t len;

	if (strcmp(key, "url") != 0)
		return false;
	check_encoded(run, text);
	if (strncmp(text, "/d/", 3) != 0)
		return false;
	len = strcspn(uid, "/?#&");
	board = find_board(run->lint, uid, len);
	if (board)
		check_parameters(run, board, uid + len);
	else if (len > 9 && !memcmp(uid, "coldspan-", 9) && !is_installed(run->lint, uid, len))
		cs_lint_say(run, "there is no board %.*s", len > 64 ? 64 : (int)len, uid);
	return false;
}

static bool has_tag(const struct cs_board *board, const char *wanted)
{
	json_t *tag;
	size_t i;

	json_array_foreach(json_object_get(board->dashboard, "tags"), i, tag)
	{
		if (json_is_string(tag) && !strcmp(json_string_value(tag), wanted))
			return true;
	}
	return false;
}

/* A list of links is by tags: one of the boards has to have each that is ours. */
static void check_tags(struct cs_lint_run *run, const json_t *link)
{
	json_t *tag;
	size_t i;

	json_array_foreach(json_object_get(link, "tags"), i, tag)
	{
		const char *wanted = json_is_string(tag) ? json_string_value(tag) : "";
		bool found = strncmp(wanted, "coldspan", strlen("coldspan")) != 0;

		for (size_t j = 0; !found && j < run->lint->boards_count; j++)
			found = has_tag(&run->lint->boards[j], wanted);
		if (!found)
			cs_lint_say(run, "no board has the tag \"%s\" of a link", wanted);
	}
}

void cs_lint_link(struct cs_lint_run *run)
{
	json_t *link;
	size_t i;

	json_array_foreach(json_object_get(run->board->dashboard, "links"), i, link)
	{
		if (!strcmp(cs_board_text(link, "type"), "dashboards"))
			check_tags(run, link);
	}
	each_text(run->board->dashboard, "", 0, check_link, run);
}

/* --- what is exported ------------------------------------------------------------------------------- */

static bool begins(struct cs_promql_text text, const char *with)
{
	return text.len >= strlen(with) && !memcmp(text.at, with, strlen(with));
}

static void look_at_metric(void *user, const struct cs_promql_selector *selector)
{
	struct cs_lint_run *run = user;
	struct cs_promql_text name = selector->metric;

	if ((begins(name, "faas_") || begins(name, "coldspan_")) &&
	    !cs_exported_find(run->exported, name.at, name.len))
		cs_lint_say(run, "no collector exports %.*s", name.len > 128 ? 128 : (int)name.len,
			    name.at);
}

static bool is_bound(const struct cs_instrument *instrument, const char *text, size_t len)
{
	const struct cs_bucket_bounds *layout;
	char copy[32], *end;
	double value;

	if (len >= sizeof(copy) || instrument->layout == CS_BUCKETS_NONE)
		return false;
	memcpy(copy, text, len);
	copy[len] = 0;
	if (!strcmp(copy, "+Inf"))
		return true;
	value = strtod(copy, &end);
	layout = cs_bucket_bounds(instrument->layout);
	for (size_t i = 0; !*end && len && i < layout->count; i++) {
		if (layout->bounds[i] >= value && layout->bounds[i] <= value)
			return true;
	}
	return false;
}

static void check_bound(struct cs_lint_run *run, const struct cs_instrument *instrument,
			const char *text, size_t len)
{
	if (!is_bound(instrument, text, len))
		cs_lint_say(run, "%s has no bucket that ends at %.*s", instrument->name,
			    len > 32 ? 32 : (int)len, text);
}

/* All that a variable can be chosen to be. */
static void check_options(struct cs_lint_run *run, const struct cs_instrument *instrument,
			  const json_t *variable)
{
	json_t *option;
	size_t i;

	json_array_foreach(json_object_get(variable, "options"), i, option)
	{
		const char *value = cs_board_text(option, "value");

		check_bound(run, instrument, value, strlen(value));
	}
}

/*
 * A number; or one that is a variable. Behind it may stand "([.]0)?", since Prometheus writes whole numbers in two
 * ways. Other expressions are not looked into.
 */
static void look_at_bound(void *user, const struct cs_promql_selector *selector)
{
	static const char either[] = "([.]0)?";
	struct cs_lint_run *run = user;
	const struct cs_instrument *instrument =
		cs_exported_find(run->exported, selector->metric.at, selector->metric.len);

	for (size_t i = 0; instrument && i < selector->matchers_count; i++) {
		struct cs_promql_text value = selector->matchers[i].value;
		const char *at = value.at, *name;
		size_t len;

		if (!cs_promql_is(selector->matchers[i].label, "le"))
			continue;
		if (value.len > strlen(either) &&
		    !memcmp(value.at + value.len - strlen(either), either, strlen(either)))
			value.len -= strlen(either);
		if (cs_board_next_variable(&at, &name, &len) == value.at)
			check_options(run, instrument, cs_board_variable(run->board, name, len));
		else if (selector->matchers[i].match == CS_PROMQL_EQUAL ||
			 strspn(value.at, "0123456789.") >= value.len)
			check_bound(run, instrument, value.at, value.len);
	}
}

static void check_metrics(struct cs_lint_run *run, const char *query)
{
	cs_lint_promql(run, query, look_at_metric, run, NULL);
}

void cs_lint_metric_exported(struct cs_lint_run *run)
{
	cs_lint_queries(run, check_metrics);
}

static void check_bounds(struct cs_lint_run *run, const char *query)
{
	cs_lint_promql(run, query, look_at_bound, run, NULL);
}

void cs_lint_bucket_bound(struct cs_lint_run *run)
{
	cs_lint_queries(run, check_bounds);
}
