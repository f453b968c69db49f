/* SPDX-License-Identifier: Apache-2.0 */

/* What a program said of one invocation or span: attributes, events, status. Bounded. Pure. */
#pragma once

#include <stdint.h>
#include <sys/queue.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "collector/assembler/model.h"
#include "preload/wire/records.h"

struct cs_api_attribute;
struct cs_api_event;

/* All of it lives in the arena that it was added with. Zero is empty. */
struct cs_api_notes {
	struct cs_attr *attributes;
	struct cs_span_event *events; /* times: CLOCK_MONOTONIC ns */
	unsigned attributes_count, events_count;
	uint32_t attributes_dropped, events_dropped;
	enum cs_status_code status;
	const char *status_message; /* NULL: none */
};

/** cs_api_text() - a copy of foreign bytes, repaired; NULL: no memory. */
char *cs_api_text(struct cs_arena *arena, const char *bytes, size_t len) cs_must_use;

/**
 * cs_api_notes_add() - from a record
 * @len: bytes behind @rec that really are there
 *
 * What is one too many is counted in @notes, and is no failure.
 * Return: 0; -EBADMSG malformed: what stood before that was added; -ENOMEM.
 */
int cs_api_notes_add(struct cs_api_notes *notes, struct cs_arena *arena,
		     const struct cs_rec_api_note *rec, uint32_t len, uint64_t time_ns) cs_must_use;

/** cs_api_notes_said() - as it is handed over; the rest of @ret is left alone. */
void cs_api_notes_said(const struct cs_api_notes *notes, struct cs_api_said *ret);
