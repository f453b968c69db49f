/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One connection of the process's own, as preload/calls/calls.c has it, for whoever tests preload/calls/call.h. Bytes pass in
 * copies of their own size, so that a sanitizer sees what is read; out of memory ends the test.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/calls/call.h"

extern struct cs_conn *calling; /* the connection */

typedef void (*calling_tell_fn)(struct cs_conn *conn, const struct cs_call_event *event);

/** calling_open() - a new one, from here on; whatever was before is forgotten. */
void calling_open(cs_conn_emit_fn emit, calling_tell_fn tell);

/** calling_pass() - @len bytes go out, or come in, at @now_ns. @bytes: NULL: their number is known alone */
void calling_pass(bool goes_out, const void *bytes, size_t len, uint64_t now_ns);

/** calling_skip() - what is asked at last has no answer; see cs_conn_skip(). */
void calling_skip(uint64_t now_ns);

/** calling_close() - it is closed. Return: was all memory given back? */
bool calling_close(uint64_t now_ns);

/** calling_said() - all that was said since the last call; valid until more is. */
const char *calling_said(void);

/** calling_say() - add to that, as printf does; what has no room is left out. */
__attribute__((format(printf, 1, 2))) void calling_say(const char *format, ...);
