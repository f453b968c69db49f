/* SPDX-License-Identifier: Apache-2.0 */

/* OTLP's JSON by descriptor; see json.h. */
#include "exporters/otlp/json.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_text.h"
#include "base/utf8.h"

static int print_message(struct cs_buffer *out, const ProtobufCMessage *message, unsigned depth);

static void print_hex(struct cs_buffer *out, const ProtobufCBinaryData *bytes)
{
	cs_buffer_putc(out, '"');
	for (size_t i = 0; i < bytes->len; i++)
		cs_buffer_printf(out, "%02x", bytes->data[i]);
	cs_buffer_putc(out, '"');
}

/* RFC 4648 section 4. */
static void print_base64(struct cs_buffer *out, const ProtobufCBinaryData *bytes)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				     "0123456789+/";

	cs_buffer_putc(out, '"');
	for (size_t i = 0; i < bytes->len; i += 3) {
		size_t left = bytes->len - i;
		uint32_t group = (uint32_t)bytes->data[i] << 16;

		if (left > 1)
			group |= (uint32_t)bytes->data[i + 1] << 8;
		if (left > 2)
			group |= bytes->data[i + 2];
		cs_buffer_putc(out, digits[group >> 18]);
		cs_buffer_putc(out, digits[group >> 12 & 63]);
		cs_buffer_putc(out, left > 1 ? digits[group >> 6 & 63] : '=');
		cs_buffer_putc(out, left > 2 ? digits[group & 63] : '=');
	}
	cs_buffer_putc(out, '"');
}

/* OTLP spells out exactly the ids of traces and spans; their fields all end in these words. */
static bool is_id(const ProtobufCFieldDescriptor *field)
{
	static const char *const ids[] = { "trace_id", "span_id" };
	size_t len = strlen(field->name);

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		size_t n = strlen(ids[i]);

		if (len >= n && strcmp(field->name + len - n, ids[i]) == 0)
			return true;
	}
	return false;
}

/* The shortest of the usual three precisions that reads back as the same bits. */
static void print_double(struct cs_buffer *out, double value)
{
	if (isnan(value)) {
		cs_buffer_puts(out, "\"NaN\"");
		return;
	}
	if (isinf(value)) {
		cs_buffer_puts(out, value > 0 ? "\"Infinity\"" : "\"-Infinity\"");
		return;
	}
	cs_buffer_put_real(out, value);
}

static size_t size_of(ProtobufCType type)
{
	switch (type) {
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SFIXED32:
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
	case PROTOBUF_C_TYPE_FLOAT:
	case PROTOBUF_C_TYPE_ENUM:
		return 4;
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_DOUBLE:
		return 8;
	case PROTOBUF_C_TYPE_BOOL:
		return sizeof(protobuf_c_boolean);
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_MESSAGE:
		return sizeof(void *);
	case PROTOBUF_C_TYPE_BYTES:
		return sizeof(ProtobufCBinaryData);
	}
	return 0;
}

static int print_value(struct cs_buffer *out, const ProtobufCFieldDescriptor *field,
		       const void *member, unsigned depth)
{
	const char *string;

	switch (field->type) {
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SFIXED32:
	case PROTOBUF_C_TYPE_ENUM:
		cs_buffer_printf(out, "%" PRId32, *(const int32_t *)member);
		return 0;
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
		cs_buffer_printf(out, "%" PRIu32, *(const uint32_t *)member);
		return 0;
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
		cs_buffer_printf(out, "\"%" PRId64 "\"", *(const int64_t *)member);
		return 0;
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
		cs_buffer_printf(out, "\"%" PRIu64 "\"", *(const uint64_t *)member);
		return 0;
	case PROTOBUF_C_TYPE_FLOAT:
		print_double(out, (double)*(const float *)member);
		return 0;
	case PROTOBUF_C_TYPE_DOUBLE:
		print_double(out, *(const double *)member);
		return 0;
	case PROTOBUF_C_TYPE_BOOL:
		cs_buffer_puts(out, *(const protobuf_c_boolean *)member ? "true" : "false");
		return 0;
	case PROTOBUF_C_TYPE_STRING:
		string = *(const char *const *)member ? *(const char *const *)member : "";
		if (!cs_utf8_valid(string, strlen(string)))
			return -EINVAL;
		cs_json_put_text(out, string, strlen(string));
		return 0;
	case PROTOBUF_C_TYPE_BYTES:
		if (is_id(field))
			print_hex(out, member);
		else
			print_base64(out, member);
		return 0;
	case PROTOBUF_C_TYPE_MESSAGE:
		return print_message(out, *(const ProtobufCMessage *const *)member, depth + 1);
	}
	return -EINVAL;
}

