/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Segments of this process, with the real writer, as the collector's instances: without socket and
 * intake. Whatever fails here ends the process.
 */
#pragma once

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "collector/instances/instance.h"
#include "preload/wire/lanes.h"

#define FOLLOWING_POSITIONS_MAX 16u

struct following {
	struct event_base *base;
	struct cs_self self;
	struct cs_instance_world world;
	unsigned records; /* told of; of the first FOLLOWING_POSITIONS_MAX also their positions */
	uint64_t positions[FOLLOWING_POSITIONS_MAX];
	unsigned ended; /* members told of */
	struct cs_ended last;
	uint64_t until_ns; /* of the last look that read something */
	/* what happened, a letter each: r record, e ended; tests may add others */
	char story[64];
};

/** following_start() - an empty world on an event base of its own */
void following_start(struct following *following);

/** following_turn() - one turn of an event loop; also, after a moment, if nothing happens */
void following_turn(struct event_base *base);

/** following_tell() - add a letter to the story */
void following_tell(struct following *following, char letter);

/**
 * following_new() - a segment whose announcer is @pid, followed
 * @ret_lanes: the writer's view; its mapping stays
 */
struct cs_instance *following_new(struct following *following, int32_t pid, uint32_t slots,
				  uint32_t lanes, struct cs_lanes *ret_lanes);

/** following_claim() - a record without payload of one slot. Return: false: the ring is full. */
bool following_claim(struct cs_ring *ring, struct cs_claim *ret);

/** following_write() - the same, committed */
bool following_write(struct cs_ring *ring);

/** following_child() - a process that does nothing until its end */
pid_t following_child(void);

/** following_child_end() - kill it and wait for it */
void following_child_end(pid_t pid);
