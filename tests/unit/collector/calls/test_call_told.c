/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of collector/call_told: what stands behind the target of a call. */
#include "collector/calls/call_told.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "collector/assembler/assembled.h"

#define SPAN   "coldspan-span-id: 00f067aa0ba902b7\n"
#define PARENT "coldspan-parent-id: b7ad6b7169203331\n"

static bool reads(const char *lines, struct cs_call_told *told)
{
	struct cs_part host = { NULL, 0 };

	cs_call_told_read((struct cs_part){ lines, strlen(lines) }, told, &host);
	cr_expect(eq(int, host.len == 9 && !memcmp(host.text, "localhost", 9),
		     strstr(lines, "host: ") != NULL));
	return told->is;
}

Test(call_told, both_ids_are_there_or_none)
{
	struct cs_call_told told;

	cr_expect(not(reads("", &told)));
	cr_expect(not(reads("host: localhost\n", &told)));
	cr_expect(not(reads("host: localhost\n" SPAN, &told)));
	cr_expect(not(reads(PARENT "host: localhost\n", &told)));
	cr_expect(not(reads(SPAN "coldspan-parent-id: 0000000000000000\n", &told)));
	cr_expect(not(reads("coldspan-span-id: 00F067AA0BA902B7\n" PARENT, &told)));
	cr_assert(reads("host: localhost\n" SPAN PARENT, &told));
	cr_expect(eq(int, told.span[1], 0xf0));
	cr_expect(eq(int, told.parent[0], 0xb7));
}

#define TAG 7u

static struct cs_assembled instance;
static struct cs_request requests[600];

/* Request @n, the newest: what was handed on of it has its number. */
static struct cs_request *add(unsigned n)
{
	struct cs_request *request = &requests[n];

	request->tag = TAG;
	request->inbound.has_handed_on = true;
	request->inbound.handed_on[0] = (uint8_t)n;
	request->inbound.handed_on[1] = (uint8_t)(n >> 8);
	LIST_INSERT_HEAD(&instance.requests, request, of_instance);
	return request;
}

static struct cs_request *owner(unsigned n, uint32_t tag)
{
	struct cs_call_told told = { .is = true, .parent = { (uint8_t)n, (uint8_t)(n >> 8) } };

	return cs_call_told_owner(&instance, &told, tag);
}

Test(call_told, it_is_the_one_that_was_told)
{
	const struct cs_call_told nothing = { .parent = { 1 } };
	struct cs_request *one = add(1), *two = add(2);

	cr_expect(owner(1, TAG) == one);
	cr_expect(owner(2, TAG) == two);
	cr_expect(owner(3, TAG) == NULL);
	cr_expect(owner(1, TAG + 1) == NULL, "another process's");
	cr_expect(cs_call_told_owner(&instance, &nothing, TAG) == NULL, "nothing was told");
	one->handed_over = true;
	cr_expect(owner(1, TAG) == NULL);
	two->inbound.has_handed_on = false;
	cr_expect(owner(2, TAG) == NULL);
}

Test(call_told, the_newest_are_looked_at)
{
	for (unsigned n = 0; n < 600; n++)
		add(n);
	cr_expect(owner(599, TAG) == &requests[599]);
	cr_expect(owner(88, TAG) == &requests[88]);
	cr_expect(owner(87, TAG) == NULL);
}
