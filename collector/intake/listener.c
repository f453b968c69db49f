/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The announce socket; see listener.h. It is bound under another name and moved into place once it
 * listens, so that no process that starts in between finds a socket that refuses it.
 */
#include "collector/intake/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define FOLDER_MODE  0755
#define LOCK_TRIES   20 /* times LOCK_WAIT_MS: another collector's start takes less */
#define LOCK_WAIT_MS 50

static int make_folder(const char *path, char *folder, size_t size, struct cs_diag *diag)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) : 0;

	if (len + 2 > size)
		return cs_diag_set(diag, -ENAMETOOLONG, "socket path is too long: %s", path);
	memcpy(folder, path, len);
	folder[len] = '\0';
	if (!slash)
		strcpy(folder, ".");
	else if (!len)
		strcpy(folder, "/");
	if (mkdir(folder, FOLDER_MODE) < 0 && errno != EEXIST)
		return cs_diag_set(diag, -errno,
				   "cannot make the socket's folder %s: %s; choose another with "
				   "--socket or COLDSPAN_SOCKET",
				   folder, strerror(errno));
	return 0;
}

/* Two collectors that start at once must not both find the place free: one looks at a time. */
static int lock_folder(const char *folder, struct cs_diag *diag)
{
	cs_cleanup(cs_closep) int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return cs_diag_set(diag, -errno, "cannot open the socket's folder %s: %s", folder,
				   strerror(errno));
	for (int i = 0; i < LOCK_TRIES; i++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return cs_take_fd(&fd);
		if (errno != EWOULDBLOCK && errno != EINTR)
			break;
		poll(NULL, 0, LOCK_WAIT_MS);
	}
	return cs_diag_set(diag, -EBUSY, "the socket's folder %s is locked by another process",
			   folder);
}

/* 0: free, or a dead socket is there. */
static int check_place(const char *path, const struct sockaddr_un *addr, struct cs_diag *diag)
{
	cs_cleanup(cs_closep) int fd = -EBADF;
	struct stat st;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0
				       : cs_diag_set(diag, -errno, "cannot look at %s: %s", path,
						     strerror(errno));
	if (!S_ISSOCK(st.st_mode))
		return cs_diag_set(diag, -EEXIST,
				   "%s exists and is not a socket; remove it, or choose another "
				   "path with --socket",
				   path);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return cs_diag_set(diag, -errno, "cannot make a socket: %s", strerror(errno));
	if (connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) < 0 && errno == ECONNREFUSED)
		return 0;
	return cs_diag_set(diag, -EADDRINUSE,
			   "another process listens on %s; stop it, or choose another path with "
			   "--socket",
			   path);
}

/* What a collector left that was killed between bind and rename; anything else is somebody's file. */
static void remove_stale(const char *staging)
{
	struct stat st;

	if (lstat(staging, &st) == 0 && S_ISSOCK(st.st_mode))
		unlink(staging);
}

static int bind_at(int fd, const char *path, mode_t mode, struct cs_diag *diag)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	char staging[sizeof(addr.sun_path) + 4];
	mode_t before;
	int r;

	/* in the same folder, and short: sun_path has room for 107 bytes */
	snprintf(staging, sizeof(staging), "%s~", path);
	if (strlen(staging) >= sizeof(addr.sun_path))
		return cs_diag_set(diag, -ENAMETOOLONG, "socket path is too long: %s", path);
	strcpy(addr.sun_path, staging);
	remove_stale(staging);
	before = umask(~mode & 0777);
	r = bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 ? -errno : 0;
	umask(before);
	if (r == -EADDRINUSE)
		return cs_diag_set(diag, -EEXIST,
				   "%s is in the way, and is not a socket; remove it, or choose "
				   "another path with --socket",
				   staging);
	if (r < 0)
		return cs_diag_set(diag, r,
				   "cannot make the socket %s: %s; choose another folder with "
				   "--socket or COLDSPAN_SOCKET",
				   path, strerror(-r));
	if (listen(fd, CS_LISTENER_BACKLOG) < 0 || rename(staging, path) < 0) {
		r = -errno;
		unlink(staging);
		return cs_diag_set(diag, r, "cannot listen on %s: %s", path, strerror(-r));
	}
	return 0;
}

int cs_listener_open(const char *path, mode_t mode, struct cs_diag *diag, struct cs_listener *ret)
{
	cs_cleanup(cs_closep) int fd = -EBADF;
	cs_cleanup(cs_closep) int lock = -EBADF;
	cs_cleanup(cs_freep) char *copy = NULL;
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	char folder[sizeof(addr.sun_path) + 2];
	struct stat st;
	int r;

	if (strlen(path) + 1 >= sizeof(addr.sun_path))
		return cs_diag_set(diag, -ENAMETOOLONG, "socket path is longer than %zu bytes: %s",
				   sizeof(addr.sun_path) - 2, path);
	strcpy(addr.sun_path, path);
	copy = strdup(path);
	if (!copy)
		return cs_diag_set(diag, -ENOMEM, "out of memory");
	r = make_folder(path, folder, sizeof(folder), diag);
	if (r < 0)
		return r;
	lock = lock_folder(folder, diag);
	if (lock < 0)
		return lock;
	r = check_place(path, &addr, diag);
	if (r < 0)
		return r;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return cs_diag_set(diag, -errno, "cannot make a socket: %s", strerror(errno));
	r = bind_at(fd, path, mode, diag);
	if (r < 0)
		return r;
	if (lstat(path, &st) < 0)
		return cs_diag_set(diag, -errno, "cannot look at %s: %s", path, strerror(errno));
	*ret = (struct cs_listener){ .fd = cs_take_fd(&fd),
				     .path = CS_TAKE_PTR(copy),
				     .device = st.st_dev,
				     .inode = st.st_ino };
	return 0;
}

void cs_listener_close(struct cs_listener *listener)
{
	struct stat st;

	if (listener->path && lstat(listener->path, &st) == 0 && st.st_dev == listener->device &&
	    st.st_ino == listener->inode)
		unlink(listener->path);
	cs_freep(&listener->path);
	cs_closep(&listener->fd);
	*listener = (struct cs_listener){ .fd = -EBADF };
}
