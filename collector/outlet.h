/* SPDX-License-Identifier: Apache-2.0 */

/*
 * From what the assembler tells to exporters: gathers spans and log records, and sends what is full, or
 * what there is when it is told to. Context of all: loop.
 */
#pragma once

#include <stdbool.h>

#include "base/cleanup.h"
#include "collector/assembler/assembler.h"
#include "collector/logs/log_records.h"
#include "collector/metrics/metrics.h"
#include "collector/sampler/sampler.h"
#include "collector/spans/spans.h"
#include "exporters/exporter.h"

#define CS_OUTLET_EXPORTERS_MAX 32u /* eight files, eight servers with three signals each */

struct cs_self;

struct cs_outlet {
	struct cs_self *self; /* borrowed */
	struct cs_assembler_sink
		observer;          /* sees all before the exporters; callbacks may be NULL */
	struct cs_sampler sampler; /* between what is told and @spans */
	struct cs_spans spans;
	struct cs_log_records logs;
	struct cs_metrics *metrics;                             /* borrowed; NULL: nobody counts */
	struct cs_exporter *exporters[CS_OUTLET_EXPORTERS_MAX]; /* owned */
	unsigned exporters_count;
	uint64_t spans_read; /* that what was told is made into */
};

/** cs_outlet_init() - without exporters. @observer: copied; may be NULL. */
void cs_outlet_init(struct cs_outlet *outlet, struct cs_self *self,
		    const struct cs_assembler_sink *observer);

/** cs_outlet_deinit() - frees the exporters; what they had not sent is dropped and counted. */
void cs_outlet_deinit(struct cs_outlet *outlet);

/** cs_outlet_add_exporter() - taken, also on failure. Return: 0; -E2BIG. */
int cs_outlet_add_exporter(struct cs_outlet *outlet, struct cs_exporter *exporter) cs_must_use;

/** cs_outlet_sink() - what an assembler is to be given. @outlet outlives it. */
struct cs_assembler_sink cs_outlet_sink(struct cs_outlet *outlet);

/** cs_outlet_send_metrics() - to the exporters that take them. */
void cs_outlet_send_metrics(struct cs_outlet *outlet, const struct cs_metric_batch *batch);

/** cs_outlet_tick() - UINT64_MAX: there is no later. Return: when to call again; 0: the sampler holds nothing. */
uint64_t cs_outlet_tick(struct cs_outlet *outlet, uint64_t now_ns);

/** cs_outlet_send() - what was gathered goes to the exporters now. */
void cs_outlet_send(struct cs_outlet *outlet);

/** cs_outlet_rest() - nothing is gathered, nor soon will be: give the memory back. */
void cs_outlet_rest(struct cs_outlet *outlet);

/** cs_outlet_idle() - have all exporters dealt with what they were given? */
bool cs_outlet_idle(const struct cs_outlet *outlet);
