/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Log records of the telemetry model as OTLP messages, as traces.h has spans.
 *
 * Format: OTLP logs/v1/logs.proto; LogsData and ExportLogsServiceRequest are the same bytes.
 */
#pragma once

#include "exporters/otlp/request.h"

/**
 * cs_otlp_logs_build() - the tree of a range of log records; as cs_otlp_traces_build()
 * @range: `items` is all of `count`: a record needs no ids
 * @ret:   opentelemetry.proto.logs.v1.LogsData
 *
 * Bodies are cut at CS_TELEMETRY_BODY_MAX. A span id without a trace id is left out, as the format wants.
 */
int cs_otlp_logs_build(ProtobufCAllocator *alloc, const struct cs_log_batch *batch,
		       struct cs_otlp_range *range, ProtobufCMessage **ret) cs_must_use;
