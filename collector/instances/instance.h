/* SPDX-License-Identifier: Apache-2.0 */

/*
 * An instance: one segment, its reader, and the processes that write into it. Reads the rings, steps
 * over holes (hole.h), follows writers' pids (tags.h), and tells whoever listens what it read. Decides
 * nothing about spans.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/cleanup.h"
#include "collector/intake/peer.h"
#include "collector/intake/segment_file.h"
#include "collector/processes/process.h"
#include "collector/self.h"
#include "preload/wire/reader.h"

#define CS_INSTANCE_TAGS_MAX  1024u /* fork children followed at once: each costs a descriptor */
#define CS_INSTANCE_READS_MAX 4096u /* steps in one look, so that others get their turn */

struct cs_assembled;
struct cs_instance;
struct cs_meter;
struct cs_pid_map;

/* One process as a writer into one segment. */
struct cs_member {
	LIST_ENTRY(cs_member) of_process;
	LIST_ENTRY(cs_member) of_instance;
	struct cs_process *process; /* NULL: cannot be followed (no pidfd to be had) */
	struct cs_instance *instance;
	uint32_t pid;         /* as we see it, or CS_TAG_UNSEEN: what records are told under */
	uint32_t tag;         /* its pid in its own pid namespace, as in commit words */
	uint64_t exec_ns;     /* it said that it calls exec; 0 it did not, or went on after that */
	bool own;             /* it announced the segment */
	bool dead_on_arrival; /* a fork child that was gone before its first record was read */
	struct cs_meter
		*meter; /* owned; of collector/assembler/metering.c; NULL: nothing was read */
	bool replaced;  /* another image has taken its place: nobody writes here any more */
};

/* Why a member's life in its segment is over. */
enum cs_end {
	CS_END_STATUS,   /* the process ended, and wait_status is known */
	CS_END_UNKNOWN,  /* the process ended, or fell silent: nobody told how */
	CS_END_EXEC,     /* it executed something else, which announced a segment of its own */
	CS_END_BROKEN,   /* the segment broke the format: nothing more is read from it */
	CS_END_SHUTDOWN, /* the collector stops while it lives */
};

struct cs_ended {
	enum cs_end end;
	int wait_status;  /* with CS_END_STATUS; as wait(2) encodes it */
	uint64_t time_ns; /* CLOCK_MONOTONIC when we learnt of it */
	bool met_gone;    /* it had ended when we met the process: that is late */
};

/* Who listens. All run on the loop; none may free the instance. */
struct cs_instance_events {
	void *context;
	void (*record)(void *context, struct cs_instance *instance, const struct cs_entry *entry);
	/*
	 * The end of a look that read something. What its processes had written by @until_ns (our clock),
	 * and what that was a consequence of, has been read: a stamp is taken before a record is claimed,
	 * and each ring was read to its end after that time, or past a record that was stamped later.
	 */
	void (*read)(void *context, struct cs_instance *instance, uint64_t until_ns);
	void (*ended)(void *context, struct cs_instance *instance, const struct cs_member *member,
		      const struct cs_ended *ended);
};

/* What instances share. */
struct cs_instance_world {
	struct cs_process_table processes;
	struct cs_self *self; /* borrowed */
	struct cs_instance_events events;
};

/* One ring of its segment. */
struct cs_instance_lane {
	struct cs_segment_lane segment;
	struct cs_reader reader;
	/* the hole at the reader's position; hole_since_ns 0: none */
	uint64_t hole_position;
	uint64_t hole_since_ns;
	uint64_t hole_looked_ns; /* 0: what is known of it may be out of date */
	uint64_t hole_cpu_ns;
	uint64_t until_ns; /* its latest stamp that was read, or when it was found empty */
};

