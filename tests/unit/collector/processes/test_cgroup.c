/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of collector/cgroup: limits of a hierarchy that is made of plain files. */
#include "collector/processes/cgroup.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "collector/processes/procfs.h"

static struct cs_cgroup_mounts mounts;
static struct cs_cgroup_group group;

static void add(const char *root, const char *point, const char *type, const char *options)
{
	const struct cs_mount mount = { root, point, type, options };

	cs_cgroup_mounts_add(&mounts, &mount);
}

static void clear(void)
{
	memset(&mounts, 0, sizeof(mounts));
}

TestSuite(cgroup, .init = clear);

struct row {
	char root[64];
	char text[256];
	char path[128]; /* empty: not to be found */
};

#define V1 "/sys/fs/cgroup/memory"
#define V2 "/sys/fs/cgroup/unified"

static struct row rows[] = {
	{ "/", "4:memory:/docker/a\n0::/b\n", V1 "/docker/a" },
	{ "/", "4:cpu,memory,x:/a\n", V1 "/a" },
	{ "/", "4:memory:/\n", V1 },
	{ "/", "4:xmemory:/a\n1:memoryx:/b\n", "" },
	{ "/", "4:cpu:/a\n0::/b\n", V2 "/b" },
	{ "/", "0::/\n", V2 },
	{ "/docker/a", "4:memory:/docker/a\n", V1 },
	{ "/docker/a", "4:memory:/docker/a/b:c\n", V1 "/b:c" },
	{ "/docker/a", "4:memory:/docker/ab\n", "" },
	{ "/docker/a", "4:memory:/docker\n", "" },
	{ "/docker/a", "4:memory:/\n", "" },
	{ "/", "0::/../a\n", "" },
	{ "/", "0::/a/../../../etc\n", "" },
	{ "/", "0::/a (deleted)\n", "" },
	{ "/", "", "" },
	{ "/", "4:memory\n", "" },
};

ParameterizedTestParameters(cgroup, stands_below_its_mount)
{
	return cr_make_param_array(struct row, rows, sizeof(rows) / sizeof(rows[0]));
}

ParameterizedTest(struct row *row, cgroup, stands_below_its_mount)
{
	bool found;

	add(row->root, V1, "cgroup", "rw,memory");
	add(row->root, V2, "cgroup2", "rw");
	found = cs_cgroup_group_find(&mounts, CS_CGROUP_MEMORY, row->text, &group);
	cr_assert(eq(str, found ? group.path : (char *)"", row->path), "of %s", row->text);
	if (found)
		cr_expect(eq(int, group.unified, !strncmp(group.path, V2, strlen(V2))));
}

Test(cgroup, without_a_mount_nothing_is_found)
{
	add("/", "/mnt", "tmpfs", "rw");
	add("/", "/cpu", "cgroup", "rw,cpu");
	add("/../..", "/up", "cgroup2", "rw");
	cr_expect(not(
		cs_cgroup_group_find(&mounts, CS_CGROUP_MEMORY, "4:memory:/a\n0::/b\n", &group)));
	cr_expect(not(cs_cgroup_group_find(&mounts, CS_CGROUP_MEMORY, "0::/b\n", &group)));
}

Test(cgroup, each_controller_has_a_hierarchy_of_its_own)
{
	static const char text[] = "3:cpuset:/x\n2:cpuacct,cpu:/a\n1:memory:/b\n0::/c\n";

	add("/", "/m", "cgroup", "rw,memory");
	add("/", "/s", "cgroup", "rw,cpuset");
	add("/", "/c", "cgroup", "rw,cpu,cpuacct");
	cr_assert(cs_cgroup_group_find(&mounts, CS_CGROUP_CPU, text, &group));
	cr_expect(eq(str, group.path, (char *)"/c/a"));
	cr_expect(cs_cgroup_group_up(&group));
	cr_expect(eq(str, group.path, (char *)"/c"));
	cr_expect(not(cs_cgroup_group_up(&group)));
	cr_assert(cs_cgroup_group_find(&mounts, CS_CGROUP_MEMORY, text, &group));
	cr_expect(eq(str, group.path, (char *)"/m/b"));
}

