/* SPDX-License-Identifier: Apache-2.0 */

/* Addresses of a host; see addresses.h. */
#include "exporters/net/addresses.h"

#include <event2/dns.h>
#include <event2/util.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#define LOOPBACK_WAIT_MS 2 /* our own kernel answers within microseconds */

/*
 * libevent reports the end of a cancelled look-up later, when its resolver may be gone (2.1.12 then
 * touches freed memory). So none is cancelled: it runs to its end, and finds out there whether
 * somebody still waits.
 */
struct cs_lookup {
	struct cs_addresses *waiting; /* NULL: nobody */
};

static void add(struct cs_addresses *addresses, const char *text)
{
	if (addresses->count == CS_ADDRESSES_MAX)
		return;
	snprintf(addresses->text[addresses->count++], sizeof(addresses->text[0]), "%s", text);
}

static bool is_address(const char *host)
{
	unsigned char bytes[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, host, bytes) == 1 || inet_pton(AF_INET6, host, bytes) == 1;
}

static void found(int error, struct evutil_addrinfo *info, void *arg)
{
	struct cs_lookup *lookup = arg;
	struct cs_addresses *addresses = lookup->waiting;

	free(lookup);
	for (struct evutil_addrinfo *at = info; at && addresses; at = at->ai_next) {
		char text[INET6_ADDRSTRLEN];
		const void *bytes;

		if (at->ai_family == AF_INET)
			bytes = &((const struct sockaddr_in *)(const void *)at->ai_addr)->sin_addr;
		else if (at->ai_family == AF_INET6)
			bytes = &((const struct sockaddr_in6 *)(const void *)at->ai_addr)
					 ->sin6_addr;
		else
			continue;
		if (evutil_inet_ntop(at->ai_family, bytes, text, sizeof(text)))
			add(addresses, text);
	}
	if (info)
		evutil_freeaddrinfo(info);
	if (!addresses)
		return;
	addresses->lookup = NULL;
	addresses->fn(addresses->user, error);
}

int cs_addresses_find(struct cs_addresses *addresses, struct event_base *base, const char *host,
		      cs_addresses_fn fn, void *user)
{
	struct evutil_addrinfo hints = { .ai_family = AF_UNSPEC,
					 .ai_socktype = SOCK_STREAM,
					 .ai_protocol = IPPROTO_TCP };
	struct cs_lookup *lookup;

	addresses->count = 0;
	if (is_address(host)) {
		add(addresses, host);
		return 0;
	}
	if (strcasecmp(host, "localhost") == 0) { /* RFC 6761 section 6.3 */
		add(addresses, "127.0.0.1");
		add(addresses, "::1");
		return 0;
	}
	if (!addresses->dns)
		addresses->dns = evdns_base_new(base, EVDNS_BASE_INITIALIZE_NAMESERVERS |
							      EVDNS_BASE_DISABLE_WHEN_INACTIVE);
	if (!addresses->dns)
		return -EIO;
	addresses->fn = fn;
	addresses->user = user;
	lookup = calloc(1, sizeof(*lookup));
	if (!lookup)
		return -ENOMEM;
	lookup->waiting = addresses;
	addresses->lookup = lookup; /* before the call: the answer may come from inside it */
	evdns_getaddrinfo(addresses->dns, host, NULL, &hints, found, lookup);
	return 1;
}

int cs_addresses_refusal(const char *address, uint16_t port)
{
	cs_cleanup(cs_closep) int fd = -EBADF;
	struct sockaddr_in6 to6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	struct sockaddr_in to4 = { .sin_family = AF_INET, .sin_port = htons(port) };
	bool is4 = inet_pton(AF_INET, address, &to4.sin_addr) == 1;
	const struct sockaddr *to =
		is4 ? (const struct sockaddr *)&to4 : (const struct sockaddr *)&to6;
	bool is_loopback = strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0;
	struct pollfd p = { .events = POLLOUT };
	socklen_t len = sizeof(int);
	int why = 0;

	if (!is4 && inet_pton(AF_INET6, address, &to6.sin6_addr) != 1)
		return 0;
	fd = socket(to->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return errno;
	if (connect(fd, to, is4 ? sizeof(to4) : sizeof(to6)) == 0)
		return 0;
	if (errno != EINPROGRESS)
		return errno;
	p.fd = fd;
	if (poll(&p, 1, is_loopback ? LOOPBACK_WAIT_MS : 0) <= 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_ERROR, &why, &len) < 0)
		return 0;
	return why;
}

void cs_addresses_abandon(struct cs_addresses *addresses)
{
	if (addresses->lookup)
		addresses->lookup->waiting = NULL;
	addresses->lookup = NULL;
}

void cs_addresses_deinit(struct cs_addresses *addresses)
{
	cs_addresses_abandon(addresses);
	if (addresses->dns)
		evdns_base_free(addresses->dns, 1); /* 1: look-ups under way end with an error */
	*addresses = (struct cs_addresses){ 0 };
}
