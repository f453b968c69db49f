/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Why a budget is exceeded, as far as the samples tell: against others the phases that grew and the files that
 * are new or gone; else what is largest: phases by time, packages by their files, shared objects by bytes.
 * And what to type next.
 */
#pragma once

#include "agent/asserting/asserting.h"
#include "base/buffer.h"

struct cs_cause_note {
	const char *label; /* static: "moved", "largest", "found" */
	char *text;        /* owned: half a line; NULL: there is nothing to say */
};

/**
 * cs_causes_find() - of each budget that is exceeded
 * @asserted: judged
 *
 * Context:   any-thread.
 * Ownership: the caller's: cs_causes_free() it.
 * Return:    one for each budget of its function; NULL: no memory.
 */
struct cs_cause_note *cs_causes_find(const struct cs_asserted *asserted);

/** cs_causes_free() - @count of them; accepts NULL. Return: NULL. */
struct cs_cause_note *cs_causes_free(struct cs_cause_note *causes, size_t count);

/**
 * cs_cause_next() - append the command that shows one start of its function
 * @file: coldspan.yaml, by whatever name; from where that is its name the command can be typed
 *
 * `coldspan run` of its command, where that can be typed and needs nothing else of coldspan.yaml, and
 * `coldspan doctor` of it where nothing was seen inside; else `coldspan assert` with a page. Values of the
 * environment are not told: logs of CI are read by many.
 *
 * Context: any-thread.
 */
void cs_cause_next(const char *file, const struct cs_asserted *asserted, struct cs_buffer *out);
