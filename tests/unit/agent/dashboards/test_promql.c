/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of agent/dashboards/promql. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/dashboards/promql.h"

static char seen[512];

static void see(void *user, const struct cs_promql_selector *selector)
{
	size_t len = strlen(seen);

	snprintf(seen + len, sizeof(seen) - len, "%.*s/%zu/%.*s/%.*s ", (int)selector->metric.len,
		 selector->metric.at, selector->matchers_count, (int)selector->range.len,
		 selector->range.at, (int)selector->call.len, selector->call.at);
}

static char *selectors(const char *query)
{
	int r;

	seen[0] = 0;
	r = cs_promql_parse(query, see, NULL, NULL);
	cr_assert(eq(int, r, 0), "%s", query);
	return seen;
}

static char *mistake(const char *query)
{
	static struct cs_diag diag;
	int r;

	diag = (struct cs_diag){ 0 };
	r = cs_promql_parse(query, NULL, NULL, &diag);
	cr_assert(lt(int, r, 0), "%s", query);
	return diag.text;
}

Test(promql, selectors_are_told_with_range_and_function)
{
	cr_assert(eq(str,
		     selectors("sum by (le) (rate(a{x=\"1\",y!~'2',}[5m])) / on () group_left b"),
		     (char *)"a/2/5m/rate b/0// "));
	cr_assert(eq(str, selectors("max_over_time(rate(a[1h30m])[1d:5m] offset -1w)"),
		     (char *)"a/0/1h30m/rate "));
	cr_assert(eq(str, selectors("{__name__=~\"x.+\"} unless {\"a.b\", c=`d`}"),
		     (char *)"/1// a.b/1// "));
	cr_assert(eq(str, selectors("sum + sum_total{} @ end() # sum(x)"),
		     (char *)"sum/0// sum_total/0// "));
}

Test(promql, a_function_is_told_to_its_own_argument_alone)
{
	cr_assert(eq(str, selectors("rate(a[1m]) + b"), (char *)"a/0/1m/rate b/0// "));
	cr_assert(eq(str, selectors("abs((a))"), (char *)"a/0// "));
	cr_assert(eq(str, selectors("histogram_quantile(0.9, sum(a))"), (char *)"a/0// "));
	cr_assert(eq(str, selectors("clamp_min(a, scalar(b))"),
		     (char *)"a/0//clamp_min b/0//scalar "));
}

Test(promql, numbers_words_and_signs_are_read)
{
	static const char *const queries[] = {
		"1",
		"-1e-3 * 0x1F",
		"Inf - nan",
		"time() - 5",
		"2 ^ 3 ^ a",
		"a > bool 1",
		"1 == bool 2",
		"vector(1) or a",
		"pi()",
		"label_join(a, 'x', ',', 'y', 'z')",
		"hour()",
		"hour(a)",
		"count_values without () ('v', a)",
		"a atan2 b",
		"\"text\"",
		"andy + orange",
		"a and b or c unless d",
		"topk(3, a) by (x)",
		"round(a)",
		"round(a, 5)",
		"a offset 5m @ 1.5",
		"a[1h30m5s] @ 1 offset 5m",
		"sum(a)[5m:1m] offset 5m @ end()",
		"a offset 5m[1h:] offset 1h",
		"a offset 0s offset 5m",
		"a == on (x) b",
		"1 + on () group_left () 2",
		"{\"a\", __name__=\"b\"}",
		"a{x=\"\\x41\\u00e9\\101\\\"\"}",
		"max_over_time(a[5m] @ end() offset -1h)",
		"2^-3^-a",
		"a # a comment\n + b",
		"end + start",
		"by + offset",
		"sum by (by, on, bool,) (a)",
		"0x1f + .5 + 5. + 08",
	};

	for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
		struct cs_diag diag = { 0 };
		int r = cs_promql_parse(queries[i], NULL, NULL, &diag);

		cr_assert(eq(int, r, 0), "%s: %s", queries[i], diag.text);
	}
}

