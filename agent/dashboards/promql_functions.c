/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Tables; see promql_functions.h. Prometheus 3, promql/parser/functions.go and lex.go; holt_winters() was what
 * Prometheus 2 called double_exponential_smoothing().
 */
#include "agent/dashboards/promql_functions.h"

#include <string.h>
#include <strings.h>

#define V CS_PROMQL_VECTOR
#define S CS_PROMQL_SCALAR

static const struct cs_promql_function functions[] = {
	{ "abs", "v", V },
	{ "absent", "v", V },
	{ "absent_over_time", "m", V },
	{ "acos", "v", V },
	{ "acosh", "v", V },
	{ "asin", "v", V },
	{ "asinh", "v", V },
	{ "atan", "v", V },
	{ "atanh", "v", V },
	{ "avg_over_time", "m", V },
	{ "ceil", "v", V },
	{ "changes", "m", V },
	{ "clamp", "vss", V },
	{ "clamp_max", "vs", V },
	{ "clamp_min", "vs", V },
	{ "cos", "v", V },
	{ "cosh", "v", V },
	{ "count_over_time", "m", V },
	{ "day_of_month", "?v", V },
	{ "day_of_week", "?v", V },
	{ "day_of_year", "?v", V },
	{ "days_in_month", "?v", V },
	{ "deg", "v", V },
	{ "delta", "m", V },
	{ "deriv", "m", V },
	{ "double_exponential_smoothing", "mss", V },
	{ "end", "", S },
	{ "exp", "v", V },
	{ "first_over_time", "m", V },
	{ "floor", "v", V },
	{ "histogram_avg", "v", V },
	{ "histogram_count", "v", V },
	{ "histogram_fraction", "ssv", V },
	{ "histogram_quantile", "sv", V },
	{ "histogram_quantiles", "vts?s?s?s?s?s?s?s?s?s", V },
	{ "histogram_stddev", "v", V },
	{ "histogram_stdvar", "v", V },
	{ "histogram_sum", "v", V },
	{ "holt_winters", "mss", V },
	{ "hour", "?v", V },
	{ "idelta", "m", V },
	{ "increase", "m", V },
	{ "info", "v?v", V },
	{ "irate", "m", V },
	{ "label_join", "vtt*t", V },
	{ "label_replace", "vtttt", V },
	{ "last_over_time", "m", V },
	{ "ln", "v", V },
	{ "log10", "v", V },
	{ "log2", "v", V },
	{ "mad_over_time", "m", V },
	{ "max_of", "ss", S },
	{ "max_over_time", "m", V },
	{ "min_of", "ss", S },
	{ "min_over_time", "m", V },
	{ "minute", "?v", V },
	{ "month", "?v", V },
	{ "pi", "", S },
	{ "predict_linear", "ms", V },
	{ "present_over_time", "m", V },
	{ "quantile_over_time", "sm", V },
	{ "rad", "v", V },
	{ "range", "", S },
	{ "rate", "m", V },
	{ "resets", "m", V },
	{ "round", "v?s", V },
	{ "scalar", "v", S },
	{ "sgn", "v", V },
	{ "sin", "v", V },
	{ "sinh", "v", V },
	{ "sort", "v", V },
	{ "sort_by_label", "v*t", V },
	{ "sort_by_label_desc", "v*t", V },
	{ "sort_desc", "v", V },
	{ "sqrt", "v", V },
	{ "start", "", S },
	{ "start_timestamp", "v", V },
	{ "stddev_over_time", "m", V },
	{ "stdvar_over_time", "m", V },
	{ "step", "", S },
	{ "sum_over_time", "m", V },
	{ "tan", "v", V },
	{ "tanh", "v", V },
	{ "time", "", S },
	{ "timestamp", "v", V },
	{ "ts_of_first_over_time", "m", V },
	{ "ts_of_last_over_time", "m", V },
	{ "ts_of_max_over_time", "m", V },
	{ "ts_of_min_over_time", "m", V },
	{ "vector", "s", V },
	{ "year", "?v", V },
};

static const char *const aggregations[][2] = {
	{ "avg", "v" },   { "bottomk", "sv" },     { "count", "v" },   { "count_values", "tv" },
	{ "group", "v" }, { "limit_ratio", "sv" }, { "limitk", "sv" }, { "max", "v" },
	{ "min", "v" },   { "quantile", "sv" },    { "stddev", "v" },  { "stdvar", "v" },
	{ "sum", "v" },   { "topk", "sv" },
};

int cs_promql_is(struct cs_promql_text text, const char *word)
{
	return strlen(word) == text.len && !memcmp(text.at, word, text.len);
}

const struct cs_promql_function *cs_promql_function(struct cs_promql_text name)
{
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		if (cs_promql_is(name, functions[i].name))
			return &functions[i];
	}
	return NULL;
}

const char *cs_promql_aggregation(struct cs_promql_text name)
{
	for (size_t i = 0; i < sizeof(aggregations) / sizeof(aggregations[0]); i++) {
		if (strlen(aggregations[i][0]) == name.len &&
		    !strncasecmp(name.at, aggregations[i][0], name.len))
			return aggregations[i][1];
	}
	return NULL;
}

char cs_promql_next_type(const char **takes)
{
	if (**takes == '?')
		++*takes;
	if (**takes == '*')
		return (*takes)[1];
	return **takes ? *(*takes)++ : '\0';
}

bool cs_promql_wants_more(const char *takes)
{
	return *takes && *takes != '?' && *takes != '*';
}
