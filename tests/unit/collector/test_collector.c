/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of collector/collector, as `coldspan run` uses it. */
#include "collector/collector.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/announcing.h"
#include "tests/support/following.h"

#define ANNOUNCES          120u
#define TURNS_MAX          200 /* of the event loop */
#define OLD_PEERPIDFD      77
#define OLD_PIDFD_GET_INFO 0xc040ff0bu

static char folder[] = "/tmp/coldspan-collector-XXXXXX";
static char path[64];
static struct event_base *base;
static struct cs_collector *collector;

static void start(void)
{
	const struct cs_collector_options options = { .socket_path = path, .socket_mode = 0600 };
	struct cs_diag diag;

	cr_assert(ne(ptr, mkdtemp(folder), NULL));
	snprintf(path, sizeof(path), "%s/announce.sock", folder);
	base = event_base_new();
	cr_assert(eq(int, cs_collector_new(base, &options, &diag, &collector), 0));
}

static void stop(void)
{
	cs_collector_free(collector);
	event_base_free(base);
	rmdir(folder);
}

TestSuite(collector, .init = start, .fini = stop);

/* No pidfd with a connection, no exit status from one. Return: false: it takes no filters. */
static bool be_an_old_kernel(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getsockopt, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, OLD_PEERPIDFD, 0, 5),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOPROTOOPT),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, OLD_PIDFD_GET_INFO, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOTTY),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = sizeof(filter) / sizeof(filter[0]), .filter = filter };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/* A child that announces and ends at once, and was not waited for yet. */
static pid_t start_short(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		struct announced_segment segment;

		announced_make(&segment, "/test/child", 64, 1, ANNOUNCED_SEALS);
		announced_send(&segment, path);
		_exit(3);
	}
	cr_assert(eq(int, waitid(P_PID, (id_t)pid, NULL, WEXITED | WNOWAIT), 0));
	return pid;
}

Test(collector, a_child_that_is_looked_at_before_it_is_waited_for_is_known_by_its_pid)
{
	const struct cs_self *self;
	int status;
	pid_t pid;

	if (!be_an_old_kernel())
		cr_skip("no seccomp filters here");
	pid = start_short();
	cs_collector_child_ending(collector, pid);
	cr_assert(eq(int, waitpid(pid, &status, 0), pid));
	cs_collector_child_ended(collector, pid, status, NULL);
	cs_collector_stop(collector);
	self = cs_collector_get_self(collector);
	cr_expect(eq(u64, self->announces, 1));
	cr_expect(eq(u64, self->ends_known, 1));
	cr_expect(eq(u64, self->ends_unknown, 0));
}

Test(collector, what_there_is_no_descriptor_for_is_taken_in_when_it_stops)
{
	const struct rlimit limit = { .rlim_cur = 200, .rlim_max = 200 };
	const struct cs_self *self;

	cr_assert(eq(int, setrlimit(RLIMIT_NOFILE, &limit), 0));
	for (unsigned i = 0; i < ANNOUNCES; i++) {
		struct announced_segment segment;

		announced_make(&segment, "/test/stop", 64, 1, ANNOUNCED_SEALS);
		announced_send(&segment, path);
	}
	self = cs_collector_get_self(collector);
	for (int i = 0; i < TURNS_MAX && !self->intake_pauses; i++)
		following_turn(base);
	cr_assert(ne(u64, self->instances_now, 0));
	cr_assert(lt(u64, self->announces, ANNOUNCES));
	cs_collector_stop(collector);
	cr_expect(eq(u64, self->announces, ANNOUNCES));
	cr_expect(eq(u64, self->instances_ended, ANNOUNCES));
	cr_expect(eq(u64, self->announces_lost, 0));
}
