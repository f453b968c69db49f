/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A guest that, once started, allows itself nothing but a few calls, and is killed for any other:
 * what a hook does after attach must not add a system call.
 */
#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(void)
{
	static const int allowed[] = { SCMP_SYS(read),       SCMP_SYS(write),
				       SCMP_SYS(close),      SCMP_SYS(dup),
				       SCMP_SYS(exit_group), SCMP_SYS(newfstatat),
				       SCMP_SYS(openat),     SCMP_SYS(rt_sigreturn) };
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	char line[128];
	ssize_t n;
	int fd;

	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++) {
		if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0) < 0)
			return 2;
	}
	if (seccomp_load(filter) < 0)
		return 2;
	n = read(0, line, sizeof(line));
	if (n > 0 && write(1, line, (size_t)n) != n)
		return 3;
	fd = open("/dev/null", O_WRONLY);
	for (int i = 0; i < 1000; i++) {
		if (write(fd, line, 16) != 16 || close(dup(fd)) < 0)
			return 4;
	}
	open("/nonexistent", O_RDONLY);
	close(fd);
	_exit(errno == ENOENT ? 7 : 5);
}
