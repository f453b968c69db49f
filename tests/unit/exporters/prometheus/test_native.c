/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of exporters/prometheus/native: spans and differences of known buckets, and all of it read back. */
#include "exporters/prometheus/native.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <string.h>

static struct cs_arena arena;

static void stop(void)
{
	cs_arena_deinit(&arena);
}

TestSuite(native, .fini = stop);

static struct cs_native_histogram made(int32_t scale, int32_t offset, const uint64_t *counts,
				       size_t count)
{
	const struct cs_histogram_value value = {
		.scale = scale,
		.positive = { .offset = offset, .counts = counts, .counts_count = count },
	};
	struct cs_native_histogram native;

	cr_assert(eq(int, cs_native_histogram(&value, &arena, &native), 0));
	return native;
}

static void check_span(const struct cs_native_histogram *native, size_t i, int32_t offset,
		       uint32_t length)
{
	cr_assert(lt(sz, i, native->spans_count));
	cr_assert(eq(i32, native->spans[i].offset, offset), "span %zu", i);
	cr_assert(eq(u32, native->spans[i].length, length), "span %zu", i);
}

static void check_deltas(const struct cs_native_histogram *native, const int64_t *deltas,
			 size_t count)
{
	cr_assert(eq(sz, native->deltas_count, count));
	for (size_t i = 0; i < count; i++)
		cr_assert(eq(i64, native->deltas[i], deltas[i]), "%zu", i);
}

Test(native, indices_are_one_more_and_counts_are_differences)
{
	const uint64_t counts[] = { 3, 1, 1, 7 };
	struct cs_native_histogram native = made(5, -10, counts, 4);

	cr_assert(eq(i32, native.schema, 5));
	cr_assert(eq(sz, native.spans_count, 1));
	check_span(&native, 0, -9, 4);
	check_deltas(&native, (const int64_t[]){ 3, -2, 0, 6 }, 4);
}

Test(native, two_empty_buckets_are_told_and_three_are_not)
{
	const uint64_t counts[] = { 0, 2, 0, 0, 5, 0, 0, 0, 1, 0 };
	struct cs_native_histogram native = made(3, 0, counts, 10);

	cr_assert(eq(sz, native.spans_count, 2));
	check_span(&native, 0, 2, 4);
	check_span(&native, 1, 3, 1);
	check_deltas(&native, (const int64_t[]){ 2, -2, 0, 5, -4 }, 5);
}

Test(native, what_is_finer_than_there_is_becomes_coarser)
{
	/* Scale 10: four buckets make one of scale 8, also below zero. */
	const uint64_t counts[] = { 1, 1, 1, 1, 1, 1, 1 };
	struct cs_native_histogram native = made(10, -6, counts, 7); /* -6 … 0 */

	cr_assert(eq(i32, native.schema, 8));
	cr_assert(eq(sz, native.spans_count, 1));
	check_span(&native, 0, -1, 3); /* -2 + 1 … 0 + 1 */
	check_deltas(&native, (const int64_t[]){ 2, 2, -3 }, 3);
}

Test(native, an_empty_one_has_a_span_of_no_length)
{
	struct cs_native_histogram native = made(5, 0, NULL, 0);

	cr_assert(eq(sz, native.spans_count, 1));
	check_span(&native, 0, 0, 0);
	cr_assert(eq(sz, native.deltas_count, 0));
}

Test(native, what_is_too_coarse_is_none)
{
	const uint64_t counts[] = { 1 };
	const struct cs_histogram_value value = { .scale = -5, .positive = { 0, counts, 1 } };
	struct cs_native_histogram native;

	cr_assert(eq(int, cs_native_histogram(&value, &arena, &native), -ERANGE));
	cr_assert(eq(i32, made(-4, 0, counts, 1).schema, -4));
}

/* The whole of what was told, by index. */
static void read_back(const struct cs_native_histogram *native, int32_t low, uint64_t *counts)
{
	int32_t index = 0;
	uint64_t count = 0;
	size_t bucket = 0;

	for (size_t i = 0; i < native->spans_count; i++) {
		index += native->spans[i].offset;
		for (uint32_t j = 0; j < native->spans[i].length; j++, index++) {
			count += (uint64_t)native->deltas[bucket++];
			counts[index - 1 - low] = count;
		}
	}
	cr_assert(eq(sz, bucket, native->deltas_count));
}

Test(native, all_that_was_counted_is_told_again)
{
	uint64_t state = 42;

	for (unsigned run = 0; run < 300; run++) {
		uint64_t counts[160] = { 0 }, back[160] = { 0 };
		int32_t offset = (int32_t)(run * 7) - 1000;
		struct cs_native_histogram native;

		for (size_t i = 0; i < 160; i++) {
			state = state * 6364136223846793005u + 1442695040888963407u;
			if (state >> 33 & 1 << run % 5)
				counts[i] = state >> 40;
		}
		native = made(5, offset, counts, 160);
		read_back(&native, offset, back);
		cr_assert(eq(int, memcmp(counts, back, sizeof(counts)), 0), "%u", run);
		cs_arena_reset(&arena);
	}
}
