/* SPDX-License-Identifier: Apache-2.0 */

/* Lines of `coldspan doctor`; see finding.h. */
#include "agent/doctor/finding.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "agent/document.h"
#include "agent/prose.h"
#include "base/utf8.h"

#define LINE_BYTES (2 * PATH_MAX + 512) /* two paths and what is said of them; more is cut */

/* Set: findings are gathered here instead of being printed. A command has one answer. */
static struct {
	json_t *findings;
	json_t *verdict;
	bool wanted;
	bool failed; /* out of memory */
} gathered;

/* @ret: LINE_BYTES; one line, and none that moves a cursor. */
static void compose(char *ret, const char *format, va_list ap)
	__attribute__((format(printf, 2, 0)));

static void compose(char *ret, const char *format, va_list ap)
{
	char line[LINE_BYTES];

	vsnprintf(line, sizeof(line), format, ap);
	cs_utf8_repair(ret, LINE_BYTES, line, strlen(line), NULL);
	cs_utf8_strip_control(ret);
}

static void gather(const char *kind, const char *text, const char *remedy)
{
	json_t *finding = json_pack("{s:s, s:s, s:o}", "kind", kind, "text", text, "remedy",
				    cs_document_text(remedy));

	gathered.failed |= json_array_append_new(gathered.findings, finding) < 0;
}

static void print(const char *label, const char *text)
{
	char line[LINE_BYTES + 32];

	snprintf(line, sizeof(line), "%s%s\n", label, text);
	cs_prose_print(stdout, line);
}

static void say(const char *kind, const char *label, const char *format, va_list ap)
	__attribute__((format(printf, 3, 0)));

static void say(const char *kind, const char *label, const char *format, va_list ap)
{
	char text[LINE_BYTES];

	compose(text, format, ap);
	if (gathered.wanted)
		gather(kind, text, NULL);
	else
		print(label, text);
}

void cs_findings_gather(void)
{
	gathered.wanted = true;
	gathered.findings = json_array();
}

json_t *cs_findings_take(bool can)
{
	json_t *document = cs_document_new("coldspan.doctor/v1");

	gathered.failed |= json_object_set_new(document, "ok", json_boolean(can)) < 0;
	gathered.failed |= json_object_set_new(document, "verdict", gathered.verdict) < 0;
	gathered.failed |= json_object_set_new(document, "findings", gathered.findings) < 0;
	if (!gathered.failed)
		return document;
	json_decref(document);
	return NULL;
}

void cs_finding_ok(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	say("ok", "ok    ", format, ap);
	va_end(ap);
}

void cs_finding_note(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	say("note", "note  ", format, ap);
	va_end(ap);
}

void cs_finding_obstacle(struct cs_findings *findings, const char *remedy, const char *format, ...)
{
	char text[LINE_BYTES], clean[LINE_BYTES];
	va_list ap;

	findings->obstacles++;
	va_start(ap, format);
	compose(text, format, ap);
	va_end(ap);
	cs_utf8_repair(clean, sizeof(clean), remedy, strlen(remedy), NULL);
	cs_utf8_strip_control(clean);
	if (gathered.wanted) {
		gather("obstacle", text, clean);
	} else {
		print("NO    ", text);
		print("      remedy: ", clean);
	}
}

void cs_finding_verdict(const char *format, ...)
{
	char text[LINE_BYTES];
	va_list ap;

	va_start(ap, format);
	compose(text, format, ap);
	va_end(ap);
	if (gathered.wanted)
		gathered.verdict = json_string(text);
	else
		print("", text);
}
