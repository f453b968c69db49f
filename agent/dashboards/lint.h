/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Rules for boards of Grafana: the 17 of grafana/dashboard-linter, by its names, and ours. Nothing is left out for
 * anybody. What that tool takes for a warning is a finding here.
 */
#pragma once

#include "agent/dashboards/board.h"

/* X(function, name, summary) */
#define CS_LINT_RULES(X)                                                                             \
	X(template_datasource, "template-datasource-rule",                                           \
	  "data sources are variables, called as Grafana calls them")                                \
	X(template_job, "template-job-rule", "there is a variable job, of several values")           \
	X(template_instance, "template-instance-rule",                                               \
	  "there is a variable instance, of several values")                                         \
	X(template_label_promql, "template-label-promql-rule",                                       \
	  "variables ask by label_values() and the like, with a query that can be read")             \
	X(template_reload, "template-on-time-change-reload-rule",                                    \
	  "variables ask again when the time range changes")                                         \
	X(panel_datasource, "panel-datasource-rule", "panels use a data source by its variable")     \
	X(panel_title, "panel-title-description-rule", "panels have a title and a description")      \
	X(panel_units, "panel-units-rule", "panels have a unit that Grafana knows")                  \
	X(panel_no_targets, "panel-no-targets-rule", "panels have a query")                          \
	X(target_logql, "target-logql-rule", "queries of Loki select streams")                       \
	X(target_logql_auto, "target-logql-auto-rule", "ranges of Loki's queries are $__auto")       \
	X(target_promql, "target-promql-rule", "queries of Prometheus can be read")                  \
	X(target_rate_interval, "target-rate-interval-rule",                                         \
	  "ranges of rate() and irate() are $__rate_interval")                                       \
	X(target_job, "target-job-rule", "selectors have job=~\"$job\"")                             \
	X(target_instance, "target-instance-rule", "selectors have instance=~\"$instance\"")         \
	X(target_counter, "target-counter-agg-rule",                                                 \
	  "counters stand in rate(), irate() or increase()")                                         \
	X(uneditable, "uneditable-dashboard", "the board is not editable")                           \
	X(panel_complete, "panel-complete-rule",                                                     \
	  "every panel has a title and a description, and one that asks a unit and a text for none") \
	X(panel_overlap, "panel-overlap-rule", "panels lie within 24 columns, none on another")      \
	X(panel_id, "panel-id-rule", "ids of panels are unique")                                     \
	X(query_source, "query-source-rule",                                                         \
	  "queries of all kinds ask a data source of theirs by its variable, and can be read")       \
	X(variable_used, "variable-used-rule", "every variable is used")                             \
	X(variable_known, "variable-known-rule", "variables of queries and links are there")         \
	X(link, "link-rule",                                                                         \
	  "links lead to boards and variables that are there, with values that are encoded")         \
	X(metric_exported, "metric-exported-rule", "metrics of coldspan's names are exported")       \
	X(bucket_bound, "bucket-bound-rule", "an le that is asked for is a bound of that metric")

struct cs_finding {
	const char *path;
	const char *rule;
	char panel
		[160]; /* title of a panel or name of a variable, fit for a terminal; "": the board */
	struct cs_diag diag;
};

/* Boards that are looked at together: a link may lead from one to the other. */
struct cs_lint {
	const struct cs_board *boards;
	size_t boards_count;
	const char *installed; /* a folder with boards that are there as well; NULL: none */
	void (*fn)(void *user, const struct cs_finding *finding);
	void *user;
};

/** cs_lint_board() - apply all rules to one of them. Context: startup. Return: findings; -ENOMEM. */
int cs_lint_board(const struct cs_lint *lint, const struct cs_board *board) cs_must_use;

/** cs_lint_rule() - name and summary of a rule; NULL: there are no more. */
const char *cs_lint_rule(size_t i, const char **ret_summary);
