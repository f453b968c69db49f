/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The single list of the metrics that we make. It feeds the store, docs/metrics.md (a test holds both
 * together), the dashboards and their checks: what is not here is not made, and cannot be asked for.
 * Names and units of faas.*, process.* and otel.* are those of OpenTelemetry's semantic conventions.
 * What is in brackets of a unit is no unit to Prometheus; gauges with the unit "1" would be "_ratio" there.
 */
#pragma once

#include <stdbool.h>

enum cs_instrument_type {
	CS_INSTRUMENT_HISTOGRAM,
	CS_INSTRUMENT_COUNTER,
	CS_INSTRUMENT_UPDOWN,
	CS_INSTRUMENT_GAUGE,
};

/* Explicit buckets: bucket_layout.h. */
enum cs_bucket_layout {
	CS_BUCKETS_NONE,
	CS_BUCKETS_DURATION, /* ten a decade */
	CS_BUCKETS_PHASE,    /* ten a decade, from shorter ones on */
	CS_BUCKETS_LIFETIME, /* seconds to days */
	CS_BUCKETS_BYTES,
	CS_BUCKETS_MEMORY, /* four an octave, 2 MiB to 14 GiB */
	CS_BUCKETS_COUNT,
};

/* Of whom it tells: which resource it belongs to. */
enum cs_instrument_of {
	CS_OF_FUNCTION,
	CS_OF_COLLECTOR,
};

