/* SPDX-License-Identifier: Apache-2.0 */

/*
 * From what is counted to what exporters are given. No reader disturbs another: the push, whose state is what delta
 * temporality is a difference to, and whoever scrapes, which is always cumulative.
 *
 * A value that is the first of its series is no increase to who computes rates. To the push a new series
 * was 0 at its start, which is when the push before it was collected, and this is told in a point of its own.
 * A scrape tells of one moment only: there a new series is 0 once to each scraper, if it is new indeed. To who
 * just looks it is what it is.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "collector/metrics/store.h"
#include "exporters/prometheus/readers.h"
#include "exporters/telemetry_metrics.h"

/* A series that is older than that is not new to a scrape: Prometheus remembers no longer, either. */
#define CS_METRIC_NEW_NS 300000000000ull

/* Readers. */
#define CS_READER_PUSH   0u
#define CS_READER_LOOK   1u /* who does not come again */
#define CS_READER_SCRAPE 2u /* the first scraper; others are beyond, CS_SCRAPERS_MAX in all */

/**
 * cs_metric_store_collect() - everything, as it is now
 * @ret: lives as long as what is in @arena, and no longer than the store is left alone
 *
 * Context: loop. Return: false: there is nothing, or no memory; then the reader's state is as it was.
 */
bool cs_metric_store_collect(struct cs_metric_store *store, unsigned reader, uint64_t now_unix_ns,
			     struct cs_arena *arena, struct cs_metric_batch *ret);

/**
 * cs_metric_store_told() - what became of all that a scraper was told in the collection before; of others nothing
 *
 * Until this is said, nothing of it counts as told. Context: loop.
 */
void cs_metric_store_told(struct cs_metric_store *store, unsigned reader, enum cs_reader_past past);
