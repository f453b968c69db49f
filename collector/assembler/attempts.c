/* SPDX-License-Identifier: Apache-2.0 */

/* Attempts of events; see attempts.h. A hash table of sets of four; in a full set the oldest goes. */
#include "collector/assembler/attempts.h"

#include <stdlib.h>
#include <string.h>

#include "collector/protocols/lambda_messages.h"
#include "preload/wire/siphash.h"

#define WAYS      4u
#define SETS      (CS_ATTEMPTS_MAX / WAYS)
#define KEY_PARTS 5u

/* The event, for one function of one user: a hash that nobody can aim at. */
struct event_key {
	uint64_t halves[2];
};

struct cs_attempt_entry {
	struct event_key event;
	uint64_t used; /* when, by the table's clock; 0: free */
	uint64_t end_ns;
	struct cs_trace_id trace_id;
	struct cs_span_id span_id;
	unsigned number;
	uint8_t trace_flags;
};

_Static_assert(sizeof(struct cs_attempt_entry) == 64, "a cache line; attempts.h tells their sum");

void cs_attempts_deinit(struct cs_attempts *attempts)
{
	free(attempts->entries);
	*attempts = (struct cs_attempts){ 0 };
}

/* Of any lengths; the hash of each one seeds that of the next. */
static uint64_t hash_of(const struct cs_id_key *key, const char *const *parts, uint64_t seed)
{
	for (unsigned i = 0; i < KEY_PARTS; i++) {
		const char *part = parts[i] ? parts[i] : "";
		uint64_t chained[2] = { seed, cs_siphash(key->bytes, part, strlen(part)) };

		seed = cs_siphash(key->bytes, chained, sizeof(chained));
	}
	return seed;
}

/* A CloudEvent is the same whichever way it is sent: in headers, in a body, or in a batch. */
static bool event_parts(const struct cs_invocation *invocation, const char *source, const char *id,
			const char *ret[KEY_PARTS])
{
	ret[0] = invocation->identity->name;
	ret[1] = invocation->target;
	ret[2] = "event";
	ret[3] = source;
	ret[4] = id;
	return source && id;
}

static bool message_parts(const struct cs_invocation *invocation, enum cs_event_service service,
			  const struct cs_message *message, const char *ret[KEY_PARTS])
{
	if (message->cloud_event)
		return event_parts(invocation, message->source, message->id, ret);
	ret[0] = invocation->identity->name;
	ret[1] = cs_event_service_name(service);
	ret[2] = "message";
	ret[3] = NULL;
	ret[4] = message->id;
	return message->id;
}

static struct event_key key_of(const struct cs_id_key *key, const struct cs_invocation *invocation,
			       const char *const *parts)
{
	struct event_key event;

	for (unsigned i = 0; i < 2; i++)
		event.halves[i] = hash_of(key, parts, (uint64_t)invocation->identity->uid << 1 | i);
	return event;
}

/* false: no id names its event. */
static bool find_key(const struct cs_id_key *key, const struct cs_invocation *invocation,
		     struct event_key *ret)
{
	char *const *ids = invocation->inbound->ids;
	const char *parts[KEY_PARTS];
	bool event = event_parts(invocation, ids[CS_REQUEST_ID_EVENT_SOURCE],
				 ids[CS_REQUEST_ID_EVENT], parts);

	if (invocation->lambda || !event)
		parts[3] = NULL;
	if (invocation->lambda) {
		parts[2] = "lambda";
		parts[4] = invocation->lambda->id;
	} else if (!event) {
		parts[2] = "task";
		parts[4] = ids[CS_REQUEST_ID_TASK];
	}
	if (!parts[4])
		return false;
	*ret = key_of(key, invocation, parts);
	return true;
}

/* The event's entry, or the one whose place it takes. */
static struct cs_attempt_entry *find_entry(struct cs_attempts *attempts,
					   const struct event_key *event)
{
	struct cs_attempt_entry *set = attempts->entries + event->halves[0] % SETS * WAYS;
	struct cs_attempt_entry *oldest = set;

	for (unsigned i = 0; i < WAYS; i++) {
		if (set[i].used && !memcmp(&set[i].event, event, sizeof(*event)))
			return &set[i];
		if (set[i].used < oldest->used)
			oldest = &set[i];
	}
	attempts->forgotten += oldest->used != 0;
	*oldest = (struct cs_attempt_entry){ .event = *event };
	return oldest;
}

static void remember(struct cs_attempts *attempts, struct cs_attempt_entry *entry,
		     const struct cs_invocation *invocation, unsigned number)
{
	entry->used = ++attempts->clock;
	entry->end_ns = invocation->end_ns;
	entry->trace_id = invocation->context.trace_id;
	entry->span_id = invocation->context.span_id;
	entry->trace_flags = invocation->context.trace_flags;
	entry->number = number;
}

/* @told: which attempt its sender says it is; 0: it says nothing. */
static struct cs_attempt note(struct cs_attempts *attempts, const struct event_key *event,
			      const struct cs_invocation *invocation, unsigned told)
{
	struct cs_attempt attempt = { .number = told };
	struct cs_attempt_entry *entry;

	if (!attempts->entries)
		attempts->entries = calloc(CS_ATTEMPTS_MAX, sizeof(*attempts->entries));
	if (!attempts->entries)
		return attempt;
	entry = find_entry(attempts, event);
	if (!entry->used) {
		remember(attempts, entry, invocation, told ? told : 1);
		return attempt;
	}
	/* At the same time, or told to be an earlier one: nothing follows from it. */
	if (entry->end_ns > invocation->start_ns || (told && told <= entry->number))
		return attempt;
	attempt.number = told ? told : entry->number + 1;
	attempt.has_previous = true;
	attempt.previous = (struct cs_span_context){
		.trace_id = entry->trace_id,
		.span_id = entry->span_id,
		.trace_flags = entry->trace_flags,
	};
	remember(attempts, entry, invocation, attempt.number);
	return attempt;
}

struct cs_attempt cs_attempts_note(struct cs_attempts *attempts, const struct cs_id_key *key,
				   const struct cs_invocation *invocation)
{
	unsigned told = invocation->inbound->attempt;
	struct event_key event;

	if (!find_key(key, invocation, &event))
		return (struct cs_attempt){ .number = told };
	return note(attempts, &event, invocation, told);
}

void cs_attempts_note_messages(struct cs_attempts *attempts, const struct cs_id_key *key,
			       const struct cs_invocation *invocation,
			       struct cs_lambda_event *event)
{
	for (unsigned i = 0; i < event->messages_count; i++) {
		struct cs_message *message = &event->messages[i];
		const char *parts[KEY_PARTS];
		struct cs_attempt attempt;
		struct event_key named;

		if (!message_parts(invocation, event->service, message, parts))
			continue;
		named = key_of(key, invocation, parts);
		attempt = note(attempts, &named, invocation, message->attempt);
		message->attempt = attempt.number;
		message->has_previous = attempt.has_previous;
		message->previous = attempt.previous;
	}
}
