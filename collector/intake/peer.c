/* SPDX-License-Identifier: Apache-2.0 */

/* Credentials of peers; see peer.h. */
#include "collector/intake/peer.h"

#include <errno.h>
#include <sys/socket.h>

#include "collector/processes/pidfd.h"
#include "collector/processes/proc_reading.h"

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77 /* Linux 6.5 */
#endif

bool cs_peer_is_busy(int error)
{
	return error == -EMFILE || error == -ENFILE || error == -ENOMEM;
}

int cs_peer_open(int connection, struct cs_peer *ret)
{
	struct cs_peer peer = { .pidfd = -EBADF };
	struct ucred cred;
	socklen_t len = sizeof(cred);
	int r = 0;

	if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
		return -errno;
	peer.pid = cred.pid;
	peer.uid = cred.uid;
	peer.gid = cred.gid;
	len = sizeof(peer.pidfd);
	if (getsockopt(connection, SOL_SOCKET, SO_PEERPIDFD, &peer.pidfd, &len) < 0) {
		r = -errno;
		peer.pidfd = -EBADF;
	}
	/* A kernel that can give pidfds with connections, and gave none, says that it is dead. */
	if (r == -ENOPROTOOPT)
		r = cs_peer_find(&peer);
	if (cs_peer_is_busy(r))
		return r;
	*ret = peer;
	return 0;
}

int cs_peer_find(struct cs_peer *peer)
{
	cs_cleanup(cs_closep) int pidfd = -EBADF;
	struct cs_proc_origin origin;
	int r;

	if (peer->pid <= 0)
		return 0;
	pidfd = cs_pidfd_open(peer->pid);
	r = pidfd < 0 ? pidfd : cs_proc_read_origin(peer->pid, peer->uid, &origin);
	if (r < 0)
		return cs_peer_is_busy(r) ? r : 0;
	if (cs_pidfd_reaped(pidfd) || origin.uid != peer->uid)
		return 0;
	peer->start_ns = origin.start_ns;
	peer->pidfd = cs_take_fd(&pidfd);
	return 0;
}

void cs_peer_confirm(struct cs_peer *peer, uint64_t attach_boottime_ns)
{
	if (peer->start_ns > attach_boottime_ns + CS_PROC_TICK_NS)
		cs_peer_close(peer);
}

void cs_peer_close(struct cs_peer *peer)
{
	cs_closep(&peer->pidfd);
	peer->pidfd = -EBADF;
}
