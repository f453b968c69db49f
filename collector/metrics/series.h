/* SPDX-License-Identifier: Apache-2.0 */

/* One series: a metric of a group with one set of attributes, and what was counted in it. Of the store. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/cleanup.h"
#include "collector/metrics/exemplars.h"
#include "collector/metrics/histogram.h"
#include "collector/metrics/instruments.h"
#include "collector/metrics/settings.h"
#include "exporters/telemetry.h"

#define CS_OVERFLOW_KEY "otel.metric.overflow"

struct cs_metric_group;

struct cs_series_histogram {
	struct cs_histogram total;
	struct cs_histogram recent; /* since the last push; of delta temporality only */
	struct cs_exemplars exemplars;
	uint64_t words[]; /* buckets of both */
};

struct cs_series {
	LIST_ENTRY(cs_series) of_bucket;
	STAILQ_ENTRY(cs_series) of_metric;
	struct cs_metric_group *group;
	enum cs_instrument_id instrument;
	bool pushed_once;
	uint64_t number; /* of all that the store ever made, from 1 */
	uint64_t hash;
	uint64_t start_unix_ns;                /* nothing was counted before */
	uint64_t created_unix_ns;              /* when the first value came */
	uint64_t touched_ns;                   /* when the last one did; CLOCK_MONOTONIC */
	struct cs_attrs attrs;                 /* in the same memory */
	double value;                          /* integers are exact up to 2^53 */
	double pushed;                         /* of it, at the last push */
	struct cs_series_histogram *histogram; /* owned; NULL: it is none */
	size_t bytes;                          /* that it takes */
};

/** cs_series_bytes() - what one with such attributes takes; of delta temporality with what is recent, too. */
size_t cs_series_bytes(const struct cs_metric_settings *settings, enum cs_instrument_id instrument,
		       const struct cs_attrs *attrs);

/**
 * cs_series_new() - Keys are constants, values are copied; bounds that were asked for stay in the settings
 *
 * Return: NULL when out of memory.
 */
struct cs_series *cs_series_new(const struct cs_metric_settings *settings,
				enum cs_instrument_id instrument, const struct cs_attrs *attrs)
	cs_must_use;

/** cs_series_free() - Return: NULL. */
struct cs_series *cs_series_free(struct cs_series *series);

/** cs_series_hash() - of what makes it the one that it is; @key: nobody outside knows it. Pure. */
uint64_t cs_series_hash(const uint8_t *key, const struct cs_metric_group *group,
			enum cs_instrument_id instrument, const struct cs_attrs *attrs);

/** cs_series_same() - the same keys with the same values, in the same order. Pure. */
bool cs_series_same(const struct cs_attrs *a, const struct cs_attrs *b);

/** cs_attrs_bytes() - what cs_attrs_pack() needs. */
size_t cs_attrs_bytes(const struct cs_attrs *attrs);

/** cs_attrs_pack() - a copy in @memory, of cs_attrs_bytes(); strings, truths and numbers only. */
struct cs_attrs cs_attrs_pack(const struct cs_attrs *attrs, void *memory);
