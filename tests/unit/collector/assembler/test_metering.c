/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of collector/metering: what is left of a reading that came too late. */
#include "collector/assembler/metering.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <unistd.h>

#include "collector/processes/usage.h"
#include "tests/support/assembling.h"
#include "tests/support/following.h"

static struct following following;
static struct cs_metering metering;
static struct cs_lanes lanes;
static struct cs_instance *instance;
static struct cs_usage ready;

/* It is ready; what was used until then was read. */
static void start(void)
{
	struct cs_header header = server_of(getpid(), "function");

	assembling_start();
	following_start(&following);
	instance = following_new(&following, getpid(), 64, 1, &lanes);
	instance->model = cs_assembler_attach(assembler, 1, &header, getpid());
	cr_assert(eq(int, cs_usage_read(LIST_FIRST(&instance->members)->process, &ready), 0));
	cs_metering_ready(instance, &ready);
}

TestSuite(metering, .init = start, .fini = assembling_stop);

/* A record comes while it is read, so that the reading counts for nothing. Return: is there still one before? */
static bool read_too_late(void)
{
	cr_assert(cs_metering_wants(instance, LIST_FIRST(&instance->members)->process));
	cr_assert(following_write(&lanes.rings[0]));
	cs_metering_record(instance);
	cs_metering_look(&metering, instance, ready.time_ns + CS_METERING_AGAIN_NS);
	return cs_metering_wants(instance, LIST_FIRST(&instance->members)->process);
}

Test(metering, who_comes_while_nobody_was_served_is_measured_from_before)
{
	cr_assert(read_too_late());
}

Test(metering, who_comes_while_another_is_over_is_not_measured_with_him)
{
	feed_request(instance->model, (uint32_t)getpid(), 7, ready.time_ns + MS, "");
	feed_end(instance->model, (uint32_t)getpid(), 7, ready.time_ns + 3 * MS);
	cr_assert(not(read_too_late()));
}