/* Prometheus 3, some with feature flags. */
Test(promql, what_newer_ones_read_is_read)
{
	static const char *const newer[] = {
		"5m + a",
		"a[300] offset 5",
		"a @ 1m",
		"{\"a.b\", c=\"d\"}",
		"a{\"b.c\"=\"d\"}",
		"sum by (\"a.b\", c:d) (e)",
		"1_000 + 0x_ff",
		"a[5m + 2 * step()] offset -max_of(1m, range())",
		"sum(a)[(2^3)^2 : 10m / 2]",
		"a[5m] smoothed",
		"rate(a[5m] anchored offset 1h)",
		"a </ 5",
		"a >/ b",
		"info(a, {})",
		"info(a, {__name__=\"b\"})",
		"max_of(1, time()) + step()",
		"histogram_quantiles(a, \"q\", 0.5, 0.9)",
		"limitk(1, a)",
		"mad_over_time(a[5m])",
	};

	for (size_t i = 0; i < sizeof(newer) / sizeof(newer[0]); i++) {
		struct cs_diag diag = { 0 };
		int r = cs_promql_parse(newer[i], NULL, NULL, &diag);

		cr_assert(eq(int, r, 0), "%s: %s", newer[i], diag.text);
	}
}

Test(promql, a_mistake_is_told_with_its_column)
{
	cr_assert(eq(str, mistake("rate(a)"),
		     (char *)"rate() wants series with a range, not series (column 7)"));
	cr_assert(eq(str, mistake("sum(a"), (char *)"expected ')' at its end (column 6)"));
	cr_assert(
		eq(str, mistake("nosuch(a)"), (char *)"there is no function nosuch() (column 8)"));
	cr_assert(eq(str, mistake(""), (char *)"the query ends too early (column 1)"));
}

Test(promql, what_prometheus_refuses_is_refused)
{
	static const char *const queries[] = {
		"a b",
		"a +",
		"rate(a[5m]) offset 5m",
		"sum(a) offset 5m",
		"sum(a) @ 1",
		"(a) offset 5m",
		"a offset 5m offset 6m",
		"a @ 1 @ 2",
		"a[0s]",
		"a[5m1h]",
		"a[5m5m]",
		"a @ +",
		"(a",
		"a)",
		"a{x=1}",
		"a{x}",
		"a{=\"1\"}",
		"a{x=\"1}",
		"{}",
		"{x=\"\"}",
		"{x=~\".*\"}",
		"a[5]m",
		"a[m]",
		"a[5m][5m]",
		"(a)[5m]",
		"1 < 2",
		"a or 1",
		"1 and 2",
		"a[5m] + 1",
		"-a[5m]",
		"'x' + 1",
		"a + bool b",
		"1 + on (x) 2",
		"rate(a[5m], 1)",
		"clamp(a)",
		"sum()",
		"sum(a, b)",
		"topk(a, a)",
		"sum by a (b)",
		"a offset",
		"a @ b",
		"1e",
		"0xg",
		"a or group_left b",
		"a and on (x) group_left () b",
		"time(a)",
		"label_replace(a, b)",
		"a[5m:x]",
		"a{x=\"1\" y=\"2\"}",
		"((1))[5m:1m]",
		"a{\"b\"}",
		"a{__name__=\"b\"}",
		"a{x=\"\\z\"}",
		"'\\\"'",
		"\"\\ud800\"",
		"on",
		"a + bool",
		"sum by (inf) (a)",
		"a{b:c=\"1\"}",
		"a == on (x) group_left (x) b",
		"a[0]",
		"a[-5m]",
		"a[5m / 0]",
		"a[5m < 6m]",
		"a[inf]",
		"a[300y]",
		"a[5m:0s]",
		"a offset inf",
		"a @ nan",
		"a smoothed anchored",
		"sum(a) smoothed",
		"info(a, b)",
		"info(a, b + {c=\"d\"})",
		"max_of(a, 1)",
		"1__0",
		"0x",
		"a:b()",
		"sum(a,)",
	};

	for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++)
		mistake(queries[i]);
}

Test(promql, depth_and_labels_have_bounds)
{
	char query[4096] = "";

	for (unsigned i = 0; i < CS_PROMQL_DEPTH_MAX + 1; i++)
		strcat(query, "(");
	cr_assert(eq(int, cs_promql_parse(query, NULL, NULL, NULL), -E2BIG));
	query[0] = 0;
	for (unsigned i = 0; i < 1000; i++)
		strcat(query, "2^");
	cr_assert(eq(int, cs_promql_parse(query, NULL, NULL, NULL), -E2BIG));
	strcpy(query, "a{");
	for (unsigned i = 0; i < CS_PROMQL_MATCHERS_MAX + 1; i++)
		strcat(query, "x=\"\",");
	strcat(query, "}");
	cr_assert(eq(int, cs_promql_parse(query, NULL, NULL, NULL), -E2BIG));
}
