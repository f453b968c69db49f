/* SPDX-License-Identifier: Apache-2.0 */

/* Diagnostics with a position; see diag.h. */
#include "base/diag.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

int cs_diag_vat(struct cs_diag *diag, int code, const char *file, unsigned line, unsigned column,
		const char *fmt, va_list ap)
{
	char text[CS_DIAG_TEXT_MAX];

	if (!diag || diag->text[0])
		return code;
	diag->file = file;
	diag->line = line;
	diag->column = column;
	vsnprintf(text, sizeof(text), fmt, ap);
	/* What is quoted in it may be anybody's bytes, and it goes to a terminal. */
	cs_utf8_repair(diag->text, sizeof(diag->text), text, strlen(text), NULL);
	cs_utf8_strip_control(diag->text);
	return code;
}

int cs_diag_set(struct cs_diag *diag, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	code = cs_diag_vat(diag, code, NULL, 0, 0, fmt, ap);
	va_end(ap);
	return code;
}

int cs_diag_at(struct cs_diag *diag, int code, const char *file, unsigned line, unsigned column,
	       const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	code = cs_diag_vat(diag, code, file, line, column, fmt, ap);
	va_end(ap);
	return code;
}

char *cs_diag_format(const struct cs_diag *diag, char *buf, size_t size)
{
	if (diag->file && diag->line && diag->column)
		snprintf(buf, size, "%s:%u:%u: %s", diag->file, diag->line, diag->column,
			 diag->text);
	else if (diag->file && diag->line)
		snprintf(buf, size, "%s:%u: %s", diag->file, diag->line, diag->text);
	else if (diag->file)
		snprintf(buf, size, "%s: %s", diag->file, diag->text);
	else
		snprintf(buf, size, "%s", diag->text);
	return buf;
}
