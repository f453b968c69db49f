/* SPDX-License-Identifier: Apache-2.0 */

/* A result's file; see result_file.h. */
#include "agent/result_file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

#define LINKS_MAX 40 /* path_resolution(7) */

static const char *name_of(const struct cs_result_file *file)
{
	return strcmp(file->path, "-") ? file->path : "standard output";
}

static int fail(const struct cs_result_file *file, int error, struct cs_diag *diag)
{
	return cs_diag_set(diag, -error, "cannot write %s: %s", name_of(file), strerror(error));
}

/* The folder that a name is looked for in, its links resolved. Return: what follows of @path; NULL: there is none. */
static const char *split(const char *path, char folder[PATH_MAX])
{
	const char *slash = strrchr(path, '/');
	char head[PATH_MAX];

	if (!slash)
		return realpath(".", folder) ? path : NULL;
	if ((size_t)(slash - path) + 2 > sizeof(head))
		return NULL;
	snprintf(head, sizeof(head), "%.*s", (int)(slash - path) + 1, path);
	return realpath(head, folder) ? slash + 1 : NULL;
}

/* proc(5): /proc/PID/fd, and /proc/PID/task/TID/fd */
static bool is_of_own_descriptors(const char *folder)
{
	char own[32];
	size_t own_len = (size_t)snprintf(own, sizeof(own), "/proc/%ld/", (long)getpid());
	size_t len = strlen(folder);

	return !strncmp(folder, own, own_len) && len > 3 && !strcmp(folder + len - 3, "/fd");
}

static int number_of(const char *name)
{
	char *end;
	long number = strtol(name, &end, 10);

	return *name >= '0' && *name <= '9' && !*end && number <= INT_MAX ? (int)number : -ENOENT;
}

int cs_result_file_descriptor(const char *path)
{
	char at[PATH_MAX], next[PATH_MAX], folder[PATH_MAX], target[PATH_MAX];

	if (strlen(path) >= sizeof(at))
		return -ENOENT;
	strcpy(at, path);
	for (unsigned i = 0; i < LINKS_MAX; i++) {
		const char *name = split(at, folder);
		ssize_t len;

		if (!name)
			return -ENOENT;
		if (is_of_own_descriptors(folder))
			return number_of(name);
		len = readlink(at, target, sizeof(target) - 1);
		if (len < 0)
			return -ENOENT;
		target[len] = '\0';
		if (*target == '/')
			strcpy(next, target);
		else if (snprintf(next, sizeof(next), "%s/%s", folder, target) >= PATH_MAX)
			return -ENOENT;
		strcpy(at, next);
	}
	return -ENOENT;
}

/* @ret: what is there now; st_mode 0: nothing. Return: 0; negative errno. */
static int find_target(struct cs_result_file *file, struct stat *ret)
{
	char folder[PATH_MAX];
	const char *name;

	if (stat(file->path, ret) == 0) {
		if (S_ISDIR(ret->st_mode))
			return -EISDIR;
		return realpath(file->path, file->target) ? 0 : -errno;
	}
	*ret = (struct stat){ 0 };
	if (errno != ENOENT)
		return -errno;
	name = split(file->path, folder);
	if (!name)
		return -errno;
	return snprintf(file->target, sizeof(file->target), "%s/%s", folder, name) >= PATH_MAX
		       ? -ENAMETOOLONG
		       : 0;
}

static void name_beside(struct cs_result_file *file)
{
	/* Nobody else's: in a folder of everybody it could be a link to what is not to be written. */
	snprintf(file->beside, sizeof(file->beside), "%s.%ld.new", file->target, (long)getpid());
	unlink(file->beside);
}

