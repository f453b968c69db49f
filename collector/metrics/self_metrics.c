/* SPDX-License-Identifier: Apache-2.0 */

/* Own counters → series of the collector's group; see self_metrics.h. */
#include "collector/metrics/self_metrics.h"

#include "coldspan_config.h"
#include "collector/metrics/collect.h"
#include "collector/self.h"
#include "exporters/exporter.h"

#define REASON          "coldspan.reason"
#define COMPONENT       "otel.component.name"
#define SAMPLING_RESULT "otel.span.sampling_result"

static void put(struct cs_metric_store *store, enum cs_instrument_id id,
		const struct cs_attr *attrs, size_t attrs_count, double value, uint64_t now_unix_ns)
{
	cs_metric_store_set(store, store->own,
			    &(struct cs_measurement){
				    .instrument = id,
				    .attrs = { .items = attrs, .count = attrs_count },
				    .value = value,
			    },
			    now_unix_ns);
}

static void put_by(struct cs_metric_store *store, enum cs_instrument_id id, const char *key,
		   const char *text, double value, uint64_t now_unix_ns)
{
	struct cs_attr attr = { key, { .type = CS_VALUE_STRING, .string = text } };

	put(store, id, &attr, 1, value, now_unix_ns);
}

static void put_drops(struct cs_metric_store *store, const struct cs_self *self,
		      uint64_t now_unix_ns)
{
	const struct {
		const char *reason;
		uint64_t count;
	} drops[] = {
		{ "ring_full", self->dropped },
		{ "torn", self->torn },
		{ "corrupt", self->corrupt },
		{ "unknown_record", self->unknown_records },
		{ "requests", self->requests_dropped },
		{ "calls", self->calls_dropped },
		{ "api", self->api_dropped },
		{ "log_lines", self->log_lines_lost + self->log_lines_limited },
		{ "no_memory", self->spans_lost + self->log_records_lost },
	};

	for (size_t i = 0; i < sizeof(drops) / sizeof(drops[0]); i++)
		put_by(store, CS_INSTRUMENT_EVENTS_DROPPED, REASON, drops[i].reason,
		       (double)drops[i].count, now_unix_ns);
}

static void put_sampling(struct cs_metric_store *store, const struct cs_self *self,
			 uint64_t now_unix_ns)
{
	static const char *const deciders[] = {
#define X(id, name) [CS_SAMPLED_OUT_##id] = name,
		CS_SAMPLED_OUT(X)
#undef X
	};
	uint64_t dropped = 0;

	for (unsigned i = 0; i < CS_SAMPLED_OUT_COUNT; i++) {
		dropped += self->sampling.out[i];
		put_by(store, CS_INSTRUMENT_SPANS_OUT, REASON, deciders[i],
		       (double)self->sampling.out[i], now_unix_ns);
	}
	for (unsigned i = 0; i < CS_TAIL_RULE_COUNT; i++)
		put_by(store, CS_INSTRUMENT_SPANS_SAMPLED, REASON,
		       cs_tail_rule_name((enum cs_tail_rule)i), (double)self->sampling.kept[i],
		       now_unix_ns);
	put(store, CS_INSTRUMENT_SAMPLING_HURRIED, NULL, 0, (double)self->sampling.hurried,
	    now_unix_ns);
	put_by(store, CS_INSTRUMENT_SPANS_STARTED, SAMPLING_RESULT, "RECORD_AND_SAMPLE",
	       (double)(self->spans + self->spans_lost), now_unix_ns);
	put_by(store, CS_INSTRUMENT_SPANS_STARTED, SAMPLING_RESULT, "DROP", (double)dropped,
	       now_unix_ns);
}

void cs_self_metrics_counters(struct cs_metric_store *store, const struct cs_self *self,
			      uint64_t now_ns, uint64_t now_unix_ns)
{
	static const char *const refusals[] = {
#define X(id, name, meaning) [CS_REFUSAL_##id] = name,
		CS_REFUSALS(X)
#undef X
	};
	struct cs_ring_fill fill = self->fill;

	put(store, CS_INSTRUMENT_RING_UTILIZATION, NULL, 0, cs_ring_fill_get(&fill, now_ns),
	    now_unix_ns);
	put(store, CS_INSTRUMENT_EVENTS, NULL, 0, (double)self->records, now_unix_ns);
	put_drops(store, self, now_unix_ns);
	for (unsigned i = 0; i < CS_STAND_DOWN_COUNT; i++)
		put_by(store, CS_INSTRUMENT_STAND_DOWNS, REASON, cs_stand_down_name(i),
		       (double)self->stood_down[i], now_unix_ns);
	for (unsigned i = CS_REFUSAL_NONE + 1; i < CS_REFUSAL_COUNT; i++)
		put_by(store, CS_INSTRUMENT_REFUSED, REASON, refusals[i], (double)self->refused[i],
		       now_unix_ns);
	put_sampling(store, self, now_unix_ns);
	put(store, CS_INSTRUMENT_LOGS_CREATED, NULL, 0, (double)self->log_records, now_unix_ns);
	put(store, CS_INSTRUMENT_METRICS_LOST, NULL, 0, (double)store->lost, now_unix_ns);
	put_by(store, CS_INSTRUMENT_BUILD_INFO, "service.version", CS_VERSION, 1, now_unix_ns);
}

