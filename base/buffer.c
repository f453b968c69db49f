/* SPDX-License-Identifier: Apache-2.0 */

/* Growable byte string; see buffer.h. */
#include "base/buffer.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

void cs_buffer_deinit(struct cs_buffer *buf)
{
	free(buf->data);
	*buf = (struct cs_buffer){ 0 };
}

void cs_buffer_clear(struct cs_buffer *buf)
{
	buf->len = 0;
	buf->failed = false;
	if (buf->data)
		buf->data[0] = '\0';
}

int cs_buffer_reserve(struct cs_buffer *buf, size_t bytes)
{
	size_t need, size;
	char *data;

	if (buf->failed)
		return -ENOMEM;
	if (__builtin_add_overflow(buf->len, bytes, &need) || need > SIZE_MAX / 2) {
		buf->failed = true;
		return -ENOMEM;
	}
	need += 1; /* the NUL */
	if (need <= buf->capacity_bytes)
		return 0;
	size = buf->capacity_bytes ? buf->capacity_bytes : 256;
	while (size < need)
		size *= 2;
	data = realloc(buf->data, size);
	if (!data) {
		buf->failed = true;
		return -ENOMEM;
	}
	buf->data = data;
	buf->capacity_bytes = size;
	return 0;
}

void cs_buffer_append(struct cs_buffer *buf, const void *data, size_t len)
{
	if (cs_buffer_reserve(buf, len) < 0)
		return;
	if (len)
		memcpy(buf->data + buf->len, data, len);
	buf->len += len;
	buf->data[buf->len] = '\0';
}

void cs_buffer_puts(struct cs_buffer *buf, const char *s)
{
	cs_buffer_append(buf, s, strlen(s));
}

void cs_buffer_putc(struct cs_buffer *buf, char c)
{
	cs_buffer_append(buf, &c, 1);
}

void cs_buffer_printf(struct cs_buffer *buf, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0 || cs_buffer_reserve(buf, (size_t)n) < 0) {
		buf->failed = true;
		return;
	}
	va_start(ap, fmt);
	vsnprintf(buf->data + buf->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	buf->len += (size_t)n;
}

void cs_buffer_put_real(struct cs_buffer *buf, double value)
{
	char text[40];

	for (int digits = 15; digits <= 17; digits++) {
		double back;

		snprintf(text, sizeof(text), "%.*g", digits, value);
		back = strtod(text, NULL);
		if (memcmp(&back, &value, sizeof(back)) == 0)
			break;
	}
	for (char *p = text; *p; p++) {
		if (*p == ',') /* a program may have set a locale */
			*p = '.';
	}
	cs_buffer_puts(buf, text);
}

char *cs_buffer_take(struct cs_buffer *buf)
{
	char *data = buf->failed ? NULL : buf->data;

	if (!data)
		return NULL;
	*buf = (struct cs_buffer){ 0 };
	return data;
}
