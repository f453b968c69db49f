/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What the collector counts about itself, and the table of reasons for which an announce is refused.
 * Plain counters of the loop thread; each refusal, loss and limit of the I/O half has one here.
 */
#pragma once

#include <stdint.h>

#include "base/buffer.h"
#include "collector/assembler/room.h"
#include "collector/instances/ring_fill.h"
#include "collector/ledger.h"
#include "collector/sampler/sampler.h"
#include "preload/wire/abi.h"
#include "preload/wire/facts.h"

/* Why an announce got no instance. X(id, name, meaning) */
#define CS_REFUSALS(X)                                                                             \
	X(NO_DESCRIPTOR, "no_descriptor", "the message carried no descriptor")                     \
	X(MANY_DESCRIPTORS, "many_descriptors", "the message carried more than one descriptor")    \
	X(NOT_MEMFD, "not_memfd", "the descriptor is no memory file on tmpfs, opened read-write")  \
	X(SEALS, "seals", "the memory file is not sealed exactly against SHRINK, GROW and SEAL")   \
	X(SIZE, "size", "the memory file's size is not that of a segment, or of its hello")        \
	X(HELLO, "hello", "the message is not a hello")                                            \
	X(VERSION, "version", "another version of the wire format")                                \
	X(HEADER, "header", "the segment's header does not hold together")                         \
	X(UID_REFUSED, "uid_refused", "its uid handed over something hostile a while ago")         \
	X(UID_QUOTA, "uid_quota", "its uid has as many instances as it may have")                  \
	X(SILENT, "silent", "connected, and sent nothing in time")                                 \
	X(RESOURCES, "resources", "no memory or no descriptors left here")

enum cs_refusal {
	CS_REFUSAL_NONE = 0, /* accepted */
#define X(id, name, meaning) CS_REFUSAL_##id,
	CS_REFUSALS(X)
#undef X
	CS_REFUSAL_COUNT,
};

struct cs_self {
	/* intake */
	uint64_t connections;
	uint64_t probes; /* connected and closed without a message, as `coldspan doctor` does */
	uint64_t announces;
	uint64_t refused[CS_REFUSAL_COUNT];
	uint64_t intake_pauses; /* times that accepting stopped for lack of descriptors or memory */
	uint64_t announces_lost; /* by the stop, for lack of descriptors or memory; or more */
	/* instances */
	uint64_t instances_now;
	uint64_t instances_active; /* that wrote a short while ago, or are about to get ready */
	uint64_t instances_ended;
	uint64_t processes_now; /* processes that instances are held for */
	uint64_t tags_refused;  /* writers' pids that were not followed, for CS_INSTANCE_TAGS_MAX */
	uint64_t pids_unseen;   /* records about a process of another pid namespace, not told on */
	uint64_t
		readings_given_up; /* of /proc/PID, that did not come back: collector/processes/reading.h */
	uint64_t readings_refused; /* ... and not begun after that */
	/* rings */
	struct cs_ring_fill fill;
	uint64_t looks;   /* passes over the instances */
	uint64_t records; /* read */
	uint64_t torn;    /* claimed and never committed */
	uint64_t corrupt;
	uint64_t trims;
	uint64_t broken;     /* segments that broke the format while they were read */
	uint64_t rings_lost; /* of instances that ended before there was memory to read these */
	uint64_t dropped;    /* by writers whose ring was full, in instances that ended: ... */
	uint64_t dropped_of[CS_DROP_KINDS_MAX];   /* ... by the type of the record */
	uint64_t stood_down[CS_STAND_DOWN_COUNT]; /* instances that said so, by their reason */
	uint64_t health_probes; /* over connections to functions: no invocations */
	/* deaths */
	uint64_t ends_known;
	uint64_t ends_unknown;
	/* what was assembled, and could not be; see collector/assembler/assembler.h */
	uint64_t cold_starts;
	uint64_t unused_inits; /* of these: ready, and ended without an event */
	uint64_t invocations;
	uint64_t helpers;
	uint64_t unmatched;
	uint64_t api_spans;
	uint64_t api_dropped;
	uint64_t unknown_records;
	uint64_t requests_dropped;
	uint64_t contexts_refused;
	uint64_t hurried;
	uint64_t unattributed;
	uint64_t calls;
	uint64_t calls_dropped;
	uint64_t calls_unowned;
	uint64_t connections_forgotten;
	uint64_t evidence_lost;
	struct cs_room room;  /* what there was no room for, of all instances together */
	uint64_t models_lost; /* instances that are read, but not assembled: no memory */
	/* export */
	uint64_t spans;
	uint64_t spans_lost; /* for lack of memory */
	uint64_t batches;
	struct cs_sampler_stats sampling; /* spans, by what became of them; docs/sampling.md */
	/* logs: lines = records + records_lost; see collector/logs/logs.h */
	uint64_t log_bytes_lost; /* by the functions' own word: over the rate, or a full ring */
	uint64_t log_lines;
	uint64_t log_lines_alone;
	uint64_t log_lines_limited;
	uint64_t log_lines_lost;
	uint64_t log_records;
	uint64_t log_records_lost; /* for lack of memory */
	struct cs_ledger ledger;
};

/** cs_self_print() - all counters as one JSON object without newline. Context: loop. */
void cs_self_print(const struct cs_self *self, struct cs_buffer *out);
