/* SPDX-License-Identifier: Apache-2.0 */

/* Labels and HELP; see escape.h. */
#include "exporters/prometheus/escape.h"

void cs_prometheus_escape(struct cs_buffer *out, const char *s, bool quotes)
{
	for (; *s; s++) {
		if (*s == '\n')
			cs_buffer_puts(out, "\\n");
		else if (*s == '\\' || (*s == '"' && quotes))
			cs_buffer_printf(out, "\\%c", *s);
		else
			cs_buffer_putc(out, *s);
	}
}
