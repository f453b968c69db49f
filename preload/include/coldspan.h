/* SPDX-License-Identifier: Apache-2.0 */

/*
 * coldspan.h - tell coldspan of invocations that it cannot see by itself, and of what happens in them
 *
 * For functions and runtimes whose protocol is none that libcoldspan.so recognises. Link with
 * libcoldspan.a (pkg-config --cflags --libs coldspan). Where the process is not watched, every call does
 * nothing, and costs a load and a branch. coldspan.h(3) has an example.
 *
 *   coldspan_span invocation = coldspan_invocation_begin(&(struct coldspan_invocation){
 *           .bytes = sizeof(struct coldspan_invocation), .id = id, .traceparent = traceparent });
 *   coldspan_span load = coldspan_span_begin(invocation, "load model");
 *   coldspan_set_int(load, "model.layers", 12);
 *   coldspan_span_end(load);
 *   coldspan_invocation_end(invocation);
 *
 * Handles name what a call is about: nothing is ever attributed by thread or by what happens to be open.
 * A handle may be used by any thread, and by children of fork(). COLDSPAN_NONE is a handle, too: of
 * nothing; so is one that has ended.
 *
 * Threads and signals: every call may be made by any thread at any time, and by a signal handler. None
 * allocates, locks, waits, makes a system call or changes errno. Strings and arrays are read during the
 * call only. In a child of vfork() nothing is recorded.
 *
 * Limits: a text is cut at COLDSPAN_TEXT_MAX bytes, a key with its value at the same; one call tells of
 * COLDSPAN_ATTRIBUTES_MAX attributes, and of 1400 bytes. An invocation has at most 1,000 spans, and a
 * span 64 attributes and 64 events. What is left out is counted, in the span and by the collector.
 *
 * Compatibility: version 1 for good. Structs grow at their end only; their first member says how large
 * the caller's is, and what it has not is zero. The library may be older or newer than libcoldspan.so.
 */
#ifndef COLDSPAN_H
#define COLDSPAN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define COLDSPAN_API_VERSION    1
#define COLDSPAN_TEXT_MAX       512
#define COLDSPAN_ATTRIBUTES_MAX 32

/* An invocation, or a span in one. Unique in a process and its children. */
typedef uint64_t coldspan_span;

#define COLDSPAN_NONE ((coldspan_span)0)

/* What made the invocation: faas.trigger of OpenTelemetry's semantic conventions. */
enum coldspan_trigger {
	COLDSPAN_TRIGGER_OTHER = 0,
	COLDSPAN_TRIGGER_HTTP = 1,
	COLDSPAN_TRIGGER_PUBSUB = 2,
	COLDSPAN_TRIGGER_DATASOURCE = 3,
	COLDSPAN_TRIGGER_TIMER = 4,
};

/* A header, or property, that came with the event. Names in any case. */
struct coldspan_header {
	const char *name;
	const char *value;
};

/* All may be NULL or 0 but @bytes. */
struct coldspan_invocation {
	size_t bytes;     /* sizeof(struct coldspan_invocation) */
	const char *name; /* of the span; NULL: the function's */
	const char *id;   /* faas.invocation_id */
	uint32_t trigger; /* enum coldspan_trigger */
	uint32_t headers_count;
	/* W3C Trace Context of who called, as it came. What is malformed is refused, and says so. */
	const char *traceparent;
	const char *tracestate;
	/*
	 * Everything else that came: of the names in docs/traces.md (other carriers of a trace, ids of
	 * requests and events) the values are recorded, of all others nothing.
	 */
	const struct coldspan_header *headers;
};

enum coldspan_type {
	COLDSPAN_STRING = 1,
	COLDSPAN_INT = 2,
	COLDSPAN_DOUBLE = 3,
	COLDSPAN_BOOL = 4,
};

struct coldspan_attribute {
	const char *key;
	uint32_t type; /* enum coldspan_type */
	uint32_t reserved;
	union {
		const char *string; /* UTF-8; NULL: no attribute */
		int64_t integer;
		double real;
		int32_t boolean;
	} value;
};

enum coldspan_status {
	COLDSPAN_STATUS_UNSET = 0,
	COLDSPAN_STATUS_OK = 1,
	COLDSPAN_STATUS_ERROR = 2,
};

#define COLDSPAN_TRACEPARENT_BYTES 56 /* with its NUL */

/** coldspan_watching() - is this process watched, so that calls are recorded? 1 yes, 0 no */
int coldspan_watching(void);

/**
 * coldspan_invocation_begin() - an event is here, and the function begins
 * @what: what is known of it; NULL: nothing
 *
 * The first one of a process is its cold one: the start ends where it begins.
 * Return: its handle; COLDSPAN_NONE: the process is not watched.
 */
coldspan_span coldspan_invocation_begin(const struct coldspan_invocation *what);

/**
 * coldspan_invocation_end() - its answer is out
 *
 * Spans in it may end later. One whose process dies before ends in error, with the cause.
 */
void coldspan_invocation_end(coldspan_span invocation);

/**
 * coldspan_span_begin() - something begins within @parent, an invocation or a span
 * @name: of a kind of things, not of the one: "load model", no ids in it
 *
 * Return: its handle; COLDSPAN_NONE: the process is not watched, or @parent is COLDSPAN_NONE.
 */
coldspan_span coldspan_span_begin(coldspan_span parent, const char *name);

/** coldspan_span_end() - and is over. Once; later calls about it are ignored, and counted. */
void coldspan_span_end(coldspan_span span);

/** coldspan_set() - attributes of an invocation or span; of a key that comes again the last counts */
void coldspan_set(coldspan_span span, const struct coldspan_attribute *attributes, size_t count);

void coldspan_set_string(coldspan_span span, const char *key, const char *value);
void coldspan_set_int(coldspan_span span, const char *key, int64_t value);
void coldspan_set_double(coldspan_span span, const char *key, double value);
void coldspan_set_bool(coldspan_span span, const char *key, int value);

/** coldspan_event() - something happened in it now; @attributes may be NULL */
void coldspan_event(coldspan_span span, const char *name,
		    const struct coldspan_attribute *attributes, size_t count);

/**
 * coldspan_set_status() - how it went
 * @status:      enum coldspan_status; the last one counts
 * @description: of an error, for people; NULL: none
 */
void coldspan_set_status(coldspan_span span, int status, const char *description);

/**
 * coldspan_traceparent() - the trace context to hand on to what an invocation calls
 * @invocation: its handle, not that of a span in it
 * @ret:        receives a traceparent and its NUL; "" if there is none
 *
 * With COLDSPAN_PROPAGATE (docs/traces.md, "Handing on") it is that of the invocation's own span: what is
 * called stands below it, also where nobody called the invocation. Without, it is the one that the invocation
 * was begun with: ids of its own spans are made by the collector, later. So what is called stands beside the
 * invocation in its caller's trace, not below it. Kept of the last 512 invocations that had one; that one has
 * ended does not matter.
 *
 * Return: 1; 0: none is known (none came, it was malformed, or too long ago).
 */
int coldspan_traceparent(coldspan_span invocation, char ret[COLDSPAN_TRACEPARENT_BYTES]);

#ifdef __cplusplus
}
#endif

#endif
