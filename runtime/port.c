/* SPDX-License-Identifier: Apache-2.0 */

/* Free ports; see port.h. */
#include "runtime/port.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>

#define TRIES 256

/* Above Linux' default range; else a stretch with few registered ports, below Kubernetes' own. */
static const struct cs_ports windows[] = {
	{ .first = 61001, .count = 65536 - 61001 },
	{ .first = 20000, .count = 10000 },
};

void cs_ports_init(struct cs_ports *ports, const char *range_text)
{
	unsigned low = 32768, high = 60999;
	uint16_t start;

	if (!range_text || sscanf(range_text, "%u %u", &low, &high) != 2) {
		low = 32768;
		high = 60999;
	}
	*ports = windows[0];
	for (size_t i = 0; i < sizeof(windows) / sizeof(windows[0]); i++) {
		unsigned last = windows[i].first + windows[i].count - 1U;

		if (last < low || windows[i].first > high) {
			*ports = windows[i];
			break;
		}
	}
	/* Two runtimes on a host do not try the same ports at the same time. */
	if (getrandom(&start, sizeof(start), GRND_NONBLOCK) == sizeof(start))
		ports->next = start % ports->count;
}

void cs_ports_read(struct cs_ports *ports)
{
	cs_cleanup(cs_fd_close) int fd =
		open("/proc/sys/net/ipv4/ip_local_port_range", O_RDONLY | O_CLOEXEC);
	char text[64];
	ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (got > 0)
		text[got] = 0;
	cs_ports_init(ports, got > 0 ? text : NULL);
}

/* Return: a descriptor; -EADDRINUSE another runtime has it; else there are no such names here. */
static int claim(uint16_t port)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	cs_cleanup(cs_fd_close) int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int len = snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1,
			   "coldspan-faas port %u", port);
	int own;

	if (fd < 0 ||
	    bind(fd, (const struct sockaddr *)&address,
		 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)len)) < 0)
		return -errno;
	own = fd;
	fd = -EBADF;
	return own;
}

/* Without SO_REUSEADDR: what lingers there counts as taken, as it would for the instance. */
static int try_port(uint16_t port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	cs_cleanup(cs_fd_close) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	return 0;
}

int cs_ports_take(struct cs_ports *ports, uint16_t *ret, int *ret_claim)
{
	for (int i = 0; i < TRIES; i++) {
		uint16_t port = (uint16_t)(ports->first + ports->next);
		cs_cleanup(cs_fd_close) int claimed = claim(port);
		int r = claimed == -EADDRINUSE ? claimed : try_port(port);

		ports->next = (uint16_t)((ports->next + 1U) % ports->count);
		if (!r) {
			*ret = port;
			*ret_claim = claimed;
			claimed = -EBADF;
		}
		if (r != -EADDRINUSE)
			return r;
	}
	return -EADDRINUSE;
}
