/* SPDX-License-Identifier: Apache-2.0 */

/* Quoting; see shell_word.h. */
#include "base/shell_word.h"

#include <string.h>

#define PLAIN_BYTES "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./:=@%+,-"

void cs_shell_word(struct cs_buffer *out, const char *word, bool always)
{
	if (!always && *word && !word[strspn(word, PLAIN_BYTES)]) {
		cs_buffer_puts(out, word);
		return;
	}
	cs_buffer_putc(out, '\'');
	for (; *word; word++) {
		if (*word == '\'')
			cs_buffer_puts(out, "'\\''");
		else
			cs_buffer_putc(out, *word);
	}
	cs_buffer_putc(out, '\'');
}
