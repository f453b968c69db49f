/* SPDX-License-Identifier: Apache-2.0 */

/* One request that an instance serves, from its head until it is handed over. Used by assembler.c. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/cleanup.h"
#include "collector/assembler/attribution.h"
#include "collector/assembler/inbound.h"
#include "collector/assembler/model.h"
#include "collector/calls/call.h"
#include "collector/logs/logs.h"
#include "preload/wire/records.h"

struct cs_assembled;

struct cs_request {
	LIST_ENTRY(cs_request) of_instance;
	LIST_ENTRY(cs_request) in_flight; /* while end_ns is 0 */
	LIST_ENTRY(cs_request) events;    /* while it is, if @lambda */
	LIST_ENTRY(cs_request) asked;     /* until it is handed over, if @asker_ppid */
	TAILQ_ENTRY(cs_request) held;
	size_t bytes; /* of memory that it takes */
	struct cs_assembled *instance;
	uint64_t connection;
	uint32_t sequence;
	uint32_t tag;
	uint64_t position;
	uint64_t start_ns;
	uint64_t asked_ns; /* when the process asked for it; 0: not known, or it came unasked */
	uint64_t first_byte_ns;
	uint64_t end_ns;  /* 0: in flight */
	uint64_t due_ns;  /* when it is handed over, then when it is forgotten */
	unsigned version; /* of HTTP: 10, 11; 0 unknown */
	unsigned status;
	uint32_t cut;         /* CS_REQUEST_*_CUT */
	bool of_first;        /* the first process of the instance accepted its connection */
	bool first_of_worker; /* the first that its fork child handles */
	bool exec;            /* the event of a process, not of a connection */
	bool aborted;
	const char *approximate; /* why its times are not exact; NULL: they are. Not owned */
	bool running;            /* it had not ended when the collector stopped */
	bool cold;
	bool resolving; /* its cause is being looked for: a ring of causes has no beginning */
	bool resolved;  /* context is final */
	bool handed_over;
	bool orphan;        /* its process ended well before it was answered, or another answered */
	bool beside_others; /* who holds it had another one in that time, which was told of */
	int32_t asker_ppid; /* of an event of the Lambda Runtime API: who started the process that asked */
	uint64_t origin; /* segment of the record, where it is not the instance's; else 0 */
	uint64_t request_bytes;
	uint64_t response_bytes;
	struct cs_bond bond;
	struct cs_call_list calls; /* that it made */
	unsigned calls_count;
	bool connects; /* it has begun to open connections */
	struct cs_call_gone gone;
	struct cs_outcome outcome;
	struct cs_used used;
	struct cs_log_lines logs; /* that wait for its context */
	struct cs_inbound inbound;
	struct cs_span_context context;
	struct cs_lambda_event *lambda; /* owned; NULL: not of that protocol */
	struct cs_whisk_event *whisk;   /* owned; NULL: not of OpenWhisk */
	struct cs_api *api; /* of that protocol; idem, but its instance's: cs_api_leave() */
	struct cs_lambda_event *batch; /* owned; messages of a batch in its body; NULL: none */
	/* own copies, repaired; NULL unknown */
	char *method;
	char *target;
};

/**
 * cs_request_new() - from a REQUEST record
 * @text_len:  bytes behind @rec that really are there
 * @on_lambda: as cs_inbound_read()
 *
 * An empty method or target is none.
 * Return: NULL when out of memory or malformed.
 */
struct cs_request *cs_request_new(const struct cs_rec_request *rec, const char *text,
				  uint32_t text_len, bool on_lambda) cs_must_use;

/**
 * cs_request_new_exec() - the one event of a process; texts may be NULL
 * @headers: lines as inbound.h has them
 *
 * Return: NULL when out of memory.
 */
struct cs_request *cs_request_new_exec(const char *method, const char *target, const char *headers,
				       bool on_lambda) cs_must_use;

/** cs_request_new_lambda() - from an INVOCATION record; idem. NULL when out of memory or malformed. */
struct cs_request *cs_request_new_lambda(const struct cs_rec_invocation *rec, const char *text,
					 uint32_t text_len) cs_must_use;

/** cs_request_new_api() - of a program that tells itself; idem. @headers as inbound.h has them. */
struct cs_request *cs_request_new_api(const char *headers, uint32_t len, bool on_lambda)
	cs_must_use;

/** cs_request_is_line() - is it a line of an action loop? */
static inline bool cs_request_is_line(const struct cs_request *request)
{
	return request->whisk && !request->whisk->posted;
}

/** cs_request_has() - was it in flight at @time_ns, as far as is known? */
static inline bool cs_request_has(const struct cs_request *request, uint64_t time_ns)
{
	return request->start_ns <= time_ns && (!request->end_ns || time_ns <= request->end_ns);
}

/** cs_request_measure() - how much memory it takes by now; sets @bytes. */
void cs_request_measure(struct cs_request *request);

/** cs_request_free() - Accepts NULL. The lists are the caller's. */
void cs_request_free(struct cs_request *request);

enum cs_request_match {
	CS_REQUEST_SAME,
	CS_REQUEST_NO_COMMON_ID, /* nothing tells */
	CS_REQUEST_OTHER,
};

/**
 * cs_request_compare() - do two requests carry the same event, handed on by a runtime?
 *
 * By the ids that a runtime hands on unchanged: those of the invocation, of the event, and the trace
 * context. Ids that both have must agree.
 */
enum cs_request_match cs_request_compare(const struct cs_request *a, const struct cs_request *b);
