/* SPDX-License-Identifier: Apache-2.0 */

/*
 * under OPTIONS -- CMD…: starts CMD under a limit, so that the matrix can put any guest under it.
 *   --close-all   no descriptor is open       --refuse   seccomp answers EPERM to an attach's calls
 *   --nobody      uid 65534, no_new_privs    --user     uid 65534 only: setuid works
 * What is to be preloaded stands in MATRIX_PRELOAD, so that this program is not watched itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int refuse(void)
{
	static const int calls[] = { SCMP_SYS(memfd_create), SCMP_SYS(connect), SCMP_SYS(sendmsg) };
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		if (seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), calls[i], 0) < 0)
			return -1;
	}
	return seccomp_load(filter);
}

static int become_user(void)
{
	return setgroups(0, NULL) < 0 || setgid(65534) < 0 || setuid(65534) < 0 ? -1 : 0;
}

static int apply(const char *option)
{
	if (!strcmp(option, "--refuse"))
		return refuse();
	if (!strcmp(option, "--user"))
		return become_user();
	if (!strcmp(option, "--nobody"))
		return become_user() < 0 ? -1 : prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	errno = EINVAL;
	return -1;
}

int main(int argc, char **argv)
{
	const char *preload = getenv("MATRIX_PRELOAD");
	int i, close_all = 0;

	for (i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (!strcmp(argv[i], "--close-all"))
			close_all = 1;
		else if (apply(argv[i]) < 0) {
			perror(argv[i]);
			return 125;
		}
	}
	if (i + 1 >= argc)
		return 125;
	if (preload)
		setenv("LD_PRELOAD", preload, 1);
	unsetenv("MATRIX_PRELOAD");
	if (close_all)
		syscall(SYS_close_range, 0u, ~0u, 0u);
	execv(argv[i + 1], argv + i + 1);
	return 127;
}
