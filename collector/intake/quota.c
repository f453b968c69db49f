/* SPDX-License-Identifier: Apache-2.0 */

/* Limits per uid; see quota.h. A uid's entry stays for good: offences are remembered. */
#include "collector/intake/quota.h"

#include <errno.h>

#define SLOTS  (2 * CS_QUOTA_UIDS_MAX) /* at most half full: look-ups end soon */
#define SHARED SLOTS

int cs_quota_init(struct cs_quota *quota, uint32_t instances_max)
{
	*quota = (struct cs_quota){ .instances_max = instances_max };
	quota->entries = calloc(SLOTS + 1, sizeof(*quota->entries));
	return quota->entries ? 0 : -ENOMEM;
}

void cs_quota_deinit(struct cs_quota *quota)
{
	free(quota->entries);
	*quota = (struct cs_quota){ 0 };
}

static uint32_t slot_of(uint32_t uid)
{
	return (uid * 2654435761u) >> 19; /* top 13 bits: SLOTS is 8192 */
}

_Static_assert(SLOTS == 1u << 13, "slot_of() yields 13 bits");

/* The entry of @uid; else the free one where it belongs, or the shared one. */
static struct cs_quota_entry *find(const struct cs_quota *quota, uint32_t uid)
{
	for (uint32_t i = slot_of(uid);; i = (i + 1) % SLOTS) {
		struct cs_quota_entry *entry = &quota->entries[i];

		if (entry->used && entry->uid == uid)
			return entry;
		if (!entry->used)
			return quota->used_count < CS_QUOTA_UIDS_MAX ? entry
								     : &quota->entries[SHARED];
	}
}

static struct cs_quota_entry *find_or_add(struct cs_quota *quota, uint32_t uid)
{
	struct cs_quota_entry *entry = find(quota, uid);

	if (!entry->used && entry != &quota->entries[SHARED]) {
		entry->used = true;
		entry->uid = uid;
		quota->used_count++;
	}
	return entry;
}

enum cs_refusal cs_quota_check(const struct cs_quota *quota, uint32_t uid, uint64_t now_ns)
{
	const struct cs_quota_entry *entry = find(quota, uid);

	if (now_ns < entry->refused_until_ns)
		return CS_REFUSAL_UID_REFUSED;
	return entry->instances < quota->instances_max ? CS_REFUSAL_NONE : CS_REFUSAL_UID_QUOTA;
}

void cs_quota_offend(struct cs_quota *quota, uint32_t uid, uint64_t now_ns)
{
	struct cs_quota_entry *entry = find_or_add(quota, uid);

	entry->refused_for_ns =
		entry->refused_for_ns ? 2 * entry->refused_for_ns : CS_QUOTA_REFUSE_MIN_NS;
	if (entry->refused_for_ns > CS_QUOTA_REFUSE_MAX_NS)
		entry->refused_for_ns = CS_QUOTA_REFUSE_MAX_NS;
	entry->refused_until_ns = now_ns + entry->refused_for_ns;
}

void cs_quota_take(struct cs_quota *quota, uint32_t uid)
{
	find_or_add(quota, uid)->instances++;
}

void cs_quota_put(struct cs_quota *quota, uint32_t uid)
{
	struct cs_quota_entry *entry = find_or_add(quota, uid);

	if (entry->instances)
		entry->instances--;
}
