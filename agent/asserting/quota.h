/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What of a processor's time our control groups leave us (a container's limit), and how long they held us back
 * for it: cpu.max and cpu.stat of version 2 (Linux Documentation/admin-guide/cgroup-v2.rst), cpu.cfs_quota_us
 * of version 1 (scheduler/sched-bwc.rst), of our group and of all above it that we see.
 */
#pragma once

struct cs_cgroup_mounts;

struct cs_quota {
	double processors;   /* the least; INFINITY: there is no limit */
	double throttled_ns; /* so far, by all of those that have a limit; NaN: there is none */
};

/**
 * cs_quota_read() - look now
 * @mounts: cs_cgroup_own_mounts(), or a test's
 * @groups: of /proc/self/cgroup
 *
 * Context: any-thread. Where none are mounted: no limit.
 */
struct cs_quota cs_quota_read(const struct cs_cgroup_mounts *mounts, const char *groups);

/** cs_quota_now() - of this process. Context: startup. */
struct cs_quota cs_quota_now(void);
