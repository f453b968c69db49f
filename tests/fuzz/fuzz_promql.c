/* SPDX-License-Identifier: Apache-2.0 */

/* Any text for a query: selectors lie within it, and a mistake is a line. */
#include <ctype.h>
#include <string.h>

#include "agent/dashboards/promql.h"
#include "tests/fuzz/fuzz.h"

static void check_piece(const char *query, struct cs_promql_text piece)
{
	CS_FUZZ_CHECK(!piece.len ||
		      (piece.at >= query && piece.at + piece.len <= query + strlen(query)));
}

static void see(void *user, const struct cs_promql_selector *selector)
{
	const char *query = user;

	check_piece(query, selector->metric);
	check_piece(query, selector->range);
	check_piece(query, selector->call);
	CS_FUZZ_CHECK(selector->matchers_count <= CS_PROMQL_MATCHERS_MAX);
	for (size_t i = 0; i < selector->matchers_count; i++) {
		CS_FUZZ_CHECK(selector->matchers[i].label.len);
		check_piece(query, selector->matchers[i].label);
		check_piece(query, selector->matchers[i].value);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *query = malloc(size + 1);
	struct cs_diag diag = { 0 };
	int r;

	CS_FUZZ_CHECK(query);
	memcpy(query, data, size);
	query[size] = '\0';
	r = cs_promql_parse(query, see, query, &diag);
	CS_FUZZ_CHECK(r == 0 || diag.text[0]);
	for (const char *c = diag.text; *c; c++)
		CS_FUZZ_CHECK(!iscntrl((unsigned char)*c));
	CS_FUZZ_CHECK(r == 0 || cs_promql_parse(query, NULL, NULL, NULL) == r);
	free(query);
	return 0;
}
