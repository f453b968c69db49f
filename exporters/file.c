/* SPDX-License-Identifier: Apache-2.0 */

/* Destination "file"; see file.h. */
#include "exporters/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "exporters/destination.h"
#include "exporters/otlp/json.h"
#include "exporters/otlp/traces.h"

#define KEEP_BYTES (1u << 20) /* of a line's buffer between batches; a burst is given back */

struct file_exporter {
	struct cs_exporter base; /* first */
	int fd;                  /* owned unless `borrowed` */
	bool borrowed;           /* standard output */
	bool regular;
	bool broken_line; /* the file does not end with a newline: begin with one */
	struct cs_arena arena;
	struct cs_buffer line;
};

/* After a short write of @written bytes: cut it off, unless somebody else has appended meanwhile. */
static void undo(struct file_exporter *file, size_t written)
{
	struct stat st;
	off_t end = lseek(file->fd, 0, SEEK_CUR);

	if (!written)
		return;
	if (end < 0 || fstat(file->fd, &st) < 0 || st.st_size != end ||
	    ftruncate(file->fd, end - (off_t)written) < 0)
		file->broken_line = true;
}

static int write_regular(struct file_exporter *file, const char *line, size_t len)
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
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* POLLOUT of a pipe promises room for PIPE_BUF bytes: a write of no more does not block. */
static int write_stream(struct file_exporter *file, const char *line, size_t len)
{
	int64_t end_ms = now_ms() + CS_FILE_PATIENCE_MS;
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

static int write_line(struct file_exporter *file)
{
	const char *line = file->line.data;
	size_t len = file->line.len;
	int r;

	if (!file->broken_line) { /* the newline that stands in front for this case */
		line++;
		len--;
	}
	r = file->regular ? write_regular(file, line, len) : write_stream(file, line, len);
	if (r == 0)
		file->broken_line = false;
	return r;
}

static int print_line(struct file_exporter *file, const struct cs_span_batch *batch,
		      struct cs_otlp_range *range)
{
	ProtobufCAllocator alloc = cs_otlp_arena_allocator(&file->arena);
	ProtobufCMessage *message;
	int r = cs_otlp_traces_build(&alloc, batch, range, &message);

	if (r)
		return r;
	cs_buffer_clear(&file->line);
	cs_buffer_putc(&file->line, '\n');
	r = cs_otlp_json_print(&file->line, message);
	if (r < 0)
		return r;
	cs_buffer_putc(&file->line, '\n');
	return file->line.failed ? -ENOMEM : 0;
}

static void submit(struct cs_exporter *exporter, const struct cs_span_batch *batch)
{
	struct file_exporter *file = (struct file_exporter *)exporter;
	struct cs_exporter_stats *stats = &exporter->stats;
	struct cs_otlp_range range = { .count = cs_span_batch_count(batch) };
	int r = print_line(file, batch, &range);

	if (r < 0) {
		stats->dropped[CS_DROP_ENCODE] += range.count;
		cs_exporter_fail(exporter, "%zu spans could not be encoded: %s", range.count,
				 strerror(-r));
	} else {
		stats->dropped[CS_DROP_ENCODE] += range.count - range.spans;
	}
	if (r == 0) {
		stats->requests++;
		r = write_line(file);
		if (r < 0) {
			stats->dropped[CS_DROP_IO] += range.spans;
			cs_exporter_fail(exporter, "cannot write: %s; spans are dropped",
					 strerror(-r));
		} else {
			stats->sent += range.spans;
			cs_exporter_recover(exporter);
		}
	}
	cs_arena_reset(&file->arena);
	if (file->arena.held_bytes > KEEP_BYTES)
		cs_arena_deinit(&file->arena);
	if (file->line.capacity_bytes > KEEP_BYTES)
		cs_buffer_deinit(&file->line);
}

static void file_free(struct cs_exporter *exporter)
{
	struct file_exporter *file = (struct file_exporter *)exporter;

	if (!file->borrowed)
		cs_closep(&file->fd);
	cs_arena_deinit(&file->arena);
	cs_buffer_deinit(&file->line);
	free(file);
}

static const struct cs_exporter_ops file_ops = { .submit = submit, .free = file_free };

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

int cs_file_exporter_new(const char *path, struct cs_exporter **ret, struct cs_diag *diag)
{
	bool borrowed = strcmp(path, "-") == 0;
	cs_cleanup(cs_closep) int fd = -EBADF;
	struct file_exporter *file;
	struct stat st;
	char name[CS_EXPORTER_NAME_MAX];
	int r = borrowed ? 0 : open_path(path, &fd, diag);

	if (r < 0)
		return r;
	if (fstat(borrowed ? STDOUT_FILENO : fd, &st) < 0) {
		r = -errno;
		return cs_diag_set(diag, r, "cannot use %s: %s",
				   borrowed ? "standard output" : path, strerror(-r));
	}
	file = calloc(1, sizeof(*file));
	if (!file)
		return cs_diag_set(diag, -ENOMEM, "out of memory");
	snprintf(name, sizeof(name), "file %s", path);
	cs_exporter_init(&file->base, &file_ops, name);
	cs_arena_init(&file->arena, 0);
	file->regular = S_ISREG(st.st_mode);
	file->borrowed = borrowed;
	file->broken_line = !borrowed && file->regular && ends_inside_a_line(path, st.st_size);
	file->fd = borrowed ? STDOUT_FILENO : cs_take_fd(&fd);
	*ret = &file->base;
	return 0;
}
