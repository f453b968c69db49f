/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of collector/log_severity: what a line says of itself. */
#include "collector/logs/log_severity.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

Test(log_severity, a_line_of_json_names_it)
{
	static const struct {
		const char *line;
		int number;
		const char *text;
	} rows[] = {
		{ "{\"level\":\"info\"}", 9, "info" },
		{ " { \"msg\" : \"a, \\\"level\\\":\\\"x\" , \"severity\" : \"WARNING\" }", 13,
		  "WARNING" },
		{ "{\"a\":{\"level\":\"debug\"},\"level\":\"Error\",\"severity\":\"info\"}", 17,
		  "Error" },
		{ "{\"list\":[1,{\"x\":[\"]\"]},null],\"log.level\":\"fatal\"}", 21, "fatal" },
		{ "{\"time\":12,\"level\":30,\"pid\":1}", 9, "30" },
		{ "{\"level\":60}", 21, "60" },
		{ "{\"levelname\":\"CRITICAL\"}", 18, "CRITICAL" },
		{ "{\"severity\":\"NOTICE\"", 10, "NOTICE" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cs_log_severity severity;

		cr_assert(cs_log_severity_read(rows[i].line, strlen(rows[i].line), &severity), "%s",
			  rows[i].line);
		cr_assert(eq(int, (int)severity.number, rows[i].number), "%s", rows[i].line);
		cr_assert(eq(str, severity.text, (char *)rows[i].text));
	}
}

Test(log_severity, anything_else_says_nothing)
{
	static const char *const rows[] = {
		"",
		"error: it failed",
		"\"level\":\"info\"}",
		"x{\"level\":\"info\"}",
		"{",
		"{}",
		"[\"level\",\"info\"]",
		"{\"level\"}",
		"{\"level\":}",
		"{\"level\":\"",
		"{\"level\":\"info",
		"{\"level\":\"none of these\"}",
		"{\"level\":35}",
		"{\"level\":300}",
		"{\"level\":70}",
		"{\"level\":3",
		"{\"level\":null}",
		"{\"a\":{\"level\":\"info\"}}",
		"{\"a\":\"\\",
		"{\"a\":[[[[",
		"{\"Level\":\"info\"}",
	};
	struct cs_log_severity severity = { .number = CS_SEVERITY_DEBUG };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_assert(not(cs_log_severity_read(rows[i], strlen(rows[i]), &severity)), "%s",
			  rows[i]);
	cr_assert(eq(int, (int)severity.number, CS_SEVERITY_DEBUG));
}

Test(log_severity, it_does_not_look_far)
{
	static char line[CS_LOG_SEVERITY_LOOK + 100] = "{\"a\":\"";
	struct cs_log_severity severity;

	memset(line + 6, 'x', CS_LOG_SEVERITY_LOOK);
	strcpy(line + 6 + CS_LOG_SEVERITY_LOOK, "\",\"level\":\"info\"}");
	cr_assert(not(cs_log_severity_read(line, strlen(line), &severity)));
}