void cs_self_metrics_usage(struct cs_metric_store *store, const struct cs_own_usage *usage,
			   uint64_t now_unix_ns)
{
	put_by(store, CS_INSTRUMENT_OWN_CPU, "cpu.mode", "user", (double)usage->user_ns / 1e9,
	       now_unix_ns);
	put_by(store, CS_INSTRUMENT_OWN_CPU, "cpu.mode", "system", (double)usage->system_ns / 1e9,
	       now_unix_ns);
	if (usage->resident_bytes)
		put(store, CS_INSTRUMENT_OWN_MEMORY, NULL, 0, (double)usage->resident_bytes,
		    now_unix_ns);
}

/* A measurement, and no counter that is read. */
static void add(struct cs_metric_store *store, enum cs_instrument_id id,
		const struct cs_attrs *attrs, uint64_t took_ns, uint64_t now_unix_ns)
{
	cs_metric_store_add(store, store->own,
			    &(struct cs_measurement){
				    .instrument = id,
				    .attrs = *attrs,
				    .value = (double)took_ns / 1e9,
				    .time_unix_ns = now_unix_ns,
			    },
			    now_unix_ns);
}

void cs_self_metrics_operation(struct cs_metric_store *store, const struct cs_exporter *exporter,
			       uint64_t took_ns, const char *error, uint64_t now_unix_ns)
{
	const struct cs_attr attrs[] = {
		{ COMPONENT,
		  { .type = CS_VALUE_STRING, .string = cs_exporter_get_name(exporter) } },
		{ "error.type", { .type = CS_VALUE_STRING, .string = error } },
	};

	add(store, CS_INSTRUMENT_EXPORT_DURATION,
	    &(struct cs_attrs){ .items = attrs, .count = error ? 2 : 1 }, took_ns, now_unix_ns);
}

void cs_self_metrics_collection(struct cs_metric_store *store, unsigned reader, uint64_t took_ns,
				uint64_t now_unix_ns)
{
	/* Types of components, as the conventions name them, and the number of the first of its type. */
	const struct cs_attr attr = {
		COMPONENT,
		{ .type = CS_VALUE_STRING,
		  .string = reader == CS_READER_PUSH ? "periodic_metric_reader/0"
						     : "prometheus_http_text_metric_exporter/0" },
	};

	add(store, CS_INSTRUMENT_COLLECTION_DURATION,
	    &(struct cs_attrs){ .items = &attr, .count = 1 }, took_ns, now_unix_ns);
}

void cs_self_metrics_clock(struct cs_metric_store *store, double shift_s, uint64_t now_unix_ns)
{
	put(store, CS_INSTRUMENT_CLOCK_SHIFT, NULL, 0, shift_s, now_unix_ns);
}

static void put_signal(struct cs_metric_store *store, const struct cs_exporter *exporter,
		       enum cs_signal signal, uint64_t now_unix_ns)
{
	static const enum cs_instrument_id exported[] = {
		[CS_SIGNAL_TRACES] = CS_INSTRUMENT_SPANS_EXPORTED,
		[CS_SIGNAL_METRICS] = CS_INSTRUMENT_POINTS_EXPORTED,
		[CS_SIGNAL_LOGS] = CS_INSTRUMENT_LOGS_EXPORTED,
	};
	static const enum cs_instrument_id inflight[] = {
		[CS_SIGNAL_TRACES] = CS_INSTRUMENT_SPANS_INFLIGHT,
		[CS_SIGNAL_METRICS] = CS_INSTRUMENT_POINTS_INFLIGHT,
		[CS_SIGNAL_LOGS] = CS_INSTRUMENT_LOGS_INFLIGHT,
	};
	struct cs_attr attrs[2] = {
		{ COMPONENT,
		  { .type = CS_VALUE_STRING, .string = cs_exporter_get_name(exporter) } },
		{ "error.type", { .type = CS_VALUE_STRING } },
	};
	struct cs_exporter_stats stats;

	cs_exporter_get_stats(exporter, signal, &stats);
	put(store, exported[signal], attrs, 1, (double)stats.sent, now_unix_ns);
	put(store, inflight[signal], attrs, 1, (double)stats.queued, now_unix_ns);
	attrs[1].value.string = "rejected";
	put(store, exported[signal], attrs, 2, (double)stats.rejected, now_unix_ns);
	for (unsigned i = 0; i < CS_DROP_REASON_COUNT; i++) {
		attrs[1].value.string = cs_drop_reason_name((enum cs_drop_reason)i);
		put(store, exported[signal], attrs, 2, (double)stats.dropped[i], now_unix_ns);
	}
}

void cs_self_metrics_exporter(struct cs_metric_store *store, const struct cs_exporter *exporter,
			      uint64_t now_unix_ns)
{
	for (unsigned i = 0; i < CS_SIGNAL_COUNT; i++) {
		if (cs_exporter_takes(exporter, (enum cs_signal)i))
			put_signal(store, exporter, (enum cs_signal)i, now_unix_ns);
	}
}
