/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The telemetry model: plain structs, the vocabulary of all backends. The collector's assembler
 * fills them, exporters turn them into somebody's format. Nothing here owns memory: a batch and all
 * that it points to live in one arena of its maker, until the exporters' last acknowledgement.
 * Strings are NUL-terminated, valid UTF-8, at most CS_TELEMETRY_STRING_MAX bytes; bodies of log
 * records at most CS_TELEMETRY_BODY_MAX.
 *
 * Names and meanings: OTLP trace/v1, logs/v1 and common/v1 (opentelemetry-proto 1.x); OpenTelemetry
 * specification, trace/api.md, logs/data-model.md.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define CS_TELEMETRY_STRING_MAX 2048 /* Tempo and others cut attribute values here */
#define CS_TELEMETRY_BODY_MAX   8192 /* a stack trace in one line of JSON; Loki takes 256 KiB */

enum cs_value_type {
	CS_VALUE_STRING,
	CS_VALUE_BOOL,
	CS_VALUE_INT,
	CS_VALUE_DOUBLE,
	CS_VALUE_STRINGS,
};

struct cs_value {
	enum cs_value_type type;
	union {
		const char *string;
		bool boolean;
		int64_t integer;
		double real;
		struct {
			const char *const *items;
			size_t count;
		} strings;
	};
};

struct cs_attr {
	const char *key; /* unique in its list */
	struct cs_value value;
};

struct cs_attrs {
	const struct cs_attr *items;
	size_t count;
	uint32_t dropped_count;
};

enum cs_span_kind { /* values of opentelemetry.proto.trace.v1.Span.SpanKind */
	CS_SPAN_INTERNAL = 1,
	CS_SPAN_SERVER = 2,
	CS_SPAN_CLIENT = 3,
	CS_SPAN_PRODUCER = 4,
	CS_SPAN_CONSUMER = 5,
};

enum cs_status_code { /* values of opentelemetry.proto.trace.v1.Status.StatusCode */
	CS_STATUS_UNSET = 0,
	CS_STATUS_OK = 1,
	CS_STATUS_ERROR = 2,
};

#define CS_SPAN_FLAG_SAMPLED      0x001 /* W3C trace flags, low 8 bits */
#define CS_SPAN_FLAG_REMOTE_KNOWN 0x100 /* the next bit has a meaning */
#define CS_SPAN_FLAG_REMOTE       0x200 /* the parent is in another process */

struct cs_span_id {
	uint8_t bytes[8]; /* all zero: none */
};

struct cs_trace_id {
	uint8_t bytes[16]; /* all zero: invalid */
};

/** cs_trace_id_is_set() - is it one? Context: any-thread (pure). */
static inline bool cs_trace_id_is_set(const struct cs_trace_id *id)
{
	static const struct cs_trace_id none;

	return memcmp(id, &none, sizeof(none)) != 0;
}

struct cs_span_event {
	uint64_t time_unix_ns;
	const char *name;
	struct cs_attrs attrs;
};

struct cs_span_link {
	struct cs_trace_id trace_id;
	struct cs_span_id span_id;
	const char *trace_state; /* NULL: empty */
	struct cs_attrs attrs;
	uint32_t flags; /* CS_SPAN_FLAG_* */
};

struct cs_span {
	struct cs_trace_id trace_id;
	struct cs_span_id span_id;
	struct cs_span_id parent_span_id; /* all zero: root */
	const char *trace_state;          /* NULL: empty */
	const char *name;
	enum cs_span_kind kind;
	uint32_t flags;         /* CS_SPAN_FLAG_* */
	uint64_t start_unix_ns; /* CLOCK_REALTIME */
	uint64_t end_unix_ns;   /* CLOCK_REALTIME, ≥ start */
	struct cs_attrs attrs;
	const struct cs_span_event *events;
	size_t events_count;
	const struct cs_span_link *links;
	size_t links_count;
	enum cs_status_code status;
	const char *status_message; /* NULL: none */
};

/* The spans of one resource (one instance of one function). */
struct cs_resource_spans {
	struct cs_attrs resource;
	const struct cs_span *spans;
	size_t spans_count;
};

/* What one export carries. Scope name is "coldspan", its version the project's. */
struct cs_span_batch {
	const struct cs_resource_spans *groups;
	size_t groups_count;
};

/** cs_span_batch_count() - spans in all groups. Context: any-thread (pure). */
static inline size_t cs_span_batch_count(const struct cs_span_batch *batch)
{
	size_t n = 0;

	for (size_t i = 0; i < batch->groups_count; i++)
		n += batch->groups[i].spans_count;
	return n;
}

/* Values of opentelemetry.proto.logs.v1.SeverityNumber: the first grade of each level. */
enum cs_severity {
	CS_SEVERITY_UNSPECIFIED = 0,
	CS_SEVERITY_TRACE = 1,
	CS_SEVERITY_DEBUG = 5,
	CS_SEVERITY_INFO = 9,
	CS_SEVERITY_NOTICE = 10, /* INFO2, as the data model maps syslog's */
	CS_SEVERITY_WARN = 13,
	CS_SEVERITY_ERROR = 17,
	CS_SEVERITY_CRITICAL = 18, /* ERROR2, idem */
	CS_SEVERITY_ALERT = 19,    /* ERROR3, idem */
	CS_SEVERITY_FATAL = 21,
};

struct cs_log_record {
	uint64_t time_unix_ns;     /* CLOCK_REALTIME; 0 unknown */
	uint64_t observed_unix_ns; /* CLOCK_REALTIME; never 0 */
	enum cs_severity severity_number;
	const char *severity_text; /* as the source has it; NULL: none */
	const char *body;
	struct cs_attrs attrs;
	struct cs_trace_id trace_id; /* all zero: of no trace */
	struct cs_span_id span_id;   /* all zero: of no span */
	uint32_t flags;              /* W3C trace flags, low 8 bits */
};

struct cs_resource_logs {
	struct cs_attrs resource;
	const struct cs_log_record *records;
	size_t records_count;
};

struct cs_log_batch {
	const struct cs_resource_logs *groups;
	size_t groups_count;
};

/** cs_log_batch_count() - records in all groups. Context: any-thread (pure). */
static inline size_t cs_log_batch_count(const struct cs_log_batch *batch)
{
	size_t n = 0;

	for (size_t i = 0; i < batch->groups_count; i++)
		n += batch->groups[i].records_count;
	return n;
}
