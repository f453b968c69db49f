/* SPDX-License-Identifier: Apache-2.0 */

/* Trials in throwaway children; see probe.h. */
#include "agent/doctor/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"

/* A message of the child: the call that it makes next. */
struct step {
	char name[CS_PROBE_NAME_BYTES];
};

enum need {
	NEEDED, /* refused: the shim stands down */
	USEFUL, /* refused: it goes on without; only a filter that kills matters */
};

static bool refused(int error)
{
	return error == EPERM || error == EACCES || error == ENOSYS;
}

/*
 * Tells @report of a call, makes it, and ends the child if it was needed and refused. What cannot
 * succeed here (there is no socket at the other end) is refused only by such an errno.
 */
#define TRY(report, need, call_name, call)                                                         \
	do {                                                                                       \
		const struct step step_ = { call_name };                                           \
		if (write(report, &step_, sizeof(step_)) != sizeof(step_))                         \
			_exit(2);                                                                  \
		if ((call) < 0 && (need) == NEEDED && refused(errno))                              \
			_exit(1);                                                                  \
	} while (0)

/* What an attach calls, in its order (docs/attach.md). Raw, since libc may know a way around. */
static void try_calls(int report, bool strict_overcommit)
{
	const long seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
	struct sockaddr_un nowhere = { .sun_family = AF_UNIX, .sun_path = "/nonexistent" };
	struct msghdr empty = { 0 };
	uint64_t limits[2];
	struct timespec ts;
	char path[PATH_MAX];
	long fd = -1, sock = -1, page = -1;

	TRY(report, USEFUL, "prlimit64", syscall(SYS_prlimit64, 0, RLIMIT_FSIZE, NULL, limits));
	TRY(report, NEEDED, "socket",
	    sock = syscall(SYS_socket, AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
	TRY(report, NEEDED, "connect", syscall(SYS_connect, sock, &nowhere, sizeof(nowhere)));
	TRY(report, NEEDED, "memfd_create",
	    fd = syscall(SYS_memfd_create, "coldspan-probe", MFD_CLOEXEC | MFD_ALLOW_SEALING));
	TRY(report, NEEDED, "ftruncate", syscall(SYS_ftruncate, fd, 4096L));
	if (strict_overcommit)
		TRY(report, NEEDED, "fallocate", syscall(SYS_fallocate, fd, 0, 0L, 4096L));
	TRY(report, NEEDED, "fcntl", syscall(SYS_fcntl, fd, F_ADD_SEALS, seals));
	TRY(report, NEEDED, "mmap",
	    page = syscall(SYS_mmap, NULL, 4096L, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0L));
	TRY(report, NEEDED, "madvise", syscall(SYS_madvise, page, 4096L, MADV_WIPEONFORK));
	TRY(report, USEFUL, "munmap", syscall(SYS_munmap, page, 4096L));
	TRY(report, USEFUL, "clock_gettime",
	    syscall(SYS_clock_gettime, CLOCK_PROCESS_CPUTIME_ID, &ts));
	TRY(report, USEFUL, "getpid", syscall(SYS_getpid));
	TRY(report, USEFUL, "getppid", syscall(SYS_getppid));
	TRY(report, USEFUL, "getcwd", syscall(SYS_getcwd, path, sizeof(path)));
	TRY(report, USEFUL, "readlinkat",
	    syscall(SYS_readlinkat, AT_FDCWD, "/proc/self/exe", path, sizeof(path)));
	TRY(report, USEFUL, "openat",
	    fd = syscall(SYS_openat, AT_FDCWD, "/proc/self/auxv", O_RDONLY | O_CLOEXEC));
	TRY(report, USEFUL, "read", syscall(SYS_read, fd, path, sizeof(path)));
	TRY(report, NEEDED, "sendmsg",
	    syscall(SYS_sendmsg, sock, &empty, MSG_NOSIGNAL | MSG_DONTWAIT));
	TRY(report, USEFUL, "close", syscall(SYS_close, fd));
	_exit(0);
}

static bool overcommit_is_strict(void)
{
	cs_cleanup(cs_closep) int fd = open("/proc/sys/vm/overcommit_memory", O_RDONLY | O_CLOEXEC);
	char mode = '0';

	return fd >= 0 && read(fd, &mode, 1) == 1 && mode == '2';
}

int cs_probe_calls(char ret_call[CS_PROBE_NAME_BYTES])
{
	cs_cleanup(cs_closep) int ours = -EBADF;
	cs_cleanup(cs_closep) int theirs = -EBADF;
	bool strict = overcommit_is_strict();
	struct step step, last = { "fork" };
	int pipes[2], status;
	pid_t pid;

	if (pipe2(pipes, O_CLOEXEC) < 0)
		return -errno;
	ours = pipes[0];
	theirs = pipes[1];
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		prctl(PR_SET_DUMPABLE, 0); /* a killed probe leaves no core file */
		try_calls(theirs, strict);
	}
	cs_closep(&theirs);
	theirs = -EBADF;
	while (read(ours, &step, sizeof(step)) == sizeof(step))
		last = step;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	memcpy(ret_call, last.name, CS_PROBE_NAME_BYTES);
	return WIFSIGNALED(status) ? -EKEYREVOKED : -EPERM;
}

int cs_probe_socket(const char *path, int32_t *ret_pid)
{
	struct ucred listener = { 0 };
	socklen_t size = sizeof(listener);
	cs_cleanup(cs_closep) int fd = -EBADF;
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	strcpy(addr.sun_path, path);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return -errno;
	if (ret_pid) /* of who listened, which is the kernel's word */
		*ret_pid = getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &listener, &size) < 0
				   ? 0
				   : listener.pid;
	return 0;
}

static int spawn_tracing(const char *program, const char *library, int out, pid_t *ret_pid)
{
	char preload[4200];
	char *argv[] = { (char *)(uintptr_t)program, NULL };
	char *envp[] = { (char[]){ "LD_TRACE_LOADED_OBJECTS=1" }, preload, NULL };
	posix_spawn_file_actions_t actions;
	int r;

	if ((size_t)snprintf(preload, sizeof(preload), "LD_PRELOAD=%s", library) >= sizeof(preload))
		return -ENAMETOOLONG;
	r = posix_spawn_file_actions_init(&actions);
	if (r)
		return -r;
	r = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	if (!r)
		r = posix_spawn_file_actions_adddup2(&actions, out, 1);
	if (!r)
		r = posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	if (!r)
		r = posix_spawn(ret_pid, program, &actions, NULL, argv, envp);
	posix_spawn_file_actions_destroy(&actions);
	return -r;
}

int cs_probe_loader(const char *program, const char *library)
{
	cs_cleanup(cs_fclosep) FILE *list = NULL;
	cs_cleanup(cs_closep) int theirs = -EBADF;
	const char *name = strrchr(library, '/');
	int pipes[2], status, found = 0, r;
	char line[4200];
	pid_t pid = -1;

	if (pipe2(pipes, O_CLOEXEC) < 0)
		return -errno;
	theirs = pipes[1];
	list = fdopen(pipes[0], "r");
	if (!list) {
		close(pipes[0]);
		return -ENOMEM;
	}
	r = spawn_tracing(program, library, theirs, &pid);
	cs_closep(&theirs);
	theirs = -EBADF;
	if (r < 0)
		return r;
	while (fgets(line, sizeof(line), list))
		found |= strstr(line, name ? name + 1 : library) != NULL;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	return found;
}
