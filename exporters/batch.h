/* SPDX-License-Identifier: Apache-2.0 */

/* A batch of any signal: what exporters take. */
#pragma once

#include "exporters/telemetry.h"
#include "exporters/telemetry_metrics.h"

enum cs_signal {
	CS_SIGNAL_TRACES,
	CS_SIGNAL_METRICS,
	CS_SIGNAL_LOGS,
	CS_SIGNAL_COUNT,
};

/* Borrowed. */
struct cs_batch {
	enum cs_signal signal;
	union {
		const struct cs_span_batch *spans;
		const struct cs_metric_batch *metrics;
		const struct cs_log_batch *logs;
	};
};

/** cs_batch_of_spans() - Context: any-thread (pure). */
static inline struct cs_batch cs_batch_of_spans(const struct cs_span_batch *spans)
{
	return (struct cs_batch){ .signal = CS_SIGNAL_TRACES, .spans = spans };
}

/** cs_batch_of_metrics() - Context: any-thread (pure). */
static inline struct cs_batch cs_batch_of_metrics(const struct cs_metric_batch *metrics)
{
	return (struct cs_batch){ .signal = CS_SIGNAL_METRICS, .metrics = metrics };
}

/** cs_batch_of_logs() - Context: any-thread (pure). */
static inline struct cs_batch cs_batch_of_logs(const struct cs_log_batch *logs)
{
	return (struct cs_batch){ .signal = CS_SIGNAL_LOGS, .logs = logs };
}

/** cs_batch_count() - items in it: spans, data points, log records. Context: any-thread (pure). */
static inline size_t cs_batch_count(struct cs_batch batch)
{
	switch (batch.signal) {
	case CS_SIGNAL_TRACES:
		return cs_span_batch_count(batch.spans);
	case CS_SIGNAL_METRICS:
		return cs_metric_batch_count(batch.metrics);
	case CS_SIGNAL_LOGS:
		return cs_log_batch_count(batch.logs);
	case CS_SIGNAL_COUNT:
		break;
	}
	return 0;
}
