/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Spans of the telemetry model as OTLP messages: a protobuf-c tree, of which request.h makes requests
 * and json.h lines.
 *
 * Format: OTLP trace/v1/trace.proto; TracesData and ExportTraceServiceRequest are the same bytes.
 */
#pragma once

#include "exporters/otlp/request.h"

/**
 * cs_otlp_traces_build() - the tree of a range of spans
 * @alloc: zeroed or not; what was taken is the caller's also on failure
 * @range: `count` is cut to the batch; `items` is set: spans with an id of zeros are left out
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
