/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One line per message on standard error, "program: level: text". Programs log a failure once, at
 * the place that gives up on it; library code stays at debug. Control characters in the text are
 * replaced, so that foreign bytes cannot drive a terminal.
 */
#pragma once

enum cs_log_level {
	CS_LOG_ERROR,
	CS_LOG_WARN,
	CS_LOG_INFO,
	CS_LOG_DEBUG,
};

/** cs_log_init() - name the program and the most talkative level shown. Context: startup. */
void cs_log_init(const char *program, enum cs_log_level level);

/**
 * cs_log_parse_level() - "error", "warn", "info", "debug" (as OTEL_LOG_LEVEL spells them), whatever the case
 * @ret_level: untouched on failure
 *
 * Context: any-thread.
 * Return:  0; -EINVAL unknown word.
 */
int cs_log_parse_level(const char *word, enum cs_log_level *ret_level);

/** cs_log() - write one line if @level is shown. Context: any-thread; keeps errno. */
void cs_log(enum cs_log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
