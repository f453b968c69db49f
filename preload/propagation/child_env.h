/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The environment of a child that is told of which span it works (COLDSPAN_PROPAGATE=env): a copy of the
 * pointers of the one that the program gives it, with TRACEPARENT, and TRACESTATE, if there is one. Pure.
 * OpenTelemetry, "Environment Variables as Context Propagation Carriers": each child gets its own copy.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/wire/siphash.h"
#include "preload/wire/trace_context.h"

#define CS_CHILD_ENV_MAX                                                                           \
	320u /* variables; with more of them it is left alone: a hook has 4 KiB of stack */
#define CS_CHILD_PARENT       "TRACEPARENT="
#define CS_CHILD_STATE        "TRACESTATE="
#define CS_CHILD_PARENT_BYTES (sizeof(CS_CHILD_PARENT) + CS_TRACEPARENT_LEN)
#define CS_CHILD_STATE_BYTES  (sizeof(CS_CHILD_STATE) + CS_TRACE_STATE_BYTES)

/* What this process itself was given, by its hash: 0 none. */
struct cs_child_inherited {
	uint64_t parent;
	uint64_t state;
};

struct cs_child_env {
	char *entries[CS_CHILD_ENV_MAX + 3]; /* with the NULL at their end */
	char parent[CS_CHILD_PARENT_BYTES];  /* "TRACEPARENT=...", the caller's to fill in */
	char state[CS_CHILD_STATE_BYTES];    /* "TRACESTATE=...", "" none: idem */
};

/* Are @len bytes at @at there? */
typedef bool (*cs_child_readable_fn)(const void *at, size_t len);

/** cs_child_inherit() - what stands in the environment of this process. Context: signal (pure). */
struct cs_child_inherited cs_child_inherit(const uint8_t key[CS_SIPHASH_KEY_BYTES],
					   char *const *envp);

/**
 * cs_child_env_copy() - fill in @ret->entries
 * @ret:      with @parent and @state
 * @envp:     what the program gives the child; only looked at
 * @readable: asked before anything there is read; NULL: it is known to be there
 *
 * A TRACEPARENT, or TRACESTATE, that is not the one that this process was given is the program's own
 * word, and so is one that is missing.
 *
 * Context: signal (pure).
 * Return:  false: it is left alone.
 */
bool cs_child_env_copy(struct cs_child_env *ret, const uint8_t key[CS_SIPHASH_KEY_BYTES],
		       const struct cs_child_inherited *inherited, char *const *envp,
		       cs_child_readable_fn readable);
