/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of agent/warmth. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "agent/recording/warmth.h"

#define MS 1000000ull

static struct cs_identity identity = { .name = "f", .segment = 1 };
static struct cs_warmth warmth;
static struct cs_buffer out;

static void add(bool cold, uint64_t handler_ns)
{
	const struct cs_invocation invocation = { .identity = &identity,
						  .cold = cold,
						  .start_ns = MS,
						  .first_byte_ns = MS + handler_ns,
						  .end_ns = 500 * MS };

	cs_warmth_add(&warmth, &invocation);
}

static const char *drawn(void)
{
	cs_warmth_draw(&warmth, &out);
	return out.len ? out.data : "";
}

Test(warmth, a_cold_handler_stands_beside_the_median_of_the_warm_ones)
{
	add(true, 50 * MS);
	add(false, 9 * MS);
	add(false, 1 * MS);
	add(false, 2 * MS);
	cr_assert(eq(str, (char *)drawn(),
		     (char *)"f: handler 50.00 ms cold, 2.00 ms warm (median of 3)\n"));
	cs_warmth_deinit(&warmth);
	cs_buffer_deinit(&out);
}

Test(warmth, of_one_without_the_other_nothing_is_said)
{
	add(true, 50 * MS);
	identity.segment = 2;
	add(false, 2 * MS);
	cr_assert(eq(str, (char *)drawn(), (char *)""));
	cs_warmth_deinit(&warmth);
	cs_buffer_deinit(&out);
}

Test(warmth, what_did_not_end_well_is_no_measure)
{
	struct cs_invocation died = { .identity = &identity,
				      .start_ns = MS,
				      .end_ns = 500 * MS,
				      .outcome = { CS_CAUSE_SIGNAL, 9 } };

	add(true, 50 * MS);
	cs_warmth_add(&warmth, &died);
	cr_assert(eq(str, (char *)drawn(), (char *)""));
	cs_warmth_deinit(&warmth);
	cs_buffer_deinit(&out);
}

Test(warmth, more_than_there_is_room_for_are_left_out)
{
	for (unsigned i = 0; i < 2 * CS_WARMTH_INSTANCES; i++) {
		identity.segment = i + 1;
		add(true, MS);
	}
	identity.segment = 1;
	for (unsigned i = 0; i < 2 * CS_WARMTH_SAMPLES; i++)
		add(false, MS);
	cr_assert(eq(u32, warmth.count, CS_WARMTH_INSTANCES));
	cr_assert(eq(u32, warmth.instances[0].count, CS_WARMTH_SAMPLES));
	cs_warmth_deinit(&warmth);
}
