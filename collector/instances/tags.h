/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Who writes into a segment: from the pids that its writers put into commit words and records, which
 * are of their own pid namespace, to processes that we follow and pids as we see them. The inside of
 * instance.c. Context of all: loop.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "collector/instances/instance.h"

#define CS_TAGS_MAP_MAX 128u /* pids of another namespace that are remembered, newest first */

/* A writer, or a child of one, that we do not see: unique in its segment, no pid of anybody. */
#define CS_TAG_UNSEEN 0x80000000u

struct cs_pid_map {
	struct {
		int32_t inner; /* in the segment's namespace; 0 free */
		int32_t outer; /* in ours */
	} entries[CS_TAGS_MAP_MAX];
	unsigned next;
};

/** cs_tags_add_own() - the process that announced. Return: NULL when out of memory. */
struct cs_member *cs_tags_add_own(struct cs_instance *instance, uint32_t tag,
				  struct cs_process *process);

/**
 * cs_tags_get() - the writer with that tag, followed from now on if it is new
 * @seen_ns: CLOCK_MONOTONIC when it was alive, by its own word; 0 unknown
 *
 * A process of another user, or one that is younger than that, is a stranger: the writer is dead.
 * Return: NULL: no memory, or CS_INSTANCE_TAGS_MAX are followed already.
 */
struct cs_member *cs_tags_get(struct cs_instance *instance, uint32_t tag, uint64_t seen_ns);

/** cs_tags_remember() - a child of @parent calls itself @inner, and we see it as @outer. */
void cs_tags_remember(struct cs_process *parent, int32_t inner, int32_t outer);

/** cs_tags_remove() - forget a writer, and its process if nothing else holds it. */
void cs_tags_remove(struct cs_member *member);

/**
 * cs_tags_translate() - put pids as we see them into a record
 *
 * Return: false if a pid that the record is about cannot be known: it must not be taken for ours.
 */
bool cs_tags_translate(struct cs_instance *instance, struct cs_entry *entry);
