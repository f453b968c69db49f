/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Log lines of instances: put together out of records, given to the invocation or the start that they
 * belong to (attribution.h), and told when that is, so that they carry its ids. Part of the assembler:
 * for its own files.
 *
 *   of an invocation       when it is told of; in one that lasts, CS_ASSEMBLER_HOLD_NS after the line,
 *                          where nothing that comes later can change whose it is
 *   before an instance     when its cold start is told of
 *   is ready
 *   of a process per event with its event, when it ends
 *   anything else          without ids
 *
 * What waits longer than CS_LOGS_WAIT_NS for a start, or beyond CS_LOGS_BYTES_MAX of an instance, is
 * told without ids, and counted.
 *
 * Context of all: loop.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct cs_assembled;
struct cs_assembler;
struct cs_cold_start;
struct cs_entry;
struct cs_log_book; /* what is known of one instance's logs */
struct cs_request;

#define CS_LOGS_BYTES_MAX (1u << 20)     /* of lines of one instance that wait */
#define CS_LOGS_TEXTS_MAX 256u           /* lines that have begun: of that many threads */
#define CS_LOGS_WAIT_NS   60000000000ull /* for a start */
#define CS_LOGS_TEXT_NS   2000000000ull  /* that a begun line stays open without more of it */
#define CS_LOGS_LINE_NS   100000ull      /* 10,000 lines a second of one instance ... */
#define CS_LOGS_BURST_NS  2000000000ull  /* ... and 20,000 at once */

/* Lines of one request, or of one instance. */
struct cs_log_line;
TAILQ_HEAD(cs_log_lines, cs_log_line);

/** cs_logs_record() - a LOG record. @time_ns: its stamp, on our clock. */
void cs_logs_record(struct cs_assembled *instance, const struct cs_entry *entry, uint64_t time_ns,
		    uint64_t now_ns);

/** cs_logs_process_ended() - @tag writes no more; before its requests end. */
void cs_logs_process_ended(struct cs_assembled *instance, uint32_t tag, uint64_t now_ns);

/** cs_logs_of_child() - lines of one that may have been started for an event are the event's (lambda_child.c) */
void cs_logs_of_child(struct cs_assembled *child);

/**
 * cs_logs_of_children() - the same of all
 *
 * Before anything is told of: by then the rings of all who had a part in it have been read.
 */
void cs_logs_of_children(struct cs_assembler *assembler);

/** cs_logs_event_began() - the one event of a process is known: its lines are that's. */
void cs_logs_event_began(struct cs_request *request);

/** cs_logs_start_told() - what was written before @ready_ns is the cold start's. */
void cs_logs_start_told(struct cs_assembled *instance, const struct cs_cold_start *cold_start,
			uint64_t ready_ns);

/** cs_logs_invocation_told() - its context is final. */
void cs_logs_invocation_told(struct cs_request *request);

/** cs_logs_request_gone() - it is about to be freed: what is left is told without ids. */
void cs_logs_request_gone(struct cs_request *request);

/** cs_logs_instance_gone() - it is about to be freed: nothing is left of it. */
void cs_logs_instance_gone(struct cs_assembled *instance);

/**
 * cs_logs_tick() - tell what need not wait any more; @all: everything
 *
 * Return: call again soon: something waits.
 */
bool cs_logs_tick(struct cs_assembler *assembler, uint64_t now_ns, bool all);
