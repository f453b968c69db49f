/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of exporters/prometheus/readers. */
#include "exporters/prometheus/readers.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

static struct cs_prometheus_readers readers;
static const char connections[CS_PROMETHEUS_READERS_MAX + 2]; /* of which addresses are taken */

static int ask(unsigned connection, const char *looks, bool wanted_new)
{
	bool is_new = !wanted_new;
	int place = cs_prometheus_readers_find(&readers, &connections[connection], looks, &is_new);

	if (place != CS_PROMETHEUS_NOBODY)
		cr_assert(eq(int, is_new, wanted_new), "connection %u", connection);
	return place;
}

static void leave(unsigned connection)
{
	cs_prometheus_readers_leave(&readers, &connections[connection]);
}

Test(readers, a_connection_is_one_reader)
{
	int place = ask(1, "a", true);

	cr_assert(ge(int, place, 0));
	cr_assert(eq(int, ask(1, "a", false), place));
	cr_assert(eq(int, ask(1, "a", false), place));
}

Test(readers, two_that_look_the_same_are_two)
{
	int place = ask(1, "a", true);

	cr_assert(ne(int, ask(2, "a", true), place));
	cr_assert(eq(int, ask(1, "a", false), place));
}

Test(readers, one_that_comes_again_is_the_same)
{
	int place = ask(1, "a", true);

	leave(1);
	cr_assert(eq(int, ask(2, "a", false), place));
	leave(2);
	cr_assert(ne(int, ask(3, "b", true), place),
		  "while there is room, no one's place is taken");
	cr_assert(eq(int, ask(4, "a", false), place));
}

Test(readers, who_looks_otherwise_on_a_connection_is_another)
{
	int place = ask(1, "a", true);

	cr_assert(eq(int, ask(1, "b", true), place));
	cr_assert(eq(int, ask(1, "b", false), place));
}

Test(readers, no_more_than_there_are_places)
{
	for (unsigned i = 0; i < CS_PROMETHEUS_READERS_MAX; i++)
		cr_assert(ge(int, ask(i, "a", true), 0));
	cr_assert(eq(int, ask(CS_PROMETHEUS_READERS_MAX, "a", true), CS_PROMETHEUS_NOBODY));
	leave(5);
	leave(3);
	cr_assert(eq(int, ask(CS_PROMETHEUS_READERS_MAX, "b", true), 3),
		  "the place of who was here longest ago");
	cr_assert(eq(int, ask(CS_PROMETHEUS_READERS_MAX + 1, "a", false), 5));
}

Test(readers, long_looks_are_cut)
{
	char looks[2 * CS_PROMETHEUS_LOOKS_MAX];
	int place;

	memset(looks, 'x', sizeof(looks) - 1);
	looks[sizeof(looks) - 1] = '\0';
	place = ask(1, looks, true);
	leave(1);
	cr_assert(eq(int, ask(2, looks, false), place));
}

Test(readers, who_was_never_here_may_leave)
{
	leave(1);
	cr_assert(ge(int, ask(1, "", true), 0));
	leave(1);
	cr_assert(ge(int, ask(2, "", false), 0));
}
