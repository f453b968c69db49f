/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Invocations and spans that programs tell of themselves (preload/include/coldspan.h), from the records
 * of their calls. What belongs to what is said by handles; a handle that is not known, or has ended, is
 * nobody's, and counted (unmatched). A span is told of when it has ended and its invocation was; of one
 * that ends later, then. Everything is bounded; what hits a bound is counted.
 *
 * Context of all: loop.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "collector/assembler/model.h"
#include "preload/wire/records.h"

#define CS_API_SPANS_MAX            1000u /* of one invocation */
#define CS_API_ATTRIBUTES_MAX       64u   /* of one span; as CS_ATTR_LIST_MAX */
#define CS_API_EVENTS_MAX           64u   /* of one span */
#define CS_API_EVENT_ATTRIBUTES_MAX 32u
#define CS_API_ARENA_MAX            (1u << 20) /* of one invocation */
#define CS_API_BYTES_MAX            (4u << 20) /* of those of one instance */

struct cs_api;       /* an invocation with its spans */
struct cs_api_table; /* those of an instance */
struct cs_assembled;
struct cs_entry;
struct cs_request;

/* One record each, of at least the type's fixed part. @time_ns: its stamp, on our clock. */
void cs_api_on_begin(struct cs_assembled *instance, const struct cs_entry *entry, uint64_t time_ns,
		     uint64_t now_ns);
void cs_api_on_end(struct cs_assembled *instance, const struct cs_entry *entry, uint64_t time_ns,
		   uint64_t now_ns);
void cs_api_on_note(struct cs_assembled *instance, const struct cs_entry *entry, uint64_t time_ns);

/**
 * cs_api_ended() - process @tag, or where @all any, is over, and with it what it had begun
 * @why: what is said of spans that had not ended
 */
void cs_api_ended(struct cs_assembled *instance, uint32_t tag, bool all, struct cs_outcome outcome,
		  const char *why, uint64_t time_ns);

/** cs_api_said() - what it said of the invocation itself, for as long as its request is there. */
const struct cs_api_said *cs_api_said(const struct cs_api *api);

/** cs_api_conclude() - its invocation was told of, in @request's context: now its spans are. */
void cs_api_conclude(struct cs_api *api, const struct cs_request *request);

/** cs_api_write_off() - what was not told of @instance's invocations never will be. */
void cs_api_write_off(struct cs_assembled *instance);

/** cs_api_leave() - its request is forgotten. Accepts NULL. */
void cs_api_leave(struct cs_api *api);

/** cs_api_table_free() - Accepts NULL. */
void cs_api_table_free(struct cs_api_table *table);
