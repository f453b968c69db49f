/* SPDX-License-Identifier: Apache-2.0 */

/* Control groups; see cgroup.h. */
#include "collector/processes/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "collector/processes/procfs.h"
#include "collector/processes/reading.h"

#define CGROUP_TEXT_BYTES 16384u /* a line for each hierarchy: a dozen, some 200 bytes each */

#define LIMIT_AGE_NS      1000000000ull

/* Version 1 says "none" as LONG_MAX in whole pages, whatever their size is: nobody has that much. */
#define UNLIMITED_V1 (UINT64_C(1) << 62)

/* As version 1 names them. */
static const char *const controllers[] = { [CS_CGROUP_MEMORY] = "memory", [CS_CGROUP_CPU] = "cpu" };

/* --- where they are mounted --- */

static bool has_option(const char *options, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = options; at; at = strchr(at, ',')) {
		at += *at == ',';
		if (!strncmp(at, name, len) && (at[len] == ',' || !at[len]))
			return true;
	}
	return false;
}

static void take_mount(struct cs_cgroup_mount *to, const struct cs_mount *mount)
{
	const char *root = !strcmp(mount->root, "/") ? "" : mount->root;

	/* A part of one may be mounted a second time: that which shows most counts. */
	if (strstr(root, "/..") || strlen(mount->point) >= sizeof(to->point) ||
	    strlen(root) >= sizeof(to->root) || (*to->point && strlen(root) >= strlen(to->root)))
		return;
	snprintf(to->point, sizeof(to->point), "%s", mount->point);
	snprintf(to->root, sizeof(to->root), "%s", root);
}

void cs_cgroup_mounts_add(struct cs_cgroup_mounts *mounts, const struct cs_mount *mount)
{
	if (!strcmp(mount->type, "cgroup2"))
		take_mount(&mounts->unified, mount);
	for (unsigned i = 0; i < CS_CGROUP_CONTROLLERS && !strcmp(mount->type, "cgroup"); i++) {
		if (has_option(mount->options, controllers[i]))
			take_mount(&mounts->of[i], mount);
	}
}

/* --- groups --- */

/* The path of a process's group in the hierarchy of @controller; "": version 2. NULL: in none. */
static const char *path_in(const char *text, const char *controller, size_t *ret_len)
{
	while (*text) {
		const char *end = text + strcspn(text, "\n");
		const char *names = memchr(text, ':', (size_t)(end - text));
		const char *path = names ? memchr(names + 1, ':', (size_t)(end - names - 1)) : NULL;

		while (path && ++names <= path) {
			size_t len = strcspn(names, ",:");

			if (len == strlen(controller) && !memcmp(names, controller, len)) {
				*ret_len = (size_t)(end - path - 1);
				return path + 1;
			}
			names += len;
		}
		text = end + (*end == '\n');
	}
	return NULL;
}

bool cs_cgroup_group_find(const struct cs_cgroup_mounts *mounts,
			  enum cs_cgroup_controller controller, const char *text,
			  struct cs_cgroup_group *ret)
{
	static const char deleted[] = " (deleted)";
	const struct cs_cgroup_mount *mount = &mounts->of[controller];
	size_t len, root_len;
	const char *path = path_in(text, controllers[controller], &len);
	int n;

	ret->unified = !path;
	if (!path) {
		mount = &mounts->unified;
		path = path_in(text, "", &len);
	}
	root_len = strlen(mount->root);
	if (!path || !*mount->point || len < root_len || memcmp(path, mount->root, root_len) != 0)
		return false;
	/* "/../NAME" is a group outside of what our cgroup namespace shows: cgroup_namespaces(7). */
	if ((len > root_len && path[root_len] != '/') || memmem(path, len, "/..", 3) ||
	    memmem(path, len, deleted, strlen(deleted)))
		return false;
	path += root_len;
	len -= root_len;
	len -= len == 1; /* "/" */
	n = snprintf(ret->path, sizeof(ret->path), "%s%.*s", mount->point, (int)len, path);
	ret->top_len = strlen(mount->point);
	return n > 0 && (size_t)n < sizeof(ret->path);
}

