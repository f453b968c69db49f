/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Which attempt of its event an invocation is. At-least-once senders deliver an event again, with the
 * id it had: here the last attempt of each is remembered, bounded, across all instances of a function.
 * Only ids that name one event count (CloudEvents: source and id; Cloud Tasks: the task; Lambda: its
 * request id, which a retry has again, and the ids of a batch's messages), and only an attempt that had ended before the next began: a proxy and the server behind it are no attempts.
 */
#pragma once

#include <stdint.h>

#include "collector/assembler/ids.h"
#include "collector/assembler/model.h"

#define CS_ATTEMPTS_MAX 4096u /* events that are remembered: 256 KiB, taken when the first comes */

struct cs_attempt_entry;

struct cs_attempts { /* all zero: empty */
	struct cs_attempt_entry *entries;
	uint64_t clock;
	uint64_t forgotten; /* events that made room for others */
};

struct cs_attempt {
	unsigned number; /* 1 is the first; 0: not known */
	bool has_previous;
	struct cs_span_context previous; /* the span of the attempt before, without its state */
};

/** cs_attempts_deinit() - forget all. Context: loop. */
void cs_attempts_deinit(struct cs_attempts *attempts);

/**
 * cs_attempts_note() - an invocation is over: which attempt was it?
 * @key:        of the hashes; the collector's own secret
 * @invocation: told in the order of their ends; identity, inbound, context, target and times count
 *
 * What its sender says (struct cs_inbound, attempt) goes before what was counted here. Out of memory
 * nothing is remembered. Events of other users are never the same.
 *
 * Context: loop.
 */
struct cs_attempt cs_attempts_note(struct cs_attempts *attempts, const struct cs_id_key *key,
				   const struct cs_invocation *invocation);

/**
 * cs_attempts_note_messages() - idem, of each message of the batch that it handled
 * @event: that of @invocation: attempts of its messages are filled in
 */
void cs_attempts_note_messages(struct cs_attempts *attempts, const struct cs_id_key *key,
			       const struct cs_invocation *invocation,
			       struct cs_lambda_event *event);
