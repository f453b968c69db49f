/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of exporters/prometheus/readers. */
#include "exporters/prometheus/readers.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

static struct cs_prometheus_readers readers;
static const char connections[CS_PROMETHEUS_READERS_MAX + 2]; /* of which addresses are taken */

static uint64_t now_ns = 1000000000u;

static int ask(unsigned connection, const char *looks, enum cs_reader_past wanted)
{
	enum cs_reader_past past = CS_READER_NEW;
	int place = cs_prometheus_readers_find(&readers, &connections[connection], looks, now_ns,
					       &past);

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
	cr_assert(eq(int, ask(4, "a", CS_READER_MISSED), place));
	cr_assert(eq(int, ask(4, "a", CS_READER_TOLD), place));
	leave(4);
	cr_assert(eq(int, ask(5, "a", CS_READER_MISSED), place));
}

Test(readers, who_never_stays_is_told_too)
{
	int place = ask(0, "a", CS_READER_NEW);

	for (unsigned i = 1; i <= 2 * (CS_PROMETHEUS_MISSES_MAX + 1); i++) {
		leave(i - 1);
		cr_assert(eq(
			int,
			ask(i, "a",
			    i % (CS_PROMETHEUS_MISSES_MAX + 1) ? CS_READER_MISSED : CS_READER_TOLD),
			place));
	}
}

Test(readers, who_looks_otherwise_on_a_connection_is_another)
{
	int place = ask(1, "a", CS_READER_NEW);

	cr_assert(eq(int, ask(1, "b", CS_READER_NEW), place));
	cr_assert(eq(int, ask(1, "b", CS_READER_TOLD), place));
}

/* Looks of an owner of its own each. */
static const char *of(unsigned owner, unsigned program)
{
	static char looks[32];

	snprintf(looks, sizeof(looks), "10.0.0.%u program/%u", owner, program);
	return looks;
}

Test(readers, no_more_than_there_are_places)
{
	for (unsigned i = 0; i < CS_PROMETHEUS_READERS_MAX; i++)
		cr_assert(ge(int, ask(i, of(i, 0), CS_READER_NEW), 0));
	cr_assert(eq(int, ask(CS_PROMETHEUS_READERS_MAX, of(99, 0), CS_READER_NEW),
		     CS_PROMETHEUS_NOBODY));
	leave(5);
	leave(3);
	cr_assert(eq(int, ask(CS_PROMETHEUS_READERS_MAX, of(99, 0), CS_READER_BACK), 3),
		  "the place of who was here longest ago; as nobody it was told all that is");
	cr_assert(eq(int, ask(CS_PROMETHEUS_READERS_MAX + 1, of(5, 0), CS_READER_MISSED), 5));
}

Test(readers, one_owner_leaves_places_for_others)
{
	for (unsigned i = 0; i < CS_PROMETHEUS_OF_OWNER; i++)
		cr_assert(ge(int, ask(i, of(1, i), CS_READER_NEW), 0));
	cr_assert(eq(int, ask(12, of(1, 12), CS_READER_NEW), CS_PROMETHEUS_NOBODY));
	cr_assert(eq(int, ask(13, of(2, 0), CS_READER_NEW), 12));
	leave(7);
	cr_assert(eq(int, ask(14, of(1, 14), CS_READER_NEW), 7), "in the place of one of its own");
}

Test(readers, who_holds_most_gives_a_place_up)
{
	unsigned last = CS_PROMETHEUS_READERS_MAX;

	for (unsigned i = 0; i < last; i++)
		cr_assert(eq(int, ask(i, of(i < CS_PROMETHEUS_OF_OWNER ? 1 : 2, i), CS_READER_NEW),
			     (int)i));
	cr_assert(eq(int, ask(last, of(3, 0), CS_READER_NEW), 0), "the one unused for longest");
	cr_assert(eq(int, ask(0, of(1, 0), CS_READER_NEW), CS_PROMETHEUS_NOBODY));
	cr_assert(eq(int, ask(last, of(3, 0), CS_READER_TOLD), 0));
	leave(0); /* it is nobody's: nothing changes */
	cr_assert(eq(int, ask(last, of(3, 0), CS_READER_TOLD), 0));
	cr_assert(eq(int, ask(last + 1, of(2, 9), CS_READER_NEW), 1));
}

