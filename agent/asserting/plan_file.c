/* SPDX-License-Identifier: Apache-2.0 */

/* coldspan.yaml on the disk; see plan_file.h. */
#include "agent/asserting/plan_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/budget/yaml_tree.h"
#include "base/cleanup.h"
#include "base/input.h"

/* The folder above, in place. Return: false: there is none. */
static bool go_up(char *folder)
{
	char *slash = strrchr(folder, '/');

	if (!slash || !folder[1])
		return false;
	slash[slash == folder ? 1 : 0] = '\0';
	return true;
}

static int find(struct cs_plan_file *file, struct cs_diag *diag)
{
	char start[PATH_MAX];

	if (!getcwd(file->folder, sizeof(file->folder)))
		return cs_diag_set(diag, -errno, "this folder: %s", strerror(errno));
	memcpy(start, file->folder, sizeof(start));
	do {
		int n = snprintf(file->path, sizeof(file->path), "%s/" CS_PLAN_FILE,
				 file->folder[1] ? file->folder : "");

		if (n < (int)sizeof(file->path) && access(file->path, F_OK) == 0) {
			if (!strcmp(start, file->folder))
				snprintf(file->path, sizeof(file->path), CS_PLAN_FILE);
			return 0;
		}
	} while (go_up(file->folder));
	return cs_diag_set(diag, -ENOENT,
			   "no " CS_PLAN_FILE " in %s or above; coldspan init writes one", start);
}

/* Such as of a shell's <(...): what stands there is a descriptor, and not where somebody keeps a file. */
static bool holds_descriptors(const char *folder)
{
	return !strcmp(folder, "/dev") || !strncmp(folder, "/proc/", strlen("/proc/"));
}

/* In which folder a name stands, where a link in it is not followed: it may lead to what many projects share. */
static bool folder_of(const char *path, char folder[PATH_MAX])
{
	char above[PATH_MAX] = ".";
	const char *slash = strrchr(path, '/');

	if (slash)
		snprintf(above, sizeof(above), "%.*s", (int)(slash + 1 - path), path);
	if (!realpath(above, folder))
		return false;
	return !holds_descriptors(folder) || realpath(".", folder);
}

static int locate(const char *path, struct cs_plan_file *file, struct cs_diag *diag)
{
	if (!path)
		return find(file, diag);
	if (!strcmp(path, "-"))
		path = "/dev/stdin";
	if (snprintf(file->path, sizeof(file->path), "%s", path) >= (int)sizeof(file->path))
		return cs_diag_set(diag, -ENAMETOOLONG, "%s: %s", path, strerror(ENAMETOOLONG));
	if (access(path, F_OK) == 0 && folder_of(path, file->folder))
		return 0;
	return cs_diag_set(diag, -errno, "%s: %s", path, strerror(errno));
}

int cs_plan_file_load(const char *path, const char *baseline, struct cs_diag *diag,
		      struct cs_plan_file *ret)
{
	cs_cleanup(cs_freep) char *text = NULL;
	size_t len;
	int r;

	*ret = (struct cs_plan_file){ .plan.baseline = baseline };
	r = locate(path, ret, diag);
	if (r < 0)
		return r;
	r = cs_input_read_file(ret->path, CS_YAML_BYTES_MAX + 1, &text, &len);
	if (r < 0)
		return cs_diag_set(diag, r, "%s: %s", ret->path, strerror(-r));
	return cs_plan_parse(ret->path, text, len, diag, &ret->plan);
}

void cs_plan_file_close(struct cs_plan_file *file)
{
	cs_plan_deinit(&file->plan);
}
