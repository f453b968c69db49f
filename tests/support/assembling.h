/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Synthetic facts for tests of the assembler, and what it made of them. Times are small numbers: a
 * header_of() says attach at 40 ms and main at 50 ms.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "collector/assembler/assembler.h"
#include "preload/wire/records.h"

#define TRACEPARENT "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
#define MS          1000000ull
#define SEEN_MAX    8u

/* What was handed over; of more than SEEN_MAX invocations the newest. Other texts are gone by then. */
struct seen {
	unsigned cold_starts;
	unsigned invocations;
	struct cs_cold_start cold; /* the last one; what it and its phases say stands in ... */
	char reasons[CS_PHASE_COUNT + 1][256];
	struct cs_invocation invocation[SEEN_MAX]; /* what they say in ... */
	char said[SEEN_MAX][256];
	unsigned spans;                      /* in invocations, told by their program */
	struct cs_inner_span span[SEEN_MAX]; /* what they are called, and say, in ... */
	char named[SEEN_MAX][128];
	char excused[SEEN_MAX][256];
	int32_t pid;          /* of the last cold start, whose identity lives no longer than it */
	char programs[128];   /* of the last cold start; empty: none */
	char trace_state[64]; /* of the last invocation; empty: none */
	bool linked;          /* it points to its start, which is ... */
	struct cs_span_context started;
	bool follows; /* it points to the attempt before, which is ... */
	struct cs_span_context previous;
	int32_t waited; /* the last that somebody's wait returned, which used ... */
	struct cs_used waited_used;
	unsigned logs; /* lines; of more than SEEN_MAX the newest, what they say in ... */
	struct cs_log_entry log[SEEN_MAX];
	struct cs_span_context log_context[SEEN_MAX]; /* of zeros: it has none */
	char line[SEEN_MAX][64];                      /* cut */
};

extern struct seen seen;
extern struct cs_assembler *assembler;
extern uint64_t feeding_thread; /* that wrote the records; 0 at the start of a test */

/** assembling_start() - .init of a test suite. */
void assembling_start(void);

/** assembling_stop() - .fini of a test suite. */
void assembling_stop(void);

/** put_identity() - add "key=value" to a header. */
void put_identity(struct cs_header *header, const char *string);

/** header_of() - a process that came as far as main, named @name by its environment. */
struct cs_header header_of(int32_t pid, const char *name);

/** server_of() - one that came as far as waiting for its first request, at 61 ms. */
struct cs_header server_of(int32_t pid, const char *name);

/** later_of() - one that begins at 140 ms, comes to main at 150 ms and reads its event at 170 ms. */
struct cs_header later_of(int32_t pid, const char *name);

/** attach_server() - server_of() pid 100, as segment 1. */
struct cs_assembled *attach_server(void);

/** stats_now() - what the assembler has counted. */
struct cs_assembler_stats stats_now(void);

/** feed() - one record. @text may be NULL. */
void feed(struct cs_assembled *instance, uint32_t pid, unsigned type, uint64_t time_ns,
	  const void *payload, size_t payload_len, const char *text);

/** feed_request() - POST /x, the first on its connection. */
void feed_request(struct cs_assembled *instance, uint32_t pid, uint64_t connection,
		  uint64_t time_ns, const char *headers);

/** feed_handed_request() - the same, of a connection that the first process accepted for @pid. */
void feed_handed_request(struct cs_assembled *instance, uint32_t pid, uint64_t connection,
			 uint64_t time_ns);

/** feed_end() - its response 200, from 1 ms before @time_ns to there. */
void feed_end(struct cs_assembled *instance, uint32_t pid, uint64_t connection, uint64_t time_ns);

/** feed_spawn() - @instance forked @child at @time_ns. */
void feed_spawn(struct cs_assembled *instance, int32_t child, uint64_t time_ns);

/** feed_exec() - @pid calls exec; it writes into @instance itself. */
void feed_exec(struct cs_assembled *instance, int32_t pid, uint64_t time_ns);

/** feed_log() - @text was written to @stream by feeding_thread. */
void feed_log(struct cs_assembled *instance, uint32_t pid, enum cs_log_stream stream,
	      uint64_t time_ns, const char *text);

/** phase_of() - the part of the last cold start; NULL: it has none. */
const struct cs_phase_part *phase_of(enum cs_phase phase);

/** end_process() - it ends with @status, and nobody else writes into its instance. */
void end_process(struct cs_assembled *instance, int32_t pid, int status, uint64_t time_ns);
