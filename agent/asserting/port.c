/* SPDX-License-Identifier: Apache-2.0 */

/* Free ports; see port.h. */
#include "agent/asserting/port.h"

#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

#define TRIES 256

struct window {
	uint16_t first, count;
};

/* Above Linux' default range; else a stretch with few registered ports, below Kubernetes' own. */
static const struct window windows[] = {
	{ .first = 61001, .count = 65536 - 61001 },
	{ .first = 20000, .count = 10000 },
};

static struct window window_beside(const char *range_text)
{
	unsigned low, high;

	if (!range_text || sscanf(range_text, "%u %u", &low, &high) != 2)
		return windows[0];
	for (size_t i = 0; i < sizeof(windows) / sizeof(windows[0]); i++) {
		unsigned last = windows[i].first + windows[i].count - 1U;

		if (last < low || windows[i].first > high)
			return windows[i];
	}
	return windows[0];
}

/* Return: a descriptor; -EADDRINUSE somebody else has it; else there are no such names here. */
static int claim(uint16_t port)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	cs_cleanup(cs_closep) int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int len = snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1,
			   "coldspan-faas port %u", port);

	if (fd < 0 ||
	    bind(fd, (const struct sockaddr *)&address,
		 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)len)) < 0)
		return -errno;
	return cs_take_fd(&fd);
}

/* Without SO_REUSEADDR: what lingers there counts as taken, as it would for the server. */
static int try_port(uint16_t port)
{
	const struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	cs_cleanup(cs_closep) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	return 0;
}

int cs_port_take(const char *range_text, uint16_t start, uint16_t *ret, int *ret_claim)
{
	const struct window window = window_beside(range_text);
	int r = -EADDRINUSE;

	for (unsigned i = 0; i < TRIES && r == -EADDRINUSE; i++) {
		uint16_t port = (uint16_t)(window.first + (start + i) % window.count);
		cs_cleanup(cs_closep) int claimed = claim(port);

		r = claimed == -EADDRINUSE ? claimed : try_port(port);
		if (r == 0) {
			*ret = port;
			*ret_claim = claimed < 0 ? -EBADF : cs_take_fd(&claimed);
		}
	}
	return r;
}
