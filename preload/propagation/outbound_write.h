/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Bytes of ours among those of a caller, in his one call: the kernel may take any number of all of them,
 * and what the caller is told counts only his. Where it ends within ours, the rest of them is owed, and
 * goes before whatever comes next. Pure: the call is the caller's of this.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "preload/wire/trace_context.h"

#define CS_OUTBOUND_IOV_MAX 64 /* parts of the caller's; of more it is left alone */
#define CS_OUTBOUND_BYTES                                                                          \
	(sizeof("traceparent: \r\ntracestate: \r\n") + CS_TRACEPARENT_LEN + CS_TRACE_STATE_BYTES)

/* What is put in. */
struct cs_outbound_text {
	_Atomic uint32_t link; /* the pool's */
	uint32_t pid;          /* who is to send the rest */
	uint8_t span[8];       /* of the call, ... */
	uint8_t parent[8];     /* ... and of the invocation */
	uint16_t len;
	uint16_t sent;
	bool untold; /* the record of the call is to come */
	char bytes[CS_OUTBOUND_BYTES];
} __attribute__((aligned(8))); /* as a pool has them */

/* Hands all parts to the kernel in one call, as the caller would have; its result, and errno. */
typedef ssize_t (*cs_outbound_call_fn)(void *context, const struct iovec *iov, int count);

/**
 * cs_outbound_issue() - the caller's call, with @text put into his first part
 * @at:   where: 1 to the length of that part less 1
 * @call: is called once
 *
 * Context: signal, as far as @call is.
 * Return:  what the caller is told: his bytes that went, or @call's failure. @text->sent is what went of
 *          ours: 0, all of it, or less: the rest is owed, and of the caller's @at bytes went.
 */
ssize_t cs_outbound_issue(struct cs_outbound_text *text, const struct iovec *iov, int count,
			  size_t at, cs_outbound_call_fn call, void *context);

enum cs_outbound_settled {
	CS_OUTBOUND_PAID,    /* nothing is owed any more */
	CS_OUTBOUND_WAITS,   /* the kernel takes no more for now: errno is what it says */
	CS_OUTBOUND_REFUSED, /* it never will: the caller's own call is told the same */
};

/**
 * cs_outbound_settle() - pay what is owed, before anything else goes
 * @get_errno: of a call that failed
 *
 * Context: signal, as far as @call is; which is called until nothing is owed, or it takes nothing.
 */
enum cs_outbound_settled cs_outbound_settle(struct cs_outbound_text *text, cs_outbound_call_fn call,
					    int (*get_errno)(void), void *context);
