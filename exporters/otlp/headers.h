/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Headers that an operator wants on every request, from OTEL_EXPORTER_OTLP_HEADERS.
 *
 * Format: "name=value,name2=value2", values percent-decoded (OpenTelemetry specification,
 * protocol/exporter.md, "Specifying headers via environment variables"; W3C Baggage without
 * metadata). Names are RFC 9110 tokens.
 */
#pragma once

#include <stddef.h>

#include "base/arena.h"
#include "base/diag.h"
#include "exporters/net/http_client.h"

#define CS_OTLP_HEADERS_MAX 32u

/**
 * cs_otlp_headers_parse() - read a list of headers
 * @text:      may be empty
 * @arena:     receives the texts
 * @items:     receives at most @count_max headers
 * @ret_count: untouched on failure
 * @diag:      names the header at fault, never a value: values are secrets; may be NULL
 *
 * Context: startup.
 * Return:  0; -EINVAL (also a header that we set ourselves, and line ends in a value); -E2BIG; -ENOMEM.
 */
int cs_otlp_headers_parse(const char *text, struct cs_arena *arena, struct cs_http_header *items,
			  size_t count_max, size_t *ret_count, struct cs_diag *diag) cs_must_use;
