/* SPDX-License-Identifier: Apache-2.0 */

#include "collector/intake/quota.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

static struct cs_quota quota;

static void setup(void)
{
	cr_assert(eq(int, cs_quota_init(&quota, 2), 0));
}

static void teardown(void)
{
	cs_quota_deinit(&quota);
}

TestSuite(quota, .init = setup, .fini = teardown);

Test(quota, a_uid_gets_as_many_instances_as_allowed)
{
	cs_quota_take(&quota, 1000);
	cr_expect(eq(int, cs_quota_check(&quota, 1000, 1), CS_REFUSAL_NONE));
	cs_quota_take(&quota, 1000);
	cr_expect(eq(int, cs_quota_check(&quota, 1000, 1), CS_REFUSAL_UID_QUOTA));
	cr_expect(eq(int, cs_quota_check(&quota, 1001, 1), CS_REFUSAL_NONE));
	cs_quota_put(&quota, 1000);
	cr_expect(eq(int, cs_quota_check(&quota, 1000, 1), CS_REFUSAL_NONE));
}

Test(quota, an_offence_refuses_that_uid_alone_and_for_a_while)
{
	cs_quota_offend(&quota, 7, 100);
	cr_expect(eq(int, cs_quota_check(&quota, 7, 100 + CS_QUOTA_REFUSE_MIN_NS - 1),
		     CS_REFUSAL_UID_REFUSED));
	cr_expect(eq(int, cs_quota_check(&quota, 8, 101), CS_REFUSAL_NONE));
	cr_expect(
		eq(int, cs_quota_check(&quota, 7, 100 + CS_QUOTA_REFUSE_MIN_NS), CS_REFUSAL_NONE));
}

Test(quota, each_offence_doubles_the_time_up_to_an_hour)
{
	for (int i = 0; i < 20; i++)
		cs_quota_offend(&quota, 7, 0);
	cr_expect(eq(int, cs_quota_check(&quota, 7, CS_QUOTA_REFUSE_MAX_NS - 1),
		     CS_REFUSAL_UID_REFUSED));
	cr_expect(eq(int, cs_quota_check(&quota, 7, CS_QUOTA_REFUSE_MAX_NS), CS_REFUSAL_NONE));
}

Test(quota, uids_beyond_the_table_share_one_allowance)
{
	const uint32_t beyond = CS_QUOTA_UIDS_MAX;

	for (uint32_t uid = 0; uid < CS_QUOTA_UIDS_MAX; uid++)
		cs_quota_take(&quota, uid);
	cs_quota_take(&quota, beyond);
	cs_quota_take(&quota, beyond + 1);
	cr_expect(eq(int, cs_quota_check(&quota, beyond + 2, 0), CS_REFUSAL_UID_QUOTA));
	cr_expect(eq(int, cs_quota_check(&quota, 0, 0), CS_REFUSAL_NONE));
}
