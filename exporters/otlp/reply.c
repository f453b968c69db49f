/* SPDX-License-Identifier: Apache-2.0 */

/* Scanner of replies; see reply.h. */
#include "exporters/otlp/reply.h"

#include <stdbool.h>

/* Protobuf wire types (protobuf.dev, "Encoding"). */
enum {
	VARINT = 0,
	FIXED64 = 1,
	BYTES = 2,
	FIXED32 = 5
};

struct field {
	uint32_t number;
	unsigned type;
	uint64_t value;      /* of a VARINT */
	const uint8_t *data; /* of BYTES */
	size_t len;
};

static bool read_varint(const uint8_t **at, const uint8_t *end, uint64_t *ret)
{
	uint64_t value = 0;

	for (unsigned shift = 0; shift < 64 && *at < end; shift += 7) {
		uint8_t byte = *(*at)++;

		value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80)) {
			*ret = value;
			return true;
		}
	}
	return false;
}

/* Takes one field; false if the bytes are none. */
static bool read_field(const uint8_t **at, const uint8_t *end, struct field *ret)
{
	uint64_t key, len = 0;

	if (!read_varint(at, end, &key) || key >> 3 == 0 || key >> 3 > 0x1fffffff)
		return false;
	*ret = (struct field){ .number = (uint32_t)(key >> 3), .type = (unsigned)(key & 7) };
	switch (ret->type) {
	case VARINT:
		return read_varint(at, end, &ret->value);
	case FIXED64:
		len = 8;
		break;
	case FIXED32:
		len = 4;
		break;
	case BYTES:
		if (!read_varint(at, end, &len))
			return false;
		break;
	default: /* groups are not in proto3 */
		return false;
	}
	if (len > (uint64_t)(end - *at))
		return false;
	ret->data = *at;
	ret->len = (size_t)len;
	*at += len;
	return true;
}

/*
 * ExportTracePartialSuccess and google.rpc.Status are alike: a number in field 1, a text in field 2.
 * @number is untouched if there is none.
 */
static bool scan_message(const uint8_t *at, size_t len, struct cs_otlp_reply *out, uint64_t *number)
{
	const uint8_t *end = len ? at + len : at;
	struct field field;

	while (at < end) {
		if (!read_field(&at, end, &field))
			return false;
		if (field.number == 1 && field.type == VARINT) {
			*number = field.value;
		} else if (field.number == 2 && field.type == BYTES) {
			out->message = field.len ? (const char *)field.data : NULL;
			out->message_len = field.len;
		}
	}
	return true;
}

int cs_otlp_reply_scan(const void *data, size_t len, struct cs_otlp_reply *ret)
{
	struct cs_otlp_reply out = { 0 };
	const uint8_t *at = data, *end = len ? at + len : at;
	uint64_t rejected = 0;
	struct field field;

	while (at < end) {
		if (!read_field(&at, end, &field))
			return -EBADMSG;
		if (field.number == 1 && field.type == BYTES &&
		    !scan_message(field.data, field.len, &out, &rejected))
			return -EBADMSG;
	}
	out.rejected = (int64_t)rejected;
	*ret = out;
	return 0;
}

int cs_otlp_reply_scan_status(const void *data, size_t len, struct cs_otlp_reply *ret)
{
	struct cs_otlp_reply out = { 0 };
	uint64_t code;

	if (!scan_message(data, len, &out, &code))
		return -EBADMSG;
	*ret = out;
	return 0;
}
