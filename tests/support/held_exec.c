/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A process that hangs in execve(2), for as long as a file system of its own says so:
 *
 *     held_exec mount DIRECTORY COMMAND...   COMMAND, where DIRECTORY/file is of a file system that never
 *                                            answers FUSE_FLUSH; "held" once it is asked
 *     held_exec exec FILE COMMAND...         reads a byte, as a function that is ready; opens FILE, and
 *                                            executes COMMAND, which closes it
 *
 * The kernel waits for the answer with the process's exec_update_lock held, and SIGKILL does not end that
 * wait: the file system ends once nobody reads standard output any more, and the rest with it. Whoever asks
 * /proc/PID/stat of it meanwhile waits as well, ps(1) too. Ends with 77 where there is no FUSE. Protocol:
 * include/uapi/linux/fuse.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define CANNOT    77
#define MINOR     31 /* of the protocol that is spoken here */
#define VALID_S   1000
#define FILE_NODE 2

static void answer(int device, uint64_t unique, int error, const void *body, size_t len)
{
	char bytes[sizeof(struct fuse_out_header) + sizeof(struct fuse_entry_out)];
	struct fuse_out_header header = { .len = (uint32_t)(sizeof(header) + len),
					  .error = error,
					  .unique = unique };

	memcpy(bytes, &header, sizeof(header));
	if (len)
		memcpy(bytes + sizeof(header), body, len);
	if (write(device, bytes, header.len) < 0)
		exit(1);
}

static struct fuse_attr attributes(uint64_t node)
{
	return (struct fuse_attr){ .ino = node,
				   .mode = node == FILE_NODE ? S_IFREG | 0644 : S_IFDIR | 0755,
				   .nlink = 1,
				   .blksize = 4096 };
}

static void serve_one(int device, const struct fuse_in_header *request)
{
	const struct fuse_init_out init = { .major = FUSE_KERNEL_VERSION,
					    .minor = MINOR,
					    .max_background = 1,
					    .congestion_threshold = 1,
					    .max_write = 4096 };
	const struct fuse_entry_out entry = { .nodeid = FILE_NODE,
					      .entry_valid = VALID_S,
					      .attr_valid = VALID_S,
					      .attr = attributes(FILE_NODE) };
	const struct fuse_attr_out attr = { .attr_valid = VALID_S,
					    .attr = attributes(request->nodeid) };
	const struct fuse_open_out opened = { .fh = 1 };

	switch (request->opcode) {
	case FUSE_INIT:
		answer(device, request->unique, 0, &init, sizeof(init));
		break;
	case FUSE_LOOKUP:
		answer(device, request->unique, 0, &entry, sizeof(entry));
		break;
	case FUSE_GETATTR:
		answer(device, request->unique, 0, &attr, sizeof(attr));
		break;
	case FUSE_OPEN:
		answer(device, request->unique, 0, &opened, sizeof(opened));
		break;
	case FUSE_FLUSH:
		if (write(STDOUT_FILENO, "held\n", 5) < 0)
			exit(1);
		break;
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
		break;
	default:
		answer(device, request->unique, -ENOSYS, NULL, 0);
	}
}

static void serve(int device)
{
	static union {
		struct fuse_in_header header;
		char bytes[FUSE_MIN_READ_BUFFER + 4096];
	} request;

	struct pollfd fds[] = { { .fd = device, .events = POLLIN }, { .fd = STDOUT_FILENO } };

	while (poll(fds, 2, -1) > 0 && !fds[1].revents) {
		if (read(device, request.bytes, sizeof(request.bytes)) > 0)
			serve_one(device, &request.header);
		else if (errno != EINTR && errno != ENOENT)
			break;
	}
	exit(0);
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		exit(CANNOT);
	close(fd);
}

/* Mounts of our own, also where we are nobody. */
static void own_mounts(void)
{
	unsigned uid = getuid(), gid = getgid();
	char map[64];

	if (unshare(uid ? CLONE_NEWNS | CLONE_NEWUSER : CLONE_NEWNS) < 0)
		exit(CANNOT);
	if (uid) {
		write_file("/proc/self/setgroups", "deny");
		snprintf(map, sizeof(map), "%u %u 1", uid, uid);
		write_file("/proc/self/uid_map", map);
		snprintf(map, sizeof(map), "%u %u 1", gid, gid);
		write_file("/proc/self/gid_map", map);
	}
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		exit(CANNOT);
}

static int mount_held(const char *directory, char **command)
{
	char options[128];
	int device;

	own_mounts();
	device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=%u,group_id=%u", device,
		 getuid(), getgid());
	if (device < 0 || mount("held", directory, "fuse", MS_NOSUID | MS_NODEV, options) < 0)
		return CANNOT;
	switch (fork()) {
	case -1:
		return 1;
	case 0:
		serve(device);
		return 0;
	default:
		execvp(command[0], command);
		return 1;
	}
}

static int hold(const char *file, char **command)
{
	char byte;

	if (read(STDIN_FILENO, &byte, 1) < 0 || open(file, O_RDONLY | O_CLOEXEC) < 0)
		return 1;
	execvp(command[0], command);
	return 1;
}

int main(int argc, char **argv)
{
	if (argc >= 4 && !strcmp(argv[1], "mount"))
		return mount_held(argv[2], argv + 3);
	if (argc >= 4 && !strcmp(argv[1], "exec"))
		return hold(argv[2], argv + 3);
	return 2;
}
