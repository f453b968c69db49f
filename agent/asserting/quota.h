/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What of a processor's time our control groups leave us (a container's limit), and how long they held us back
 * for it: cpu.max and cpu.stat of version 2 (Linux Documentation/admin-guide/cgroup-v2.rst), cpu.cfs_quota_us
 * of version 1 (scheduler/sched-bwc.rst), of our group and of all above it that we see.
 */
#pragma once

/* Where control groups are mounted. */
#define CS_QUOTA_MOUNTS "/sys/fs/cgroup"

struct cs_quota {
	double processors;   /* the least; INFINITY: there is no limit */
	double throttled_ns; /* so far, by all of those that have a limit; NaN: there is none */
};

/**
 * cs_quota_read() - look now
 * @mounts: CS_QUOTA_MOUNTS, or a test's
 * @groups: of /proc/self/cgroup
 *
 * Context: any-thread. Where none are mounted: no limit.
 */
struct cs_quota cs_quota_read(const char *mounts, const char *groups);

/** cs_quota_now() - of this process. Context: any-thread. */
struct cs_quota cs_quota_now(void);
