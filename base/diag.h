/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What is wrong with a user's input, and where: filled by every parser of configuration, budget
 * files and command lines beside its error code. The text is for people, the code for programs.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>

#define CS_DIAG_TEXT_MAX 512 /* one line; longer texts are cut */

struct cs_diag {
	const char *file; /* borrowed; NULL when the input is not a file */
	unsigned line;    /* 1-based; 0 unknown */
	unsigned column;  /* 1-based; 0 unknown */
	char text[CS_DIAG_TEXT_MAX];
};

/**
 * cs_diag_set() - describe one mistake; the first one set wins
 * @diag: may be NULL (the caller does not want the text)
 * @fmt:  one line without trailing newline: what, where, what to do; bytes of the input may be quoted in
 *        it: control characters are taken out, ill-formed UTF-8 is repaired
 *
 * Context: any-thread.
 * Return:  @code, so that a parser can write `return cs_diag_set(diag, -EINVAL, …)`.
 */
int cs_diag_set(struct cs_diag *diag, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/** cs_diag_at() - as cs_diag_set(), with a position in @file (borrowed). */
int cs_diag_at(struct cs_diag *diag, int code, const char *file, unsigned line, unsigned column,
	       const char *fmt, ...) __attribute__((format(printf, 6, 7)));

/** cs_diag_vat() - as cs_diag_at(), for those who take such arguments themselves. */
int cs_diag_vat(struct cs_diag *diag, int code, const char *file, unsigned line, unsigned column,
		const char *fmt, va_list ap) __attribute__((format(printf, 6, 0)));

/**
 * cs_diag_format() - "file:line:column: text", leaving out what is unknown
 * @buf: receives the NUL-terminated line, cut to @size bytes
 *
 * Context: any-thread.
 * Return:  @buf.
 */
char *cs_diag_format(const struct cs_diag *diag, char *buf, size_t size);
