/* SPDX-License-Identifier: Apache-2.0 */

/* A file of lines; see line_file.h. */
#include "exporters/line_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"

/* After a short write of @written bytes: cut it off, unless somebody else has appended meanwhile. */
static void undo(struct cs_line_file *file, size_t written)
{
	struct stat st;
	off_t end = lseek(file->fd, 0, SEEK_CUR);

	if (!written)
		return;
	if (end < 0 || fstat(file->fd, &st) < 0 || st.st_size != end ||
	    ftruncate(file->fd, end - (off_t)written) < 0)
		file->broken_line = true;
}

static int write_regular(struct cs_line_file *file, const char *line, size_t len)
{
	ssize_t n;

	do {
		n = write(file->fd, line, len);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if ((size_t)n == len)
		return 0;
	undo(file, (size_t)n);
	return -ENOSPC;
}

static int64_t now_ms(void)
{
	return (int64_t)(cs_clock_monotonic_ns() / 1000000);
}

/* POLLOUT of a pipe promises room for PIPE_BUF bytes: a write of no more does not block. */
static int write_stream(struct cs_line_file *file, const char *line, size_t len)
{
	int64_t end_ms = now_ms() + CS_LINE_FILE_PATIENCE_MS;
	size_t done = 0;
	int r = 0;

	while (done < len) {
		struct pollfd p = { .fd = file->fd, .events = POLLOUT };
		int64_t left_ms = end_ms - now_ms();
		size_t piece = len - done > PIPE_BUF ? PIPE_BUF : len - done;
		ssize_t n = poll(&p, 1, left_ms > 0 ? (int)left_ms : 0);

		if (n > 0)
			n = write(file->fd, line + done, piece);
		else if (n == 0)
			errno = ETIMEDOUT;
		if (n > 0) {
			done += (size_t)n;
		} else if (errno != EINTR && errno != EAGAIN) {
			r = -errno;
			break;
		}
	}
	if (done)
		file->broken_line = done < len;
	return r;
}

/* A file that somebody left in the middle of a line gets its newline with our first one. */
static bool ends_inside_a_line(const char *path, off_t size)
{
	cs_cleanup(cs_closep) int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char last = '\n';

	if (fd < 0 || size == 0 || pread(fd, &last, 1, size - 1) != 1)
		return false;
	return last != '\n';
}

static int open_path(const char *path, int *ret_fd, struct cs_diag *diag)
{
	/* O_NONBLOCK: a FIFO without a reader is an error, not a wait. */
	int fd =
		open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);

	if (fd < 0) {
		int code = -errno;

		return cs_diag_set(diag, code, "cannot open %s for writing: %s%s", path,
				   strerror(-code),
				   code == -ENXIO    ? " (nobody reads this FIFO)"
				   : code == -ENOENT ? " (its folder is missing; make it first)"
						     : "");
	}
	*ret_fd = fd;
	return 0;
}

int cs_line_file_open(struct cs_line_file *file, const char *path, struct cs_diag *diag)
{
	bool borrowed = strcmp(path, "-") == 0;
	cs_cleanup(cs_closep) int fd = -EBADF;
	struct stat st;
	int r = borrowed ? 0 : open_path(path, &fd, diag);

	if (r < 0)
		return r;
	if (fstat(borrowed ? STDOUT_FILENO : fd, &st) < 0) {
		r = -errno;
		return cs_diag_set(diag, r, "cannot use %s: %s",
				   borrowed ? "standard output" : path, strerror(-r));
	}
	*file = (struct cs_line_file){ .borrowed = borrowed, .regular = S_ISREG(st.st_mode) };
	file->broken_line = !borrowed && file->regular && ends_inside_a_line(path, st.st_size);
	file->fd = borrowed ? STDOUT_FILENO : cs_take_fd(&fd);
	return 0;
}

int cs_line_file_write(struct cs_line_file *file, const char *line, size_t len)
{
	int r;

	if (!file->broken_line) {
		line++;
		len--;
	}
	r = file->regular ? write_regular(file, line, len) : write_stream(file, line, len);
	if (r == 0)
		file->broken_line = false;
	return r;
}

void cs_line_file_close(struct cs_line_file *file)
{
	if (!file->borrowed)
		cs_closep(&file->fd);
}
