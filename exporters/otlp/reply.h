/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What a server said about an export. The bytes are untrusted: protobuf-c's unpack, which recurses
 * without a limit and keeps unknown fields, is never given them. This scanner goes one level deep,
 * allocates nothing and skips what it does not know.
 *
 * Format: OTLP collector/trace/v1/trace_service.proto, ExportTraceServiceResponse (metrics and logs
 * have the same numbers); google/rpc/status.proto, Status.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

struct cs_otlp_reply {
	int64_t rejected; /* of partial_success; 0 if absent, may be negative: it is the peer's */
	const char *message; /* into the scanned bytes, not terminated, any bytes; NULL: none */
	size_t message_len;
};

/** cs_otlp_reply_scan() - an Export…ServiceResponse. Return: 0; -EBADMSG not protobuf. */
int cs_otlp_reply_scan(const void *data, size_t len, struct cs_otlp_reply *ret) cs_must_use;

/** cs_otlp_reply_scan_status() - a google.rpc.Status, body of an error. Return: 0; -EBADMSG. */
int cs_otlp_reply_scan_status(const void *data, size_t len, struct cs_otlp_reply *ret) cs_must_use;
