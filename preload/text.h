/* SPDX-License-Identifier: Apache-2.0 */

/* The few string functions that the shim needs. Pure; bounded by the strings. Context: signal. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/** cs_text_len() - as strlen. */
size_t cs_text_len(const char *s);

/** cs_text_until() - bytes of @s before its first @end: all, at most @len, if there is none. */
size_t cs_text_until(const char *s, size_t len, char end);

/** cs_text_equal() - the same bytes? */
bool cs_text_equal(const char *a, const char *b);

/** cs_text_starts() - does @s begin with @prefix? */
bool cs_text_starts(const char *s, const char *prefix);

/** cs_text_ends() - do the @len bytes at @s end with @suffix? */
bool cs_text_ends(const char *s, size_t len, const char *suffix);

/** cs_text_has() - does @s contain @part? */
bool cs_text_has(const char *s, const char *part);

/** cs_text_base() - the part of a path behind its last slash; borrowed. */
const char *cs_text_base(const char *path);

/** cs_text_lists() - is @name among the names in @list, which ':' separates? */
bool cs_text_lists(const char *list, const char *name);
