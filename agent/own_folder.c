/* SPDX-License-Identifier: Apache-2.0 */

#include "agent/own_folder.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int cs_own_folder(char ret[PATH_MAX], struct cs_diag *diag)
{
	ssize_t n = readlink("/proc/self/exe", ret, PATH_MAX - 1);

	if (n < 0)
		return cs_diag_set(diag, -errno, "cannot read /proc/self/exe: %s", strerror(errno));
	ret[n] = '\0';
	*strrchr(ret, '/') = '\0';
	return 0;
}

bool cs_own_find(const char *const *beside, size_t count, bool (*fits)(const char *path),
		 char ret[PATH_MAX])
{
	char self[PATH_MAX];

	if (cs_own_folder(self, NULL) < 0)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (snprintf(ret, PATH_MAX, "%s/%s", self, beside[i]) < PATH_MAX && fits(ret))
			return true;
	}
	return false;
}

bool cs_own_executable(const char *path)
{
	return access(path, X_OK) == 0;
}
