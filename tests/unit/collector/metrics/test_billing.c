/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <math.h>

#include "collector/metrics/billing.h"

#define MS  1000000ull
#define MIB 1048576ull

Test(billing, time_is_rounded_as_the_platform_does)
{
	static const struct {
		const char *platform;
		uint64_t used_ns, billed_ns;
	} rows[] = {
		{ "aws_lambda", MS / 10, MS },
		{ "aws_lambda", MS + 100, 2 * MS },
		{ "aws_lambda", 2 * MS, 2 * MS },
		{ "aws_lambda", 0, 0 },
		{ "gcp_cloud_run", MS, 100 * MS },
		{ "gcp_cloud_functions", 101 * MS, 200 * MS },
		{ "azure.functions", 3 * MS, 100 * MS },
		{ "azure.functions", 100 * MS + 1, 101 * MS },
		{ "openfaas", 12345, 12345 },
		{ NULL, 12345, 12345 },
		{ "aws_lambda", UINT64_MAX, UINT64_MAX },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_assert_eq(cs_billed_ns(rows[i].platform, rows[i].used_ns), rows[i].billed_ns,
			     "row %zu", i);
}

Test(billing, an_init_and_its_invocation_sum_to_one_duration)
{
	/* Lambda's own line: Billed Duration = ceil(Init Duration + Duration). */
	for (uint64_t init = 0; init < 4 * MS; init += MS / 7) {
		for (uint64_t event = 1; event < 4 * MS; event += MS / 5) {
			uint64_t sum = cs_billed_init_ns("aws_lambda", init, event) +
				       cs_billed_ns("aws_lambda", event);

			cr_assert_eq(sum, (init + event + MS - 1) / MS * MS);
		}
	}
	cr_assert_eq(cs_billed_init_ns("aws_lambda", MS + 1, 0), 2 * MS, "unused");
	cr_assert_eq(cs_billed_init_ns("azure.functions", 900 * MS, MS), 0);
	cr_assert_eq(cs_billed_init_ns("aws_lambda", UINT64_MAX, 2), 0);
}

Test(billing, memory_is_what_is_allotted_or_used)
{
	cr_assert_eq(cs_billed_bytes("aws_lambda", 512 * MIB, 40 * MIB), 512 * MIB);
	cr_assert_eq(cs_billed_bytes("aws_lambda", 0, 40 * MIB), 0);
	cr_assert_eq(cs_billed_bytes("azure.functions", 0, 160 * MIB), 256 * MIB);
	cr_assert_eq(cs_billed_bytes("azure.functions", 0, 4096 * MIB), 1536 * MIB);
	cr_assert_eq(cs_billed_bytes("azure.functions", 0, 0), 0);
	cr_assert(fabs(cs_gb_seconds(512 * MIB, 300 * MS) - 0.15) < 1e-12);
}
