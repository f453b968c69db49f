/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of collector/peer, as on kernels that give no pidfd with a connection. */
#include "collector/intake/peer.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "collector/processes/pidfd.h"
#include "collector/processes/procfs.h"

static struct cs_peer peer_without_pidfd(int32_t pid)
{
	return (struct cs_peer){ .pid = pid, .uid = getuid(), .gid = getgid(), .pidfd = -EBADF };
}

Test(peer, the_kernel_tells_who_connected)
{
	struct cs_peer peer;
	int pair[2];

	cr_assert(eq(int, socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0));
	cr_assert(eq(int, cs_peer_open(pair[0], &peer), 0));
	cr_expect(eq(i32, peer.pid, getpid()));
	cr_expect(eq(u32, peer.uid, getuid()));
	cs_peer_close(&peer);
	cr_expect(eq(int, peer.pidfd, -EBADF));
}

Test(peer, a_pid_whose_process_is_old_enough_is_believed)
{
	struct cs_peer peer = peer_without_pidfd(getpid());

	cr_assert(eq(int, cs_peer_find(&peer), 0));
	cs_peer_confirm(&peer, cs_clock_ns(CLOCK_BOOTTIME));
	cr_assert(not(lt(int, peer.pidfd, 0)));
	cr_expect(not(cs_pidfd_exited(peer.pidfd)));
	cs_peer_close(&peer);
}

Test(peer, a_process_younger_than_the_attach_is_a_stranger)
{
	struct cs_peer peer = peer_without_pidfd(getpid());
	struct cs_proc_stat stat;

	cr_assert(eq(int, cs_proc_get_stat(getpid(), &stat), 0));
	cr_assert(eq(int, cs_peer_find(&peer), 0));
	cr_assert(not(lt(int, peer.pidfd, 0)));
	cs_peer_confirm(&peer, stat.start_ns - 1000000000u);
	cr_expect(eq(int, peer.pidfd, -EBADF));
}

Test(peer, a_process_of_another_user_is_a_stranger)
{
	struct cs_peer peer = peer_without_pidfd(getpid());

	peer.uid = getuid() + 1;
	cr_assert(eq(int, cs_peer_find(&peer), 0));
	cr_expect(eq(int, peer.pidfd, -EBADF));
}

Test(peer, a_process_that_is_gone_has_no_pidfd)
{
	struct cs_peer peer;
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	waitpid(pid, NULL, 0);
	peer = peer_without_pidfd(pid);
	cr_assert(eq(int, cs_peer_find(&peer), 0));
	cr_expect(eq(int, peer.pidfd, -EBADF));
}

/* Leave @free descriptors. */
static void fill_descriptors(unsigned free)
{
	const struct rlimit limit = { .rlim_cur = 256, .rlim_max = 256 };
	int last = -1, fd;

	cr_assert(eq(int, setrlimit(RLIMIT_NOFILE, &limit), 0));
	while ((fd = dup(STDERR_FILENO)) >= 0)
		last = fd;
	for (unsigned i = 0; i < free; i++)
		close(last - (int)i);
}

Test(peer, without_a_descriptor_nobody_is_dead)
{
	struct cs_peer peer;
	int pair[2];

	cr_assert(eq(int, socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0));
	fill_descriptors(0);
	cr_assert(eq(int, cs_peer_open(pair[0], &peer), -EMFILE));
}

Test(peer, without_a_descriptor_nobody_is_a_stranger)
{
	struct cs_peer peer = peer_without_pidfd(getpid());

	fill_descriptors(0);
	cr_expect(eq(int, cs_peer_find(&peer), -EMFILE));
}

Test(peer, without_a_descriptor_for_its_start_time_nobody_is_a_stranger)
{
	struct cs_peer peer = peer_without_pidfd(getpid());

	fill_descriptors(1);
	cr_expect(eq(int, cs_peer_find(&peer), -EMFILE));
	cr_expect(eq(int, peer.pidfd, -EBADF));
}