/* One of ten thousand that may be idle: flags stand where they take no room of their own. */
struct cs_instance {
	LIST_ENTRY(cs_instance) link; /* of its owner */
	struct cs_instance_world *world;
	struct cs_segment_file file;
	struct cs_instance_lane first;
	struct cs_instance_lane *others; /* owned; NULL: its writers use the first lane alone */
	struct cs_peer peer;             /* without its pidfd */
	LIST_HEAD(, cs_member) members;
	unsigned members_count;
	bool same_ns; /* tags are pids of our own pid namespace */
	bool broken;
	bool dead_tags;          /* some members died before we met them */
	struct cs_pid_map *pids; /* owned; NULL until a pid of another namespace was seen */
	uint64_t last_read_ns;   /* of the last look that found a record; first the announce */
	/* of collector/instances/watch.c */
	TAILQ_ENTRY(cs_instance) active_link;
	uint32_t watch_slot;
	bool active;
	/* of collector/pipeline.c */
	bool ready_seen;
	bool loaded_seen; /* it is ready since code that it was brought is loaded */
	bool to_meter;    /* of collector/assembler/metering.c: there may be something to be read */
	struct cs_assembled *model; /* NULL: there was no memory for it */
	uint64_t stand_down_seen;   /* bits of its header that were counted */
	uint64_t log_bytes_lost_seen;
	uint64_t probes_seen; /* health probes of its header that were counted */
};

_Static_assert(sizeof(struct cs_instance) <= 1280, "the allocator's next size is 1536");

/**
 * cs_instance_new() - begin to follow a verified segment
 * @file: emptied
 * @peer: its pidfd is taken, also on failure
 *
 * Context:   loop.
 * Return:    NULL: no memory, or no room to wait for its end; @file is then as before.
 */
struct cs_instance *cs_instance_new(struct cs_instance_world *world, struct cs_segment_file *file,
				    struct cs_peer *peer, uint64_t now_ns) cs_must_use;

/**
 * cs_instance_drain() - read what is there, release it
 *
 * Context: loop. At most CS_INSTANCE_READS_MAX steps. Members that were dead before their records
 *          were read end here; the own one, and all that have a process, do not.
 * Return:  steps: records read and holes stepped over; 0 there is no more for now.
 */
unsigned cs_instance_drain(struct cs_instance *instance, uint64_t now_ns);

/**
 * cs_instance_requests_lost() - records of requests, and of their ends, that were dropped until now
 *
 * After a look: who wrote what it read had seen as many dropped, or fewer.
 */
uint64_t cs_instance_requests_lost(struct cs_instance *instance);

/** cs_instance_lanes() - rings in use, 1 at least */
static inline uint32_t cs_instance_lanes(const struct cs_instance *instance)
{
	return instance->others ? instance->file.lanes : 1;
}

static inline struct cs_instance_lane *cs_instance_lane(struct cs_instance *instance, uint32_t i)
{
	return i ? &instance->others[i - 1] : &instance->first;
}

/** cs_instance_used() - slots that wait to be read, in the fullest ring. Context: loop. */
uint64_t cs_instance_used(struct cs_instance *instance);

/**
 * cs_instance_readable() - the same, of rings whose reader does not stand at a hole that it knows:
 * looking at those more often reads nothing more. Context: loop.
 */
uint64_t cs_instance_readable(struct cs_instance *instance);

/** cs_instance_trim() - give the pages of its quiet rings back. Return: rings trimmed. */
unsigned cs_instance_trim(struct cs_instance *instance);

/** cs_instance_end_member() - tell that it ended, and forget it. Drain first. Context: loop. */
void cs_instance_end_member(struct cs_member *member, const struct cs_ended *ended);

/** cs_instance_writer_died() - what a dead process left claimed need not be waited for. */
void cs_instance_writer_died(struct cs_member *member);

/** cs_instance_over() - no process is left that could write to it? Context: loop. */
bool cs_instance_over(const struct cs_instance *instance);

/** cs_instance_free() - ends no members: they must be gone. Return: NULL. Accepts NULL. */
struct cs_instance *cs_instance_free(struct cs_instance *instance);
