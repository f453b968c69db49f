/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The text of a coldspan.yaml with other amounts in its budgets: all else stays byte for byte, comments, too.
 * Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "agent/budget/quantity.h"
#include "base/buffer.h"
#include "base/cleanup.h"

#define CS_REVISION_MARK "# coldspan assert --update:"

struct cs_revision {
	unsigned line;   /* where the amount stands, counted from 1; 0: in no line of the file */
	unsigned column; /* in characters */
	const char *from;
	const char *to;
	const char *note; /* why, behind the line; a note that is there already is replaced */
};

/**
 * cs_revision_amount() - @value as it is written in a budget, three digits, rounded up
 *
 * Context: any-thread. Return: @buf, cut to @size.
 */
char *cs_revision_amount(struct cs_quantity value, char *buf, size_t size);

/**
 * cs_revise() - @text with @revisions made, in the order of their places
 * @ret_done: of each whether it was made: not where something else stands there
 *
 * JSON has no comments: no notes in a text that begins with a brace.
 *
 * Context: any-thread. Ownership: @out is the caller's.
 */
void cs_revise(const char *text, size_t len, const struct cs_revision *revisions, size_t count,
	       bool *ret_done, struct cs_buffer *out);