/* "trace_id" → "traceId". */
static void print_name(struct cs_buffer *out, const char *name)
{
	cs_buffer_putc(out, '"');
	for (; *name; name++) {
		if (*name == '_' && name[1] >= 'a' && name[1] <= 'z') {
			name++;
			cs_buffer_putc(out, (char)(*name - 'a' + 'A'));
		} else if (*name != '_') {
			cs_buffer_putc(out, *name);
		}
	}
	cs_buffer_puts(out, "\":");
}

/* A singular field without presence that has its default is not written (proto3). */
static bool is_default(const ProtobufCFieldDescriptor *field, const void *member)
{
	static const uint8_t zero[8];
	const char *string;

	switch (field->type) {
	case PROTOBUF_C_TYPE_STRING:
		string = *(const char *const *)member;
		return !string || !*string;
	case PROTOBUF_C_TYPE_BYTES:
		return ((const ProtobufCBinaryData *)member)->len == 0;
	case PROTOBUF_C_TYPE_MESSAGE:
		return !*(const void *const *)member;
	default: /* numbers: all bits zero, so that -0.0 is not a default */
		return memcmp(member, zero, size_of(field->type)) == 0;
	}
}

static int print_repeated(struct cs_buffer *out, const ProtobufCFieldDescriptor *field,
			  const char *items, size_t count, unsigned depth)
{
	size_t step = size_of(field->type);

	cs_buffer_putc(out, '[');
	for (size_t i = 0; i < count; i++) {
		int r;

		if (i)
			cs_buffer_putc(out, ',');
		r = print_value(out, field, items + i * step, depth);
		if (r < 0)
			return r;
	}
	cs_buffer_putc(out, ']');
	return 0;
}

static bool is_absent(const ProtobufCFieldDescriptor *field, const char *message)
{
	if (field->label == PROTOBUF_C_LABEL_REPEATED)
		return *(const size_t *)(const void *)(message + field->quantifier_offset) == 0;
	if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
		return *(const uint32_t *)(const void *)(message + field->quantifier_offset) !=
		       field->id;
	return is_default(field, message + field->offset);
}

static int print_message(struct cs_buffer *out, const ProtobufCMessage *message, unsigned depth)
{
	const char *base = (const char *)message;
	bool first = true;
	int r = 0;

	if (depth > CS_OTLP_JSON_DEPTH_MAX)
		return -ELOOP;
	cs_buffer_putc(out, '{');
	for (unsigned i = 0; i < message->descriptor->n_fields && r == 0; i++) {
		const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
		const void *member = base + field->offset;

		if (is_absent(field, base))
			continue;
		if (!first)
			cs_buffer_putc(out, ',');
		first = false;
		print_name(out, field->name);
		if (field->label == PROTOBUF_C_LABEL_REPEATED)
			r = print_repeated(
				out, field, *(const char *const *)member,
				*(const size_t *)(const void *)(base + field->quantifier_offset),
				depth);
		else
			r = print_value(out, field, member, depth);
	}
	cs_buffer_putc(out, '}');
	return r;
}

int cs_otlp_json_print(struct cs_buffer *out, const ProtobufCMessage *message)
{
	int r = print_message(out, message, 0);

	if (r < 0)
		return r;
	return out->failed ? -ENOMEM : 0;
}
