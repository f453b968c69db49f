/* SPDX-License-Identifier: Apache-2.0 */

/* Text in JSON, for those who write more of it, or sooner, than a library's tree of values could. */
#pragma once

#include "base/buffer.h"

/**
 * cs_json_put_text() - append a string with its quotes
 * @s: @len bytes of valid UTF-8
 *
 * Context: any-thread. Source: RFC 8259, 7.
 */
void cs_json_put_text(struct cs_buffer *out, const char *s, size_t len);
