/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What a request brings with it, out of its header lines: whose trace it belongs to, which attempt it
 * is, and the ids by which others know it. Names and priority for people: docs/traces.md. Every byte is
 * anybody's; what is malformed is as if it had not come, and is noted.
 *
 * Lines are "name: value\n", names in lower case, as records of requests have them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "collector/assembler/baggage.h"
#include "preload/wire/carriers.h"

/*
 * X(id, header, attribute of a span). The first CS_INVOCATION_IDS name the invocation: of those that
 * came, the first is faas.invocation_id instead.
 */
#define CS_INVOCATION_IDS 4u
#define CS_REQUEST_IDS(X)                                                                          \
	X(ACTIVATION, "activation_id", "coldspan.openwhisk.activation_id")                         \
	X(AZURE, "x-azure-functions-invocationid",                                                 \
	  "http.request.header.x-azure-functions-invocationid")                                    \
	X(EXECUTION, "function-execution-id", "http.request.header.function-execution-id")         \
	X(CALL, "x-call-id", "http.request.header.x-call-id")                                      \
	X(REQUEST, "x-request-id", "http.request.header.x-request-id")                             \
	X(CORRELATION, "x-correlation-id", "http.request.header.x-correlation-id")                 \
	X(EVENT, "ce-id", "cloudevents.event_id")                                                  \
	X(EVENT_SOURCE, "ce-source", "cloudevents.event_source")                                   \
	X(EVENT_TYPE, "ce-type", "cloudevents.event_type")                                         \
	X(TASK, "x-cloudtasks-taskname", "http.request.header.x-cloudtasks-taskname")              \
	X(AMZN, "x-amzn-requestid", "http.request.header.x-amzn-requestid")                        \
	X(RAY, "cf-ray", "http.request.header.cf-ray")                                             \
	X(VERCEL, "x-vercel-id", "http.request.header.x-vercel-id")                                \
	X(TRANSACTION, "transaction_id", "coldspan.openwhisk.transaction_id")

enum cs_request_id {
#define X(id, header, attribute) CS_REQUEST_ID_##id,
	CS_REQUEST_IDS(X)
#undef X
	CS_REQUEST_ID_COUNT,
};

struct cs_inbound {
	enum cs_carrier carrier; /* where @caller is from; CS_CARRIER_NONE: nobody called */
	bool in_body;            /* ... that stands in the body: no header named one */
	unsigned refused;        /* 1 << enum cs_carrier: came malformed, or more than once */
	struct cs_trace_context caller;  /* parent id all zero: the trace has no span yet */
	struct cs_trace_context created; /* where a CloudEvent was made, with has_created */
	bool has_created;
	char *created_state;          /* with it: its tracestate; NULL: none */
	struct cs_trace_context xray; /* on Lambda, with has_xray: what X-Ray calls the caller */
	bool has_xray;
	unsigned attempt;          /* 1 is the first; 0: nobody tells */
	uint64_t accepted_unix_ns; /* by a gateway, says its clock; 0: nobody tells */
	bool has_handed_on; /* whom it calls, or the function itself, was told which span is ours: */
	uint8_t handed_on[8];           /* this one; ... */
	bool has_own_trace;             /* ... and, where no header named one, which trace: */
	uint8_t own_trace[16];          /* this one, unless a body named one after that */
	bool has_lent;                  /* what it brought has handed on ... */
	struct cs_trace_context lent;   /* ... this; parent id all zero: who called is not known */
	char *trace_state;              /* with carrier TRACEPARENT; NULL: none */
	char *ids[CS_REQUEST_ID_COUNT]; /* own copies, repaired; NULL: did not come */
	struct cs_baggage_members baggage;
};

/**
 * cs_inbound_read() - fill in from header lines
 * @on_lambda: X-Ray's header is none of the carriers: see docs/traces.md
 *
 * What there is no memory for is missing.
 *
 * Context:   any-thread.
 * Ownership: its strings; cs_inbound_deinit().
 */
void cs_inbound_read(struct cs_inbound *ret, const char *lines, size_t len, bool on_lambda);

/**
 * cs_inbound_unescape() - of what came in HTTP headers: a CloudEvent's attributes as they were
 *
 * In binary mode they are percent-encoded (CloudEvents HTTP protocol binding, section 3.1.3.2); bytes of which a control
 * character would come are left as they are.
 *
 * Context: any-thread.
 */
void cs_inbound_unescape(struct cs_inbound *inbound);

/** cs_inbound_read_ids() - only the ids that the shim gave, and may have handed on. Context: any-thread. */
void cs_inbound_read_ids(struct cs_inbound *ret, const char *lines, size_t len);

/** cs_inbound_read_again() - from other lines; but for the ids that the shim gave. Context: any-thread. */
void cs_inbound_read_again(struct cs_inbound *inbound, const char *lines, size_t len,
			   bool on_lambda);

/** cs_inbound_deinit() - free its strings. All zero is accepted. */
void cs_inbound_deinit(struct cs_inbound *inbound);

/** cs_inbound_context() - only whose trace it is. CS_CARRIER_NONE: @ret is untouched. */
enum cs_carrier cs_inbound_context(const char *lines, size_t len, bool on_lambda,
				   struct cs_trace_context *ret) cs_must_use;

/** cs_id_read() - an id in lower case digits, all of @len. Return: false: it is none, or all zero. */
bool cs_id_read(const char *text, size_t len, uint8_t *ret, size_t bytes) cs_must_use;

/** cs_trace_state_keep() - an own copy of a good one, cleaned (trace_context.h); NULL: it is none, or no memory */
char *cs_trace_state_keep(const char *text, size_t len);

/** cs_inbound_bytes() - memory of its strings. */
size_t cs_inbound_bytes(const struct cs_inbound *inbound);

/** cs_carrier_header() - name of the header; NULL for CS_CARRIER_NONE. */
const char *cs_carrier_header(enum cs_carrier carrier);

/** cs_text_clean_copy() - at most 2 KiB, valid UTF-8 without controls; NULL: empty, or no memory. */
char *cs_text_clean_copy(const char *text, size_t len);

/** cs_hex_byte() - what two digits in any case say; -1: they are none. */
int cs_hex_byte(const char *digits);

/** cs_text_bytes() - memory that such a copy takes; 0 of NULL. */
size_t cs_text_bytes(const char *text);
