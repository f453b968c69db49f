/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Concluding: what is told of an invocation and of a start, when all is known that will be. Inside of
 * the assembler. Three files: conclude.c (invocations, and starts without one), conclude_context.c
 * (what caused it, which trace it belongs to), conclude_start.c (the cold start).
 *
 * Context of all: loop.
 */
#pragma once

#include <stdbool.h>

#include "collector/assembler/model.h"

struct cs_assembled;
struct cs_request;

/** cs_conclude_invocation() - hand over a finished request, and the cold start it belongs to. */
void cs_conclude_invocation(struct cs_request *request);

/** cs_conclude_unready() - hand over the cold start of an instance that never had an event. */
void cs_conclude_unready(struct cs_assembled *instance);

/** cs_conclude_context() - which trace it belongs to, for good, with what is known now. */
void cs_conclude_context(struct cs_request *request);

/* --- between these files --- */

/**
 * cs_conclude_cause() - the runtime's own request that brought this one
 *
 * Return: in flight or kept; NULL: none is known, or two would do.
 */
struct cs_request *cs_conclude_cause(struct cs_request *request);

/**
 * cs_conclude_start_context() - which trace a start belongs to: into @cold
 * @request: that caused it, with its own context; NULL: none did
 */
void cs_conclude_start_context(struct cs_assembled *instance, const struct cs_request *request,
			       struct cs_cold_start *cold);

/**
 * cs_conclude_start() - hand over the cold start of an instance
 * @request:      its first one; NULL: it never had any
 * @event_unseen: of a process without connections: why its event is not exact; NULL: it is
 * @ret:          what was handed over; its strings are the instance's
 *
 * Return: is it a trace of its own?
 */
bool cs_conclude_start(struct cs_assembled *instance, struct cs_request *request,
		       const char *event_unseen, struct cs_cold_start *ret);

/** cs_conclude_protocol() - of @request; NULL: of an instance that has none. */
enum cs_protocol cs_conclude_protocol(const struct cs_assembled *instance,
				      const struct cs_request *request);

/** cs_conclude_approximate() - what is said of times: @reason, or what is wrong with the clock. */
const char *cs_conclude_approximate(const struct cs_assembled *instance, const char *reason);