bool cs_cgroup_group_up(struct cs_cgroup_group *group)
{
	if (strlen(group->path) <= group->top_len)
		return false;
	*strrchr(group->path, '/') = '\0'; /* behind @top_len there is one */
	return true;
}

bool cs_cgroup_group_read(const struct cs_cgroup_group *group, const char *file, char *ret,
			  size_t size)
{
	char path[PATH_MAX + 32];

	snprintf(path, sizeof(path), "%s/%s", group->path, file);
	return cs_proc_read_file(path, ret, size) == 0;
}

/* --- memory --- */

static uint64_t limit_of(const struct cs_cgroup_group *group)
{
	char text[32], *end;
	unsigned long long bytes;

	if (!cs_cgroup_group_read(group, group->unified ? "memory.max" : "memory.limit_in_bytes",
				  text, sizeof(text)))
		return 0;
	bytes = strtoull(text, &end, 10); /* "max" has no digit */
	return end == text || bytes >= UNLIMITED_V1 ? 0 : bytes;
}

uint64_t cs_cgroup_memory_max(const struct cs_cgroup_group *group)
{
	struct cs_cgroup_group at = *group;
	uint64_t least = 0;

	for (unsigned i = 0; i < CS_CGROUP_DEPTH_MAX; i++) {
		uint64_t bytes = limit_of(&at);

		if (bytes && (!least || bytes < least))
			least = bytes;
		if (!cs_cgroup_group_up(&at))
			return least;
	}
	return 0;
}

/* --- a process --- */

static void read_mounts(const char *path, struct cs_cgroup_mounts *mounts,
			struct cs_container *container)
{
	cs_cleanup(cs_fclosep) FILE *file = fopen(path, "re");
	cs_cleanup(cs_freep) char *line = NULL;
	size_t size = 0;
	struct cs_mount mount;

	while (file && getline(&line, &size, file) > 0) {
		line[strcspn(line, "\n")] = '\0';
		if (!cs_mount_parse(line, &mount))
			continue;
		if (mounts)
			cs_cgroup_mounts_add(mounts, &mount);
		cs_container_of_mount(mount.root, mount.point, container);
	}
}

/* Of a process's mount namespace; 0: it may not be looked at. */
static uint64_t mounts_id(int32_t pid)
{
	struct stat namespace;
	char path[48];

	snprintf(path, sizeof(path), "/proc/%" PRId32 "/ns/mnt", pid);
	return stat(path, &namespace) == 0 ? namespace.st_ino : 0;
}

/* Processes of one group often come one after the other: its limits are read once in a while. */
static uint64_t memory_max(const struct cs_cgroup_mounts *mounts, const char *text)
{
	static char last_text[CGROUP_TEXT_BYTES];
	static uint64_t last_ns, last_max_bytes;
	struct cs_cgroup_group group;
	uint64_t now_ns = cs_clock_monotonic_ns();

	if (last_ns && now_ns - last_ns < LIMIT_AGE_NS && !strcmp(text, last_text))
		return last_max_bytes;
	last_max_bytes = cs_cgroup_group_find(mounts, CS_CGROUP_MEMORY, text, &group)
				 ? cs_cgroup_memory_max(&group)
				 : 0;
	last_ns = now_ns;
	strcpy(last_text, text);
	return last_max_bytes;
}

/* Our own mounts; read once. */
static struct {
	struct cs_cgroup_mounts mounts;
	struct cs_container container; /* that we are in, with whoever has our mounts */
	uint64_t id;
} own;

static void read_own(void)
{
	if (own.id)
		return;
	read_mounts("/proc/self/mountinfo", &own.mounts, &own.container);
	own.id = mounts_id(getpid());
}

