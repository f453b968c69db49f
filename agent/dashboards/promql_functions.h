/* SPDX-License-Identifier: Apache-2.0 */

/* The functions of PromQL, and what they take. */
#pragma once

#include <stdbool.h>

#include "agent/dashboards/promql.h"

enum cs_promql_type {
	CS_PROMQL_SCALAR = 's',
	CS_PROMQL_VECTOR = 'v',
	CS_PROMQL_MATRIX = 'm', /* with a range */
	CS_PROMQL_STRING = 't',
};

struct cs_promql_function {
	const char *name;
	const char *
		takes; /* a letter of cs_promql_type for each; behind '?' left out or not; before '*' often */
	enum cs_promql_type gives;
};

/** cs_promql_function() - by its name; NULL: there is none. Context: any-thread. */
const struct cs_promql_function *cs_promql_function(struct cs_promql_text name);

/** cs_promql_aggregation() - what an aggregation takes ("v", "sv", "tv"); NULL: it is none. */
const char *cs_promql_aggregation(struct cs_promql_text name);

/** cs_promql_next_type() - the type that *@takes wants next, on which it moves; 0: nothing. */
char cs_promql_next_type(const char **takes);

/** cs_promql_wants_more() - may none be left out? */
bool cs_promql_wants_more(const char *takes);
