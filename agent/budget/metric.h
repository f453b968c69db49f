/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What a budget may be set on: one table, which feeds the names in coldspan.yaml, the documentation and the
 * sample of a start. Phases and structural counts come from the tables of preload/wire; a number in a
 * sample is a place in this one.
 */
#pragma once

#include <stdbool.h>

#include "agent/budget/quantity.h"
#include "preload/wire/facts.h"
#include "preload/wire/marks.h"

/* Beside phases and facts. X(id, name, kind, exact, meaning) */
#define CS_METRICS(X)                                                                              \
	X(TOTAL, "total", DURATION, false, "the whole cold start")                                 \
	X(UNATTRIBUTED, "unattributed", DURATION, false, "what no phase has")                      \
	X(CPU, "cpu", DURATION, false, "CPU time until it was ready")                              \
	X(FAULTS_MINOR, "faults.minor", COUNT, false, "page faults without input")                 \
	X(FAULTS_MAJOR, "faults.major", COUNT, false, "page faults that read from a disk")         \
	X(MEMORY, "memory", SIZE, false, "high-water mark of resident memory")                     \
	X(MODULES, "import.modules", COUNT, true, "modules whose files were opened")               \
	X(FORBIDDEN, "import.forbidden", COUNT, true, "of these, those that are forbidden")        \
	X(CONNECTS, "connect.count", COUNT, true, "connections that it opened until it was ready") \
	X(WARM_P50, "warm.p50", DURATION, false, "median of its warm invocations")                 \
	X(WARM_P95, "warm.p95", DURATION, false, "of its warm invocations 95% took at most that")

/* Places in a sample: phases, then facts, then the above. */
enum cs_metric {
	CS_METRIC_PHASES = 0,
	CS_METRIC_FACTS = CS_PHASE_COUNT,
	CS_METRIC_BEFORE_OTHERS = CS_METRIC_FACTS + CS_FACT_COUNT - 1,
#define X(id, name, kind, exact, meaning) CS_METRIC_##id,
	CS_METRICS(X)
#undef X
	CS_METRIC_COUNT,
};

struct cs_metric_about {
	const char *name;
	const char *meaning;
	enum cs_quantity_kind kind;
	bool exact; /* a structural count: the same in every start, one is enough */
};

/** cs_metric_about() - what the table says of @metric, below CS_METRIC_COUNT. Context: any-thread. */
struct cs_metric_about cs_metric_about(unsigned metric);

/**
 * cs_metric_find() - by its name
 *
 * Context: any-thread. Return: 0, @ret is set; -ENOENT.
 */
int cs_metric_find(const char *name, unsigned *ret) cs_must_use;

/** cs_metric_near() - the name nearest to a mistyped one; NULL none is near. */
const char *cs_metric_near(const char *name);
