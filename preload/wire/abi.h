/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The segment: the memory that a watched process shares with the collector, byte by byte. This file
 * is the one definition both sides include; README.md is its prose. Freestanding: nothing here may
 * need a C library. All integers are in host order: both sides run on the same machine.
 *
 *   0      header (fields below)                      page 0
 *   1024   identity strings
 *   3072   commit table: one 64-bit word per slot     pages 0..n
 *   m      slots, 64 bytes each, page aligned
 *
 * This, a lane, stands there once or several times, one behind the other: a process whose threads get
 * into each other's way goes on in several rings at once (README.md, "Lanes"). Of the header pages
 * behind the first, only the two lines of the ring and the drop counters are used.
 *
 * Compatibility: a reader refuses a version it does not know. Within a version, reserved fields are
 * zero, ignored by readers, and may get a meaning; tables only grow at their end.
 */
#pragma once

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/wire/facts.h"
#include "preload/wire/marks.h"

#define CS_WIRE_MAGIC      0x4e415053444c4f43ull /* "COLDSPAN" read as a little-endian integer */
#define CS_WIRE_VERSION    1u

#define CS_PAGE_BYTES      4096u
#define CS_SLOT_BYTES      64u
#define CS_SLOTS_DEFAULT   16384u     /* 1 MiB: at 5 slots an invocation 16,000/s from idle */
#define CS_SLOTS_MIN       64u        /* a run may be as long as the ring of a test */
#define CS_SLOTS_MAX       (1u << 17) /* 9 MiB a lane: bounds a look at a hostile segment to 36 */
#define CS_LANES           4u         /* power of two; a segment that must be small has one */
#define CS_RUN_SLOTS_MAX   64u        /* one record: 4 KiB with its header */
#define CS_RESERVED_SLOTS  512u /* kept free for CS_PRIORITY_HIGH, at most an eighth of the ring */

#define CS_IDENTITY_OFFSET 1024u
#define CS_IDENTITY_BYTES  2048u
#define CS_COMMIT_OFFSET   3072u

#define CS_MARKS_MAX       32u
#define CS_FACTS_MAX       32u
#define CS_DROP_KINDS_MAX  31u /* the first 16 apart from the others */
#define CS_QUARANTINE_MAX  6u

/*
 * Commit word of the slot at ring position p (a free-running slot count), stored only by the owner
 * of the reservation that p belongs to:
 *
 *   bits  0..1   state
 *   bits  2..8   run length in slots minus 1 (padding: the whole of bits 2..30)
 *   bits  9..30  pid tag, the writer's pid in its own pid namespace (PID_MAX_LIMIT is 2^22)
 *   bits 31..63  lap: p / slots + 1, so that fresh (zero) memory belongs to no lap
 */
enum cs_slot_state {
	CS_SLOT_FREE = 0,      /* only in words of earlier laps and in fresh memory */
	CS_SLOT_CLAIMED = 1,   /* the run is being written */
	CS_SLOT_COMMITTED = 2, /* the run may be read */
	CS_SLOT_PADDING = 3,   /* skip the run: filler at the ring's end, or given back */
};

#define CS_WORD_LEN_SHIFT 2
#define CS_WORD_LEN_BITS  7
#define CS_WORD_PID_SHIFT 9
#define CS_WORD_PID_BITS  22
#define CS_WORD_LAP_SHIFT 31
#define CS_WORD_LAP_MASK  ((1ull << 33) - 1)
#define CS_PADDING_MAX    (1u << (CS_WORD_LEN_BITS + CS_WORD_PID_BITS)) /* slots in one padding */

/* Flags in cs_header.flags */
#define CS_HEADER_MUSL       0x1u /* the process runs on musl */
#define CS_HEADER_PREALLOC   0x2u /* the ring was allocated whole at attach */
#define CS_HEADER_CTOR_FIRST 0x4u /* our constructor ran before any other user code */
#define CS_HEADER_LOOP       0x8u /* it began as OpenWhisk's action loop: preload/events/stdio_loop.h */

struct cs_header {
	/* Written once, before the announce. */
	uint64_t magic;
	uint32_t version;
	uint32_t slots;         /* power of two */
	uint64_t segment_bytes; /* size of the memfd, equals the sealed size: all lanes */
	uint64_t slots_offset;  /* page aligned */
	uint32_t flags;         /* CS_HEADER_* */
	uint32_t identity_len;  /* bytes used of the identity area */
	uint32_t lanes;         /* power of two, up to CS_LANES */
	uint32_t reserved0[5];

