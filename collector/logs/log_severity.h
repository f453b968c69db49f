/* SPDX-License-Identifier: Apache-2.0 */

/*
 * How severe a line says it is. Nothing is concluded from the stream: runtimes write everything to
 * standard error (Python's logging, Go's log), so a plain line has no severity. A line that is one
 * object of JSON has that of its first member, on the outermost level, by one of these names: "level",
 * "severity", "severity_text", "severityText", "levelname", "log.level", "lvl", "loglevel", "logLevel";
 * a word, or a number as bunyan and pino have them. Pure; looks at CS_LOG_SEVERITY_LOOK bytes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "exporters/telemetry.h"

#define CS_LOG_SEVERITY_LOOK  4096u /* the level stands near the beginning */
#define CS_LOG_SEVERITY_BYTES 16u   /* of the longest word, with its NUL */

struct cs_log_severity {
	enum cs_severity number;
	char text[CS_LOG_SEVERITY_BYTES]; /* as the line has it */
};

/** cs_log_severity_read() - Context: any-thread (pure). Return: false: it does not say; @ret untouched. */
bool cs_log_severity_read(const char *line, size_t len, struct cs_log_severity *ret);
