/* SPDX-License-Identifier: Apache-2.0 */

/* Trials in throwaway children; see probe.h. */
#include "agent/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "base/cleanup.h"

static const char *const call_names[] = {
	"memfd_create", "ftruncate", "fcntl(F_ADD_SEALS)", "mmap", "socket", "connect", "sendmsg",
};

/* Runs in the child: writes the number of each call before it is made, 'x' if it was refused. */
static void try_calls(int report)
{
	const int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
	struct sockaddr_un nowhere = { .sun_family = AF_UNIX, .sun_path = "/nonexistent" };
	struct msghdr empty = { 0 };
	char step = 0;
	int fd, sock;

#define TRY(call)                                                                                  \
	do {                                                                                       \
		if (write(report, &step, 1) != 1)                                                  \
			_exit(2);                                                                  \
		step++;                                                                            \
		if ((call) < 0)                                                                    \
			_exit(1);                                                                  \
	} while (0)

	TRY(fd = memfd_create("coldspan-probe", MFD_CLOEXEC | MFD_ALLOW_SEALING));
	TRY(ftruncate(fd, 4096));
	TRY(fcntl(fd, F_ADD_SEALS, seals));
	TRY(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED ? -1 : 0);
	TRY(sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
	/* There is no such socket, and it is not connected: only EPERM and the like are refusals. */
	TRY(connect(sock, (struct sockaddr *)&nowhere, sizeof(nowhere)) < 0 && errno == EPERM ? -1
											      : 0);
	TRY(sendmsg(sock, &empty, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 && errno == EPERM ? -1 : 0);
#undef TRY
	_exit(0);
}

int cs_probe_calls(const char **ret_call)
{
	cs_cleanup(cs_closep) int ours = -EBADF;
	cs_cleanup(cs_closep) int theirs = -EBADF;
	int pipes[2], status;
	char step, last = 0;
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
		try_calls(theirs);
	}
	cs_closep(&theirs);
	theirs = -EBADF;
	while (read(ours, &step, 1) == 1)
		last = step;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	*ret_call = call_names[(unsigned char)last % (sizeof(call_names) / sizeof(call_names[0]))];
	return WIFSIGNALED(status) ? -EKEYREVOKED : -EPERM;
}

int cs_probe_socket(const char *path)
{
	cs_cleanup(cs_closep) int fd = -EBADF;
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	strcpy(addr.sun_path, path);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	return connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 ? -errno : 0;
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
