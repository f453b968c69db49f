/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of collector/ending: when a process ended that was gone before it was met. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "tests/support/assembling.h"

TestSuite(ending, .init = assembling_start, .fini = assembling_stop);

/* It attached at 40 and is told of as ended at 90. */
static uint64_t end_of(const struct cs_header *header, bool met_gone)
{
	struct cs_assembled *instance = cs_assembler_attach(assembler, 1, header, 100);

	if (met_gone)
		cs_assembler_met_gone(instance);
	end_process(instance, 100, 0, 90 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.cold_starts, 1));
	return seen.cold.end_ns;
}

Test(ending, of_one_that_was_met_alive_is_when_it_was_learnt)
{
	struct cs_header header = header_of(100, "true");

	header.marks[CS_MARK_MAIN_RETURN] = 51 * MS;
	cr_expect(eq(u64, end_of(&header, false), 90 * MS));
}

Test(ending, of_one_that_was_gone_is_the_return_from_main)
{
	struct cs_header header = header_of(100, "true");

	header.marks[CS_MARK_MAIN_RETURN] = 51 * MS;
	cr_expect(eq(u64, end_of(&header, true), 51 * MS));
}

/* What is buffered is written behind main. */
Test(ending, of_one_that_was_gone_is_not_before_what_it_did_last)
{
	struct cs_header header = header_of(100, "seq");

	header.marks[CS_MARK_MAIN_RETURN] = 51 * MS;
	header.marks[CS_MARK_STDOUT_WRITE] = 52 * MS;
	cr_expect(eq(u64, end_of(&header, true), 52 * MS));
}

Test(ending, of_one_that_was_gone_and_did_not_return_is_not_known_better)
{
	struct cs_header header = header_of(100, "sh");

	cr_expect(eq(u64, end_of(&header, true), 90 * MS));
}
