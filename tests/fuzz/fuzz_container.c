/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What /proc says of what holds a process, whose names others choose: control groups, then, behind a NUL,
 * mounts, one a line.
 */
#include <stdlib.h>
#include <string.h>

#include "collector/processes/cgroup.h"
#include "tests/fuzz/fuzz.h"

static void check_name(const char *name, size_t size, const char *digits)
{
	size_t len = strnlen(name, size);

	CS_FUZZ_CHECK(len < size);
	CS_FUZZ_CHECK(strspn(name, digits) == len);
}

static void check(const struct cs_container *container)
{
	check_name(container->id, sizeof(container->id), "0123456789abcdef-");
	check_name(container->pod_uid, sizeof(container->pod_uid), "0123456789abcdef-");
}

static void check_group(const struct cs_cgroup_mounts *mounts, enum cs_cgroup_controller controller,
			const char *text)
{
	static struct cs_cgroup_group group;
	const char *point;

	if (!cs_cgroup_group_find(mounts, controller, text, &group))
		return;
	point = group.unified ? mounts->unified.point : mounts->of[controller].point;
	/* Never outside of where the hierarchy is mounted. */
	CS_FUZZ_CHECK(group.top_len == strlen(point));
	CS_FUZZ_CHECK(!strncmp(group.path, point, group.top_len));
	CS_FUZZ_CHECK(!group.path[group.top_len] || group.path[group.top_len] == '/');
	CS_FUZZ_CHECK(!strstr(group.path + group.top_len, "/.."));
	while (cs_cgroup_group_up(&group))
		CS_FUZZ_CHECK(strlen(group.path) >= group.top_len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct cs_cgroup_mounts mounts;
	struct cs_container container = { .id = "" };
	char *text = malloc(size + 1), *line, *save;
	struct cs_mount mount;
	size_t len;

	CS_FUZZ_CHECK(text);
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	len = strlen(text);
	cs_container_of_cgroups(text, &container);
	check(&container);
	memset(&mounts, 0, sizeof(mounts));
	line = len < size ? strtok_r(text + len + 1, "\n", &save) : NULL;
	for (; line; line = strtok_r(NULL, "\n", &save)) {
		if (!cs_mount_parse(line, &mount))
			continue;
		cs_cgroup_mounts_add(&mounts, &mount);
		cs_container_of_mount(mount.root, mount.point, &container);
	}
	check(&container);
	for (unsigned i = 0; i < CS_CGROUP_CONTROLLERS; i++)
		check_group(&mounts, i, text);
	free(text);
	return 0;
}
