/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of base/buffer. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdint.h>
#include <string.h>

#include "base/buffer.h"

Test(buffer, appends_of_all_kinds_stand_in_order)
{
	struct cs_buffer buf = { 0 };

	cs_buffer_puts(&buf, "a");
	cs_buffer_putc(&buf, 'b');
	cs_buffer_append(&buf, "cd", 2);
	cs_buffer_printf(&buf, "%05d", 42);
	cr_assert(eq(str, buf.data, (char *)"abcd00042"));
	cr_assert(eq(sz, buf.len, 9));
	cs_buffer_deinit(&buf);
}

Test(buffer, a_failed_append_is_remembered_and_later_ones_are_ignored)
{
	struct cs_buffer buf = { 0 };

	cs_buffer_puts(&buf, "x");
	cr_assert(lt(int, cs_buffer_reserve(&buf, SIZE_MAX - 1), 0));
	cs_buffer_puts(&buf, "y");
	cr_assert(eq(sz, buf.len, 1));
	cr_assert(eq(ptr, cs_buffer_take(&buf), NULL));
	cs_buffer_deinit(&buf);
}

Test(buffer, take_hands_the_bytes_over)
{
	struct cs_buffer buf = { 0 };
	char *s;

	for (int i = 0; i < 1000; i++)
		cs_buffer_putc(&buf, 'z');
	s = cs_buffer_take(&buf);
	cr_assert(eq(sz, strlen(s), 1000));
	cr_assert(eq(ptr, buf.data, NULL));
	free(s);
}
