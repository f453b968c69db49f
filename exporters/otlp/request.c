/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Requests; see request.h. A tree is built by bump allocation and packed into a flat buffer of the
 * exact size: pack_to_buffer() measures every message again at every level and is four times slower
 * (measured: 2,796 against 582 ns a span).
 */
#include "exporters/otlp/request.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#include "exporters/otlp/logs.h"
#include "exporters/otlp/metrics.h"
#include "exporters/otlp/traces.h"
#include "opentelemetry/proto/logs/v1/logs.pb-c.h"
#include "opentelemetry/proto/metrics/v1/metrics.pb-c.h"
#include "opentelemetry/proto/trace/v1/trace.pb-c.h"

/* Depth of what is counted: resources hold scopes, these spans, log records or metrics, these data points. */
#define DEPTH_ITEMS  3u
#define DEPTH_POINTS 4u

/* A repeated field of messages. */
struct list {
	size_t *count;
	ProtobufCMessage ***items;
};

static void *arena_alloc(void *arena, size_t bytes)
{
	return cs_arena_alloc(arena, bytes);
}

static void arena_free(void *arena, void *p)
{
}

ProtobufCAllocator cs_otlp_arena_allocator(struct cs_arena *arena)
{
	return (ProtobufCAllocator){
		.alloc = arena_alloc,
		.free = arena_free,
		.allocator_data = arena,
	};
}

static const struct {
	const ProtobufCMessageDescriptor *descriptor;
	unsigned depth;
} signals[CS_SIGNAL_COUNT] = {
	[CS_SIGNAL_TRACES] = { &opentelemetry__proto__trace__v1__traces_data__descriptor,
			       DEPTH_ITEMS },
	[CS_SIGNAL_METRICS] = { &opentelemetry__proto__metrics__v1__metrics_data__descriptor,
				DEPTH_POINTS },
	[CS_SIGNAL_LOGS] = { &opentelemetry__proto__logs__v1__logs_data__descriptor, DEPTH_ITEMS },
};

int cs_otlp_build(ProtobufCAllocator *alloc, struct cs_batch batch, struct cs_otlp_range *range,
		  ProtobufCMessage **ret)
{
	switch (batch.signal) {
	case CS_SIGNAL_TRACES:
		return cs_otlp_traces_build(alloc, batch.spans, range, ret);
	case CS_SIGNAL_METRICS:
		return cs_otlp_metrics_build(alloc, batch.metrics, range, ret);
	case CS_SIGNAL_LOGS:
		return cs_otlp_logs_build(alloc, batch.logs, range, ret);
	case CS_SIGNAL_COUNT:
		break;
	}
	return -EINVAL;
}

static int pack(const ProtobufCMessage *message, size_t bytes, struct cs_buffer *out)
{
	int r = cs_buffer_reserve(out, bytes);

	if (r < 0)
		return r;
	protobuf_c_message_pack(message, (uint8_t *)out->data + out->len);
	out->len += bytes;
	out->data[out->len] = '\0';
	return 0;
}

int cs_otlp_pack(ProtobufCAllocator *alloc, struct cs_batch batch, struct cs_otlp_range *range,
		 size_t bytes_max, struct cs_buffer *out)
{
	size_t wanted = range->count;

	if (wanted > CS_OTLP_REQUEST_ITEMS_MAX)
		wanted = CS_OTLP_REQUEST_ITEMS_MAX;
	for (;;) { /* halved each time: at most log2(CS_OTLP_REQUEST_ITEMS_MAX) rounds */
		struct cs_otlp_range part = { .first = range->first, .count = wanted };
		ProtobufCMessage *message;
		size_t bytes;
		int r = cs_otlp_build(alloc, batch, &part, &message);

		if (r < 0)
			return r;
		if (r > 0) {
			*range = part;
			return r;
		}
		bytes = protobuf_c_message_get_packed_size(message);
		if (bytes > bytes_max && part.count > 1) {
			wanted = part.count / 2;
			continue;
		}
		if (bytes > bytes_max) {
			*range = part;
			return CS_OTLP_TOO_LARGE;
		}
		r = pack(message, bytes, out);
		if (r == 0)
			*range = part;
		return r;
	}
}

