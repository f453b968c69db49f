/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of exporters/prometheus/readers. */
#include "exporters/prometheus/readers.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

static struct cs_prometheus_readers readers;
static const char connections[CS_PROMETHEUS_READERS_MAX + 2]; /* of which addresses are taken */

static int ask(unsigned connection, const char *looks, enum cs_reader_past wanted)
{
	enum cs_reader_past past = CS_READER_NEW;
	int place = cs_prometheus_readers_find(&readers, &connections[connection], looks, &past);

	if (place != CS_PROMETHEUS_NOBODY)
		cr_assert(eq(int, (int)past, (int)wanted), "connection %u", connection);
	return place;
}

static void leave(unsigned connection)
{
	cs_prometheus_readers_leave(&readers, &connections[connection]);
}

Test(readers, a_connection_is_one_reader)
{
	int place = ask(1, "a", CS_READER_NEW);

	cr_assert(ge(int, place, 0));
	cr_assert(eq(int, ask(1, "a", CS_READER_TOLD), place));
	cr_assert(eq(int, ask(1, "a", CS_READER_TOLD), place));
}

Test(readers, two_that_look_the_same_are_two)
{
	int place = ask(1, "a", CS_READER_NEW);

	cr_assert(ne(int, ask(2, "a", CS_READER_NEW), place));
	cr_assert(eq(int, ask(1, "a", CS_READER_TOLD), place));
}

Test(readers, one_that_comes_again_is_the_same)
{
	int place = ask(1, "a", CS_READER_NEW);

	leave(1);
	cr_assert(eq(int, ask(2, "a", CS_READER_MISSED), place));
	leave(2);
	cr_assert(ne(int, ask(3, "b", CS_READER_NEW), place),
		  "while there is room, no one's place is taken");
	cr_assert(eq(int, ask(4, "a", CS_READER_TOLD), place), "who never stays is told, too");
	cr_assert(eq(int, ask(4, "a", CS_READER_TOLD), place));
	leave(4);
	cr_assert(eq(int, ask(5, "a", CS_READER_MISSED), place));
}

Test(readers, who_looks_otherwise_on_a_connection_is_another)
{
	int place = ask(1, "a", CS_READER_NEW);

	cr_assert(eq(int, ask(1, "b", CS_READER_NEW), place));
	cr_assert(eq(int, ask(1, "b", CS_READER_TOLD), place));
}

Test(readers, no_more_than_there_are_places)
{
	for (unsigned i = 0; i < CS_PROMETHEUS_READERS_MAX; i++)
		cr_assert(ge(int, ask(i, "a", CS_READER_NEW), 0));
	cr_assert(
		eq(int, ask(CS_PROMETHEUS_READERS_MAX, "a", CS_READER_NEW), CS_PROMETHEUS_NOBODY));
	leave(5);
	leave(3);
	cr_assert(eq(int, ask(CS_PROMETHEUS_READERS_MAX, "b", CS_READER_NEW), 3),
		  "the place of who was here longest ago");
	cr_assert(eq(int, ask(CS_PROMETHEUS_READERS_MAX + 1, "a", CS_READER_MISSED), 5));
}

Test(readers, long_looks_are_cut)
{
	char looks[2 * CS_PROMETHEUS_LOOKS_MAX];
	int place;

	memset(looks, 'x', sizeof(looks) - 1);
	looks[sizeof(looks) - 1] = '\0';
	place = ask(1, looks, CS_READER_NEW);
	leave(1);
	cr_assert(eq(int, ask(2, looks, CS_READER_MISSED), place));
}

Test(readers, who_was_never_here_may_leave)
{
	leave(1);
	cr_assert(ge(int, ask(1, "", CS_READER_NEW), 0));
	leave(1);
	cr_assert(ge(int, ask(2, "", CS_READER_MISSED), 0));
}
