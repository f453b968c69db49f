/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of agent/budget/noise. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <math.h>

#include "agent/budget/noise.h"

#define MS 1e6

static struct cs_noise noise_of(double window_ms, double steal_ms, double resident)
{
	struct cs_noise noise;

	cs_noise_clear(&noise);
	noise.values[CS_NOISE_WINDOW] = window_ms * MS;
	noise.values[CS_NOISE_STEAL] = steal_ms * MS;
	noise.values[CS_NOISE_RESIDENT] = resident;
	return noise;
}

static bool is_disturbed(double window_ms, double steal_ms, double resident, double most)
{
	struct cs_noise noise = noise_of(window_ms, steal_ms, resident);

	return cs_noise_disturbed(&noise, most);
}

Test(noise, time_that_the_host_took_disturbs)
{
	cr_assert(not(is_disturbed(400, 0, 1, 1)));
	cr_assert(not(is_disturbed(400, 10, 1, 1)));
	cr_assert(is_disturbed(100, 10, 1, 1));
}

Test(noise, files_that_left_the_page_cache_disturb)
{
	cr_assert(not(is_disturbed(400, 0, 0.6, 0.65))); /* nobody ever read all of it */
	cr_assert(is_disturbed(400, 0, 0.5, 0.65));
}

Test(noise, what_is_not_known_does_not_disturb)
{
	double unknown = (double)NAN;

	cr_assert(not(is_disturbed(100, unknown, unknown, unknown)));
	cr_assert(not(is_disturbed(100, unknown, 0.1, unknown)));
}

Test(noise, pressure_of_its_own_threads_does_not_disturb)
{
	struct cs_noise noise = noise_of(100, 0, 1);

	noise.values[CS_NOISE_PRESSURE] = 100 * MS;
	noise.values[CS_NOISE_SWITCHES] = 1000;
	cr_assert(not(cs_noise_disturbed(&noise, 1)));
}

Test(noise, a_summary_keeps_means_and_extremes)
{
	struct cs_noise_summary summary;
	struct cs_noise calm = noise_of(100, 0, 1), bad = noise_of(100, 20, 0.5);

	calm.values[CS_NOISE_LOAD] = 1;
	bad.values[CS_NOISE_LOAD] = 3;
	bad.again = true;
	bad.values[CS_NOISE_SLOWED_BEFORE] = 1;
	bad.values[CS_NOISE_SLOWED_AFTER] = 1.6;
	bad.values[CS_NOISE_NOT_TAKEN] = 5;
	cs_noise_summary_init(&summary);
	cs_noise_add(&summary, &calm, 1);
	cs_noise_add(&summary, &bad, 1);
	cr_assert(eq(u32, summary.count, 2));
	cr_assert(eq(u32, summary.disturbed, 1));
	cr_assert(eq(u32, summary.again, 1));
	cr_assert(eq(u32, summary.probed, 1));
	cr_assert(eq(u32, summary.slow, 1));
	cr_assert(eq(u32, summary.not_taken, 5));
	cr_assert(lt(dbl, fabs(summary.steal - 0.1), 1e-9));
	cr_assert(lt(dbl, fabs(summary.load - 3), 1e-9));
	cr_assert(lt(dbl, fabs(summary.resident - 0.5), 1e-9));
	cr_assert(isnan(summary.switches));
}
