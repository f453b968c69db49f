/* SPDX-License-Identifier: Apache-2.0 */

/* Who listens, by netlink's sock_diag; see listening.h. */
#include "runtime/listening.h"

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

struct question {
	struct nlmsghdr header;
	struct inet_diag_req_v2 body;
};

union answer {
	struct nlmsghdr header;
	char bytes[2048];
};

int cs_listening_open(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_SOCK_DIAG);

	return fd < 0 ? -errno : fd;
}

static int read_answer(union answer *answer, size_t len)
{
	if (!NLMSG_OK(&answer->header, len))
		return -EPROTO;
	if (answer->header.nlmsg_type == NLMSG_ERROR &&
	    answer->header.nlmsg_len >= NLMSG_LENGTH(sizeof(struct nlmsgerr))) {
		int error = ((const struct nlmsgerr *)NLMSG_DATA(&answer->header))->error;

		return error == -ENOENT ? 0 : error < 0 ? error : -EPROTO;
	}
	if (answer->header.nlmsg_type == SOCK_DIAG_BY_FAMILY &&
	    answer->header.nlmsg_len >= NLMSG_LENGTH(sizeof(struct inet_diag_msg))) {
		const struct inet_diag_msg *found = NLMSG_DATA(&answer->header);

		return found->idiag_state == TCP_LISTEN;
	}
	return -EPROTO;
}

int cs_listening_ask(int fd, uint16_t port)
{
	const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct question question = {
		.header = {
			.nlmsg_len = sizeof(question),
			.nlmsg_type = SOCK_DIAG_BY_FAMILY,
			.nlmsg_flags = NLM_F_REQUEST,
		},
		.body = {
			.sdiag_family = AF_INET,
			.sdiag_protocol = IPPROTO_TCP,
			.idiag_states = ~0U,
			.id = {
				.idiag_sport = htons(port),
				.idiag_src = { htonl(INADDR_LOOPBACK) },
				.idiag_cookie = { INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE },
			},
		},
	};
	union answer answer;
	ssize_t len;

	if (sendto(fd, &question, sizeof(question), MSG_DONTWAIT, (const struct sockaddr *)&kernel,
		   sizeof(kernel)) < 0)
		return -errno;
	len = recv(fd, &answer, sizeof(answer), MSG_DONTWAIT); /* it is there when sendto returns */
	return len < 0 ? -errno : read_answer(&answer, (size_t)len);
}
