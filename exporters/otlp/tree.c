/* SPDX-License-Identifier: Apache-2.0 */

/* Parts of protobuf-c trees, by bump allocation; see tree.h. */
#include "exporters/otlp/tree.h"

#include <string.h>

#include "base/utf8.h"
#include "coldspan_config.h"

typedef Opentelemetry__Proto__Common__V1__AnyValue pb_any_value;
typedef Opentelemetry__Proto__Common__V1__ArrayValue pb_array;
typedef Opentelemetry__Proto__Common__V1__KeyValue pb_key_value;
typedef Opentelemetry__Proto__Common__V1__InstrumentationScope pb_scope;
typedef Opentelemetry__Proto__Resource__V1__Resource pb_resource;

bool cs_otlp_cut_next(struct cs_otlp_cut *cut, size_t total, struct cs_otlp_part *ret)
{
	struct cs_otlp_part part = { .first = cut->skip };

	if (cut->skip >= total) {
		cut->skip -= total;
		return false;
	}
	part.count = total - cut->skip;
	if (part.count > cut->left)
		part.count = cut->left;
	cut->left -= part.count;
	cut->skip = 0;
	if (!part.count)
		return false;
	*ret = part;
	return true;
}

void *cs_otlp_take(struct cs_otlp_tree *b, size_t count, size_t bytes)
{
	size_t total;
	void *p;

	if (b->failed || __builtin_mul_overflow(count, bytes, &total)) {
		b->failed = true;
		return NULL;
	}
	p = b->alloc->alloc(b->alloc->allocator_data, total ? total : 1);
	if (!p)
		b->failed = true;
	return p;
}

/* protobuf-c wants writable strings and bytes; packing and printing only read them. */
static void *unconst(const void *p)
{
	return (void *)(uintptr_t)p;
}

char *cs_otlp_text(struct cs_otlp_tree *b, const char *s, size_t bytes_max)
{
	size_t len = s ? strlen(s) : 0;
	char *copy;

	if (len <= bytes_max && cs_utf8_valid(s ? s : "", len))
		return unconst(s ? s : "");
	copy = cs_otlp_take(b, 1, bytes_max + 1);
	if (!copy)
		return unconst("");
	cs_utf8_repair(copy, bytes_max + 1, s, len, NULL);
	return copy;
}

bool cs_otlp_is_zero(const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (bytes[i])
			return false;
	}
	return true;
}

ProtobufCBinaryData cs_otlp_id(const uint8_t *bytes, size_t len)
{
	if (cs_otlp_is_zero(bytes, len))
		return (ProtobufCBinaryData){ 0 };
	return (ProtobufCBinaryData){ .len = len, .data = unconst(bytes) };
}

static void set_strings(struct cs_otlp_tree *b, pb_any_value *out, const struct cs_value *value)
{
	size_t n = value->strings.count;
	pb_array *array = cs_otlp_take(b, 1, sizeof(*array));
	pb_any_value **items = cs_otlp_take(b, n, sizeof(*items));
	pb_any_value *values = cs_otlp_take(b, n, sizeof(*values));

	if (!array || (n && (!items || !values)))
		return;
	opentelemetry__proto__common__v1__array_value__init(array);
	for (size_t i = 0; i < n; i++) {
		opentelemetry__proto__common__v1__any_value__init(&values[i]);
		values[i].value_case =
			OPENTELEMETRY__PROTO__COMMON__V1__ANY_VALUE__VALUE_STRING_VALUE;
		values[i].string_value =
			cs_otlp_text(b, value->strings.items[i], CS_TELEMETRY_STRING_MAX);
		items[i] = &values[i];
	}
	array->n_values = n;
	array->values = items;
	out->value_case = OPENTELEMETRY__PROTO__COMMON__V1__ANY_VALUE__VALUE_ARRAY_VALUE;
	out->array_value = array;
}

static void set_value(struct cs_otlp_tree *b, pb_any_value *out, const struct cs_value *value)
{
	opentelemetry__proto__common__v1__any_value__init(out);
	switch (value->type) {
	case CS_VALUE_STRING:
		out->value_case = OPENTELEMETRY__PROTO__COMMON__V1__ANY_VALUE__VALUE_STRING_VALUE;
		out->string_value = cs_otlp_text(b, value->string, CS_TELEMETRY_STRING_MAX);
		break;
	case CS_VALUE_BOOL:
		out->value_case = OPENTELEMETRY__PROTO__COMMON__V1__ANY_VALUE__VALUE_BOOL_VALUE;
		out->bool_value = value->boolean;
		break;
	case CS_VALUE_INT:
		out->value_case = OPENTELEMETRY__PROTO__COMMON__V1__ANY_VALUE__VALUE_INT_VALUE;
		out->int_value = value->integer;
		break;
	case CS_VALUE_DOUBLE:
		out->value_case = OPENTELEMETRY__PROTO__COMMON__V1__ANY_VALUE__VALUE_DOUBLE_VALUE;
		out->double_value = value->real;
		break;
	case CS_VALUE_STRINGS:
		set_strings(b, out, value);
		break;
	}
}

pb_key_value **cs_otlp_attributes(struct cs_otlp_tree *b, const struct cs_attrs *attrs,
				  size_t *ret_n)
{
	struct pair {
		pb_key_value key_value;
		pb_any_value value;
	} * pairs;
	pb_key_value **items;

	*ret_n = 0;
	if (!attrs->count)
		return NULL;
	items = cs_otlp_take(b, attrs->count, sizeof(*items));
	pairs = cs_otlp_take(b, attrs->count, sizeof(*pairs));
	if (!items || !pairs)
		return NULL;
	for (size_t i = 0; i < attrs->count; i++) {
		opentelemetry__proto__common__v1__key_value__init(&pairs[i].key_value);
		pairs[i].key_value.key =
			cs_otlp_text(b, attrs->items[i].key, CS_TELEMETRY_STRING_MAX);
		set_value(b, &pairs[i].value, &attrs->items[i].value);
		pairs[i].key_value.value = &pairs[i].value;
		items[i] = &pairs[i].key_value;
	}
	*ret_n = attrs->count;
	return items;
}

pb_resource *cs_otlp_resource(struct cs_otlp_tree *b, const struct cs_attrs *attrs)
{
	pb_resource *resource = cs_otlp_take(b, 1, sizeof(*resource));

	if (!resource)
		return NULL;
	opentelemetry__proto__resource__v1__resource__init(resource);
	resource->attributes = cs_otlp_attributes(b, attrs, &resource->n_attributes);
	resource->dropped_attributes_count = attrs->dropped_count;
	return resource;
}

pb_scope *cs_otlp_scope(struct cs_otlp_tree *b)
{
	pb_scope *scope = cs_otlp_take(b, 1, sizeof(*scope));

	if (!scope)
		return NULL;
	opentelemetry__proto__common__v1__instrumentation_scope__init(scope);
	scope->name = unconst("coldspan");
	scope->version = unconst(CS_VERSION);
	return scope;
}