/* X(id, name, unit, type, integer, layout, of, attributes of its points, description) */
#define CS_INSTRUMENTS(X)                                                                           \
	X(INVOKE_DURATION, "faas.invoke_duration", "s", HISTOGRAM, false, DURATION, FUNCTION,       \
	  "faas.name, faas.version, faas.trigger, faas.coldstart",                                  \
	  "How long the function's logic took")                                                     \
	X(INIT_DURATION, "faas.init_duration", "s", HISTOGRAM, false, DURATION, FUNCTION,           \
	  "faas.name, faas.version, faas.trigger, coldspan.init.type",                              \
	  "From the start of the process until it was ready, once for each init")                   \
	X(COLDSTARTS, "faas.coldstarts", "{coldstart}", COUNTER, true, NONE, FUNCTION,              \
	  "faas.name, faas.version, faas.trigger, coldspan.init.type",                              \
	  "Inits that a request waited for, or would have")                                         \
	X(INVOCATIONS, "faas.invocations", "{invocation}", COUNTER, true, NONE, FUNCTION,           \
	  "faas.name, faas.version, faas.trigger", "Invocations that succeeded")                    \
	X(ERRORS, "faas.errors", "{error}", COUNTER, true, NONE, FUNCTION,                          \
	  "faas.name, faas.version, faas.trigger",                                                  \
	  "Invocations that did not succeed, time-outs among them")                                 \
	X(TIMEOUTS, "faas.timeouts", "{timeout}", COUNTER, true, NONE, FUNCTION,                    \
	  "faas.name, faas.version, faas.trigger", "Invocations that ran into their deadline")      \
	X(MEM_USAGE, "faas.mem_usage", "By", HISTOGRAM, true, MEMORY, FUNCTION,                     \
	  "faas.name, faas.version, faas.trigger",                                                  \
	  "Largest resident memory of the process, after an invocation")                            \
	X(CPU_USAGE, "faas.cpu_usage", "s", HISTOGRAM, false, DURATION, FUNCTION,                   \
	  "faas.name, faas.version, faas.trigger", "CPU time that an invocation took")              \
	X(NET_IO, "faas.net_io", "By", HISTOGRAM, true, BYTES, FUNCTION,                            \
	  "faas.name, faas.version, faas.trigger",                                                  \
	  "Bytes that went over connections for an invocation, both ways")                          \
	X(INIT_PHASE, "coldspan.init.phase.duration", "s", HISTOGRAM, false, PHASE, FUNCTION,       \
	  "faas.name, faas.version, coldspan.phase, coldspan.init.type",                            \
	  "Phases of starts: docs/phases.md")                                                       \
	X(INITS, "coldspan.inits", "{init}", COUNTER, true, NONE, FUNCTION,                         \
	  "faas.name, faas.version, faas.trigger, coldspan.init.type, coldspan.init.outcome",       \
	  "Inits of every class, by what became of them: used, unused, failed")                     \
	X(INIT_OBJECTS, "coldspan.init.shared_objects", "{object}", HISTOGRAM, true, COUNT,         \
	  FUNCTION, "faas.name, faas.version",                                                      \
	  "Shared objects that the loader had loaded when main was entered")                        \
	X(INIT_FILES, "coldspan.init.files", "{file}", HISTOGRAM, true, COUNT, FUNCTION,            \
	  "faas.name, faas.version, coldspan.file.kind",                                            \
	  "Files opened in an init, by whose they are")                                             \
	X(INIT_LOOKUPS_FAILED, "coldspan.init.lookups.failed", "{lookup}", HISTOGRAM, true, COUNT,  \
	  FUNCTION, "faas.name, faas.version", "Looks in an init for files that are not there")     \
	X(INIT_FAULTS, "coldspan.init.page_faults", "{fault}", HISTOGRAM, true, COUNT, FUNCTION,    \
	  "faas.name, faas.version, system.paging.fault.type",                                      \
	  "Page faults until it was ready; major ones waited for a disk")                           \
	X(INIT_READ, "coldspan.init.read", "By", HISTOGRAM, true, BYTES, FUNCTION,                  \
	  "faas.name, faas.version", "Bytes that its system calls read until it was ready")         \
	X(INIT_CPU, "coldspan.init.cpu_time", "s", HISTOGRAM, false, DURATION, FUNCTION,            \
	  "faas.name, faas.version", "CPU time used until it was ready")                            \
	X(INIT_CONNECTIONS, "coldspan.init.connections", "{connection}", HISTOGRAM, true, COUNT,    \
	  FUNCTION, "faas.name, faas.version", "Connections that it opened until it was ready")     \
	X(ATTACH, "coldspan.shim.attach.duration", "s", HISTOGRAM, false, DURATION, FUNCTION,       \
	  "faas.name, faas.version", "What our own library took of an init")                        \
	X(INSTANCES, "coldspan.instances", "{instance}", UPDOWN, true, NONE, FUNCTION,              \
	  "faas.name, faas.version, coldspan.instance.state",                                       \
	  "Instances that live: init, idle, busy")                                                  \
	X(LIFETIME, "coldspan.instance.lifetime", "s", HISTOGRAM, false, PHASE, FUNCTION,           \
	  "faas.name, faas.version", "How long an instance lived, from its start to its end")       \
	X(QUEUE, "coldspan.queue.duration", "s", HISTOGRAM, false, DURATION, FUNCTION,              \
	  "faas.name, faas.version, faas.trigger",                                                  \
	  "From when a gateway had accepted an event until the function began with it")             \
	X(CONNECTIONS, "coldspan.connections.opened", "{connection}", COUNTER, true, NONE,          \
	  FUNCTION, "faas.name, faas.version", "Connections that invocations opened")               \
	X(NETWORK_SENT, "coldspan.network.sent", "By", COUNTER, true, NONE, FUNCTION,               \
	  "faas.name, faas.version", "Bytes that invocations sent over connections")                \
	X(BILLED, "coldspan.billed.gb_seconds", "{GB.s}", COUNTER, false, NONE, FUNCTION,           \
	  "faas.name, faas.version, coldspan.billed.component",                                     \
	  "Memory by time that its platform bills, rounded as it does: init, invoke, provisioned")  \
	X(FUNCTION_INFO, "coldspan.function.info", "", GAUGE, true, NONE, FUNCTION,                 \
	  "faas.name, faas.version, coldspan.platform", "1 for each version that was seen")         \
	X(MEMORY_LIMIT, "coldspan.function.memory_limit", "By", GAUGE, true, NONE, FUNCTION,        \
	  "faas.name, faas.version", "Memory that an instance may have, where that is known")       \
	X(EVENTS, "coldspan.agent.events", "{event}", COUNTER, true, NONE, COLLECTOR, "",           \
	  "Records read out of the rings of functions")                                             \
	X(EVENTS_DROPPED, "coldspan.agent.events.dropped", "{event}", COUNTER, true, NONE,          \
	  COLLECTOR, "coldspan.reason", "What was lost between functions and spans, by reason")     \
	X(STAND_DOWNS, "coldspan.agent.stand_downs", "{instance}", COUNTER, true, NONE, COLLECTOR,  \
	  "coldspan.reason", "Instances whose shim does less than it could, by reason")             \
	X(REFUSED, "coldspan.agent.announces.refused", "{announce}", COUNTER, true, NONE,           \
	  COLLECTOR, "coldspan.reason", "Announces of functions that were refused, by reason")      \
	X(RING_UTILIZATION, "coldspan.ring.utilization", "1", GAUGE, false, NONE, COLLECTOR, "",    \
	  "How full the fullest ring of an instance was, within the last minute or two")            \
	X(CLOCK_SHIFT, "coldspan.agent.clock.shift", "s", GAUGE, false, NONE, COLLECTOR, "",        \
	  "How far the wall clock was set since the collector began, against one that nobody sets") \
	X(METRICS_LOST, "coldspan.agent.measurements.lost", "{measurement}", COUNTER, true, NONE,   \
	  COLLECTOR, "", "Measurements for which there was no memory, not even to overflow")        \
	X(BUILD_INFO, "coldspan.build.info", "", GAUGE, true, NONE, COLLECTOR, "service.version",   \
	  "1 for the version that runs")                                                            \
	X(OWN_CPU, "process.cpu.time", "s", COUNTER, false, NONE, COLLECTOR, "cpu.mode",            \
	  "CPU time of the collector itself")                                                       \
	X(OWN_MEMORY, "process.memory.usage", "By", UPDOWN, true, NONE, COLLECTOR, "",              \
	  "Resident memory of the collector itself")                                                \
	X(SPANS_STARTED, "otel.sdk.span.started", "{span}", COUNTER, true, NONE, COLLECTOR,         \
	  "otel.span.sampling_result", "Spans that were made, or left out by a sampler: DROP")      \
	X(SPANS_SAMPLED, "coldspan.agent.spans.sampled", "{span}", COUNTER, true, NONE, COLLECTOR,  \
	  "coldspan.reason", "Spans that the tail has kept, by its rules")                          \
	X(SPANS_OUT, "coldspan.agent.spans.sampled_out", "{span}", COUNTER, true, NONE, COLLECTOR,  \
	  "coldspan.reason", "Spans that were left out, by who decided: parent, head, tail")        \
	X(SAMPLING_HURRIED, "coldspan.agent.sampling.hurried", "{invocation}", COUNTER, true,       \
	  NONE, COLLECTOR, "",                                                                      \
	  "Slow invocations for which there was no room until their minute was over")               \
	X(LOGS_CREATED, "otel.sdk.log.created", "{log_record}", COUNTER, true, NONE, COLLECTOR,     \
	  "", "Log records that were made of lines")                                                \
	X(SPANS_EXPORTED, "otel.sdk.exporter.span.exported", "{span}", COUNTER, true, NONE,         \
	  COLLECTOR, "otel.component.name, error.type",                                             \
	  "Spans that a destination has dealt with; with error.type: not as they should")           \
	X(SPANS_INFLIGHT, "otel.sdk.exporter.span.inflight", "{span}", UPDOWN, true, NONE,          \
	  COLLECTOR, "otel.component.name", "Spans that a destination has yet to acknowledge")      \
	X(LOGS_EXPORTED, "otel.sdk.exporter.log.exported", "{log_record}", COUNTER, true, NONE,     \
	  COLLECTOR, "otel.component.name, error.type", "The same of log records")                  \
	X(LOGS_INFLIGHT, "otel.sdk.exporter.log.inflight", "{log_record}", UPDOWN, true, NONE,      \
	  COLLECTOR, "otel.component.name", "The same of log records")                              \
	X(POINTS_EXPORTED, "otel.sdk.exporter.metric_data_point.exported", "{data_point}",          \
	  COUNTER, true, NONE, COLLECTOR, "otel.component.name, error.type",                        \
	  "The same of data points of metrics")                                                     \
	X(POINTS_INFLIGHT, "otel.sdk.exporter.metric_data_point.inflight", "{data_point}", UPDOWN,  \
	  true, NONE, COLLECTOR, "otel.component.name", "The same of data points of metrics")       \
	X(EXPORT_DURATION, "otel.sdk.exporter.operation.duration", "s", HISTOGRAM, false,           \
	  DURATION, COLLECTOR, "otel.component.name, error.type",                                   \
	  "How long a destination took for a request or a write; with error.type: one that failed") \
	X(COLLECTION_DURATION, "otel.sdk.metric_reader.collection.duration", "s", HISTOGRAM,        \
	  false, DURATION, COLLECTOR, "otel.component.name",                                        \
	  "How long it took to collect metrics, for a push or a scrape")

enum cs_instrument_id {
#define X(id, name, unit, type, integer, layout, of, attributes, description) CS_INSTRUMENT_##id,
	CS_INSTRUMENTS(X)
#undef X
	CS_INSTRUMENT_ID_COUNT,
};

struct cs_instrument {
	const char *name;
	const char *unit; /* UCUM; "": none */
	const char *description;
	const char *attributes; /* of its points, besides otel.metric.overflow: "a, b" */
	enum cs_instrument_type type;
	enum cs_bucket_layout layout;
	enum cs_instrument_of of;
	bool integer;
};

/** cs_instrument() - what the table says of @id, below CS_INSTRUMENT_ID_COUNT. Context: any-thread. */
const struct cs_instrument *cs_instrument(enum cs_instrument_id id);
