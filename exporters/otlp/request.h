/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Requests of all signals: a range of a batch as bytes that are no larger than a receiver takes, and
 * one of them as two. The messages of all signals have one shape: resources, in them scopes, in them
 * items; metrics hold data points, which are what is counted of them. Memory comes from an allocator of the caller, who frees it in one go: nothing here frees.
 *
 * Format: OTLP; XData and ExportXServiceRequest are the same bytes.
 */
#pragma once

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/cleanup.h"
#include "exporters/batch.h"

/* Defaults of OTLP's batch processor and of receivers (gRPC servers take 4 MiB). */
#define CS_OTLP_REQUEST_ITEMS_MAX 512u
#define CS_OTLP_REQUEST_BYTES_MAX ((4u << 20) - 1024) /* room for framing */

/* Positive outcomes of cs_otlp_build() and cs_otlp_pack(). */
#define CS_OTLP_NOTHING   1 /* nothing that can be sent in the range */
#define CS_OTLP_TOO_LARGE 2 /* the first item alone is larger than a request may be */

/* A range of a batch's items (spans, data points, log records), counted through its groups; what became of it. */
struct cs_otlp_range {
	size_t first; /* index of the first item */
	size_t count; /* items wanted; set to those consumed */
	size_t items; /* set: items in the message; the rest of `count` cannot be sent */
};

/** cs_otlp_arena_allocator() - protobuf-c's allocator over @arena, where free does nothing. */
ProtobufCAllocator cs_otlp_arena_allocator(struct cs_arena *arena);

/** cs_otlp_build() - the tree of a range of any signal; as cs_otlp_traces_build() */
int cs_otlp_build(ProtobufCAllocator *alloc, struct cs_batch batch, struct cs_otlp_range *range,
		  ProtobufCMessage **ret) cs_must_use;

/**
 * cs_otlp_pack() - append the bytes of one request
 * @range:     at most CS_OTLP_REQUEST_ITEMS_MAX are taken; set to what was consumed, also for
 *             CS_OTLP_NOTHING and CS_OTLP_TOO_LARGE (then 1): go on behind it
 * @bytes_max: what a request may be, CS_OTLP_REQUEST_BYTES_MAX or less
 * @out:       unchanged unless 0 is returned
 *
 * Context: any-thread.
 * Return:  0; CS_OTLP_NOTHING; CS_OTLP_TOO_LARGE; -ENOMEM.
 */
int cs_otlp_pack(ProtobufCAllocator *alloc, struct cs_batch batch, struct cs_otlp_range *range,
		 size_t bytes_max, struct cs_buffer *out) cs_must_use;

/**
 * cs_otlp_split() - one request of ours as two with half of the items each
 * @data:      bytes that cs_otlp_pack() made: they are trusted
 * @ret_first: items in @first; untouched on failure
 *
 * Context: any-thread.
 * Return:  0; -EINVAL fewer than two items, or bytes that are not ours; -ENOMEM.
 */
int cs_otlp_split(enum cs_signal signal, const void *data, size_t len, struct cs_buffer *first,
		  struct cs_buffer *second, size_t *ret_first) cs_must_use;
