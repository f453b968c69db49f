/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of collector/baggage: what members of a request's baggage become. */
#include "collector/assembler/baggage.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/assembler/inbound.h"

/* "name=value" of each, and a line's end; of an inbound's. */
static const char *told(const char *lines)
{
	static char text[4096];
	struct cs_inbound inbound;
	size_t used = 0, len = strlen(lines);
	char *exact = memcpy(malloc(len ? len : 1), lines, len); /* as a record is: no NUL */

	cs_inbound_read(&inbound, exact, len, false);
	free(exact);
	text[0] = '\0';
	for (unsigned i = 0; i < inbound.baggage.count; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s=%s\n",
					 inbound.baggage.items[i].name,
					 inbound.baggage.items[i].value);
	cr_expect(eq(int, cs_inbound_bytes(&inbound) > 0, inbound.baggage.count > 0));
	cs_inbound_deinit(&inbound);
	return text;
}

struct row {
	char lines[128];
	char told[96];
};

ParameterizedTestParameters(baggage, values)
{
	static struct row rows[] = {
		{ "baggage.userId: alice\n", "baggage.userId=alice\n" },
		{ "baggage.k: DF%2028\nbaggage.l: \n", "baggage.k=DF 28\nbaggage.l=\n" },
		{ "baggage.k: %22%27%3B%3Dasdf%21%40%23%24%25%5E%26%2A%28%29\n",
		  "baggage.k=\"';=asdf!@#$%^&*()\n" },
		{ "baggage.k: a+b=c\n", "baggage.k=a+b=c\n" },
		{ "baggage.k: %c3%A4\n", "baggage.k=\xc3\xa4\n" },
		/* no UTF-8 (3.3.1.2): the replacement character */
		{ "baggage.k: a%C4%41\n", "baggage.k=a\xef\xbf\xbd"
					  "A\n" },
		/* controls are stripped, as of all texts */
		{ "baggage.k: a%0Ab%00c%7fd\n", "baggage.k=a b c d\n" },
		/* a "%" that is none is malformed */
		{ "baggage.k: 100%\nbaggage.l: %2\nbaggage.m: %zz\nbaggage.n: %4\nbaggage.o: 1\n",
		  "baggage.o=1\n" },
		{ "baggage.o: 1\nbaggage.p: %4", "baggage.o=1\n" },
		/* the last of one key */
		{ "baggage.k: 1\nbaggage.l: 2\nbaggage.k: 3\n", "baggage.k=3\nbaggage.l=2\n" },
		{ "baggage.k: 1\nbaggage.k: %\n", "baggage.k=1\n" },
		{ "baggage.K: 1\nbaggage.k: 2\n", "baggage.K=1\nbaggage.k=2\n" },
		/* no shim's */
		{ "baggage.: 1\nbaggage: k=1\nbaggage.a b: 1\nbaggage.k=1\nbaggage.\x7f: 1\n", "" },
		{ "baggage.xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx: 1\n", "" },
	};

	return cr_make_param_array(struct row, rows, sizeof(rows) / sizeof(rows[0]));
}

ParameterizedTest(struct row *row, baggage, values)
{
	cr_expect(eq(str, (char *)told(row->lines), row->told), "%s", row->lines);
}

Test(baggage, no_more_than_may_be_named)
{
	char lines[1024];
	size_t used = 0;
	const char *got;

	for (int c = 'a'; c <= 'z'; c++)
		used += (size_t)snprintf(lines + used, sizeof(lines) - used, "baggage.%c: 1\n", c);
	got = told(lines);
	cr_expect(strstr(got, "baggage.p=1\n") && !strstr(got, "baggage.q"), "%s", got);
}

Test(baggage, a_value_that_no_shim_keeps)
{
	char lines[1024] = "baggage.k: ";

	memset(lines + strlen(lines), 'x', CS_BAGGAGE_VALUE_MAX + 1);
	cr_expect(eq(str, (char *)told(lines), (char *)""));
	lines[strlen(lines) - 1] = '\0';
	cr_expect(eq(sz, strlen(told(lines)), strlen("baggage.k=\n") + CS_BAGGAGE_VALUE_MAX));
}
