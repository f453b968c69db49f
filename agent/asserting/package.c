/* SPDX-License-Identifier: Apache-2.0 */

/* Bytes of a folder, or of an archive; see package.h. */
#include "agent/asserting/package.h"

#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#define OPEN_MAX_OF_US 32

static double sum; /* nftw(3) hands nothing on */

static int add(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	if (kind == FTW_DNR || kind == FTW_NS)
		return EACCES;
	if (S_ISREG(st->st_mode))
		sum += (double)st->st_size;
	return 0;
}

int cs_package_bytes(const char *folder, const char *name, double *ret)
{
	char path[PATH_MAX], real[PATH_MAX];
	struct stat st;
	int r;

	if (snprintf(path, sizeof(path), "%s%s%s", *name == '/' ? "" : folder,
		     *name == '/' ? "" : "/", name) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	/* Where it leads: of a link within it its own bytes count. */
	if (!realpath(path, real) || stat(real, &st) < 0)
		return -errno;
	if (!S_ISDIR(st.st_mode)) {
		*ret = (double)st.st_size;
		return 0;
	}
	sum = 0;
	r = nftw(real, add, OPEN_MAX_OF_US, FTW_PHYS);
	if (r != 0)
		return r < 0 ? -errno : -r;
	*ret = sum;
	return 0;
}
