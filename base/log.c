/* SPDX-License-Identifier: Apache-2.0 */

/* Logging to standard error; see log.h. A line goes out by one write, so lines never interleave. */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define LINE_MAX_BYTES 2048 /* longer messages are cut; one write below PIPE_BUF stays atomic */

static const char *const level_words[] = {
	[CS_LOG_ERROR] = "error",
	[CS_LOG_WARN] = "warn",
	[CS_LOG_INFO] = "info",
	[CS_LOG_DEBUG] = "debug",
};

static const char *program_name = "coldspan";
static enum cs_log_level shown_level = CS_LOG_INFO;

void cs_log_init(const char *program, enum cs_log_level level)
{
	program_name = program;
	shown_level = level;
}

int cs_log_parse_level(const char *word, enum cs_log_level *ret_level)
{
	for (unsigned i = 0; i < sizeof(level_words) / sizeof(level_words[0]); i++) {
		if (!strcasecmp(word, level_words[i])) {
			*ret_level = (enum cs_log_level)i;
			return 0;
		}
	}
	return -EINVAL;
}

void cs_log(enum cs_log_level level, const char *fmt, ...)
{
	char line[LINE_MAX_BYTES];
	int saved = errno;
	size_t len;
	va_list ap;
	int n;

	if (level > shown_level)
		return;
	n = snprintf(line, sizeof(line), "%s: %s: ", program_name, level_words[level]);
	len = (size_t)n;
	va_start(ap, fmt);
	n = vsnprintf(line + len, sizeof(line) - len - 1, fmt, ap);
	va_end(ap);
	if (n > 0)
		len += (size_t)n < sizeof(line) - len - 2 ? (size_t)n : sizeof(line) - len - 2;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)line[i];

		if (c < 0x20 || c == 0x7f)
			line[i] = '?';
	}
	line[len++] = '\n';
	while (write(STDERR_FILENO, line, len) < 0 && errno == EINTR)
		continue;
	errno = saved;
}
