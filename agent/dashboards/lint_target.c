/* SPDX-License-Identifier: Apache-2.0 */

/* Rules for queries of Prometheus: grafana/dashboard-linter, lint/rule_target_*.go. */
#include <errno.h>
#include <string.h>

#include "agent/dashboards/lint_parts.h"

struct looking {
	struct cs_lint_run *run;
	const char *wanted; /* a label */
	bool told;
};

static void check_promql(struct cs_lint_run *run, const json_t *panel, const json_t *target)
{
	struct cs_diag diag = { 0 };

	if (!cs_lint_is_prometheus(run->board) || !cs_lint_has_queries(panel) ||
	    cs_lint_is_reference(run, target))
		return;
	if (cs_lint_promql(run, cs_board_text(target, "expr"), NULL, NULL, &diag) < 0)
		cs_lint_say(run, "no query of Prometheus: %s: %s", diag.text,
			    cs_board_text(target, "expr"));
}

void cs_lint_target_promql(struct cs_lint_run *run)
{
	cs_lint_targets(run, check_promql);
}

/* What cannot be read is told by another rule. */
static bool reads(struct cs_lint_run *run, const json_t *target)
{
	return cs_lint_is_prometheus(run->board) &&
	       cs_lint_promql(run, cs_board_text(target, "expr"), NULL, NULL, NULL) == 0;
}

static void look(struct cs_lint_run *run, const json_t *target, cs_promql_selector_fn fn,
		 const char *wanted)
{
	struct looking looking = { .run = run, .wanted = wanted };
	int r;

	if (!reads(run, target))
		return;
	r = cs_lint_promql(run, cs_board_text(target, "expr"), fn, &looking, NULL);
	run->failed |= r == -ENOMEM;
}

static void look_at_range(void *user, const struct cs_promql_selector *selector)
{
	struct looking *looking = user;

	if (selector->range.len && !cs_promql_is(selector->range, CS_BOARD_RATE_INTERVAL) &&
	    (cs_promql_is(selector->call, "rate") || cs_promql_is(selector->call, "irate")))
		cs_lint_say(looking->run, "%.*s() over [%.*s], not over [$__rate_interval]",
			    (int)selector->call.len, selector->call.at,
			    selector->range.len > 64 ? 64 : (int)selector->range.len,
			    selector->range.at);
}

static void check_rate(struct cs_lint_run *run, const json_t *panel, const json_t *target)
{
	if (cs_lint_has_queries(panel))
		look(run, target, look_at_range, NULL);
}

void cs_lint_target_rate_interval(struct cs_lint_run *run)
{
	cs_lint_targets(run, check_rate);
}

static void look_for_label(void *user, const struct cs_promql_selector *selector)
{
	struct looking *looking = user;

	for (size_t i = 0; i < selector->matchers_count; i++) {
		const struct cs_promql_matcher *one = &selector->matchers[i];

		if (cs_promql_is(one->label, looking->wanted) && one->match == CS_PROMQL_REGEX &&
		    one->value.len == strlen(looking->wanted) + 1 && *one->value.at == '$' &&
		    !memcmp(one->value.at + 1, looking->wanted, one->value.len - 1))
			return;
	}
	cs_lint_say(looking->run, "%.*s{} without %s=~\"$%s\"",
		    selector->metric.len > 128 ? 128 : (int)selector->metric.len,
		    selector->metric.at, looking->wanted, looking->wanted);
}

static void check_job(struct cs_lint_run *run, const json_t *panel, const json_t *target)
{
	(void)panel;
	look(run, target, look_for_label, "job");
}

void cs_lint_target_job(struct cs_lint_run *run)
{
	cs_lint_targets(run, check_job);
}

static void check_instance(struct cs_lint_run *run, const json_t *panel, const json_t *target)
{
	(void)panel;
	look(run, target, look_for_label, "instance");
}

void cs_lint_target_instance(struct cs_lint_run *run)
{
	cs_lint_targets(run, check_instance);
}

/* That tool looks at the text of the whole selector, so that labels hide a counter from it: we look at its name. */
static void look_at_counter(void *user, const struct cs_promql_selector *selector)
{
	struct looking *looking = user;
	struct cs_promql_text name = selector->metric, call = selector->call;

	if (name.len < 6 || memcmp(name.at + name.len - 6, "_total", 6) != 0)
		return;
	if (!selector->range.len || !(cs_promql_is(call, "rate") || cs_promql_is(call, "irate") ||
				      cs_promql_is(call, "increase")))
		cs_lint_say(looking->run,
			    "the counter %.*s stands in no rate(), irate(), increase()",
			    name.len > 128 ? 128 : (int)name.len, name.at);
}

static void check_counter(struct cs_lint_run *run, const json_t *panel, const json_t *target)
{
	(void)panel;
	look(run, target, look_at_counter, NULL);
}

void cs_lint_target_counter(struct cs_lint_run *run)
{
	cs_lint_targets(run, check_counter);
}
