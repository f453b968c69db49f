/* SPDX-License-Identifier: Apache-2.0 */

/* Hosts of requests and of ourselves; see host.h. */
#include "exporters/prometheus/host.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int parse_port(const char *text, uint16_t *ret)
{
	unsigned long port = 0;

	if (!*text || strlen(text) > 5)
		return -EINVAL;
	for (const char *c = text; *c; c++) {
		if (*c < '0' || *c > '9')
			return -EINVAL;
		port = port * 10 + (unsigned long)(*c - '0');
	}
	if (port > UINT16_MAX)
		return -EINVAL;
	*ret = (uint16_t)port;
	return 0;
}

int cs_host_split(const char *address, char *host, size_t size, uint16_t *port)
{
	const char *colon = strrchr(address, ':'), *begin = address, *end = colon;

	if (!colon) {
		*host = '\0';
		return parse_port(address, port);
	}
	if (*begin == '[') {
		begin++;
		end--;
		if (end <= begin || *end != ']')
			return -EINVAL;
	} else if (memchr(begin, ':', (size_t)(end - begin)) || begin == end) {
		return -EINVAL; /* an IPv6 address without brackets */
	}
	if ((size_t)(end - begin) >= size)
		return -ENAMETOOLONG;
	memcpy(host, begin, (size_t)(end - begin));
	host[end - begin] = '\0';
	return parse_port(colon + 1, port);
}

static bool is_address(const char *host)
{
	struct in6_addr address;

	return inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1;
}

/* Whether it has a port, and which, says nothing of who asks. */
bool cs_host_allowed(const char *header, const char *own)
{
	char host[256];
	size_t len;

	if (!header)
		return true;
	if (*header == '[') {
		header++;
		len = strcspn(header, "]");
		if (header[len] != ']' || (header[len + 1] && header[len + 1] != ':'))
			return false;
	} else {
		len = strcspn(header, ":");
	}
	if (len >= sizeof(host))
		return false;
	memcpy(host, header, len);
	host[len] = '\0';
	return is_address(host) || !strcasecmp(host, "localhost") ||
	       (*host && own && !strcasecmp(host, own));
}
