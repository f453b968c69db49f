/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Why an instance was started: the class of its init, from facts and from no threshold of time; see
 * docs/phases.md. And, to know a start after a crash, the newest processes that crashed.
 *
 * Context of all: loop.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "collector/assembler/model.h"

#define CS_CRASHES_MAX 64u

struct cs_assembled;
struct cs_request;

/* A process that crashed, and that no later start made good yet. */
struct cs_crash {
	uint64_t segment;        /* of the process that crashed */
	uint64_t place;          /* a hash of what its platform calls the instance; 0: nothing */
	uint64_t parent_segment; /* 0: its parent is not watched, but has the pid ... */
	int32_t ppid;
	uint32_t uid;
	uint64_t function; /* a hash of what it ran; 0: free */
	uint64_t end_ns;
};

struct cs_crashes {
	struct cs_crash slots[CS_CRASHES_MAX];
	unsigned next; /* the oldest makes room */
};

struct cs_init {
	enum cs_init_type type;
	bool ahead; /* no request waited for it: its start is a trace of its own */
	bool known; /* a watched parent, or its platform, told why it was spawned */
};

/**
 * cs_init_of() - why @instance was started
 * @request: the first that it served; NULL: it served none
 * @cause:   the request of a runtime that brought it; NULL: not known
 */
struct cs_init cs_init_of(struct cs_assembled *instance, const struct cs_request *request,
			  const struct cs_request *cause);

/** cs_init_told() - its class; @queued: a gateway's word is that an event waited for it. Pure. */
enum cs_init_type cs_init_told(struct cs_init init, bool queued);

/**
 * cs_init_counts() - is it a cold start to whoever counts these (faas.coldstarts)?
 *
 * Somebody waited for it, or would have: not where instances are made ahead, per event or by a fork.
 */
bool cs_init_counts(enum cs_init_type type);

/** cs_init_crashed() - @request, as it ended: did its process die while it handled it? */
void cs_init_crashed(const struct cs_request *request);

/** cs_init_ended() - the process of @instance is over: did it crash, without a request? */
void cs_init_ended(struct cs_assembled *instance);

/** cs_init_concluded() - @init was told: a crash explains one start. */
void cs_init_concluded(struct cs_assembled *instance, struct cs_init init);
