/* SPDX-License-Identifier: Apache-2.0 */

/* The table of metrics; see metric.h. */
#include "agent/budget/metric.h"

#include <errno.h>
#include <string.h>

#include "base/suggest.h"

static const struct cs_metric_about others[] = {
#define X(id, name, kind, exact, meaning) { name, meaning, CS_QUANTITY_##kind, exact },
	CS_METRICS(X)
#undef X
};

static const char *const phases[] = {
#define X(id, name, meaning) meaning,
	CS_PHASES(X)
#undef X
};

static const char *const facts[] = {
#define X(id, name, meaning) meaning,
	CS_FACTS(X)
#undef X
};

struct cs_metric_about cs_metric_about(unsigned metric)
{
	if (metric < CS_METRIC_FACTS)
		return (struct cs_metric_about){ cs_phase_name(metric), phases[metric],
						 CS_QUANTITY_DURATION, false };
	if (metric <= CS_METRIC_BEFORE_OTHERS) {
		unsigned fact = metric - CS_METRIC_FACTS;
		bool is_time = fact == CS_FACT_ATTACH_COST_NS;

		return (struct cs_metric_about){ is_time ? "overhead" : cs_fact_name(fact),
						 facts[fact],
						 is_time ? CS_QUANTITY_DURATION : CS_QUANTITY_COUNT,
						 !is_time };
	}
	return others[metric - CS_METRIC_BEFORE_OTHERS - 1];
}

int cs_metric_find(const char *name, unsigned *ret)
{
	for (unsigned i = 0; i < CS_METRIC_COUNT; i++) {
		if (!strcmp(cs_metric_about(i).name, name)) {
			*ret = i;
			return 0;
		}
	}
	return -ENOENT;
}

const char *cs_metric_near(const char *name)
{
	const char *names[CS_METRIC_COUNT];
	size_t len = strlen(name);

	for (unsigned i = 0; i < CS_METRIC_COUNT; i++) {
		names[i] = cs_metric_about(i).name;
		/* "warm" is "warm.p50" before it is "wait". */
		if (len && !strncmp(names[i], name, len) && names[i][len] == '.')
			return names[i];
	}
	return cs_suggest(name, names, CS_METRIC_COUNT);
}
