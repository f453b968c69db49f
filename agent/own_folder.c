/* SPDX-License-Identifier: Apache-2.0 */

#include "agent/own_folder.h"

#include <errno.h>
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
