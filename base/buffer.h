/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A growable byte string for encoders and printers. An append that fails sets `failed` and is
 * ignored, as are all later ones: check once, at the end. Not thread-safe: one owner.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"

struct cs_buffer {
	char *data; /* owned; NUL-terminated once anything was appended */
	size_t len; /* bytes without the NUL */
	size_t capacity_bytes;
	bool failed; /* out of memory */
};

/** cs_buffer_deinit() - free; the buffer is empty again. Accepts a zeroed buffer. */
void cs_buffer_deinit(struct cs_buffer *buf);

/** cs_buffer_clear() - forget the bytes, keep the memory, clear `failed`. */
void cs_buffer_clear(struct cs_buffer *buf);

/** cs_buffer_reserve() - make room for @bytes more. Return: 0; -ENOMEM (also sets `failed`). */
int cs_buffer_reserve(struct cs_buffer *buf, size_t bytes);

/** cs_buffer_append() - append @len bytes. */
void cs_buffer_append(struct cs_buffer *buf, const void *data, size_t len);

/** cs_buffer_puts() - append a NUL-terminated string. */
void cs_buffer_puts(struct cs_buffer *buf, const char *s);

/** cs_buffer_putc() - append one byte. */
void cs_buffer_putc(struct cs_buffer *buf, char c);

/** cs_buffer_printf() - append formatted text. */
void cs_buffer_printf(struct cs_buffer *buf, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/** cs_buffer_put_real() - append a finite number in the fewest digits that are read as the same one; any locale. */
void cs_buffer_put_real(struct cs_buffer *buf, double value);

/** cs_buffer_take() - hand the bytes over (free() them); NULL and `failed` kept if it failed. */
char *cs_buffer_take(struct cs_buffer *buf) cs_must_use;
