/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Tables of what the header counts: facts (structural counts of an init; counting stops when the
 * instance is ready, unless the meaning says "ever") and the reasons for which the shim does less
 * than it could. Numbers are for ever; new entries go at the end.
 */
#pragma once

/* X(id, name, meaning) */
#define CS_FACTS(X)                                                                                \
	X(SHARED_OBJECTS, "shared_objects", "objects in the loader's list when main was entered")  \
	X(OPENS_USER, "opens.user", "opens of the function's own files")                           \
	X(OPENS_DEPENDENCY, "opens.dependency", "opens of installed packages")                     \
	X(OPENS_RUNTIME, "opens.runtime", "opens of the language runtime's files")                 \
	X(OPENS_NATIVE, "opens.native", "opens of native modules and shared objects")              \
	X(OPENS_OTHER, "opens.other", "opens of anything else")                                    \
	X(LOOKUPS_FAILED, "lookups.failed", "stat, access or open that found nothing")             \
	X(DLOPENS, "dlopens", "calls of dlopen and dlmopen")                                       \
	X(SPAWNS, "spawns", "processes started, ever")                                             \
	X(THREADS, "threads", "threads started")                                                   \
	X(CONNECTIONS, "connections", "connections accepted, or sent to us, ever")                 \
	X(FDS_UNFOLLOWED, "fds.unfollowed", "descriptors that are not in the table, ever")         \
	X(HEADS_UNFOLLOWED, "heads.unfollowed", "request heads too long or no buffer free, ever")  \
	X(ATTACH_COST_NS, "attach.cost_ns", "wall time the attach itself took")                    \
	X(UNRESOLVED, "unresolved", "hooked functions for which no original was found")            \
	X(PROBES, "probes", "health probes over connections, ever")                                \
	X(LOG_BYTES_LOST, "log.bytes_lost", "bytes written to logs and not taken, ever")           \
	X(LOOP_UNSEEN, "loop.unseen", "answers of an action loop to no event that was seen, ever") \
	X(NOT_HANDED_ON, "not_handed_on",                                                          \
	  "children and requests that were not told whose they are, where that was known, ever")

enum cs_fact {
#define X(id, name, meaning) CS_FACT_##id,
	CS_FACTS(X)
#undef X
	CS_FACT_COUNT,
};

/* Reasons to do less, bits of cs_header.stand_down. X(id, name, meaning) */
#define CS_STAND_DOWNS(X)                                                                          \
	X(SECOND_COPY, "second_copy", "another copy of the shim is loaded")                        \
	X(NO_LINK_MAP, "no_link_map", "the loader's list was not found")                           \
	X(NO_CLOCK, "no_clock", "the vDSO's clock is not there, or may not be read")               \
	X(UNRESOLVED_HOOK, "unresolved_hook",                                                      \
	  "some originals were not found; those hooks are off")                                    \
	X(NO_TABLES, "no_tables", "no memory for the descriptor table: no HTTP")                   \
	X(NO_SOCKET, "no_socket", "the announce was refused: nobody will read this segment")       \
	X(STRICT_MODE, "strict_mode", "it put itself into strict seccomp mode: no clock")          \
	X(FILTERED, "filtered", "under its own filter a child could not learn its pid")            \
	X(SHARED_MEMORY, "shared_memory",                                                          \
	  "a child runs beside it in its memory: no connections, files and events from then on")   \
	X(IO_URING, "io_uring", "it uses io_uring: what passes there is not seen")                 \
	X(LIBURING, "liburing", "it has liburing: what passes through a ring of that is not seen")

enum cs_stand_down {
#define X(id, name, meaning) CS_STAND_DOWN_##id,
	CS_STAND_DOWNS(X)
#undef X
	CS_STAND_DOWN_COUNT,
};

/** cs_fact_name() - as in the table; "unknown" out of range. Context: signal (pure). */
const char *cs_fact_name(unsigned fact);

/** cs_stand_down_name() - as in the table; "unknown" out of range. Context: signal (pure). */
const char *cs_stand_down_name(unsigned reason);

/** cs_stand_down_meaning() - idem, for people. Context: signal (pure). */
const char *cs_stand_down_meaning(unsigned reason);
