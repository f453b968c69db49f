/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A child that serves where the kernel kills for any system call but read, write and exit; and, by
 * argument, where it does so for reading the clock without a call.
 */
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "tests/shim/guests/guest.h"
#include "tests/shim/guests/pair.h"

#define REQUESTS 5
#define OK       "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"

/* As in linux/filter.h and linux/seccomp.h, which musl-gcc does not find. */
struct filter {
	uint16_t code;
	uint8_t if_true, if_false;
	uint32_t value;
};
#define LOAD_NUMBER()                                                                              \
	{                                                                                          \
		0x20, 0, 0, 0                                                                      \
	}
#define SKIP_IF(n, by)                                                                             \
	{                                                                                          \
		0x15, by, 0, n                                                                     \
	}
#define RETURN(verdict)                                                                            \
	{                                                                                          \
		0x06, 0, 0, verdict                                                                \
	}
#define KILL_PROCESS 0x80000000u
#define ALLOW        0x7fff0000u

static void forbid(const char *how)
{
	struct filter filter[] = {
		LOAD_NUMBER(),        SKIP_IF(SYS_read, 3), SKIP_IF(SYS_write, 2),
		SKIP_IF(SYS_exit, 1), RETURN(KILL_PROCESS), RETURN(ALLOW),
	};
	struct {
		unsigned short len;
		struct filter *filter;
	} program = { sizeof(filter) / sizeof(filter[0]), filter };

	if (how && strcmp(how, "tsc") == 0) {
		need(prctl(PR_SET_TSC, PR_TSC_SIGSEGV) == 0, "tsc");
		return;
	}
	if (how && strcmp(how, "probe") == 0) {
		/* As libseccomp finds out whether there is such a call: nothing changes. */
		need(syscall(SYS_seccomp, 0, 1, NULL) == -1 && errno == EINVAL, "flags");
		need(syscall(SYS_seccomp, 0, 0, "") == -1 && errno == EINVAL, "arguments");
		how = NULL;
	}
	if (how) {
		need(strcmp(how, "raw") == 0 ? syscall(SYS_seccomp, 0, 0, 0) == 0
					     : prctl(PR_SET_SECCOMP, 1) == 0,
		     "strict mode");
		return;
	}
	need(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no_new_privs");
	need(prctl(PR_SET_SECCOMP, 2, &program) == 0, "seccomp");
}

static void serve(int fd)
{
	char request[256];

	for (int i = 0; i < REQUESTS; i++) {
		if (read(fd, request, sizeof(request)) <= 0 ||
		    write(fd, OK, sizeof(OK) - 1) != sizeof(OK) - 1)
			syscall(SYS_exit, 1);
	}
	syscall(SYS_exit, 0);
}

int main(int argc, char **argv)
{
	static const char request[] = "GET /strict HTTP/1.1\r\n\r\n";
	int listener = pair_listen(), client = pair_connect(), status = -1;
	int fd = accept(listener, NULL, NULL);
	char got[256];
	pid_t pid;

	guest_start();
	pid = fork();
	if (pid == 0) {
		forbid(argv[1]);
		serve(fd);
	}
	close(fd);
	for (int i = 0; i < REQUESTS; i++) {
		TRY("request", write(client, request, sizeof(request) - 1));
		TRY("answer", read(client, got, sizeof(got)));
	}
	waitpid(pid, &status, 0);
	printf("status %x\n", status);
	return 0;
}
