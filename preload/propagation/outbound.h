/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Requests of HTTP/1.1 that an invocation sends are told whose they are (COLDSPAN_PROPAGATE=outbound):
 * `traceparent`, whose parent is our span of that call, and `tracestate`, behind their last header line, in
 * the caller's own call. What cannot be done so is left alone: see cs_outbound_find(), and the sender's
 * part below.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "preload/descriptors/fd_table.h"
#include "preload/http/conn.h"
#include "preload/propagation/outbound_write.h"
#include "preload/propagation/propagate.h"
#include "preload/wire/records.h"

#define CS_OUTBOUND_SPAN_LINE   CS_PROPAGATE_SPAN_LINE
#define CS_OUTBOUND_PARENT_LINE "coldspan-parent-id: "

/** cs_outbound_start() - take memory for what is put in. Context: startup. */
void cs_outbound_start(void);

/** cs_outbound_wanted() - may something be put into what goes out on @word? Context: signal. */
static inline bool cs_outbound_wanted(uint64_t word)
{
	return cs_propagate_asked(CS_PROPAGATE_OUTBOUND) && cs_fd_kind(word) == CS_FD_OUTGOING;
}

/* The caller's call. */
struct cs_outbound_call {
	int fd;
	int flags;                    /* of send; 0 of write */
	bool plain;                   /* write, not send: to become writev, not sendmsg */
	const struct msghdr *message; /* of sendmsg: holds the parts; else NULL */
};

/**
 * cs_outbound_try() - make the caller's call in his stead
 * @word: with cs_outbound_wanted()
 *
 * Not: flags other than MSG_NOSIGNAL, MSG_DONTWAIT and MSG_MORE; more than CS_OUTBOUND_IOV_MAX parts; a head
 * that does not begin and end in the first part; a message with an address or control data; memory that is not
 * there, which is the kernel's to refuse; an invocation that is not sure; a ring without room for the call's
 * record, or the callee would stand below a span that nobody has.
 *
 * @iov, @count: not looked at with @call->message
 *
 * Context: signal. Asks the kernel for the memory of what may be a request (cs_propagate_readable()).
 * Return:  false: he is to make it himself. @ret: what he is told, with errno.
 */
bool cs_outbound_try(const struct cs_outbound_call *call, uint64_t word, const struct iovec *iov,
		     int count, ssize_t *ret);

/**
 * cs_outbound_pay() - before any other call that sends on @word, with cs_outbound_wanted()
 *
 * Context: signal. A system call only if the kernel has taken part of ours before.
 * Return:  false: it would block; errno says so.
 */
bool cs_outbound_pay(int fd, uint64_t word);

/** cs_outbound_over() - the connection is gone, and what was owed on it. Context: signal. */
void cs_outbound_over(struct cs_conn *conn);

/** cs_outbound_handed_on() - was the request told that begins on it now? Counts one of nobody's. Context: signal. */
bool cs_outbound_handed_on(struct cs_conn *conn);

/** cs_outbound_emit() - the record of a call that was told whose it is. Context: signal. */
void cs_outbound_emit(struct cs_conn *conn, struct cs_rec_call *rec, uint64_t time_ns,
		      const char *text);
