/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of base/shell_word: against sh itself. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <stdio.h>
#include <string.h>

#include "base/shell_word.h"

/* What sh makes of it. */
static void expect_same(const char *word, bool always)
{
	struct cs_buffer command = { 0 };
	char got[512];
	FILE *shell;
	size_t len;

	cs_buffer_puts(&command, "printf '%s|' ");
	cs_shell_word(&command, word, always);
	cr_assert(not(command.failed));
	shell = popen(command.data, "r");
	cr_assert(ne(ptr, shell, NULL));
	len = fread(got, 1, sizeof(got) - 1, shell);
	got[len] = '\0';
	cr_assert(zero(int, pclose(shell)), "%s", command.data);
	cr_assert(eq(sz, len, strlen(word) + 1), "%s gave %s", command.data, got);
	cr_assert(zero(int, memcmp(got, word, len - 1)), "%s gave %s", command.data, got);
	cs_buffer_deinit(&command);
}

Test(shell_word, a_shell_takes_it_unchanged)
{
	char all[256];

	for (unsigned i = 1; i < sizeof(all); i++)
		all[i - 1] = (char)i;
	all[sizeof(all) - 1] = '\0';
	for (int always = 0; always < 2; always++) {
		expect_same(all, always);
		expect_same("", always);
		expect_same("it's", always);
		expect_same("''", always);
		expect_same("a b\n$(id) `id` \\ !! ~ *", always);
		expect_same("/usr/bin/python3", always);
	}
}

Test(shell_word, what_means_nothing_stays_readable)
{
	struct cs_buffer out = { 0 };

	cs_shell_word(&out, "/usr/bin/x-1.2_3:@%+,=", false);
	cs_buffer_putc(&out, ' ');
	cs_shell_word(&out, "plain", true);
	cs_buffer_putc(&out, ' ');
	cs_shell_word(&out, "$HOME", false);
	cr_assert(eq(str, out.data, (char *)"/usr/bin/x-1.2_3:@%+,= 'plain' '$HOME'"));
	cs_buffer_deinit(&out);
}
