/* SPDX-License-Identifier: Apache-2.0 */

/* Spans and differences; see native.h. */
#include "exporters/prometheus/native.h"

#include <errno.h>
#include <string.h>

#define GAP_MAX 2 /* so many empty buckets are told: a span of its own would take more */

struct building {
	struct cs_native_span *spans;
	size_t spans_count;
	int64_t *deltas;
	size_t deltas_count;
	int64_t next;    /* index after the last bucket told */
	uint64_t before; /* what was in that */
};

static void put_bucket(struct building *b, uint64_t count)
{
	b->deltas[b->deltas_count++] = (int64_t)(count - b->before);
	b->spans[b->spans_count - 1].length++;
	b->before = count;
	b->next++;
}

/* Indices come in rising order. */
static void put(struct building *b, int64_t index, uint64_t count)
{
	if (!b->spans_count || index - b->next > GAP_MAX) {
		b->spans[b->spans_count++] = (struct cs_native_span){
			.offset = (int32_t)(b->spans_count ? index - b->next : index)
		};
		b->next = index;
	}
	while (b->next < index)
		put_bucket(b, 0);
	put_bucket(b, count);
}

static void put_all(struct building *b, const struct cs_exp_buckets *from, int coarser)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < from->counts_count; i++) {
		int64_t index = ((int64_t)from->offset + (int64_t)i) >> coarser;
		bool last = i + 1 == from->counts_count ||
			    ((int64_t)from->offset + (int64_t)i + 1) >> coarser != index;

		sum += from->counts[i];
		if (last && sum)
			put(b, index + 1, sum);
		if (last)
			sum = 0;
	}
}

int cs_native_histogram(const struct cs_histogram_value *value, struct cs_arena *arena,
			struct cs_native_histogram *ret)
{
	int coarser = value->scale > CS_NATIVE_SCHEMA_MAX ? value->scale - CS_NATIVE_SCHEMA_MAX : 0;
	size_t buckets = value->positive.counts_count;
	struct building b = { 0 };

	if (value->scale < CS_NATIVE_SCHEMA_MIN)
		return -ERANGE;
	b.spans = cs_arena_alloc(arena, (buckets + 1) * sizeof(*b.spans));
	b.deltas = cs_arena_alloc(arena, (buckets + 1) * sizeof(*b.deltas));
	if (!b.spans || !b.deltas)
		return -ENOMEM;
	put_all(&b, &value->positive, coarser);
	if (!b.spans_count)
		b.spans[b.spans_count++] = (struct cs_native_span){ 0 };
	*ret = (struct cs_native_histogram){
		.schema = value->scale - coarser,
		.spans = b.spans,
		.spans_count = b.spans_count,
		.deltas = b.deltas,
		.deltas_count = b.deltas_count,
	};
	return 0;
}
