/* SPDX-License-Identifier: Apache-2.0 */

/* Lines of `coldspan doctor`; see finding.h. */
#include "agent/finding.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

#define LINE_BYTES (2 * PATH_MAX + 512) /* two paths and what is said of them; more is cut */

static void say(const char *label, const char *format, va_list ap)
	__attribute__((format(printf, 2, 0)));

static void say(const char *label, const char *format, va_list ap)
{
	char line[LINE_BYTES], clean[LINE_BYTES];

	vsnprintf(line, sizeof(line), format, ap);
	cs_utf8_repair(clean, sizeof(clean), line, strlen(line), NULL);
	cs_utf8_strip_control(clean);
	printf("%s%s\n", label, clean);
}

void cs_finding_ok(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	say("ok    ", format, ap);
	va_end(ap);
}

void cs_finding_note(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	say("note  ", format, ap);
	va_end(ap);
}

static void say_remedy(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void say_remedy(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	say("      remedy: ", format, ap);
	va_end(ap);
}

void cs_finding_obstacle(struct cs_findings *findings, const char *remedy, const char *format, ...)
{
	va_list ap;

	findings->obstacles++;
	va_start(ap, format);
	say("NO    ", format, ap);
	va_end(ap);
	say_remedy("%s", remedy);
}

void cs_finding_verdict(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	say("", format, ap);
	va_end(ap);
}