	/* Line 1, writers: next ring position to reserve, in slots, free-running. */
	_Alignas(64) _Atomic uint64_t head;
	_Atomic uint64_t spread; /* 1: the other lanes are in use too; never taken back */
	uint64_t reserved1[6];

	/*
	 * Line 2, reader: ring positions below are free again; and runs that were given up while
	 * their writer may live, which nobody may use (README.md, "Quarantine"): slot index in the
	 * low, length in the high half. Length 0 is no entry; 0 in the first word, no entry at all.
	 * Writers read these, believe nothing of them, and never write them.
	 */
	_Alignas(64) _Atomic uint64_t release;
	_Atomic uint64_t quarantine[CS_QUARANTINE_MAX];
	_Atomic uint64_t
		trim; /* 1 + the position a trim begins at, for a reader that comes after */

	/* Line 3: who and when. Clocks were read one after the other, MONOTONIC first. */
	_Alignas(64) int32_t pid; /* in the process's own pid namespace, as all pids on this page */
	int32_t ppid;
	uint32_t uid;
	uint32_t gid;
	uint64_t attach_monotonic_ns;
	uint64_t attach_realtime_ns;
	uint64_t attach_boottime_ns;
	uint64_t attach_cpu_ns; /* CLOCK_PROCESS_CPUTIME_ID: CPU time used up to attach */
	uint64_t attach_thread; /* thread pointer of the main thread, 0 unknown */
	uint64_t reserved3;

	/* 256: write-once, CLOCK_MONOTONIC ns, 0 = not (yet) reached; see marks.h. */
	_Alignas(64) _Atomic uint64_t marks[CS_MARKS_MAX];

	/* 512: records dropped because the lane was full, by enum cs_record_type, to 15. */
	_Atomic uint64_t dropped[16];

	/* 640: counts of what happened, by enum cs_fact. */
	_Atomic uint64_t facts[CS_FACTS_MAX];

	/* 896: why parts of the shim do less than they could: bit per enum cs_stand_down. */
	_Atomic uint64_t stand_down;

	/* 904: as @dropped, of the types from 16. */
	_Atomic uint64_t dropped_more[CS_DROP_KINDS_MAX - 16];

	/*
	 * 1024: NUL-terminated strings "key=value": exe, interpreter (1: it runs code that it is
	 * given), argv0, cwd, script (where it is sure to be one), then env.NAME for the
	 * allow-listed variables. Bytes as the process had them, not necessarily UTF-8.
	 */
	char identity[CS_IDENTITY_BYTES];
};

_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "shared words must be lock-free");
_Static_assert(sizeof(struct cs_header) == CS_COMMIT_OFFSET, "the commit table follows the header");
_Static_assert(offsetof(struct cs_header, head) == 64, "layout");
_Static_assert(offsetof(struct cs_header, release) == 128, "layout");
_Static_assert(offsetof(struct cs_header, quarantine) == 136, "layout");
_Static_assert(offsetof(struct cs_header, trim) == 184, "layout");
_Static_assert(offsetof(struct cs_header, pid) == 192, "layout");
_Static_assert(offsetof(struct cs_header, attach_monotonic_ns) == 208, "layout");
_Static_assert(offsetof(struct cs_header, marks) == 256, "layout");
_Static_assert(offsetof(struct cs_header, dropped) == 512, "layout");
_Static_assert(offsetof(struct cs_header, facts) == 640, "layout");
_Static_assert(offsetof(struct cs_header, stand_down) == 896, "layout");
_Static_assert(offsetof(struct cs_header, dropped_more) == 904, "layout");
_Static_assert(offsetof(struct cs_header, identity) == CS_IDENTITY_OFFSET, "layout");

/** cs_header_dropped() - the count of drops of a type; one that is none is 0's. Context: signal. */
static inline _Atomic uint64_t *cs_header_dropped(struct cs_header *header, unsigned type)
{
	if (type < 16)
		return &header->dropped[type];
	return type < CS_DROP_KINDS_MAX ? &header->dropped_more[type - 16] : &header->dropped[0];
}

/* The one message of an announce: SOCK_SEQPACKET, with the memfd as SCM_RIGHTS. */
struct cs_hello {
	uint64_t magic;
	uint32_t version;
	uint32_t hello_bytes; /* sizeof(struct cs_hello) */
	uint64_t segment_bytes;
	int32_t pid;
	uint32_t reserved0;
	uint64_t attach_monotonic_ns;
	uint64_t reserved[3];
};

_Static_assert(sizeof(struct cs_hello) == 64, "layout");
