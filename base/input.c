/* SPDX-License-Identifier: Apache-2.0 */

/* Reading to the end; see input.h. */
#include "base/input.h"

#include <errno.h>
#include <unistd.h>

ssize_t cs_input_read(int fd, void *buf, size_t size)
{
	size_t used = 0;

	while (used < size) {
		ssize_t n = read(fd, (char *)buf + used, size - used);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		used += (size_t)n;
	}
	return (ssize_t)used;
}
