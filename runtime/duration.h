/* SPDX-License-Identifier: Apache-2.0 */

/* Durations as people write them on the command line and in function.yaml: 500ms, 3s, 15m. */
#pragma once

#include "runtime/cleanup.h"

/**
 * cs_duration_parse() - read a duration
 * @text: digits and one of ms, s, m, h, nothing else
 * @ret:  receives it
 *
 * Context: any-thread.
 * Return:  0; -EINVAL not of that form; -ERANGE more than 1000 h.
 */
cs_must_use int cs_duration_parse(const char *text, cs_ns *ret);

/**
 * cs_duration_format() - write it as cs_duration_parse() reads it, in the largest exact unit
 * @buf: receives the NUL-terminated text; 24 bytes hold any
 *
 * Return: @buf.
 */
char *cs_duration_format(cs_ns duration, char *buf, size_t size);

/** cs_clock_now() - CLOCK_MONOTONIC. Context: any-thread. */
cs_ns cs_clock_now(void);
