/* SPDX-License-Identifier: Apache-2.0 */

/* Limits of control groups; see quota.h. */
#include "agent/asserting/quota.h"

#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "collector/processes/procfs.h"

#define NONE      ((double)INFINITY)
#define TEXT_SIZE 4096

struct group {
	char path[PATH_MAX];
	size_t top_len; /* of the path of the uppermost */
	bool unified;
};

/* "1:cpu,cpuacct:/a" of version 1, "0::/a" of version 2. Return: NULL: it has none. */
static const char *path_of(const char *groups, bool unified, size_t *ret_len)
{
	for (const char *line = groups; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		const char *names = strchr(line, ':'), *path;
		size_t len = strcspn(line, "\n");

		path = names ? strchr(names + 1, ':') : NULL;
		if (!path || path > line + len)
			continue;
		*ret_len = (size_t)(line + len - path - 1);
		if (unified && path == names + 1)
			return path + 1;
		for (const char *name = names; !unified && name < path;
		     name += 1 + strcspn(name + 1, ",:")) {
			if (!strncmp(name + 1, "cpu", 3) && (name[4] == ',' || name[4] == ':'))
				return path + 1;
		}
	}
	return NULL;
}

/* Without a namespace of its own a container's path is the host's: then its group is the top one that it sees. */
static bool find(const char *mounts, const char *groups, struct group *ret)
{
	size_t len = 0;
	const char *path = path_of(groups, false, &len);
	struct stat st;

	ret->unified = !path;
	if (!path)
		path = path_of(groups, true, &len);
	if (!path)
		return false;
	ret->top_len = (size_t)snprintf(ret->path, sizeof(ret->path), "%s%s", mounts,
					ret->unified ? "" : "/cpu");
	if (ret->top_len + len + 1 >= sizeof(ret->path))
		return false;
	snprintf(ret->path + ret->top_len, sizeof(ret->path) - ret->top_len, "%.*s",
		 len > 1 ? (int)len : 0, path);
	if (stat(ret->path, &st) < 0)
		ret->path[ret->top_len] = '\0';
	return true;
}

static bool read_text(const struct group *group, const char *file, char text[TEXT_SIZE])
{
	char path[PATH_MAX + 32];

	snprintf(path, sizeof(path), "%s/%s", group->path, file);
	return cs_proc_read_file(path, text, TEXT_SIZE) == 0;
}

/* Of one group. */
static double limit_of(const struct group *group)
{
	char text[TEXT_SIZE];
	double quota_us, period_us;

	if (group->unified)
		return read_text(group, "cpu.max", text) &&
				       sscanf(text, "%lf %lf", &quota_us, &period_us) == 2 &&
				       period_us > 0
			       ? quota_us / period_us
			       : NONE;
	if (!read_text(group, "cpu.cfs_quota_us", text) || sscanf(text, "%lf", &quota_us) != 1 ||
	    quota_us <= 0 || !read_text(group, "cpu.cfs_period_us", text) ||
	    sscanf(text, "%lf", &period_us) != 1 || !(period_us > 0))
		return NONE;
	return quota_us / period_us;
}

static double throttled_of(const struct group *group)
{
	const char *name = group->unified ? "\nthrottled_usec " : "\nthrottled_time ", *at;
	char text[TEXT_SIZE];
	unsigned long long count;

	if (!read_text(group, "cpu.stat", text))
		return 0;
	at = strstr(text, name);
	if (!at || sscanf(at + strlen(name), "%llu", &count) != 1)
		return 0;
	return (double)count * (group->unified ? 1e3 : 1);
}

struct cs_quota cs_quota_read(const char *mounts, const char *groups)
{
	struct cs_quota quota = { .processors = NONE, .throttled_ns = (double)NAN };
	struct group group;

	if (!find(mounts, groups, &group))
		return quota;
	for (;;) {
		double processors = limit_of(&group);

		if (isfinite(processors)) {
			quota.processors = fmin(quota.processors, processors);
			quota.throttled_ns = throttled_of(&group) +
					     (isnan(quota.throttled_ns) ? 0 : quota.throttled_ns);
		}
		if (strlen(group.path) <= group.top_len)
			return quota;
		*strrchr(group.path, '/') = '\0';
	}
}

struct cs_quota cs_quota_now(void)
{
	char groups[TEXT_SIZE];

	if (cs_proc_read_file("/proc/self/cgroup", groups, sizeof(groups)) < 0)
		*groups = '\0';
	return cs_quota_read(CS_QUOTA_MOUNTS, groups);
}
