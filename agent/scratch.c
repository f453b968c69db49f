/* SPDX-License-Identifier: Apache-2.0 */

/* A folder of our own; see scratch.h. */
#include "agent/scratch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/library.h"

#define BASE_MAX_BYTES 60 /* sun_path holds 107 bytes */

int cs_scratch_make(struct cs_scratch *scratch, struct cs_diag *diag)
{
	const char *base = getenv("TMPDIR");

	if (!base || !*base || strlen(base) > BASE_MAX_BYTES || !cs_library_fits(base))
		base = "/tmp";
	snprintf(scratch->folder, sizeof(scratch->folder), "%s/coldspan-run-XXXXXX", base);
	if (!mkdtemp(scratch->folder)) {
		int error = errno;

		scratch->folder[0] = '\0';
		return cs_diag_set(diag, -error, "cannot make a folder in %s: %s", base,
				   strerror(error));
	}
	if (chmod(scratch->folder, 0711) < 0)
		return cs_diag_set(diag, -errno, "%s: %s", scratch->folder, strerror(errno));
	snprintf(scratch->socket, sizeof(scratch->socket), "%s/announce.sock", scratch->folder);
	snprintf(scratch->link, sizeof(scratch->link), "%s/libcoldspan.so", scratch->folder);
	return 0;
}

int cs_scratch_library(struct cs_scratch *scratch, const char *library, const char **ret,
		       struct cs_diag *diag)
{
	if (cs_library_fits(library)) {
		*ret = library;
		return 0;
	}
	if (symlink(library, scratch->link) < 0)
		return cs_diag_set(diag, -errno, "cannot make the link %s: %s", scratch->link,
				   strerror(errno));
	*ret = scratch->link;
	return 0;
}

void cs_scratch_remove(struct cs_scratch *scratch)
{
	if (!scratch->folder[0])
		return;
	unlink(scratch->socket);
	unlink(scratch->link);
	rmdir(scratch->folder);
	scratch->folder[0] = '\0';
}
