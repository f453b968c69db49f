/* SPDX-License-Identifier: Apache-2.0 */

/*
 * From what instances tell to the exporters: feeds the assembler, whose outlet sends. A batch leaves
 * when it is full, or CS_PIPELINE_DELAY_MS after its first span; the timer runs only while something
 * is held. Context of all: loop.
 */
#pragma once

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "collector/assembler/assembler.h"
#include "collector/assembler/metering.h"
#include "collector/instances/instance.h"
#include "collector/outlet.h"
#include "collector/sideband/sideband.h"

#define CS_PIPELINE_DELAY_MS 200u

struct cs_pipeline {
	struct cs_self *self; /* borrowed */
	struct cs_assembler *assembler;
	struct cs_sideband *sideband; /* owned; NULL: nothing is followed from outside */
	void (*quiet)(void);          /* may be NULL: called when nothing is held any more */
	struct cs_outlet outlet;
	struct cs_metrics *metrics; /* owned; NULL: nobody counts */
	struct cs_metering metering;
	struct event timer;
	struct event held_timer; /* for what the sampler holds */
	uint64_t segments;       /* last number given */
};

/**
 * cs_pipeline_init() - empty, with a fresh key for ids
 * @observer: copied; may be NULL
 *
 * Return: 0; -ENOMEM; errno of getrandom().
 */
int cs_pipeline_init(struct cs_pipeline *pipeline, struct event_base *base, struct cs_self *self,
		     const struct cs_assembler_sink *observer) cs_must_use;

/** cs_pipeline_deinit() - frees the exporters; what they had not sent is dropped and counted. */
void cs_pipeline_deinit(struct cs_pipeline *pipeline);

/** cs_pipeline_follow() - what the kernel tells by @sideband (taken) counts, too. */
void cs_pipeline_follow(struct cs_pipeline *pipeline, struct cs_sideband *sideband);

/**
 * cs_pipeline_measure() - count from now on, and push what is counted to the exporters that take metrics
 *
 * Once; a second call changes nothing. Return: 0; -ENOMEM.
 */
int cs_pipeline_measure(struct cs_pipeline *pipeline, struct event_base *base,
			const struct cs_metric_settings *settings) cs_must_use;

/** cs_pipeline_attach() - a new instance; sets its `model`, NULL if there was no memory. */
void cs_pipeline_attach(struct cs_pipeline *pipeline, struct cs_instance *instance);

/**
 * cs_pipeline_look() - take its marks and facts over; at the look that first sees it ready, also
 * what its process has used so far
 */
void cs_pipeline_look(struct cs_pipeline *pipeline, struct cs_instance *instance);

/** cs_pipeline_exited() - @process just ended: what it used can be read until somebody waits. */
void cs_pipeline_exited(struct cs_pipeline *pipeline, struct cs_instance *instance,
			const struct cs_process *process);

/** cs_pipeline_record() - one record of its ring. */
void cs_pipeline_record(struct cs_pipeline *pipeline, struct cs_instance *instance,
			const struct cs_entry *entry);

/** cs_pipeline_read() - a look has read such records; see struct cs_instance_events. */
void cs_pipeline_read(struct cs_pipeline *pipeline, struct cs_instance *instance,
		      uint64_t until_ns);

/** cs_pipeline_ended() - one of its members ended. */
void cs_pipeline_ended(struct cs_pipeline *pipeline, struct cs_instance *instance,
		       const struct cs_member *member, const struct cs_ended *ended);

/** cs_pipeline_detach() - the instance is about to be freed. */
void cs_pipeline_detach(struct cs_pipeline *pipeline, struct cs_instance *instance);

/** cs_pipeline_flush() - everything that is held goes to the exporters now, and what is counted, for the last time. */
void cs_pipeline_flush(struct cs_pipeline *pipeline);

/** cs_pipeline_get_stats() - fill in the counters that the assembler and the spans keep. */
void cs_pipeline_get_stats(const struct cs_pipeline *pipeline, struct cs_self *self);
