/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of agent/asserting/quota, on folders that look like control groups. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/asserting/quota.h"
#include "collector/processes/cgroup.h"

static char top[64];
static struct cs_cgroup_mounts mounts;

static void mount_at(const char *root, const char *folder, const char *type, const char *options)
{
	char point[256];
	const struct cs_mount mount = { root, point, type, options };

	snprintf(point, sizeof(point), "%s%s", top, folder);
	cs_cgroup_mounts_add(&mounts, &mount);
}

static void set_up(void)
{
	snprintf(top, sizeof(top), "/tmp/coldspan-quota-XXXXXX");
	cr_assert(ne(ptr, mkdtemp(top), NULL));
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	return remove(path);
}

static void tear_down(void)
{
	nftw(top, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

TestSuite(quota, .init = set_up, .fini = tear_down);

static void make(const char *folder)
{
	char path[256];

	snprintf(path, sizeof(path), "%s%s", top, folder);
	cr_assert(zero(int, mkdir(path, 0700)));
}

static void put(const char *file, const char *text)
{
	char path[256];
	FILE *out;

	snprintf(path, sizeof(path), "%s%s", top, file);
	out = fopen(path, "w");
	cr_assert(ne(ptr, out, NULL));
	fputs(text, out);
	cr_assert(zero(int, fclose(out)));
}

Test(quota, no_groups_are_no_limit)
{
	struct cs_quota quota = cs_quota_read(&mounts, "0::/a\n");

	cr_assert(isinf(quota.processors) && isnan(quota.throttled_ns));
	mount_at("/", "", "cgroup2", "rw");
	quota = cs_quota_read(&mounts, "");
	cr_assert(isinf(quota.processors) && isnan(quota.throttled_ns));
	quota = cs_quota_read(&mounts, "0::/a\n");
	cr_assert(isinf(quota.processors) && isnan(quota.throttled_ns));
}

Test(quota, the_least_of_version_2_from_a_group_up)
{
	struct cs_quota quota;

	mount_at("/", "", "cgroup2", "rw");
	make("/a");
	make("/a/b");
	put("/a/cpu.max", "150000 100000\n");
	put("/a/cpu.stat", "usage_usec 5\nnr_throttled 2\nthrottled_usec 30\n");
	put("/a/b/cpu.max", "max 100000\n");
	put("/a/b/cpu.stat", "usage_usec 5\nnr_throttled 9\nthrottled_usec 500\n");
	quota = cs_quota_read(&mounts, "0::/a/b\n");
	cr_assert(epsilon_eq(dbl, quota.processors, 1.5, 1e-9));
	cr_assert(epsilon_eq(dbl, quota.throttled_ns, 30e3, 1e-3));
	put("/a/b/cpu.max", "50000 100000\n");
	quota = cs_quota_read(&mounts, "0::/a/b\n");
	cr_assert(epsilon_eq(dbl, quota.processors, 0.5, 1e-9));
	cr_assert(epsilon_eq(dbl, quota.throttled_ns, 530e3, 1e-3));
}

Test(quota, version_1_beside_version_2)
{
	static const char groups[] = "3:cpuset:/x\n2:cpuacct,cpu:/a\n0::/b\n";
	struct cs_quota quota;

	mount_at("/", "/cpu", "cgroup", "rw,cpu,cpuacct");
	mount_at("/", "", "cgroup2", "rw");
	make("/cpu");
	make("/cpu/a");
	put("/cpu/a/cpu.cfs_quota_us", "-1\n");
	put("/cpu/a/cpu.cfs_period_us", "100000\n");
	put("/cpu/a/cpu.stat", "nr_periods 4\nnr_throttled 1\nthrottled_time 1605241540\n");
	cr_assert(isinf(cs_quota_read(&mounts, groups).processors));
	put("/cpu/a/cpu.cfs_quota_us", "200000\n");
	quota = cs_quota_read(&mounts, groups);
	cr_assert(epsilon_eq(dbl, quota.processors, 2, 1e-9));
	cr_assert(epsilon_eq(dbl, quota.throttled_ns, 1605241540, 1e-3));
}

Test(quota, a_container_sees_its_own_group_on_top_by_whatever_name)
{
	put("/cpu.max", "50000 100000\n");
	put("/cpu.stat", "usage_usec 5\nthrottled_usec 7\n");
	mount_at("/docker/0123", "", "cgroup2", "rw");
	cr_assert(
		epsilon_eq(dbl, cs_quota_read(&mounts, "0::/docker/0123\n").processors, 0.5, 1e-9));
	cr_assert(isinf(cs_quota_read(&mounts, "0::/\n").processors),
		  "it is outside of what is seen");
	mount_at("/", "", "cgroup2", "rw");
	cr_assert(epsilon_eq(dbl, cs_quota_read(&mounts, "0::/\n").throttled_ns, 7e3, 1e-3));
}
