/* SPDX-License-Identifier: Apache-2.0 */

/* Batches for tests; see spans.h. */
#include "tests/support/spans.h"

#include <math.h>
#include <string.h>

#define BASE_NS 1700000000000000000u /* 2023-11-14T22:13:20Z */

static void *take(struct cs_arena *arena, size_t count, size_t bytes)
{
	void *p = cs_arena_alloc(arena, count * bytes);

	if (!p)
		abort();
	return p;
}

static struct cs_attr string_attr(const char *key, const char *value)
{
	return (struct cs_attr){ key, { .type = CS_VALUE_STRING, .string = value } };
}

static struct cs_attrs sample_attrs(struct cs_arena *arena, size_t index)
{
	static const char *const words[] = { "one", "", "drei ÄÖÜ" };
	struct cs_attr *a = take(arena, 8, sizeof(*a));

	a[0] = string_attr("text", "tab\t quote\" back\\ line\n nul-free \x01 ünï €");
	a[1] = string_attr("empty", "");
	a[2] = (struct cs_attr){ "truth", { .type = CS_VALUE_BOOL, .boolean = index % 2 == 0 } };
	a[3] = (struct cs_attr){ "number",
				 { .type = CS_VALUE_INT, .integer = INT64_MIN + (int64_t)index } };
	a[4] = (struct cs_attr){ "zero", { .type = CS_VALUE_INT, .integer = 0 } };
	a[5] = (struct cs_attr){ "real", { .type = CS_VALUE_DOUBLE, .real = 0.1 + (double)index } };
	a[6] = (struct cs_attr){ "list", { .type = CS_VALUE_STRINGS, .strings = { words, 3 } } };
	a[7] = (struct cs_attr){ "no list", { .type = CS_VALUE_STRINGS } };
	return (struct cs_attrs){ a, 8, 3 };
}

static void sample_span(struct cs_arena *arena, struct cs_span *span, size_t index)
{
	struct cs_span_event *event = take(arena, 1, sizeof(*event));
	struct cs_span_link *link = take(arena, 1, sizeof(*link));
	struct cs_attr *attr = take(arena, 1, sizeof(*attr));

	*attr = string_attr("reason", "because");
	memset(span->trace_id.bytes, 0xab, sizeof(span->trace_id.bytes));
	for (size_t i = 0; i < sizeof(span->span_id.bytes); i++)
		span->span_id.bytes[i] = (uint8_t)((index + 1) >> (8 * (7 - i)));
	if (index)
		span->parent_span_id.bytes[7] = 1;
	span->trace_state = "vendor=a,other=b";
	span->name = cs_arena_printf(arena, "span %zu", index);
	span->kind = (enum cs_span_kind)(1 + index % 5);
	span->flags = CS_SPAN_FLAG_SAMPLED | CS_SPAN_FLAG_REMOTE_KNOWN |
		      (index % 2 ? CS_SPAN_FLAG_REMOTE : 0);
	span->start_unix_ns = BASE_NS + index * 1000;
	span->end_unix_ns = span->start_unix_ns + 999;
	span->attrs = sample_attrs(arena, index);
	*event = (struct cs_span_event){ span->start_unix_ns + 1, "event", { attr, 1, 0 } };
	span->events = event;
	span->events_count = 1;
	*link = (struct cs_span_link){ .attrs = { attr, 1, 2 }, .flags = CS_SPAN_FLAG_SAMPLED };
	memset(link->trace_id.bytes, 0xcd, sizeof(link->trace_id.bytes));
	memset(link->span_id.bytes, 0xef, sizeof(link->span_id.bytes));
	span->links = link;
	span->links_count = 1;
	span->status = (enum cs_status_code)(index % 3);
	span->status_message = span->status == CS_STATUS_ERROR ? "killed by signal 9" : NULL;
}

const struct cs_span_batch *sample_batch(struct cs_arena *arena, size_t count)
{
	struct cs_span_batch *batch = take(arena, 1, sizeof(*batch));
	struct cs_resource_spans *groups = take(arena, 2, sizeof(*groups));
	struct cs_span *spans = take(arena, count, sizeof(*spans));

	for (size_t i = 0; i < count; i++)
		sample_span(arena, &spans[i], i);
	for (size_t i = 0; i < 2; i++) {
		struct cs_attr *a = take(arena, 2, sizeof(*a));

		a[0] = string_attr("service.name", i ? "second" : "first");
		a[1] = (struct cs_attr){ "process.pid",
					 { .type = CS_VALUE_INT, .integer = 4711 + (int64_t)i } };
		groups[i].resource = (struct cs_attrs){ a, 2, 0 };
	}
	groups[0].spans = spans;
	groups[0].spans_count = count / 2;
	groups[1].spans = spans + count / 2;
	groups[1].spans_count = count - count / 2;
	batch->groups = groups;
	batch->groups_count = 2;
	return batch;
}

