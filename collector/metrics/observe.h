/* SPDX-License-Identifier: Apache-2.0 */

/*
 * From cold starts and invocations to measurements: which of them counts where. Rules: docs/metrics.md. Every
 * one is counted, whatever of its spans is sampled. No I/O and no clock.
 *
 * Context of all: loop.
 */
#pragma once

#include <stdint.h>

#include "collector/assembler/assembler.h"
#include "collector/metrics/store.h"

#define CS_OBSERVER_CACHE 256u

struct cs_observer {
	struct cs_metric_store *store; /* borrowed */
	const char *instance_id;       /* service.instance.id: the collector's; borrowed */
	uint64_t groups_gone;          /* of the store, when that was right: */
	struct {
		uint64_t segment; /* 0: free */
		struct cs_metric_group *group;
	} cache[CS_OBSERVER_CACHE]; /* of which function a segment is */
};

/** cs_observe_cold_start() - @now_unix_ns: when it was told */
void cs_observe_cold_start(struct cs_observer *observer, const struct cs_cold_start *cold,
			   uint64_t now_unix_ns);

/** cs_observe_invocation() */
void cs_observe_invocation(struct cs_observer *observer, const struct cs_invocation *invocation,
			   uint64_t now_unix_ns);

/** cs_observe_gone() - an instance whose start was told has ended, after @lived_ns. */
void cs_observe_gone(struct cs_observer *observer, const struct cs_identity *identity,
		     uint64_t lived_ns, uint64_t now_unix_ns);

/** cs_observe_living() - one that lives now; after cs_metric_store_clear(). */
void cs_observe_living(struct cs_observer *observer, const struct cs_identity *identity,
		       enum cs_living_state state, uint64_t now_unix_ns);
