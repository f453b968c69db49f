/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The table of phases and of the marks that bound them. It feeds the enums, the names in telemetry,
 * the decoder, docs/phases.md and the dashboards: change it here only. Marks keep their number for
 * ever; new ones go at the end.
 */
#pragma once

/*
 * Marks: write-once words in the segment's header (compare-and-swap from 0, the first wins), in
 * CLOCK_MONOTONIC ns. X(id, name, meaning)
 */
#define CS_MARKS(X)                                                                                \
	X(ATTACH, "attach", "the shim's constructor: exec, mapping and relocation are done")       \
	X(LIBC_START, "libc_start", "__libc_start_main entered")                                   \
	X(MAIN, "main", "main entered")                                                            \
	X(USER_CODE, "user_code", "first open of a file of the function")                          \
	X(LISTEN, "listen", "first listen on a stream socket")                                     \
	X(ACCEPT_WAIT, "accept_wait", "first wait for or accept on a listening socket after that") \
	X(STDIN_READ, "stdin_read", "first read, after main, of what descriptor 0 was")            \
	X(REQUEST, "request", "first byte of the first request head on an accepted socket")        \
	X(RESPONSE, "response", "first byte of the first response")                                \
	X(RESPONSE_END, "response_end", "last byte of the first response")                         \
	X(STDOUT_WRITE, "stdout_write", "first byte written, after main, to what 1 was")           \
	X(MAIN_RETURN, "main_return", "main returned")                                             \
	X(FETCH, "fetch", "first byte of the first request that brings the code (OpenWhisk)")      \
	X(SANDBOX, "sandbox", "reserved: sandbox created")                                         \
	X(RESTORE, "restore", "the snapshot was restored (Lambda SnapStart)")                      \
	X(NEXT, "next", "first byte of the first request for an event (Lambda Runtime API)")       \
	X(RESTORE_NEXT, "restore_next", "first byte of the request that waits for that")           \
	X(LOADED, "loaded", "last byte of the answer that the code that came is loaded")           \
	X(EXTENSION, "extension", "first byte of the request that makes it an extension (Lambda)")

enum cs_mark {
#define X(id, name, meaning) CS_MARK_##id,
	CS_MARKS(X)
#undef X
	CS_MARK_COUNT,
};

/*
 * Phases of a cold start, contiguous and in this order; what bounds each stands in docs/phases.md
 * and is decided by the assembler from marks and records. X(id, name, meaning)
 */
#define CS_PHASES(X)                                                                               \
	X(QUEUE, "queue", "event accepted by the runtime, until the spawn begins")                 \
	X(SPAWN, "spawn", "fork, clone or posix_spawn called, until exec is called")               \
	X(EXEC, "exec", "exec called, until the first constructor: kernel, page-in, relocation")   \
	X(LINK, "link", "constructors of libraries and of the program, until main")                \
	X(RUNTIME, "runtime", "main, until the first open of user code: language runtime boot")    \
	X(FETCH, "fetch", "ready to be brought code, until it comes: OpenWhisk over HTTP")         \
	X(CODE, "code", "first open of user code, until ready: modules and user initialisation")   \
	X(RESTORE, "restore", "init done, until restored from a snapshot and ready: SnapStart")    \
	X(WAIT, "wait", "ready, until the first event arrives")                                    \
	X(HANDLER, "handler", "first event in, until its first byte out")                          \
	X(RESPOND, "respond", "first byte out, until the end of the response")

enum cs_phase {
#define X(id, name, meaning) CS_PHASE_##id,
	CS_PHASES(X)
#undef X
	CS_PHASE_COUNT,
};

/** cs_mark_name() - as in the table; "unknown" out of range. Context: signal (pure). */
const char *cs_mark_name(unsigned mark);

/** cs_phase_name() - value of the attribute coldspan.phase. Context: signal (pure). */
const char *cs_phase_name(unsigned phase);
