/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of preload/traceparent: which requests may be changed, and where. */
#include "preload/traceparent.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

#define TRACE  "0af7651916cd43dd8448eb211c80319c"
#define PARENT "b7ad6b7169203331"
#define GOOD   "00-" TRACE "-" PARENT "-01"

/* Where in a head of these lines; -1: nowhere. */
static long find(const char *lines, char *head, size_t size)
{
	int len = snprintf(head, size, "GET /" PARENT " HTTP/1.1\r\n%s\r\n", lines);
	unsigned char *at = cs_traceparent_find_parent((unsigned char *)head, (size_t)len);

	return at ? (char *)at - head : -1;
}

static void finds(const char *lines)
{
	char head[512];
	long at = find(lines, head, sizeof(head));

	cr_assert(at > 0, "%s", lines);
	cr_expect(eq(int, strncmp(head + at - 1, "-" PARENT "-01", 20), 0), "%s", lines);
	cr_expect(at > 30, "not the one in the target");
}

static void leaves(const char *lines)
{
	char head[512];

	cr_expect(find(lines, head, sizeof(head)) < 0, "%s", lines);
}

Test(traceparent, one_that_is_good_is_found)
{
	finds("traceparent: " GOOD "\r\n");
	finds("Host: x\r\nTraceParent:" GOOD "\r\nB: c\r\n");
	finds("traceparent: \t" GOOD " \t\r\n");
	finds("a: b\ntraceparent: " GOOD "\n");
	finds("ce-traceparent: " GOOD "\r\ntraceparent: " GOOD "\r\n");
}

Test(traceparent, others_are_left_alone)
{
	leaves("Host: x\r\n");
	leaves("ce-traceparent: " GOOD "\r\n");
	leaves("x: traceparent: " GOOD "\r\n");
	leaves("traceparent: " GOOD "\r\ntraceparent: " GOOD "\r\n");
	leaves("traceparent: " GOOD "\r\nTRACEPARENT: \r\n");
	leaves("traceparent: 00-" TRACE "-" PARENT "-0\r\n");
	leaves("traceparent: 00-" TRACE "-" PARENT "-01-more\r\n");
	leaves("traceparent: cc-" TRACE "-" PARENT "-01\r\n");
	leaves("traceparent: 00-" TRACE "-0000000000000000-01\r\n");
	leaves("traceparent: 00-00000000000000000000000000000000-" PARENT "-01\r\n");
	leaves("traceparent: 00-" TRACE "-B7ad6b7169203331-01\r\n");
	leaves("traceparent : " GOOD "\r\n");
}

Test(traceparent, a_head_that_ends_anywhere_is_read_to_there)
{
	static const char whole[] = "GET / HTTP/1.1\r\ntraceparent: " GOOD "\r\n\r\n";
	size_t value_end = sizeof(whole) - 1 - 4;

	for (size_t len = 0; len < sizeof(whole); len++) {
		char *head = strndup(whole, len);
		unsigned char *at = cs_traceparent_find_parent((unsigned char *)head, len);

		cr_expect(eq(int, at != NULL, len >= value_end), "%zu", len);
		free(head);
	}
}
