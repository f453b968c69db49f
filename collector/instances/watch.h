/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Looking: functions never wake the collector, so it looks by itself. Active instances (that wrote
 * within the last second) every 20 ms, and faster while they fill faster; all of them five times a
 * second, in one pass over one cache line each. With no instance there is no timer.
 */
#pragma once

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/cleanup.h"
#include "collector/instances/instance.h"

#define CS_WATCH_IDLE_MS         200u
#define CS_WATCH_ACTIVE_MAX_MS   20u
#define CS_WATCH_ACTIVE_MIN_MS   1u
#define CS_WATCH_QUIET_NS        1000000000ull /* silence after which a ring is trimmed, and idle */
#define CS_WATCH_STARTING_NS     10000000000ull  /* idem, for one that is not ready yet */
#define CS_WATCH_SILENT_NS       600000000000ull /* one that cannot be followed has ended */
#define CS_WATCH_SILENT_CHECK_NS 10000000000ull

struct cs_watch_events {
	void *context;
	/* before rings are looked at: who caused what stands in them may have announced before */
	void (*looking)(void *context);
	/* every look at an active instance, and at an idle one that is not ready yet */
	void (*looked)(void *context, struct cs_instance *instance);
	/* it broke the format, or fell silent and nobody can tell whether it lives: end it */
	void (*lost)(void *context, struct cs_instance *instance, enum cs_end end, uint64_t now_ns);
};

/* What an idle pass reads of an instance, side by side. */
struct cs_watch_slot {
	const struct cs_header *header; /* its line of the first ring's writers */
	uint64_t position;              /* the reader's there */
	struct cs_instance *instance;
};

struct cs_watch {
	struct event_base *base;
	struct event timer;
	struct cs_self *self; /* borrowed */
	struct cs_watch_events events;
	struct cs_watch_slot *slots; /* owned, dense */
	uint32_t count;
	uint32_t capacity;
	TAILQ_HEAD(, cs_instance) active;
	uint32_t interval_ms;  /* between looks at active ones */
	uint64_t last_full_ns; /* when all were looked at */
	uint64_t last_silent_ns;
};

/** cs_watch_init() - Context: loop. */
void cs_watch_init(struct cs_watch *watch, struct event_base *base, struct cs_self *self,
		   const struct cs_watch_events *events);

/** cs_watch_deinit() - all instances must have been removed. Context: loop. */
void cs_watch_deinit(struct cs_watch *watch);

/** cs_watch_reserve() - room for one more. Context: loop. Return: 0; -ENOMEM. */
int cs_watch_reserve(struct cs_watch *watch) cs_must_use;

/** cs_watch_add() - begin to look at it, as an active one, after cs_watch_reserve(). */
void cs_watch_add(struct cs_watch *watch, struct cs_instance *instance, uint64_t now_ns);

/** cs_watch_remove() - stop looking at it. Context: loop; not inside of `looked`. */
void cs_watch_remove(struct cs_watch *watch, struct cs_instance *instance);

/**
 * cs_watch_next_interval() - how long to wait, from how full the fullest readable ring was (pure)
 * @used, @slots: of that ring when it was looked at
 */
uint32_t cs_watch_next_interval(uint32_t interval_ms, uint64_t used, uint32_t slots);