static struct list list_of(ProtobufCMessage *message, unsigned number)
{
	const ProtobufCFieldDescriptor *field =
		protobuf_c_message_descriptor_get_field(message->descriptor, number);
	char *base = (char *)message;

	return (struct list){ (size_t *)(void *)(base + field->quantifier_offset),
			      (ProtobufCMessage ***)(void *)(base + field->offset) };
}

/* What a metric is: a gauge, a sum, a histogram; NULL: none. */
static ProtobufCMessage *data_of(ProtobufCMessage *message)
{
	Opentelemetry__Proto__Metrics__V1__Metric *metric = (void *)message;

	switch (metric->data_case) {
	case OPENTELEMETRY__PROTO__METRICS__V1__METRIC__DATA_GAUGE:
		return &metric->gauge->base;
	case OPENTELEMETRY__PROTO__METRICS__V1__METRIC__DATA_SUM:
		return &metric->sum->base;
	case OPENTELEMETRY__PROTO__METRICS__V1__METRIC__DATA_HISTOGRAM:
		return &metric->histogram->base;
	case OPENTELEMETRY__PROTO__METRICS__V1__METRIC__DATA_EXPONENTIAL_HISTOGRAM:
		return &metric->exponential_histogram->base;
	default:
		return NULL;
	}
}

/* A range of the items of a request, as its tree is walked. */
struct walk {
	unsigned depth; /* of the items */
	size_t first, end;
	size_t at; /* items seen so far */
};

/*
 * Leaves nothing below @message but what holds items of the range: does it hold any? Goes no deeper than
 * DEPTH_POINTS.
 */
static bool keep(struct walk *walk, ProtobufCMessage *message, unsigned depth)
{
	static const unsigned fields[DEPTH_POINTS] = { 1, 2, 2, 1 }; /* the same of all signals */
	struct list list;
	size_t kept = 0;

	if (depth == walk->depth) {
		size_t at = walk->at++;

		return at >= walk->first && at < walk->end;
	}
	if (depth == DEPTH_ITEMS)
		message = data_of(message);
	if (!message)
		return false;
	list = list_of(message, fields[depth]);
	for (size_t i = 0; i < *list.count; i++) {
		if (keep(walk, (*list.items)[i], depth + 1))
			(*list.items)[kept++] = (*list.items)[i];
	}
	*list.count = kept;
	return kept;
}

/* Appends the items [first, end) of a request to @out; counts all of them. */
static int pack_part(enum cs_signal signal, const void *data, size_t len, struct walk *walk,
		     struct cs_buffer *out)
{
	cs_cleanup(cs_arena_deinit) struct cs_arena arena = { 0 };
	ProtobufCAllocator alloc = cs_otlp_arena_allocator(&arena);
	ProtobufCMessage *message =
		protobuf_c_message_unpack(signals[signal].descriptor, &alloc, len, data);

	if (!message)
		return -EINVAL; /* or out of memory: protobuf-c does not say */
	walk->depth = signals[signal].depth;
	walk->at = 0;
	keep(walk, message, 0);
	return out ? pack(message, protobuf_c_message_get_packed_size(message), out) : 0;
}

int cs_otlp_split(enum cs_signal signal, const void *data, size_t len, struct cs_buffer *first,
		  struct cs_buffer *second, size_t *ret_first)
{
	struct walk walk = { .end = SIZE_MAX };
	int r = pack_part(signal, data, len, &walk, NULL);

	if (r < 0)
		return r;
	if (walk.at < 2)
		return -EINVAL;
	walk.end = walk.at / 2;
	r = pack_part(signal, data, len, &walk, first);
	if (r < 0)
		return r;
	walk.first = walk.end;
	walk.end = SIZE_MAX;
	r = pack_part(signal, data, len, &walk, second);
	if (r == 0)
		*ret_first = walk.first;
	return r;
}