/* Without a name, so that whatever ends us leaves nothing; with one where the file system knows no such files. */
static int open_replacement(struct cs_result_file *file)
{
	char folder[PATH_MAX];
	int fd = split(file->target, folder) ? open(folder, O_WRONLY | O_TMPFILE | O_CLOEXEC, 0666)
					     : -1;

	if (fd >= 0 && access("/proc/self/fd", X_OK) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	name_beside(file);
	fd = open(file->beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0)
		file->beside[0] = '\0';
	return fd;
}

/* What is replaced keeps its owner, where we may, and who may read it. */
static int open_regular(struct cs_result_file *file, const struct stat *now)
{
	int fd = open_replacement(file), r = 0;

	file->replaces = fd >= 0;
	if (fd >= 0 && now->st_mode) {
		r = fchown(fd, now->st_uid, now->st_gid);
		r = fchmod(fd, now->st_mode & 07777);
	}
	(void)r; /* the result is worth more than its mode */
	return fd;
}

/* One that we were started with: what it is open on is written where it stands, be it a file. */
static int open_descriptor(int number)
{
	int flags = fcntl(number, F_GETFD), mode = fcntl(number, F_GETFL);

	if (flags < 0 || flags & FD_CLOEXEC || (mode & O_ACCMODE) == O_RDONLY) {
		errno = EBADF;
		return -1;
	}
	return fcntl(number, F_DUPFD_CLOEXEC, 0);
}

static int open_path(struct cs_result_file *file)
{
	int number = cs_result_file_descriptor(file->path), r, fd;
	struct stat now;

	if (number >= 0)
		return open_descriptor(number);
	r = find_target(file, &now);
	if (r < 0) {
		errno = -r;
		return -1;
	}
	if (!now.st_mode || S_ISREG(now.st_mode))
		return open_regular(file, &now);
	/* O_NONBLOCK: a FIFO without a reader is an error, not a wait. */
	fd = open(file->path, O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd >= 0)
		fcntl(fd, F_SETFL, 0);
	return fd;
}

int cs_result_file_open(const char *path, struct cs_diag *diag, struct cs_result_file *ret)
{
	cs_cleanup(cs_closep) int fd = -EBADF;

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
	fd = open_path(ret);
	if (fd < 0)
		return fail(ret, errno, diag);
	ret->out = fdopen(fd, "w");
	if (!ret->out)
		return fail(ret, errno, diag);
	fd = -EBADF;
	return 0;
}

bool cs_result_file_same(const struct cs_result_file *a, const struct cs_result_file *b)
{
	return a->replaces && b->replaces && !strcmp(a->target, b->target);
}

bool cs_result_file_replaces(const struct cs_result_file *file, const char *path)
{
	char real[PATH_MAX];

	return file->replaces && realpath(path, real) && !strcmp(file->target, real);
}

/* linkat(2): how a file without a name gets one. It replaces none. */
static int give_name(struct cs_result_file *file)
{
	char own[64];

	if (!file->replaces || file->beside[0])
		return 0;
	snprintf(own, sizeof(own), "/proc/self/fd/%d", fileno(file->out));
	name_beside(file);
	if (linkat(AT_FDCWD, own, AT_FDCWD, file->beside, AT_SYMLINK_FOLLOW) == 0)
		return 0;
	file->beside[0] = '\0';
	return errno;
}

static int put_in_place(struct cs_result_file *file)
{
	sigset_t all, before;
	int error;

	/* What ends us between the two would leave it. */
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	error = give_name(file);
	if (file->out != stdout && fclose(file->out) == EOF && !error)
		error = errno;
	file->out = NULL;
	if (!error && file->replaces && rename(file->beside, file->target) < 0)
		error = errno;
	if (file->beside[0] && error)
		unlink(file->beside);
	file->beside[0] = '\0';
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error;
}

int cs_result_file_commit(struct cs_result_file *file, struct cs_diag *diag)
{
	int error = 0;

	if (!file->out)
		return 0;
	errno = 0;
	if (fflush(file->out) == EOF || ferror(file->out))
		error = errno ? errno : EIO;
	if (error)
		cs_result_file_close(file);
	else
		error = put_in_place(file);
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
