/* SPDX-License-Identifier: Apache-2.0 */

/*
 * old_kernel COMMAND...: run it as on Linux before 6.5, which gives no pidfd with a connection
 * (SO_PEERPIDFD) and tells nothing through one (PIDFD_GET_INFO, 6.13), by a seccomp filter.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define OLD_PEERPIDFD      77
#define OLD_PIDFD_GET_INFO 0xc040ff0bu

#define LOAD(field)        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define ANSWER(error)      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (error))
#define UNLESS(value, n)   BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), 0, (n))

int main(int argc, char **argv)
{
	struct sock_filter filter[] = {
		LOAD(nr),
		UNLESS(SYS_getsockopt, 3),
		LOAD(args[2]),
		UNLESS(OLD_PEERPIDFD, 5),
		ANSWER(ENOPROTOOPT),
		UNLESS(SYS_ioctl, 3),
		LOAD(args[1]),
		UNLESS(OLD_PIDFD_GET_INFO, 1),
		ANSWER(ENOTTY),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = sizeof(filter) / sizeof(filter[0]), .filter = filter };

	if (argc < 2)
		return 2;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0) {
		fprintf(stderr, "old_kernel: %s\n", strerror(errno));
		return 77;
	}
	execv(argv[1], argv + 1);
	fprintf(stderr, "old_kernel: %s: %s\n", argv[1], strerror(errno));
	return 99;
}
