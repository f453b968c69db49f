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
	X(WALL, "wall", DURATION, false, "from the spawn until it was ready, seen from outside")   \
	X(CPU, "cpu", DURATION, false, "CPU time until it was ready")                              \
	X(CPU_USER, "cpu.user", DURATION, false, "CPU time of its whole life in its own code")     \
	X(CPU_SYS, "cpu.sys", DURATION, false, "CPU time of its whole life in the kernel")         \
	X(CPU_WAIT, "cpu.wait", DURATION, false, "until it was ready, without running")            \
	X(FAULTS_MINOR, "faults.minor", COUNT, false, "page faults without input")                 \
	X(FAULTS_MAJOR, "faults.major", COUNT, false, "page faults that read from a disk")         \
	X(IO_READ, "io.read_bytes", SIZE, false, "read from disks in its whole life")              \
	X(FILES, "files.opened", COUNT, true, "opens of files of any class")                       \
	X(SYSCALLS, "syscalls", COUNT, false, "system calls until it was ready")                   \
	X(INSTRUCTIONS, "instructions", COUNT, false, "that CPUs retired for it, in user mode")    \
	X(MEMORY, "memory", SIZE, false, "high-water mark of resident memory")                     \
	X(MODULES, "import.modules", COUNT, true, "modules whose files were opened")               \
	X(FORBIDDEN, "import.forbidden", COUNT, true, "of these, those that are forbidden")        \
	X(CONNECTS, "connect.count", COUNT, true, "connections that it opened until it was ready") \
	X(PACKAGE, "package.bytes", SIZE, true, "of the folder or file that is deployed")          \
	X(COST, "cost.per_million", COST, false, "of a million invocations, at the plan's prices") \
	X(WARM_P50, "warm.p50", DURATION, false, "median of its warm invocations")                 \
	X(WARM_P95, "warm.p95", DURATION, false, "of its warm invocations 95% took at most that")

/* Places in a sample: phases, then facts, then the above. */
enum cs_budget_metric {
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

/** cs_metric_is_outside() - is it seen of a process without the shim, too? Context: any-thread. */
bool cs_metric_is_outside(unsigned metric);

/** cs_metric_is_of_process() - is it of the process that is started, with all that it started? */
bool cs_metric_is_of_process(unsigned metric);

/**
 * cs_metric_unmeasured() - why a metric that others have is not measured
 *
 * Context: any-thread. Return: what to write instead, or where to look; NULL: nobody has such a metric.
 */
const char *cs_metric_unmeasured(const char *name);

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
