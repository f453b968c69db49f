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

/** cs_self_metrics_counters() - what @self has counted by now */
void cs_self_metrics_counters(struct cs_metric_store *store, const struct cs_self *self,
			      uint64_t now_unix_ns);

/** cs_self_metrics_usage() - what it has used by now */
void cs_self_metrics_usage(struct cs_metric_store *store, const struct cs_own_usage *usage,
			   uint64_t now_unix_ns);

/** cs_self_metrics_exporter() - what became of what a destination was given */
void cs_self_metrics_exporter(struct cs_metric_store *store, const struct cs_exporter *exporter,
			      uint64_t now_unix_ns);
