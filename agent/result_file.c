/* SPDX-License-Identifier: Apache-2.0 */

/* A result's file; see result_file.h. */
#include "agent/result_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

static const char *name_of(const struct cs_result_file *file)
{
	return strcmp(file->path, "-") ? file->path : "standard output";
}

static int fail(const struct cs_result_file *file, int error, struct cs_diag *diag)
{
	return cs_diag_set(diag, -error, "cannot write %s: %s", name_of(file), strerror(error));
}

/* @ret: what is there now; st_mode 0: nothing. Return: 0; negative errno. */
static int find_target(struct cs_result_file *file, struct stat *ret)
{
	if (stat(file->path, ret) == 0) {
		if (S_ISDIR(ret->st_mode))
			return -EISDIR;
		return realpath(file->path, file->target) ? 0 : -errno;
	}
	*ret = (struct stat){ 0 };
	if (errno != ENOENT)
		return -errno;
	if (strlen(file->path) >= sizeof(file->target))
		return -ENAMETOOLONG;
	strcpy(file->target, file->path);
	return 0;
}

/* What is replaced keeps its owner, where we may, and who may read it. */
static int open_beside(struct cs_result_file *file, const struct stat *now)
{
	int fd, r = 0;

	/* Nobody else's: in a folder of everybody it could be a link to what is not to be written. */
	snprintf(file->beside, sizeof(file->beside), "%s.%ld.new", file->target, (long)getpid());
	unlink(file->beside);
	fd = open(file->beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0) {
		file->beside[0] = '\0';
	} else if (now->st_mode) {
		r = fchown(fd, now->st_uid, now->st_gid);
		r = fchmod(fd, now->st_mode & 07777);
	}
	(void)r; /* the result is worth more than its mode */
	return fd;
}

int cs_result_file_open(const char *path, struct cs_diag *diag, struct cs_result_file *ret)
{
	cs_cleanup(cs_closep) int fd = -EBADF;
	struct stat now;
	int r;

	*ret = (struct cs_result_file){ .path = path };
	if (!path)
		return 0;
	if (!strcmp(path, "-")) {
		int flags = fcntl(STDOUT_FILENO, F_GETFL);

		if (flags < 0 || (flags & O_ACCMODE) == O_RDONLY)
			return fail(ret, flags < 0 ? errno : EBADF, diag);
		ret->out = stdout;
		return 0;
	}
	r = find_target(ret, &now);
	if (r < 0)
		return fail(ret, -r, diag);
	if (now.st_mode && !S_ISREG(now.st_mode)) {
		/* O_NONBLOCK: a FIFO without a reader is an error, not a wait. */
		fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
		if (fd >= 0)
			fcntl(fd, F_SETFL, 0);
	} else {
		fd = open_beside(ret, &now);
	}
	if (fd < 0)
		return fail(ret, errno, diag);
	ret->out = fdopen(fd, "w");
	if (!ret->out)
		return fail(ret, errno, diag);
	fd = -EBADF;
	return 0;
}

int cs_result_file_commit(struct cs_result_file *file, struct cs_diag *diag)
{
	int error = 0;

	if (!file->out)
		return 0;
	errno = 0;
	if (fflush(file->out) == EOF || ferror(file->out))
		error = errno ? errno : EIO;
	if (file->out != stdout && fclose(file->out) == EOF && !error)
		error = errno;
	file->out = NULL;
	if (!error && file->beside[0]) {
		if (rename(file->beside, file->target) < 0)
			error = errno;
		else
			file->beside[0] = '\0';
	}
	return error ? fail(file, error, diag) : 0;
}

void cs_result_file_close(struct cs_result_file *file)
{
	if (file->out && file->out != stdout)
		fclose(file->out);
	file->out = NULL;
	if (file->beside[0])
		unlink(file->beside);
	file->beside[0] = '\0';
}
