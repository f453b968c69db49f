/* SPDX-License-Identifier: Apache-2.0 */

/* Process descriptors; see pidfd.h. Numbers and layout: Linux include/uapi/linux/pidfd.h. */
#include "collector/processes/pidfd.h"

#include <errno.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif

#define PIDFS 0x50494446 /* Linux 6.9: an inode for each process; include/uapi/linux/magic.h */

/* struct pidfd_info in its first version, 64 bytes; older headers have none. */
struct kernel_pidfd_info {
	uint64_t mask;
	uint64_t cgroupid;
	uint32_t pid, tgid, ppid;
	uint32_t ruid, rgid, euid, egid, suid, sgid, fsuid, fsgid;
	int32_t exit_code;
};

_Static_assert(sizeof(struct kernel_pidfd_info) == 64, "PIDFD_INFO_SIZE_VER0");

#define KERNEL_PIDFD_GET_INFO _IOWR(0xFF, 11, struct kernel_pidfd_info)
#define KERNEL_INFO_PID       0x1u
#define KERNEL_INFO_CREDS     0x2u
#define KERNEL_INFO_CGROUPID  0x4u
#define KERNEL_INFO_EXIT      0x8u

int cs_pidfd_open(int32_t pid)
{
	long fd = syscall(SYS_pidfd_open, pid, 0);

	return fd < 0 ? -errno : (int)fd;
}

bool cs_pidfd_reaped(int pidfd)
{
	/* Signal 0 is only a question. EPERM means that there is somebody to be protected. */
	return syscall(SYS_pidfd_send_signal, pidfd, 0, NULL, 0) < 0 && errno == ESRCH;
}

bool cs_pidfd_wait(int pidfd, int limit_ms)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };

	return poll(&p, 1, limit_ms) == 1 && (p.revents & (POLLIN | POLLHUP));
}

bool cs_pidfd_exited(int pidfd)
{
	return cs_pidfd_wait(pidfd, 0);
}

bool cs_pidfd_same(int pidfd, int other)
{
	struct statfs fs;
	struct stat a, b;

	return fstatfs(pidfd, &fs) == 0 && fs.f_type == PIDFS && fstat(pidfd, &a) == 0 &&
	       fstat(other, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

int cs_pidfd_get_info(int pidfd, struct cs_pidfd_info *ret)
{
	struct kernel_pidfd_info info = {
		.mask = KERNEL_INFO_PID | KERNEL_INFO_CREDS | KERNEL_INFO_CGROUPID |
			KERNEL_INFO_EXIT,
	};

	if (ioctl(pidfd, KERNEL_PIDFD_GET_INFO, &info) < 0)
		return errno == EINVAL ? -ENOTTY : -errno;
	*ret = (struct cs_pidfd_info){
		.pid = info.mask & KERNEL_INFO_PID ? (int32_t)info.pid : 0,
		.ppid = info.mask & KERNEL_INFO_PID ? (int32_t)info.ppid : 0,
		.uid = info.mask & KERNEL_INFO_CREDS ? info.ruid : UINT32_MAX,
		.cgroup_id = info.mask & KERNEL_INFO_CGROUPID ? info.cgroupid : 0,
		.exited = (info.mask & KERNEL_INFO_EXIT) != 0,
		.wait_status = info.exit_code,
	};
	return 0;
}
