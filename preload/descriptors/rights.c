/* SPDX-License-Identifier: Apache-2.0 */

#include "preload/descriptors/rights.h"

#include <stddef.h>
#include <sys/socket.h>

void cs_rights_each(const struct msghdr *message, void (*each)(int fd))
{
	const unsigned char *at = message->msg_control;
	size_t left = at ? message->msg_controllen : 0;

	while (left >= sizeof(struct cmsghdr)) {
		const struct cmsghdr *head = (const void *)at;
		const int *fds = (const void *)(head + 1);
		size_t len = head->cmsg_len, step = (len + 7) & ~(size_t)7;

		if (len < sizeof(*head) || len > left)
			return;
		if (head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS) {
			for (size_t i = 0; i < (len - sizeof(*head)) / sizeof(int); i++)
				each(fds[i]);
		}
		if (step >= left)
			return;
		at += step;
		left -= step;
	}
}
