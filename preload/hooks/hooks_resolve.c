/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Names that libc looks up. Told before and after: who waits for a name server that does not answer may
 * be killed there. Addresses written as such are no names.
 */
#include <netdb.h>
#include <netinet/in.h>
#include <stddef.h>

#include "preload/hooks/borrowed.h"
#include "preload/hooks/hook.h"
#include "preload/shim.h"

#define NAME_MAX_BYTES 255u /* RFC 1035 section 2.3.4 */

struct lookup {
	char text[NAME_MAX_BYTES + CS_LOOKUP_ADDRESSES_MAX * 16];
	struct cs_rec_lookup rec;
};

static bool is_name(const char *node)
{
	bool letters = false;

	for (; *node; node++) {
		if (*node == ':')
			return false;
		letters |= (*node < '0' || *node > '9') && *node != '.';
	}
	return letters;
}

static void begin(struct lookup *lookup, const char *name)
{
	uint16_t len = 0;

	while (len < NAME_MAX_BYTES && name[len]) {
		lookup->text[len] = name[len];
		len++;
	}
	lookup->rec = (struct cs_rec_lookup){ .begin_ns = cs_now(), .name_len = len };
	cs_emit(CS_RECORD_LOOKUP, CS_PRIORITY_LOW, lookup->rec.begin_ns, &lookup->rec,
		sizeof(lookup->rec), lookup->text, len);
}

/* An address may come several times, for several types of socket. */
static bool add_address(struct lookup *lookup, const struct addrinfo *info)
{
	char *at = lookup->text + lookup->rec.name_len + lookup->rec.addresses_count * 16u;
	const struct sockaddr_in6 *in6 = (const void *)info->ai_addr;
	const struct sockaddr_in *in = (const void *)info->ai_addr;

	if (!in || (info->ai_family != AF_INET && info->ai_family != AF_INET6))
		return true;
	if (info->ai_family == AF_INET) {
		__builtin_memset(at, 0, 10);
		at[10] = at[11] = (char)0xff;
		__builtin_memcpy(at + 12, &in->sin_addr, 4);
	} else {
		__builtin_memcpy(at, &in6->sin6_addr, 16);
	}
	for (char *other = lookup->text + lookup->rec.name_len; other < at; other += 16) {
		if (!__builtin_memcmp(other, at, 16))
			return true;
	}
	lookup->rec.addresses_count++;
	return lookup->rec.addresses_count < CS_LOOKUP_ADDRESSES_MAX;
}

static void end(struct lookup *lookup, int error, const struct addrinfo *info)
{
	lookup->rec.done = 1;
	lookup->rec.error = error;
	while (!error && info && add_address(lookup, info))
		info = info->ai_next;
	cs_emit(CS_RECORD_LOOKUP, CS_PRIORITY_LOW, cs_now(), &lookup->rec, sizeof(lookup->rec),
		lookup->text, lookup->rec.name_len + lookup->rec.addresses_count * 16u);
}

CS_HOOK(int, getaddrinfo,
	(const char *node, const char *service, const struct addrinfo *hints,
	 struct addrinfo **result))
{
	struct lookup lookup;
	int ret;

	if (!node || !cs_shim_watching() || !is_name(node) || !cs_tables_may_change())
		return CS_REAL(getaddrinfo)(node, service, hints, result);
	begin(&lookup, node);
	ret = CS_REAL(getaddrinfo)(node, service, hints, result);
	end(&lookup, ret, ret == 0 ? *result : NULL);
	return ret;
}
