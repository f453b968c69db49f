/* SPDX-License-Identifier: Apache-2.0 */

/* What the files of rules share; see lint.h. */
#pragma once

#include "agent/dashboards/exported.h"
#include "agent/dashboards/lint.h"
#include "agent/dashboards/promql.h"

/* One rule at one board. */
struct cs_lint_run {
	const struct cs_lint *lint;
	const struct cs_board *board;
	const struct cs_exported *exported;
	const char *rule;
	const char *panel;
	int findings;
	bool failed; /* no memory */
};

/** cs_lint_say() - a finding about @run->panel. */
void cs_lint_say(struct cs_lint_run *run, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/** cs_lint_is_one_of() - a type of panel, such as "stat", among words with spaces around them. */
bool cs_lint_is_one_of(const char *word, const char *words);

/* Types of panels that grafana/dashboard-linter looks at. */
#define CS_LINT_PANELS " stat singlestat graph table timeseries gauge "

/** cs_lint_has_queries() - is it of a type whose queries grafana/dashboard-linter understands? */
bool cs_lint_has_queries(const json_t *panel);

/** cs_lint_is_reference() - is it another panel's query? One that is not there is a finding. */
bool cs_lint_is_reference(struct cs_lint_run *run, const json_t *target);

/** cs_lint_panels() - call @fn for each panel. */
void cs_lint_panels(struct cs_lint_run *run,
		    void (*fn)(struct cs_lint_run *run, const json_t *panel));

/** cs_lint_targets() - call @fn for each query of each panel. */
void cs_lint_targets(struct cs_lint_run *run,
		     void (*fn)(struct cs_lint_run *run, const json_t *panel,
				const json_t *target));

/** cs_lint_queries() - call @fn for every query of Prometheus: of panels, variables and annotations. */
void cs_lint_queries(struct cs_lint_run *run,
		     void (*fn)(struct cs_lint_run *run, const char *query));

/** cs_lint_is_prometheus() - is that the board's first data source? */
bool cs_lint_is_prometheus(const struct cs_board *board);

/** cs_lint_promql() - cs_promql_parse() with variables put in. */
int cs_lint_promql(struct cs_lint_run *run, const char *query, cs_promql_selector_fn fn, void *user,
		   struct cs_diag *diag);

/**
 * cs_lint_label_query() - what a variable's function asks
 * @ret: the query in it, "" for none; free() it
 *
 * Return: 0; -EINVAL it is no such function, which @diag says; -ENOMEM.
 */
int cs_lint_label_query(const char *text, char **ret, struct cs_diag *diag) cs_must_use;

#define X(function, name, summary) void cs_lint_##function(struct cs_lint_run *run);
CS_LINT_RULES(X)
#undef X
