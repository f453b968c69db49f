/* SPDX-License-Identifier: Apache-2.0 */

/* The collector's own counters as metrics. No I/O, no clock. Context of all: loop. */
#pragma once

#include <stdint.h>

#include "collector/metrics/store.h"

struct cs_exporter;
struct cs_self;

/* What the kernel says of this process. */
struct cs_own_usage {
	uint64_t user_ns;
	uint64_t system_ns;
	uint64_t resident_bytes; /* 0: not known */
};

/** cs_self_metrics_counters() - what @self has counted by now. @now_ns: CLOCK_MONOTONIC */
void cs_self_metrics_counters(struct cs_metric_store *store, const struct cs_self *self,
			      uint64_t now_ns, uint64_t now_unix_ns);

/** cs_self_metrics_usage() - what it has used by now */
void cs_self_metrics_usage(struct cs_metric_store *store, const struct cs_own_usage *usage,
			   uint64_t now_unix_ns);

/** cs_self_metrics_operation() - of a destination, a request or write; @error: as in exporters/exporter.h */
void cs_self_metrics_operation(struct cs_metric_store *store, const struct cs_exporter *exporter,
			       uint64_t took_ns, const char *error, uint64_t now_unix_ns);

/** cs_self_metrics_collection() - metrics were collected, for that reader */
void cs_self_metrics_collection(struct cs_metric_store *store, unsigned reader, uint64_t took_ns,
				uint64_t now_unix_ns);

/** cs_self_metrics_clock() - REALTIME - MONOTONIC is now @shift_s more than when we began */
void cs_self_metrics_clock(struct cs_metric_store *store, double shift_s, uint64_t now_unix_ns);

/** cs_self_metrics_exporter() - what became of what a destination was given */
void cs_self_metrics_exporter(struct cs_metric_store *store, const struct cs_exporter *exporter,
			      uint64_t now_unix_ns);
