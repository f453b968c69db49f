/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Text from a function's process is arbitrary bytes; what leaves us is valid UTF-8 (RFC 3629):
 * one bad byte in a string makes backends drop the whole request. Pure; no allocation.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/** cs_utf8_valid() - is all of @s well-formed UTF-8 (no surrogates, no overlong forms)? */
bool cs_utf8_valid(const char *s, size_t len);

/**
 * cs_utf8_repair() - copy @s, each ill-formed byte replaced by U+FFFD, cut on a rune boundary
 * @dst:      receives at most @size bytes including the NUL; must not overlap @s
 * @ret_cut:  true if not all of @s fitted; may be NULL
 *
 * Context: signal (pure).
 * Return:  bytes written without the NUL.
 */
size_t cs_utf8_repair(char *dst, size_t size, const char *s, size_t len, bool *ret_cut);

/** cs_utf8_strip_control() - replace C0, DEL and C1 controls in place by '?' or spaces. */
void cs_utf8_strip_control(char *s);