Test(readers, who_has_stopped_asking_leaves_its_place)
{
	for (unsigned i = 0; i < CS_PROMETHEUS_READERS_MAX; i++)
		ask(i, of(i, 0), CS_READER_NEW);
	now_ns += CS_PROMETHEUS_OVERDUE * CS_PROMETHEUS_INTERVAL_NS - 1;
	ask(1, of(1, 0), CS_READER_TOLD);
	now_ns++;
	ask(1, of(1, 0), CS_READER_TOLD); /* twice in a row: it asks no more often for that */
	ask(0, of(0, 0), CS_READER_TOLD);
	cr_assert(eq(int, ask(CS_PROMETHEUS_READERS_MAX, of(99, 0), CS_READER_NEW),
		     CS_PROMETHEUS_NOBODY));
	now_ns++;
	cr_assert(eq(int, ask(CS_PROMETHEUS_READERS_MAX, of(99, 0), CS_READER_BACK), 2));
	cr_assert(eq(int, ask(0, of(0, 0), CS_READER_TOLD), 0));
}

Test(readers, of_those_that_look_the_same_there_are_few)
{
	for (unsigned i = 0; i < CS_PROMETHEUS_OF_LOOKS; i++)
		cr_assert(ge(int, ask(i, of(1, 0), CS_READER_NEW), 0));
	cr_assert(eq(int, ask(8, of(1, 0), CS_READER_NEW), CS_PROMETHEUS_NOBODY));
	cr_assert(ge(int, ask(8, of(1, 1), CS_READER_NEW), 0));
}

Test(readers, who_lost_its_place_to_others_is_not_new)
{
	ask(0, of(1, 0), CS_READER_NEW);
	leave(0);
	for (unsigned i = 1; i <= CS_PROMETHEUS_READERS_MAX; i++) {
		ask(i, of(1, i), CS_READER_NEW);
		leave(i);
	}
	cr_assert(ge(int, ask(0, of(1, 0), CS_READER_BACK), 0));
	cr_assert(ge(int, ask(0, of(1, 0), CS_READER_TOLD), 0));
}

Test(readers, who_was_put_out_is_no_replica_of_who_looks_the_same)
{
	for (unsigned i = 0; i < CS_PROMETHEUS_READERS_MAX; i++)
		ask(i, of(i < CS_PROMETHEUS_OF_OWNER ? 1 : 2, i < 2 ? 0 : i), CS_READER_NEW);
	cr_assert(eq(int, ask(CS_PROMETHEUS_READERS_MAX, of(3, 0), CS_READER_NEW), 0),
		  "in the place of one of two");
	leave(5);
	cr_assert(eq(int, ask(0, of(1, 0), CS_READER_BACK), 5));
}

Test(readers, a_host_that_vanished_comes_back_to_its_place)
{
	int place = ask(1, of(1, 0), CS_READER_NEW);

	now_ns += 15000000000u;
	cr_assert(eq(int, ask(1, of(1, 0), CS_READER_TOLD), place));
	now_ns += 15000000000u;
	cr_assert(ne(int, ask(2, of(1, 0), CS_READER_NEW), place), "a replica");
	cr_assert(eq(int, ask(1, of(1, 0), CS_READER_TOLD), place));
	now_ns += 46000000000u;
	cr_assert(eq(int, ask(3, of(1, 0), CS_READER_MISSED), place));
	leave(1); /* the kernel gives it up */
	cr_assert(eq(int, ask(3, of(1, 0), CS_READER_TOLD), place));
}

Test(readers, who_has_asked_before_stays)
{
	ask(1, of(1, 0), CS_READER_NEW);
	cr_assert(not(cs_prometheus_readers_stays(&readers, &connections[1])));
	now_ns += 30000000000u;
	leave(1);
	ask(2, of(1, 0), CS_READER_MISSED);
	cr_assert(cs_prometheus_readers_stays(&readers, &connections[2]));
	cr_assert(not(cs_prometheus_readers_stays(&readers, &connections[1])));
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
