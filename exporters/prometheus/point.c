/* SPDX-License-Identifier: Apache-2.0 */

/* Labels and exemplars; see point.h. */
#include "exporters/prometheus/point.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/utf8.h"
#include "exporters/attributes.h"
#include "exporters/prometheus/family.h"

#define UTF8_GROWS 3u /* times: what U+FFFD takes for a byte */

static const char *text_of(struct cs_arena *arena, const char *s)
{
	size_t len = strlen(s), size = len * UTF8_GROWS + 1;
	char *clean;

	if (cs_utf8_valid(s, len))
		return s;
	clean = cs_arena_alloc(arena, size);
	if (clean)
		cs_utf8_repair(clean, size, s, len, NULL);
	return clean;
}

static const char *real_of(struct cs_arena *arena, double value)
{
	struct cs_buffer digits = { 0 };
	const char *text = NULL;

	if (isnan(value))
		return "NaN";
	if (isinf(value))
		return value > 0 ? "+Inf" : "-Inf";
	cs_buffer_put_real(&digits, value);
	if (!digits.failed)
		text = cs_arena_strndup(arena, digits.data, digits.len);
	cs_buffer_deinit(&digits);
	return text;
}

static const char *value_of(struct cs_arena *arena, const struct cs_value *value)
{
	switch (value->type) {
	case CS_VALUE_STRING:
		return text_of(arena, value->string);
	case CS_VALUE_BOOL:
		return value->boolean ? "true" : "false";
	case CS_VALUE_INT:
		return cs_arena_printf(arena, "%" PRId64, value->integer);
	case CS_VALUE_DOUBLE:
		return real_of(arena, value->real);
	case CS_VALUE_STRINGS: /* as JSON, says the specification; no metric of ours has one */
		break;
	}
	return "";
}

/* What tells points of two resources apart that would have the same labels. */
static size_t put_resource(struct cs_arena *arena, const struct cs_attrs *resource,
			   const struct cs_attrs *attrs, struct cs_prometheus_label *items)
{
	const struct cs_value *service = cs_attributes_find(resource, "service.name");
	const struct cs_value *space = cs_attributes_find(resource, "service.namespace");
	size_t n = 0;

	if (service && cs_attributes_find(attrs, "otel.metric.overflow"))
		items[n++] = (struct cs_prometheus_label){ "faas_name", value_of(arena, service) };
	if (space)
		items[n++] =
			(struct cs_prometheus_label){ "service_namespace", value_of(arena, space) };
	return n;
}

bool cs_prometheus_labels_of(struct cs_arena *arena, const struct cs_attrs *resource,
			     const struct cs_attrs *attrs, struct cs_prometheus_labels *ret)
{
	struct cs_prometheus_label *items =
		cs_arena_alloc(arena, (attrs->count + 2) * sizeof(*items));
	size_t n;

	if (!items)
		return false;
	n = put_resource(arena, resource, attrs, items);
	for (size_t i = 0; i < attrs->count; i++)
		items[n++] = (struct cs_prometheus_label){
			cs_prometheus_name(arena, attrs->items[i].key),
			value_of(arena, &attrs->items[i].value),
		};
	for (size_t i = 0; i < n; i++) {
		if (!items[i].name || !items[i].value)
			return false;
	}
	*ret = (struct cs_prometheus_labels){ .items = items, .count = n };
	return true;
}

const struct cs_exemplar *cs_prometheus_exemplar(const struct cs_data_point *point, double above,
						 double up_to)
{
	const struct cs_exemplar *found = NULL;

	for (size_t i = 0; i < point->exemplars_count; i++) {
		const struct cs_exemplar *exemplar = &point->exemplars[i];

		if (cs_trace_id_is_set(&exemplar->trace_id) && exemplar->value > above &&
		    exemplar->value <= up_to && (!found || exemplar->value > found->value))
			found = exemplar;
	}
	return found;
}

void cs_prometheus_id(const uint8_t *bytes, size_t len, char *ret)
{
	for (size_t i = 0; i < len; i++)
		snprintf(ret + 2 * i, 3, "%02x", bytes[i]);
}
