/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of agent/tail. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <string.h>

#include "agent/asserting/tail.h"

Test(tail, the_last_bytes_stay_of_many_pieces_and_of_one)
{
	static struct cs_tail tail;
	static char many[3 * CS_TAIL_BYTES];

	for (unsigned i = 0; i < CS_TAIL_BYTES; i++)
		cs_tail_add(&tail, "first ", 6);
	cs_tail_add(&tail, "last", 4);
	cr_assert(eq(sz, strlen(tail.text), CS_TAIL_BYTES - 1));
	cr_assert(eq(str, tail.text + CS_TAIL_BYTES - 1 - 11, (char *)" first last"));
	memset(many, 'x', sizeof(many));
	many[sizeof(many) - 1] = 'y';
	cs_tail_add(&tail, many, sizeof(many));
	cr_assert(eq(sz, strlen(tail.text), CS_TAIL_BYTES - 1));
	cr_assert(eq(str, tail.text + CS_TAIL_BYTES - 1 - 3, (char *)"xxy"));
}

Test(tail, settled_it_is_text_in_lines)
{
	static struct cs_tail tail;

	cs_tail_add(&tail, "one\x1b[31m\ntwo\xff\n", 14);
	cs_tail_settle(&tail);
	cr_assert(eq(str, tail.text, (char *)"one [31m\ntwo\xef\xbf\xbd\n"));
}
