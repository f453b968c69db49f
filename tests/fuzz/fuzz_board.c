/* SPDX-License-Identifier: Apache-2.0 */

/* Any JSON for a board, held to all rules: refused in a line, or findings that a terminal can show. */
#include <ctype.h>
#include <string.h>

#include "agent/dashboards/lint.h"
#include "base/utf8.h"
#include "tests/fuzz/fuzz.h"

static void check_text(const char *text)
{
	CS_FUZZ_CHECK(cs_utf8_valid(text, strlen(text)));
	for (const char *c = text; *c; c++)
		CS_FUZZ_CHECK(!iscntrl((unsigned char)*c));
}

static void see(void *user, const struct cs_finding *finding)
{
	int *count = user;

	++*count;
	CS_FUZZ_CHECK(*finding->rule && finding->diag.text[0]);
	check_text(finding->panel);
	check_text(finding->diag.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cs_diag diag = { 0 };
	struct cs_board board;
	int count = 0, r = cs_board_parse("b.json", (const char *)data, size, &diag, &board);
	struct cs_lint lint = { .boards = &board, .boards_count = 1, .fn = see, .user = &count };

	if (r < 0) {
		CS_FUZZ_CHECK(diag.text[0]);
		check_text(diag.text);
		return 0;
	}
	r = cs_lint_board(&lint, &board);
	CS_FUZZ_CHECK(r == count);
	cs_board_deinit(&board);
	return 0;
}
