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

		return (struct cs_metric_about){ is_time ? "attach" : cs_fact_name(fact),
						 facts[fact],
						 is_time ? CS_QUANTITY_DURATION : CS_QUANTITY_COUNT,
						 !is_time };
	}
	return others[metric - CS_METRIC_BEFORE_OTHERS - 1];
}

bool cs_metric_is_outside(unsigned metric)
{
	return metric == CS_METRIC_WALL || cs_metric_is_of_process(metric);
}

bool cs_metric_is_of_process(unsigned metric)
{
	return metric == CS_METRIC_CPU_USER || metric == CS_METRIC_CPU_SYS ||
	       metric == CS_METRIC_IO_READ || metric == CS_METRIC_SYSCALLS ||
	       metric == CS_METRIC_INSTRUCTIONS;
}

const char *cs_metric_unmeasured(const char *name)
{
	static const struct {
		const char *name;
		const char *why;
	} table[] = {
		{ "ctors", "it is a part of link" },
		{ "dynlink", "it is a part of exec; write exec, or link for constructors" },
		{ "dynlink.dsos", "it is called shared_objects" },
		{ "dynlink.relocs",
		  "the loader tells them to nobody but LD_DEBUG=statistics; write "
		  "shared_objects, or exec for its time" },
		{ "dynlink.search_misses",
		  "the loader looks before the shim is there; LD_DEBUG=libs "
		  "shows it, lookups.failed has what comes later" },
		{ "files.stat_failed", "it is called lookups.failed" },
		{ "first_byte", "it is called respond" },
		{ "first_handler", "it is called handler" },
		{ "first_poll", "it is the end of code; write code" },
		{ "libc_main", "it is a part of runtime" },
		{ "listen", "it is the end of code; write code" },
		{ "mmap.bytes",
		  "mappings are not followed; write memory, which is what they cost" },
		{ "rss.peak", "it is called memory" },
		{ "runtime_init", "it is called runtime" },
		{ "user_code", "it is called code" },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (!strcmp(table[i].name, name))
			return table[i].why;
	}
	return NULL;
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
	const char *names[CS_METRIC_COUNT + 1], *dot;
	size_t len = strlen(name);

	for (unsigned i = 0; i < CS_METRIC_COUNT; i++) {
		names[i] = cs_metric_about(i).name;
		dot = strrchr(names[i], '.');
		/* "warm" is "warm.p50" before it is "wait", "modules" is "import.modules". */
		if ((len && !strncmp(names[i], name, len) && names[i][len] == '.') ||
		    (dot && !strcmp(dot + 1, name)))
			return names[i];
	}
	names[CS_METRIC_COUNT] = "overhead"; /* of two: what it is of is in no single start */
	return cs_suggest(name, names, CS_METRIC_COUNT + 1);
}
