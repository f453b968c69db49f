/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Accepts connections, receives announces, verifies them, and hands good ones on. Does nothing that
 * a peer could make block: whatever is not exactly one good memory file goes to the disposal
 * unopened, and its uid is refused for a while.
 *
 * An announce that wakes us costs its function 40 us or more (docs/decisions/0010): the wake-up
 * itself, and our work beside the function's start. So the listening socket is waited for only
 * while nothing goes on; from the first announce on, as long as rings are written to, it is looked at
 * by time. What has connected waits in its queue, also if it dies.
 */
#pragma once

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "collector/intake/disposal.h"
#include "collector/intake/listener.h"
#include "collector/intake/peer.h"
#include "collector/intake/quota.h"
#include "collector/intake/segment_file.h"
#include "collector/self.h"

#define CS_INTAKE_FDS_MAX      253u  /* descriptors in one message: SCM_MAX_FD */
#define CS_INTAKE_PER_TURN     64    /* connections per turn of the loop, for fairness */
#define CS_INTAKE_WAITING_MAX  1024u /* connections that have sent nothing yet */
#define CS_INTAKE_SILENT_S     10    /* a shim that is not frozen needs microseconds */
#define CS_INTAKE_LOOK_MIN_MS  1u    /* between looks, if announces come in a flood */
#define CS_INTAKE_LOOK_MAX_MS  20u   /* ... if they do not */
#define CS_INTAKE_LOOK_FOR_S   1u    /* after the last announce, without active rings */
#define CS_INTAKE_FDS_RESERVED 320u  /* free descriptors below which accepting pauses */

/* One good announce. The callee takes what it wants to keep by emptying it. */
struct cs_announce {
	struct cs_segment_file file;
	struct cs_peer peer;
	uint64_t received_ns; /* CLOCK_MONOTONIC */
};

/* Return: CS_REFUSAL_NONE, or why not (counted by intake; what is left in @announce is closed). */
typedef enum cs_refusal (*cs_announce_fn)(void *context, struct cs_announce *announce);

struct cs_intake;

/**
 * cs_intake_new() - serve a listening socket
 * @listener_fd: borrowed, non-blocking
 * @disposal:    borrowed
 * @quota:       borrowed; checked here, taken and put by the owner of instances
 * @self:        borrowed; its count of active instances decides how the socket is watched
 *
 * Context: loop. Return: NULL: no memory.
 */
struct cs_intake *cs_intake_new(struct event_base *base, int listener_fd,
				struct cs_disposal *disposal, struct cs_quota *quota,
				struct cs_self *self, cs_announce_fn accept, void *context)
	cs_must_use;

/**
 * cs_intake_drain() - take in what has connected by now, without waiting
 *
 * To be called before anything is concluded from records and deaths: whoever caused them may have
 * announced before.
 *
 * Context: loop. Bounded by the backlog.
 * Return:  false: there is more, but no descriptor or memory for it.
 */
bool cs_intake_drain(struct cs_intake *intake);

/**
 * cs_intake_abandon() - give up what a drain left
 *
 * Context: loop, before cs_intake_free().
 * Return:  connections dropped; that many at least, if not even that can be found out.
 */
unsigned cs_intake_abandon(struct cs_intake *intake);

/** cs_intake_free() - stop serving. Return: NULL. Accepts NULL. */
struct cs_intake *cs_intake_free(struct cs_intake *intake);
