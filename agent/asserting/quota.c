/* SPDX-License-Identifier: Apache-2.0 */

/* Limits of control groups; see quota.h. */
#include "agent/asserting/quota.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "collector/processes/cgroup.h"
#include "collector/processes/procfs.h"

#define NONE      ((double)INFINITY)
#define TEXT_SIZE 4096

/* Of one group. */
static double limit_of(const struct cs_cgroup_group *group)
{
	char text[TEXT_SIZE];
	double quota_us, period_us;

	if (group->unified)
		return cs_cgroup_group_read(group, "cpu.max", text, TEXT_SIZE) &&
				       sscanf(text, "%lf %lf", &quota_us, &period_us) == 2 &&
				       period_us > 0
			       ? quota_us / period_us
			       : NONE;
	if (!cs_cgroup_group_read(group, "cpu.cfs_quota_us", text, TEXT_SIZE) ||
	    sscanf(text, "%lf", &quota_us) != 1 || quota_us <= 0 ||
	    !cs_cgroup_group_read(group, "cpu.cfs_period_us", text, TEXT_SIZE) ||
	    sscanf(text, "%lf", &period_us) != 1 || !(period_us > 0))
		return NONE;
	return quota_us / period_us;
}

static double throttled_of(const struct cs_cgroup_group *group)
{
	const char *name = group->unified ? "\nthrottled_usec " : "\nthrottled_time ", *at;
	char text[TEXT_SIZE];
	unsigned long long count;

	if (!cs_cgroup_group_read(group, "cpu.stat", text, TEXT_SIZE))
		return 0;
	at = strstr(text, name);
	if (!at || sscanf(at + strlen(name), "%llu", &count) != 1)
		return 0;
	return (double)count * (group->unified ? 1e3 : 1);
}

struct cs_quota cs_quota_read(const struct cs_cgroup_mounts *mounts, const char *groups)
{
	struct cs_quota quota = { .processors = NONE, .throttled_ns = (double)NAN };
	struct cs_cgroup_group group;

	if (!cs_cgroup_group_find(mounts, CS_CGROUP_CPU, groups, &group))
		return quota;
	do {
		double processors = limit_of(&group);

		if (!isfinite(processors))
			continue;
		quota.processors = fmin(quota.processors, processors);
		quota.throttled_ns =
			throttled_of(&group) + (isnan(quota.throttled_ns) ? 0 : quota.throttled_ns);
	} while (cs_cgroup_group_up(&group));
	return quota;
}

struct cs_quota cs_quota_now(void)
{
	char groups[TEXT_SIZE];

	if (cs_proc_read_file("/proc/self/cgroup", groups, sizeof(groups)) < 0)
		*groups = '\0';
	return cs_quota_read(cs_cgroup_own_mounts(), groups);
}
