/* SPDX-License-Identifier: Apache-2.0 */

/* Our port in a file; see port_file.h. */
#include "runtime/port_file.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Return: 0, or an errno. */
static int put(const char *path, int flags, unsigned port)
{
	/* NONBLOCK: a FIFO without a reader is an error, not a wait. */
	cs_cleanup(cs_fd_close) int fd =
		open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | flags, 0666);
	char text[16];
	int len = snprintf(text, sizeof(text), "%u\n", port);
	ssize_t put;

	if (fd < 0)
		return errno;
	put = write(fd, text, (size_t)len);
	return put == len ? 0 : put < 0 ? errno : ENOSPC;
}

/* Return: 0, or an errno. */
static int put_aside(const char *path, unsigned port)
{
	cs_cleanup(cs_freep) char *target = realpath(path, NULL); /* NULL: not there yet */
	cs_cleanup(cs_freep) char *aside = NULL;
	int error;

	if (asprintf(&aside, "%s.new", target ? target : path) < 0) {
		aside = NULL;
		return ENOMEM;
	}
	error = put(aside, O_CREAT | O_TRUNC, port);
	if (!error && rename(aside, target ? target : path) < 0)
		error = errno;
	if (error)
		unlink(aside);
	return error;
}

int cs_port_file_write(const char *path, unsigned port, struct cs_problem *problem)
{
	struct stat st;
	bool special = !stat(path, &st) && !S_ISREG(st.st_mode);
	int error = special ? put(path, 0, port) : put_aside(path, port);

	if (!error)
		return 0;
	if (error == ENOMEM)
		return -ENOMEM;
	return cs_problem_set(problem, -EIO, "--port-file %s: cannot be written: %s", path,
			      strerror(error));
}