/* splitmix64, after Sebastiano Vigna's public domain description. */
static uint64_t next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static size_t below(uint64_t *state, size_t n)
{
	return (size_t)(next(state) % n);
}

/* Mostly short ASCII, sometimes any bytes but NUL, sometimes longer than is kept. */
static const char *random_text(struct cs_arena *arena, uint64_t *state)
{
	size_t how = below(state, 20);
	size_t len = how == 0 ? below(state, 5000) : below(state, 20);
	char *s = take(arena, len + 1, 1);

	for (size_t i = 0; i < len; i++)
		s[i] = how < 3 ? (char)(1 + below(state, 255)) : (char)('a' + below(state, 26));
	return s;
}

static struct cs_value random_value(struct cs_arena *arena, uint64_t *state)
{
	static const double reals[] = { 0.0, -0.0, 0.1, 1e300, 5e-324, -1.5, 12345678.9 };
	struct cs_value v = { .type = (enum cs_value_type)below(state, 5) };
	const char **items;

	switch (v.type) {
	case CS_VALUE_STRING:
		v.string = random_text(arena, state);
		break;
	case CS_VALUE_BOOL:
		v.boolean = below(state, 2);
		break;
	case CS_VALUE_INT:
		v.integer = (int64_t)(next(state) >> below(state, 64));
		if (below(state, 2))
			v.integer = -v.integer;
		break;
	case CS_VALUE_DOUBLE:
		v.real = below(state, 8) == 0 ? (double)INFINITY : reals[below(state, 7)];
		break;
	case CS_VALUE_STRINGS:
		v.strings.count = below(state, 5);
		items = take(arena, v.strings.count, sizeof(*items));
		for (size_t i = 0; i < v.strings.count; i++)
			items[i] = random_text(arena, state);
		v.strings.items = items;
		break;
	}
	return v;
}

static struct cs_attrs random_attrs(struct cs_arena *arena, uint64_t *state)
{
	struct cs_attrs attrs = { .count = below(state, 6),
				  .dropped_count = (uint32_t)below(state, 3) };
	struct cs_attr *items = take(arena, attrs.count, sizeof(*items));

	for (size_t i = 0; i < attrs.count; i++) {
		items[i].key = cs_arena_printf(arena, "%zu%s", i, random_text(arena, state));
		items[i].value = random_value(arena, state);
	}
	attrs.items = items;
	return attrs;
}

static void random_id(uint64_t *state, uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)next(state);
}

static void random_span(struct cs_arena *arena, uint64_t *state, struct cs_span *span)
{
	struct cs_span_event *events;
	struct cs_span_link *links;

	random_id(state, span->trace_id.bytes, sizeof(span->trace_id.bytes));
	if (below(state, 16)) /* else: no span at all */
		random_id(state, span->span_id.bytes, sizeof(span->span_id.bytes));
	if (below(state, 2))
		random_id(state, span->parent_span_id.bytes, sizeof(span->parent_span_id.bytes));
	span->trace_state = below(state, 2) ? random_text(arena, state) : NULL;
	span->name = random_text(arena, state);
	span->kind = (enum cs_span_kind)(1 + below(state, 5));
	span->flags = (uint32_t)below(state, 1024);
	span->start_unix_ns = next(state);
	span->end_unix_ns = next(state);
	span->attrs = random_attrs(arena, state);
	span->events_count = below(state, 3);
	events = take(arena, span->events_count, sizeof(*events));
	for (size_t i = 0; i < span->events_count; i++)
		events[i] = (struct cs_span_event){ next(state), random_text(arena, state),
						    random_attrs(arena, state) };
	span->events = events;
	span->links_count = below(state, 3);
	links = take(arena, span->links_count, sizeof(*links));
	for (size_t i = 0; i < span->links_count; i++) {
		random_id(state, links[i].trace_id.bytes, sizeof(links[i].trace_id.bytes));
		random_id(state, links[i].span_id.bytes, sizeof(links[i].span_id.bytes));
		links[i].attrs = random_attrs(arena, state);
		links[i].flags = (uint32_t)below(state, 4);
	}
	span->links = links;
	span->status = (enum cs_status_code)below(state, 3);
	span->status_message = below(state, 2) ? random_text(arena, state) : NULL;
}

const struct cs_span_batch *random_batch(struct cs_arena *arena, uint64_t seed)
{
	struct cs_span_batch *batch = take(arena, 1, sizeof(*batch));
	struct cs_resource_spans *groups;

	batch->groups_count = below(&seed, 5);
	groups = take(arena, batch->groups_count, sizeof(*groups));
	for (size_t i = 0; i < batch->groups_count; i++) {
		struct cs_span *spans;

		groups[i].resource = random_attrs(arena, &seed);
		groups[i].spans_count = below(&seed, 8);
		spans = take(arena, groups[i].spans_count, sizeof(*spans));
		for (size_t k = 0; k < groups[i].spans_count; k++)
			random_span(arena, &seed, &spans[k]);
		groups[i].spans = spans;
	}
	batch->groups = groups;
	return batch;
}
