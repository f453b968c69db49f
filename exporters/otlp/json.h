/* SPDX-License-Identifier: Apache-2.0 */

/*
 * OTLP's JSON of any protobuf-c message, driven by the message's descriptor: there is no list of
 * fields to forget one in.
 *
 * Format: proto3 JSON with OTLP's deviations (OpenTelemetry specification, protocol/otlp.md,
 * "JSON Protobuf Encoding"): lowerCamelCase names, enums as integers, trace and span ids in lower
 * case hex, other bytes in base64, 64-bit integers as decimal strings, NaN and infinities as strings.
 * Fields that have their default are left out, members of a oneof are not.
 */
#pragma once

#include <protobuf-c/protobuf-c.h>

#include "base/buffer.h"

#define CS_OTLP_JSON_DEPTH_MAX 64 /* of messages in messages; OTLP without nested values has 7 */

/**
 * cs_otlp_json_print() - append one message on one line, without a newline
 * @out:     on failure holds a part of the message
 * @message: a tree of our own making; its strings are valid UTF-8
 *
 * Context: any-thread.
 * Return:  0; -ENOMEM; -ELOOP deeper than CS_OTLP_JSON_DEPTH_MAX; -EINVAL a string that is not UTF-8
 *          or a field type that proto3 does not have.
 */
int cs_otlp_json_print(struct cs_buffer *out, const ProtobufCMessage *message) cs_must_use;
