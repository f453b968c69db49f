/* SPDX-License-Identifier: Apache-2.0 */

/* One question over netlink; see owner.h. */
#include "exporters/net/owner.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ESTABLISHED 1 /* enum of net/tcp_states.h, which is the kernel's alone */

struct question {
	struct nlmsghdr header;
	struct inet_diag_req_v2 body;
};

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

struct answer {
	struct nlmsghdr header;
	union {
		struct inet_diag_msg socket;
		struct nlmsgerr error;
	} body;
	char attributes[512]; /* that nobody asked for */
};

static void put_address(const union address *from, __be32 to[4], __be16 *to_port)
{
	if (from->any.sa_family == AF_INET) {
		memcpy(to, &from->v4.sin_addr, sizeof(from->v4.sin_addr));
		*to_port = from->v4.sin_port;
	} else {
		memcpy(to, &from->v6.sin6_addr, sizeof(from->v6.sin6_addr));
		*to_port = from->v6.sin6_port;
	}
}

/* Its own address is our peer's, and its peer's is ours. */
static int describe(int fd, struct inet_diag_req_v2 *ret)
{
	union address own, peer;
	socklen_t own_len = sizeof(own), peer_len = sizeof(peer);

	if (getsockname(fd, &own.any, &own_len) < 0 || getpeername(fd, &peer.any, &peer_len) < 0)
		return -errno;
	if (peer.any.sa_family != AF_INET && peer.any.sa_family != AF_INET6)
		return -EAFNOSUPPORT;
	ret->sdiag_family = (uint8_t)peer.any.sa_family;
	ret->sdiag_protocol = IPPROTO_TCP;
	ret->idiag_states = 1u << ESTABLISHED;
	ret->id.idiag_cookie[0] = ret->id.idiag_cookie[1] = (uint32_t)INET_DIAG_NOCOOKIE;
	put_address(&peer, ret->id.idiag_src, &ret->id.idiag_sport);
	put_address(&own, ret->id.idiag_dst, &ret->id.idiag_dport);
	return 0;
}

static int ask(const struct question *question, struct answer *ret, size_t *ret_len)
{
	int netlink = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG), r = 0;
	ssize_t n;

	if (netlink < 0)
		return -errno;
	/* The answer is there when the question was sent: it is made in that call. */
	if (send(netlink, question, sizeof(*question), 0) < 0 ||
	    (n = recv(netlink, ret, sizeof(*ret), MSG_DONTWAIT)) < 0)
		r = -errno;
	else
		*ret_len = (size_t)n;
	close(netlink);
	return r;
}

int cs_net_owner(int fd, uint32_t *ret_uid)
{
	struct question question = {
		.header = { .nlmsg_len = sizeof(question),
			    .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			    .nlmsg_flags = NLM_F_REQUEST },
	};
	struct answer answer;
	size_t len = 0;
	int r = describe(fd, &question.body);

	if (r == 0)
		r = ask(&question, &answer, &len);
	if (r < 0)
		return r;
	if (len >= sizeof(answer.header) + sizeof(answer.body.error) &&
	    answer.header.nlmsg_type == NLMSG_ERROR)
		return answer.body.error.error < 0 ? answer.body.error.error : -ENOENT;
	/* Where there is no such connection, the kernel finds who listens there. */
	if (len < sizeof(answer.header) + sizeof(answer.body.socket) ||
	    answer.header.nlmsg_type != SOCK_DIAG_BY_FAMILY ||
	    answer.body.socket.idiag_state != ESTABLISHED)
		return -ENOENT;
	*ret_uid = answer.body.socket.idiag_uid;
	return 0;
}
