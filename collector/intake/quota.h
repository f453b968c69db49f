/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What each uid may take of the collector, and which uids are refused because they handed over
 * something that could have blocked us. Pure: the caller brings the time.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "collector/self.h"

#define CS_QUOTA_UIDS_MAX      4096           /* uids known at once; those beyond share one entry */
#define CS_QUOTA_REFUSE_MIN_NS 60000000000ull /* a uid's first offence; doubles with each */
#define CS_QUOTA_REFUSE_MAX_NS 3600000000000ull

struct cs_quota_entry {
	uint32_t uid;
	bool used;
	uint32_t instances;
	uint64_t refused_until_ns; /* CLOCK_MONOTONIC */
	uint64_t refused_for_ns;   /* of the last offence */
};

struct cs_quota {
	uint32_t instances_max;         /* per uid */
	struct cs_quota_entry *entries; /* owned; open addressing, the last one is the shared one */
	uint32_t used_count;
};

/** cs_quota_init() - Return: 0; -ENOMEM. */
int cs_quota_init(struct cs_quota *quota, uint32_t instances_max) cs_must_use;

/** cs_quota_deinit() - free. Accepts a zeroed one. */
void cs_quota_deinit(struct cs_quota *quota);

/** cs_quota_check() - Return: CS_REFUSAL_NONE, UID_REFUSED or UID_QUOTA. */
enum cs_refusal cs_quota_check(const struct cs_quota *quota, uint32_t uid, uint64_t now_ns);

/** cs_quota_offend() - @uid handed over something hostile: refuse it for a while. */
void cs_quota_offend(struct cs_quota *quota, uint32_t uid, uint64_t now_ns);

/** cs_quota_take() - one instance more of @uid. */
void cs_quota_take(struct cs_quota *quota, uint32_t uid);

/** cs_quota_put() - one instance less of @uid. */
void cs_quota_put(struct cs_quota *quota, uint32_t uid);
