/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The memory that all instances together may make the assembler hold: what is in flight, or waits for its
 * time. Each instance has its own bounds; this one is for many that reach theirs at once. First causes
 * that are only remembered are forgotten, then what is over is told ahead of its time; what is left has no
 * room, and is counted by what it was. Part of the assembler.
 *
 * Context of all: loop.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

/* Some 70,000 requests, or what six instances hold that have reached all bounds of their own. */
#define CS_ROOM_BYTES_MAX ((size_t)64 << 20)

/* What there was no room for. X(id, name, what became of it) */
#define CS_ROOM_KINDS(X)                                                                           \
	X(REQUEST, "requests", "dropped: also in requests_dropped")                                \
	X(LINE, "lines", "told at once, without ids: also in log_lines_alone")                     \
	X(CALL, "calls", "dropped: also in calls_dropped")                                         \
	X(SPAN, "spans", "a program's own, and what it said of them: also in api_dropped")

enum cs_room_kind {
#define X(id, name, meaning) CS_ROOM_##id,
	CS_ROOM_KINDS(X)
#undef X
	CS_ROOM_COUNT,
};

struct cs_assembler;

struct cs_room {
	size_t bytes; /* held now */
	size_t max_bytes;
	uint64_t crowded[CS_ROOM_COUNT];
	uint64_t causes_forgotten; /* requests that were told, and made room */
};

/** cs_room_name() - "requests", …; never NULL. Context: any-thread (pure). */
const char *cs_room_name(enum cs_room_kind kind);

/**
 * cs_room_make() - is there room for so much more? Makes it, if it can
 *
 * Nothing is taken: whoever holds something adds to cs_room.bytes, and subtracts it again.
 * Return: false: there is none, which is counted under @kind.
 */
bool cs_room_make(struct cs_assembler *assembler, enum cs_room_kind kind, size_t bytes) cs_must_use;