Test(cgroup, the_mount_that_shows_most_counts)
{
	add("/a/b", "/deep", "cgroup2", "rw");
	add("/a", "/higher", "cgroup2", "rw");
	add("/a/b/c", "/deeper", "cgroup2", "rw");
	cr_assert(cs_cgroup_group_find(&mounts, CS_CGROUP_MEMORY, "0::/a/b/c\n", &group));
	cr_expect(eq(str, group.path, (char *)"/higher/b/c"));
}

/* --- limits --- */

struct limits {
	const char *file;
	char at[4][32]; /* of the mount, of a, of a/b, of a/b/c; empty: no such file */
	uint64_t least;
};

static void write_limit(const char *directory, const char *file, const char *text)
{
	char path[512];
	FILE *to;

	snprintf(path, sizeof(path), "%s/%s", directory, file);
	to = fopen(path, "w");
	cr_assert(ne(ptr, to, NULL));
	fputs(text, to);
	fclose(to);
}

static void make(const char *top, const struct limits *limits, bool make)
{
	static const char *const below[] = { "", "/a", "/a/b", "/a/b/c" };
	char path[256];

	for (int i = 0; i < 4; i++) {
		int n = make ? i : 3 - i;

		snprintf(path, sizeof(path), "%s%s", top, below[n]);
		if (make && n)
			cr_assert(eq(int, mkdir(path, 0700), 0));
		if (*limits->at[n] && make) {
			write_limit(path, limits->file, limits->at[n]);
		} else if (!make) {
			char file[512];

			snprintf(file, sizeof(file), "%s/%s", path, limits->file);
			unlink(file);
			rmdir(path);
		}
	}
}

Test(cgroup, the_least_limit_on_the_way_up_counts)
{
	static const struct limits all[] = {
		{ "memory.max", { "", "max\n", "max\n", "max\n" }, 0 },
		{ "memory.max", { "", "max\n", "max\n", "134217728\n" }, 134217728 },
		{ "memory.max", { "", "1073741824\n", "max\n", "2147483648\n" }, 1073741824 },
		{ "memory.max", { "4096\n", "max\n", "8192\n", "max\n" }, 4096 },
		{ "memory.max", { "", "", "", "" }, 0 },
		{ "memory.max", { "", "", "x\n", "" }, 0 },
		{ "memory.limit_in_bytes",
		  { "9223372036854771712\n", "536870912\n", "9223372036854771712\n",
		    "9223372036854771712\n" },
		  536870912 },
		/* of a kernel with pages of 64 KiB */
		{ "memory.limit_in_bytes", { "9223372036854710272\n", "", "", "" }, 0 },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		char top[] = "/tmp/cgroup-XXXXXX";
		bool unified = !strcmp(all[i].file, "memory.max");

		cr_assert(ne(ptr, mkdtemp(top), NULL));
		make(top, &all[i], true);
		clear();
		add("/", top, unified ? "cgroup2" : "cgroup", "rw,memory");
		cr_assert(cs_cgroup_group_find(&mounts, CS_CGROUP_MEMORY,
					       unified ? "0::/a/b/c\n" : "1:memory:/a/b/c\n",
					       &group));
		cr_expect(eq(u64, cs_cgroup_memory_max(&group), all[i].least), "%zu", i);
		make(top, &all[i], false);
	}
}

Test(cgroup, a_group_too_deep_has_no_limit_that_is_told)
{
	strcpy(group.path, "/tmp");
	group.top_len = strlen(group.path);
	for (unsigned i = 0; i < CS_CGROUP_DEPTH_MAX; i++)
		strcat(group.path, "/x");
	cr_expect(eq(u64, cs_cgroup_memory_max(&group), 0));
}

/* What this very machine says: the same of us as of our child, which has our mounts. */
Test(cgroup, a_process_is_held_by_what_holds_its_parent)
{
	struct cs_container own, theirs;
	pid_t child = fork();

	if (!child) {
		pause();
		_exit(0);
	}
	cs_cgroup_read(getpid(), getuid(), &own);
	cs_cgroup_read(child, getuid(), &theirs);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	cr_expect(eq(str, theirs.id, own.id));
	cr_expect(eq(str, theirs.pod_uid, own.pod_uid));
	cr_expect(eq(u64, theirs.memory_max_bytes, own.memory_max_bytes));
	/* it is over, and nothing holds it */
	cs_cgroup_read(child, getuid(), &theirs);
	cr_expect(eq(str, theirs.id, (char *)""));
	cr_expect(eq(u64, theirs.memory_max_bytes, 0));
}
