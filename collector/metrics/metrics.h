/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Metrics of a collector: what is told by the assembler is counted, and pushed each interval and at the end;
 * who serves scrapes may collect at any time. Nobody has to be there who wants them: without it nothing is
 * counted, and no timer runs.
 *
 * Context of all: loop.
 */
#pragma once

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "collector/assembler/assembler.h"
#include "collector/metrics/collect.h"
#include "collector/metrics/settings.h"

struct cs_exporter;
struct cs_metrics;
struct cs_self;

/* Who owns it. */
struct cs_metrics_events {
	void *context;
	/* Before each collection: what is read and not counted is to be handed in now. */
	void (*refresh)(void *context, struct cs_metrics *metrics);
	/* What is pushed; valid during the call. NULL: there is nobody who takes it, and nothing is pushed. */
	void (*push)(void *context, const struct cs_metric_batch *batch);
};

/**
 * cs_metrics_new() - count, and push each settings->interval_ms
 *
 * Return: NULL when out of memory, or without a random number.
 */
struct cs_metrics *cs_metrics_new(struct event_base *base,
				  const struct cs_metric_settings *settings,
				  const struct cs_metrics_events *events) cs_must_use;

/** cs_metrics_free() - Accepts NULL. Return: NULL. */
struct cs_metrics *cs_metrics_free(struct cs_metrics *metrics);

/** What the assembler tells; see struct cs_assembler_sink. */
void cs_metrics_cold_start(struct cs_metrics *metrics, const struct cs_cold_start *cold);
void cs_metrics_invocation(struct cs_metrics *metrics, const struct cs_invocation *invocation);
void cs_metrics_gone(struct cs_metrics *metrics, const struct cs_identity *identity,
		     uint64_t lived_ns);

/** cs_metrics_refresh_living() - in refresh(): how many instances live, of all functions. */
void cs_metrics_refresh_living(struct cs_metrics *metrics, struct cs_assembler *assembler);

/** cs_metrics_refresh_self() - in refresh(): the collector's own counters. */
void cs_metrics_refresh_self(struct cs_metrics *metrics, const struct cs_self *self,
			     struct cs_exporter *const *exporters, unsigned exporters_count);

/** cs_metrics_operation() - a destination has made a request or write; see cs_exporter_operated_fn. */
void cs_metrics_operation(struct cs_metrics *metrics, const struct cs_exporter *exporter,
			  uint64_t took_ns, const char *error);

/** cs_metrics_finish() - a last push, now: exporters that are being waited for get no more. */
void cs_metrics_finish(struct cs_metrics *metrics);

/**
 * cs_metrics_scrape() - everything, cumulative; the next push is as if there had been none
 * @reader: who asks: CS_READER_LOOK or one of the scrapers
 * @past:   of a scraper: what it has been told
 * @ret:    lives in @arena, until the loop goes on
 *
 * Return: false: no memory.
 */
bool cs_metrics_scrape(struct cs_metrics *metrics, unsigned reader, enum cs_reader_past past,
		       struct cs_arena *arena, struct cs_metric_batch *ret) cs_must_use;
