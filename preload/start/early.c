/* SPDX-License-Identifier: Apache-2.0 */

/* Finding the originals for a hook that is called before the entry; see early.S. */
#include <fcntl.h>
#include <stddef.h>

#include "preload/start/loader.h"
#include "preload/start/start.h"
#include "preload/sys.h"

#define VECTOR_BYTES 1024u /* twice what kernels give */

/* Called by early.S. */
void cs_early(void);

/* Nothing is recorded yet, and arguments and environment are not at hand: the entry will have them. */
void cs_early(void)
{
	uint64_t vector[VECTOR_BYTES / sizeof(uint64_t)] = { 0 };
	struct cs_start start = { 0 };
	unsigned unresolved;
	long fd = cs_sys4(SYS_openat, AT_FDCWD, "/proc/self/auxv", O_RDONLY | O_CLOEXEC, 0);

	if (fd >= 0) {
		/* The last entry stays zero, AT_NULL. */
		cs_sys3(SYS_read, fd, vector, sizeof(vector) - 16);
		cs_sys1(SYS_close, fd);
	}
	cs_start_read_vector(&start, vector);
	(void)cs_loader_resolve(&start, &unresolved);
}
