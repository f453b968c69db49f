/* SPDX-License-Identifier: Apache-2.0 */

/* Credentials of peers; see peer.h. */
#include "collector/peer.h"

#include <errno.h>
#include <sys/socket.h>

#include "collector/pidfd.h"
#include "collector/procfs.h"

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77 /* Linux 6.5 */
#endif

int cs_peer_open(int connection, struct cs_peer *ret)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);
	int pidfd = -EBADF;

	if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
		return -errno;
	len = sizeof(pidfd);
	if (getsockopt(connection, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &len) < 0)
		pidfd = errno == ENOPROTOOPT ? -ENOSYS : -EBADF;
	*ret = (struct cs_peer){
		.pid = cred.pid, .uid = cred.uid, .gid = cred.gid, .pidfd = pidfd
	};
	return 0;
}

void cs_peer_confirm(struct cs_peer *peer, uint64_t attach_boottime_ns)
{
	cs_cleanup(cs_closep) int pidfd = -EBADF;
	struct cs_proc_status status;
	struct cs_proc_stat stat;

	/* A kernel that can give pidfds with connections, and gave none, says that it is dead. */
	if (peer->pidfd != -ENOSYS)
		return;
	peer->pidfd = -EBADF;
	if (peer->pid <= 0)
		return;
	pidfd = cs_pidfd_open(peer->pid);
	if (pidfd < 0 || cs_proc_get_stat(peer->pid, &stat) < 0 ||
	    cs_proc_get_status(peer->pid, &status) < 0 || cs_pidfd_reaped(pidfd))
		return;
	if (stat.start_ns > attach_boottime_ns + CS_PROC_TICK_NS || status.uid != peer->uid)
		return;
	peer->pidfd = cs_take_fd(&pidfd);
}

void cs_peer_close(struct cs_peer *peer)
{
	cs_closep(&peer->pidfd);
	peer->pidfd = -EBADF;
}
