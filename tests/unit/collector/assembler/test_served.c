/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of what collector/in_flight knows of usage: whose is what a process has used. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "collector/assembler/assembled.h"
#include "tests/support/assembling.h"

static struct cs_assembled *server;

static const struct cs_used used = { .of = CS_USED_INVOCATION, .cpu_ns = 5 };

static void start(void)
{
	assembling_start();
	server = attach_server();
}

TestSuite(served, .init = start, .fini = assembling_stop);

static int served_since(uint32_t pid, uint64_t since_ns)
{
	return (int)cs_assembler_served(server, pid, since_ns);
}

Test(served, one_at_a_time)
{
	cr_assert(eq(int, served_since(100, 65 * MS), CS_SERVED_NONE));
	feed_request(server, 100, 7, 70 * MS, "");
	cr_assert(eq(int, served_since(100, 65 * MS), CS_SERVED_NOW));
	feed_end(server, 100, 7, 80 * MS);
	cr_assert(eq(int, served_since(100, 65 * MS), CS_SERVED_ONE));
	cr_assert(eq(int, served_since(100, 80 * MS), CS_SERVED_NONE));
	cs_assembler_used(server, 100, 65 * MS, &used);
	cs_assembler_flush(assembler);
	cr_assert(eq(u64, seen.invocation[0].used.cpu_ns, 5));
}

Test(served, what_two_used_is_nobodys)
{
	feed_request(server, 100, 7, 70 * MS, "");
	feed_request(server, 100, 8, 75 * MS, "");
	feed_end(server, 100, 7, 80 * MS);
	cr_assert(eq(int, served_since(100, 65 * MS), CS_SERVED_NOW));
	feed_end(server, 100, 8, 90 * MS);
	cr_assert(eq(int, served_since(100, 65 * MS), CS_SERVED_SEVERAL));
	cs_assembler_used(server, 100, 65 * MS, &used);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocations, 2));
	cr_assert(eq(int, (int)seen.invocation[0].used.of, (int)CS_USED_UNKNOWN));
	cr_assert(eq(int, (int)seen.invocation[1].used.of, (int)CS_USED_UNKNOWN));
}

Test(served, what_one_used_beside_an_unknown_is_nobodys)
{
	struct cs_rec_aside probe = { .connection = 8 }, other = { .connection = 9 };

	feed(server, 100, CS_RECORD_ASIDE, 62 * MS, &probe, sizeof(probe), NULL);
	feed_request(server, 100, 7, 70 * MS, "");
	feed_end(server, 100, 7, 80 * MS);
	cr_assert(eq(int, served_since(100, 65 * MS), CS_SERVED_ONE));
	other.sequence = CS_ASIDE_CONNECTION;
	feed(server, 100, CS_RECORD_ASIDE, 81 * MS, &other, sizeof(other), NULL);
	cr_assert(eq(int, served_since(100, 65 * MS), CS_SERVED_SEVERAL));
	cr_assert(eq(int, served_since(100, 80 * MS), CS_SERVED_NONE));
	other.flags = CS_ASIDE_OVER;
	feed(server, 100, CS_RECORD_ASIDE, 82 * MS, &other, sizeof(other), NULL);
	feed_request(server, 100, 7, 90 * MS, "");
	feed_end(server, 100, 7, 95 * MS);
	cr_assert(eq(int, served_since(100, 81 * MS), CS_SERVED_SEVERAL));
	cr_assert(eq(int, served_since(100, 85 * MS), CS_SERVED_ONE));
}

Test(served, one_that_had_begun_before_is_not_measured)
{
	feed_request(server, 100, 7, 70 * MS, "");
	feed_end(server, 100, 7, 80 * MS);
	cs_assembler_used(server, 100, 75 * MS, &used);
	cs_assembler_flush(assembler);
	cr_assert(eq(int, (int)seen.invocation[0].used.of, (int)CS_USED_UNKNOWN));
}

Test(served, another_process_is_another_matter)
{
	feed_request(server, 101, 7, 70 * MS, "");
	cr_assert(eq(int, served_since(100, 65 * MS), CS_SERVED_NONE));
	cr_assert(eq(int, served_since(101, 65 * MS), CS_SERVED_NOW));
	feed_end(server, 101, 7, 80 * MS);
	cs_assembler_used(server, 100, 65 * MS, &used);
	cs_assembler_flush(assembler);
	cr_assert(eq(int, (int)seen.invocation[0].used.of, (int)CS_USED_UNKNOWN));
}

Test(served, killed_on_the_way_it_has_used_what_it_used)
{
	feed_request(server, 100, 7, 70 * MS, "");
	cs_assembler_used(server, 100, 65 * MS, &used);
	end_process(server, 100, 9, 80 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocations, 1));
	cr_assert(eq(u64, seen.invocation[0].used.cpu_ns, 5));
}
