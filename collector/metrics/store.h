/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What is counted: groups (a function, or the collector itself) of series, within two bounds. A metric of
 * a group has at most series_max sets of attributes, and all together take at most bytes_max; what comes
 * beyond either is counted in the metric's overflow series, so that sums stay right, and where there is no
 * memory even for that, the measurement is lost and counted as such. Where it was crowded, series and groups in which
 * nothing was measured for long make room; they would begin with 0 again, and later. What is said but once, by a
 * gauge, and sums of what overflowed stay as long as their group is in use. No I/O and no clock: time is passed in.
 *
 * Context of all: loop.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "collector/metrics/instruments.h"
#include "collector/metrics/series.h"
#include "collector/metrics/settings.h"
#include "exporters/telemetry.h"

#define CS_METRIC_SERIES_MAX 2000u       /* OpenTelemetry's limit of cardinality */
#define CS_METRIC_BYTES_MAX  (32u << 20) /* some ten thousand histograms */
#define CS_METRIC_GROUPS_MAX 1000u       /* whoever starts functions can name them as he likes */
#define CS_METRIC_ZERO_NS    1000000ull  /* from the start of a series to its first point */
#define CS_METRIC_MOMENT_NS  (2 * CS_METRIC_ZERO_NS) /* the least between two pushes */
#define CS_METRIC_BUCKETS    4096u
#define CS_METRIC_IDLE_NS    3600000000000ull /* after that a series makes room, where there is none */
#define CS_SCRAPERS_MAX      16u

struct cs_metric_group {
	STAILQ_ENTRY(cs_metric_group) of_store;
	struct cs_attrs resource;                                 /* in the same memory */
	STAILQ_HEAD(, cs_series) metrics[CS_INSTRUMENT_ID_COUNT]; /* oldest first */
	unsigned counts[CS_INSTRUMENT_ID_COUNT];
	uint64_t touched_ns; /* when something was measured in it last; as that of series */
	bool crowded;        /* one of its metrics had no room since the last sweep */
};

/* Each answer tells of all series that there are: so the number of the newest one says which were told. */
struct cs_metric_scraper {
	uint64_t told;    /* it knows those up to that number */
	uint64_t telling; /* ... and, once its last answer has arrived, up to that */
};

struct cs_metric_store {
	struct cs_metric_settings settings;
	uint8_t key[16]; /* of hashes */
	size_t series_max;
	size_t bytes_max;
	size_t groups_count;
	size_t bytes; /* that groups and series take */
	uint64_t
		now_ns; /* CLOCK_MONOTONIC, kept by the owner: what is idle is not told by steps of a clock */
	uint64_t pushed_unix_ns; /* when the last push was collected; at first, the start */
	uint64_t swept_unix_ns;  /* when series were last freed; 0: never */
	uint64_t lost;           /* measurements */
	uint64_t overflowed;     /* measurements */
	uint64_t groups_gone;    /* whoever remembers groups has to forget them when it grows */
	uint64_t numbered;       /* series that were ever made */
	struct cs_metric_scraper scrapers[CS_SCRAPERS_MAX];
	bool crowded; /* there was no room for anybody since the last sweep */
	STAILQ_HEAD(, cs_metric_group) groups; /* the first is the collector's own */
	struct cs_metric_group *own;
	LIST_HEAD(, cs_series) * buckets; /* of a hash table */
};

/* One value, and what is to be known of it. */
struct cs_measurement {
	enum cs_instrument_id instrument;
	struct cs_attrs attrs;       /* keys are constants */
	double value;                /* finite; of histograms and counters not below 0 */
	uint64_t time_unix_ns;       /* when it was measured */
	struct cs_trace_id trace_id; /* all zero: it cannot stand for others */
	struct cs_span_id span_id;
	bool cold; /* it rather stands for others than a warm one */
};

/**
 * cs_metric_store_init() - with nothing but the collector's own group
 * @own:      its resource; values are copied, keys are constants
 * @key:      16 bytes that nobody outside can foresee
 * @unix_ns:  now
 *
 * Return: 0; -ENOMEM.
 */
int cs_metric_store_init(struct cs_metric_store *store, const struct cs_metric_settings *settings,
			 const struct cs_attrs *own, const uint8_t key[16], uint64_t unix_ns)
	cs_must_use;

/** cs_metric_store_deinit() - of one that was initialised, or is all zero. */
void cs_metric_store_deinit(struct cs_metric_store *store);

/**
 * cs_metric_store_group() - that with this service.name and service.namespace; made if it is not there
 *
 * Return: valid until groups_gone grows; NULL: there is no room.
 */
struct cs_metric_group *cs_metric_store_group(struct cs_metric_store *store,
					      const struct cs_attrs *resource);

/** cs_metric_store_add() - @group NULL: there was no room for it; it overflows. */
void cs_metric_store_add(struct cs_metric_store *store, struct cs_metric_group *group,
			 const struct cs_measurement *measurement, uint64_t now_unix_ns);

/** cs_metric_store_set() - not a difference but the value itself, of what is counted elsewhere */
void cs_metric_store_set(struct cs_metric_store *store, struct cs_metric_group *group,
			 const struct cs_measurement *measurement, uint64_t now_unix_ns);

/**
 * cs_metric_store_sweep() - free what is idle at now_ns, where there was no room since it was done last
 *
 * What was collected before is no longer valid.
 */
void cs_metric_store_sweep(struct cs_metric_store *store, uint64_t now_unix_ns);

/** cs_metric_store_clear() - all series of @instrument are 0 now: what is, is about to be counted. */
void cs_metric_store_clear(struct cs_metric_store *store, enum cs_instrument_id instrument);
