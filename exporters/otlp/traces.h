/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Spans of the telemetry model as OTLP messages: a protobuf-c tree for printers, or its bytes for
 * requests. Memory comes from an allocator of the caller, who frees it in one go: nothing here frees.
 *
 * Format: OTLP trace/v1/trace.proto; TracesData and ExportTraceServiceRequest are the same bytes.
 */
#pragma once

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "exporters/telemetry.h"

/* Defaults of OTLP's batch processor and of receivers (gRPC servers take 4 MiB). */
#define CS_OTLP_REQUEST_SPANS_MAX 512u
#define CS_OTLP_REQUEST_BYTES_MAX ((4u << 20) - 1024) /* room for framing */

/* Positive outcomes of cs_otlp_traces_pack(). */
#define CS_OTLP_NOTHING   1 /* no span with valid ids in the range: send nothing */
#define CS_OTLP_TOO_LARGE 2 /* the first span alone is larger than a request may be */

/* A range of a batch's spans, counted through its groups; and what became of it. */
struct cs_otlp_range {
	size_t first; /* index of the first span */
	size_t count; /* spans wanted; set to those consumed */
	size_t spans; /* set: spans in the message; the rest of `count` had an id of zeros */
};

/** cs_otlp_arena_allocator() - protobuf-c's allocator over @arena, where free does nothing. */
ProtobufCAllocator cs_otlp_arena_allocator(struct cs_arena *arena);

/**
 * cs_otlp_traces_build() - the tree of a range of spans
 * @alloc: zeroed or not; what was taken is the caller's also on failure
 * @range: `count` is cut to the batch; `spans` is set
 * @ret:   opentelemetry.proto.trace.v1.TracesData
 *
 * Strings that are not valid UTF-8 are repaired, those over CS_TELEMETRY_STRING_MAX cut on a rune
 * boundary; others are borrowed from @batch, which must live as long as the tree.
 * Context:   any-thread.
 * Ownership: the tree is @alloc's; never free_unpacked() it.
 * Return:    0; CS_OTLP_NOTHING; -ENOMEM.
 */
int cs_otlp_traces_build(ProtobufCAllocator *alloc, const struct cs_span_batch *batch,
			 struct cs_otlp_range *range, ProtobufCMessage **ret) cs_must_use;

/**
 * cs_otlp_traces_pack() - append the bytes of one request
 * @range:     at most CS_OTLP_REQUEST_SPANS_MAX are taken; set to what was consumed, also for
 *             CS_OTLP_NOTHING and CS_OTLP_TOO_LARGE (then 1): go on behind it
 * @bytes_max: what a request may be, CS_OTLP_REQUEST_BYTES_MAX or less
 * @out:       unchanged unless 0 is returned
 *
 * Context: any-thread.
 * Return:  0; CS_OTLP_NOTHING; CS_OTLP_TOO_LARGE; -ENOMEM.
 */
int cs_otlp_traces_pack(ProtobufCAllocator *alloc, const struct cs_span_batch *batch,
			struct cs_otlp_range *range, size_t bytes_max, struct cs_buffer *out)
	cs_must_use;

/**
 * cs_otlp_traces_split() - one request of ours as two with half of the spans each
 * @data:      bytes that cs_otlp_traces_pack() made: they are trusted
 * @ret_first: spans in @first; untouched on failure
 *
 * Context: any-thread.
 * Return:  0; -EINVAL fewer than two spans, or bytes that are not ours; -ENOMEM.
 */
int cs_otlp_traces_split(const void *data, size_t len, struct cs_buffer *first,
			 struct cs_buffer *second, size_t *ret_first) cs_must_use;
