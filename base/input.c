/* SPDX-License-Identifier: Apache-2.0 */

/* Reading to the end; see input.h. */
#include "base/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIRST_BYTES 4096u

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

/* What a file says that it holds, and a byte to see its end by; what is no file says nothing. */
static size_t expected(int fd, size_t most)
{
	struct stat st;
	size_t bytes = FIRST_BYTES;

	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (uintmax_t)st.st_size >= bytes)
		bytes = (uintmax_t)st.st_size < most ? (size_t)st.st_size + 1 : most;
	return bytes < most ? bytes : most;
}

int cs_input_read_file(const char *path, size_t most, char **ret, size_t *ret_len)
{
	/* O_NONBLOCK: nobody waits for a FIFO's other side. One that is there is waited for. */
	cs_cleanup(cs_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	cs_cleanup(cs_freep) char *text = NULL;
	size_t size, used = 0;

	if (fd < 0)
		return -errno;
	fcntl(fd, F_SETFL, 0);
	for (size = expected(fd, most);; size = size < most / 2 ? size * 2 : most) {
		char *grown = realloc(text, size + 1);
		ssize_t n;

		if (!grown)
			return -ENOMEM;
		text = grown;
		n = cs_input_read(fd, text + used, size - used);
		if (n < 0)
			return (int)n;
		used += (size_t)n;
		if (used < size || size == most)
			break;
	}
	text[used] = '\0';
	*ret = CS_TAKE_PTR(text);
	*ret_len = used;
	return 0;
}
