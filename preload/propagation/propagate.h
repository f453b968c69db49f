/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Handing trace contexts on, where the operator asks for it: COLDSPAN_PROPAGATE, a list by commas of
 *
 *   inbound   the parent id inside a request's traceparent becomes our span's, in the function's own
 *             buffer, before the function sees it: what an SDK in the function makes then stands below
 *             our span. Same length, nothing else changes. A request without a good traceparent, or whose
 *             head did not come with one read into one buffer, is left alone.
 *   outbound  requests of HTTP/1.1 that an invocation sends are given traceparent: outbound.h.
 *   env       children are given TRACEPARENT, of the invocation that starts them: child_env.h.
 *
 * Only then does the shim make ids (DESIGN: the collector makes all others): of an invocation, when it
 * begins, and told in its record; of its trace, where no header names one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/http/conn.h"
#include "preload/propagation/child_env.h"
#include "preload/propagation/current.h"
#include "preload/start/start.h"
#include "preload/wire/records.h"
#include "preload/wire/siphash.h"

#define CS_PROPAGATE_INBOUND  0x1u
#define CS_PROPAGATE_ENV      0x2u
#define CS_PROPAGATE_OUTBOUND 0x4u
#define CS_PROPAGATE_ANY      0x7u

/* "name: value\n" behind the header lines of a record; no headers of these names are kept. */
#define CS_PROPAGATE_SPAN_LINE  "coldspan-span-id: "
#define CS_PROPAGATE_TRACE_LINE "coldspan-trace-id: "
#define CS_PROPAGATE_LINES_MAX                                                                     \
	(sizeof(CS_PROPAGATE_SPAN_LINE) + 16 + sizeof(CS_PROPAGATE_TRACE_LINE) + 32)

struct cs_propagate {
	uint32_t what; /* CS_PROPAGATE_*; 0: nothing is changed, ever */
	uint8_t key[CS_SIPHASH_KEY_BYTES];
	struct cs_child_inherited inherited;
	char *const **environment;              /* libc's environ; NULL: not found */
	const struct cs_current_entry *carried; /* in the environment; NULL: nothing good */
};

extern struct cs_propagate cs_propagate;

/** cs_propagate_variable() - "NAME=value", one of the environment. Context: startup. */
void cs_propagate_variable(const char *variable);

/**
 * cs_propagate_start() - after the variables: take the kernel's random bytes (AT_RANDOM) as the key
 *
 * They are never told: only what is hashed with them is. Without them nothing is handed on.
 *
 * Context: startup. No system call.
 */
void cs_propagate_start(const struct cs_start *start);

/** cs_propagate_asked() - is it? One load. Context: signal. */
static inline bool cs_propagate_asked(uint32_t what)
{
	return __builtin_expect(cs_propagate.what & what, 0);
}

/* --- invocations: nothing of these is called unless something is asked for --- */

/* An invocation that begins. */
struct cs_propagate_begun {
	struct cs_current_key key;
	const char *lines; /* that are kept of its headers */
	size_t lines_len;
	uint64_t thread;
	unsigned how; /* see cs_current_begin() */
};

/**
 * cs_propagate_begin() - give it an id, and its trace one, if it has none
 * @ret_context: what is handed on of it
 * @lines:       receives what its record says of that, CS_PROPAGATE_LINES_MAX bytes at most
 *
 * Context: signal.
 * Return:  bytes at @lines.
 */
uint32_t cs_propagate_begin(const struct cs_propagate_begun *begun, struct cs_context *ret_context,
			    char *lines);

/** cs_propagate_count() - it is in flight from here on; NULL: with nothing to hand on. Context: signal. */
void cs_propagate_count(const struct cs_propagate_begun *begun, const struct cs_context *context);

/** cs_propagate_request() - the same of a request, whose record it writes. Context: signal. */
void cs_propagate_request(const struct cs_conn_event *event, struct cs_rec_request *rec);

/** cs_propagate_answered() - the calling thread begins to answer it. Context: signal. */
void cs_propagate_answered(uint32_t source, uint64_t a, uint32_t b);

/** cs_propagate_ended() - it is over. Context: signal. */
void cs_propagate_ended(uint32_t source, uint64_t a, uint32_t b);

/**
 * cs_propagate_settle() - whose trace an invocation is that was deferred
 * @lines: of its headers; nobody's: it is its own
 *
 * Context: signal.
 */
void cs_propagate_settle(const struct cs_current_key *key, const char *lines, size_t len);

/** cs_propagate_hash() - of an id, for a key. Context: signal. */
uint64_t cs_propagate_hash(const char *id, size_t len);

/** cs_propagate_aside() - something is served of which nothing is told, or is @over. Context: signal. */
void cs_propagate_aside(uint64_t connection, uint32_t sequence, bool over);

/* --- whose work it is --- */

/** cs_propagate_find() - the invocation that the caller works for; false: it is not sure. Context: signal. */
bool cs_propagate_find(struct cs_current_found *ret);

/**
 * cs_propagate_find_carried() - of a process that serves nothing: the context that it was started with
 * @ret_event: it is the one event of this process, whose calls are told of
 *
 * Context: signal. Return: false: there is none, or it has begun to serve.
 */
bool cs_propagate_find_carried(struct cs_current_found *ret, bool *ret_event);

/** cs_propagate_make_span() - an id for a span of ours on @connection. Context: signal. */
void cs_propagate_make_span(uint64_t connection, uint8_t ret[8]);

/** cs_propagate_put_line() - "name: id\n" of @len bytes, for a record. Return: behind it. */
char *cs_propagate_put_line(char *to, const char *name, const uint8_t *id, unsigned len);

/**
 * cs_propagate_readable() - are there @len bytes at @at?
 *
 * Asks the kernel, a call for each page, with rt_sigprocmask(2), which changes nothing; so not under a filter.
 * Context: signal.
 */
bool cs_propagate_readable(const void *at, size_t len);

/* --- children --- */

/**
 * cs_propagate_child() - the environment for a child that the caller is about to make
 * @own:  memory for another
 * @envp: what the program gives it
 *
 * Context: signal, vfork child. Of @envp is asked page by page whether it is there, with
 *          rt_sigprocmask(2), which changes nothing.
 * Return:  @own->entries, or @envp: it is left alone.
 */
char *const *cs_propagate_child(struct cs_child_env *own, char *const *envp);

/**
 * cs_propagate_environ() - the same for a child that is given what the process has, libc's environ
 *
 * Context: signal, vfork child. No system call.
 * Return:  @own->entries; NULL: it is left alone.
 */
char *const *cs_propagate_environ(struct cs_child_env *own);
