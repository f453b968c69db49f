/* SPDX-License-Identifier: Apache-2.0 */

/* Text in JSON; see json_text.h. */
#include "base/json_text.h"

#include <string.h>

void cs_json_put_text(struct cs_buffer *out, const char *s, size_t len)
{
	static const char hex[] = "0123456789abcdef";
	size_t clean = 0;

	cs_buffer_putc(out, '"');
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];
		const char *at;

		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		cs_buffer_append(out, s + clean, i - clean);
		clean = i + 1;
		at = memchr("\b\f\n\r\t\"\\", c, 7);
		cs_buffer_putc(out, '\\');
		if (at) {
			cs_buffer_putc(out, "bfnrt\"\\"[at - "\b\f\n\r\t\"\\"]);
		} else {
			cs_buffer_puts(out, "u00");
			cs_buffer_putc(out, hex[c >> 4]);
			cs_buffer_putc(out, hex[c & 15]);
		}
	}
	cs_buffer_append(out, s + clean, len - clean);
	cs_buffer_putc(out, '"');
}