const struct cs_cgroup_mounts *cs_cgroup_own_mounts(void)
{
	read_own();
	return &own.mounts;
}

struct names_job {
	int32_t pid;
	char text[CGROUP_TEXT_BYTES];
};

static int read_names(void *context)
{
	struct names_job *job = context;
	char path[48];

	snprintf(path, sizeof(path), "/proc/%" PRId32 "/cgroup", job->pid);
	return cs_proc_read_file(path, job->text, sizeof(job->text));
}

struct mounts_job {
	int32_t pid;
	uint64_t own_id;
	struct cs_container container;
};

/* Those of who has our own mounts are known. */
static int read_other_mounts(void *context)
{
	struct mounts_job *job = context;
	char path[48];

	if (mounts_id(job->pid) == job->own_id)
		return 0;
	job->container = (struct cs_container){ .id = "" };
	snprintf(path, sizeof(path), "/proc/%" PRId32 "/mountinfo", job->pid);
	read_mounts(path, NULL, &job->container);
	return 0;
}

void cs_cgroup_read(int32_t pid, uint32_t uid, struct cs_container *ret)
{
	struct cs_container found = { .id = "" };
	struct mounts_job mounts;
	struct names_job names;

	read_own();
	*ret = found;
	names.pid = pid;
	if (cs_reading_run(pid, uid, read_names, &names, sizeof(names)) < 0)
		return;
	cs_container_of_cgroups(names.text, &found);
	found.memory_max_bytes = memory_max(&own.mounts, names.text);
	/* In a cgroup namespace of its own a container's group has no name that we could see. */
	mounts = (struct mounts_job){ .pid = pid, .own_id = own.id, .container = own.container };
	if (*found.id || cs_reading_run(pid, uid, read_other_mounts, &mounts, sizeof(mounts)) < 0)
		mounts.container = (struct cs_container){ .id = "" };
	if (*mounts.container.id)
		memcpy(found.id, mounts.container.id, sizeof(found.id));
	if (*mounts.container.pod_uid && !*found.pod_uid)
		memcpy(found.pod_uid, mounts.container.pod_uid, sizeof(found.pod_uid));
	*ret = found;
}

/*
 * The directory of a group, below where version 2 is mounted for us. include/linux/exportfs.h:
 * FILEID_KERNFS, 8 bytes of number.
 */
static bool group_path(uint64_t id, char *ret, size_t size)
{
	union {
		struct file_handle handle;
		char bytes[sizeof(struct file_handle) + sizeof(id)];
	} name = { .handle = { .handle_bytes = sizeof(id), .handle_type = 0xfe } };
	cs_cleanup(cs_closep) int mount =
		open(own.mounts.unified.point, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cs_cleanup(cs_closep) int group = -EBADF;
	char link[32];
	ssize_t n;

	memcpy(name.bytes + offsetof(struct file_handle, f_handle), &id, sizeof(id));
	if (mount >= 0)
		group = open_by_handle_at(mount, &name.handle, O_PATH | O_CLOEXEC);
	if (group < 0)
		return false;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", group);
	n = readlink(link, ret, size - 1);
	ret[n > 0 ? n : 0] = '\0';
	return n > 0;
}

void cs_cgroup_read_group(uint64_t id, struct cs_container *ret)
{
	const struct cs_cgroup_mount *mount = &own.mounts.unified;
	char path[PATH_MAX], text[2 * PATH_MAX];
	size_t len;

	read_own();
	*ret = (struct cs_container){ .id = "" };
	len = strlen(mount->point);
	if (!len || !group_path(id, path, sizeof(path)) || strncmp(path, mount->point, len) != 0)
		return;
	/* As its own process would have read it. */
	snprintf(text, sizeof(text), "0::%s%s\n", mount->root, path[len] ? path + len : "/");
	cs_container_of_cgroups(text, ret);
	ret->memory_max_bytes = memory_max(&own.mounts, text);
}
