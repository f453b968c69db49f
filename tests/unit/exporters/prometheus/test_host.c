/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of exporters/prometheus/host. */
#include "exporters/prometheus/host.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>

static const struct {
	const char *address, *host;
	int port; /* or a negative errno */
} addresses[] = {
	{ "9464", "", 9464 },
	{ "0", "", 0 },
	{ "127.0.0.1:9464", "127.0.0.1", 9464 },
	{ "[::1]:9464", "::1", 9464 },
	{ "[2001:db8::1]:65535", "2001:db8::1", 65535 },
	{ "localhost:1", "localhost", 1 },
	{ "metrics.example:80", "metrics.example", 80 },
	{ "", NULL, -EINVAL },
	{ ":9464", NULL, -EINVAL },
	{ "127.0.0.1", NULL, -EINVAL },
	{ "127.0.0.1:", NULL, -EINVAL },
	{ "127.0.0.1:65536", NULL, -EINVAL },
	{ "127.0.0.1:-1", NULL, -EINVAL },
	{ "127.0.0.1:94640000", NULL, -EINVAL },
	{ "127.0.0.1:80x", NULL, -EINVAL },
	{ "::1:9464", NULL, -EINVAL },
	{ "[::1]9464", NULL, -EINVAL },
	{ "[]:1", NULL, -EINVAL },
	{ "[:1", NULL, -EINVAL },
	{ "a.name.that.is.too.long.for.its.place:1", NULL, -ENAMETOOLONG },
};

Test(host, addresses_are_taken_apart)
{
	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		char host[32] = "?";
		uint16_t port = 0;
		int r = cs_host_split(addresses[i].address, host, sizeof(host), &port);

		cr_assert(eq(int, r < 0 ? r : port, addresses[i].port), "%s", addresses[i].address);
		if (r == 0)
			cr_assert(eq(str, host, (char *)addresses[i].host), "%s",
				  addresses[i].address);
	}
}

static const struct {
	const char *header;
	bool allowed;
} headers[] = {
	{ NULL, true },
	{ "127.0.0.1", true },
	{ "127.0.0.1:9464", true },
	{ "10.1.2.3:9464", true },
	{ "[::1]:9464", true },
	{ "[::1]", true },
	{ "localhost:9464", true },
	{ "LocalHost", true },
	{ "own.example:9464", true },
	{ "OWN.example", true },
	{ "evil.example", false },
	{ "evil.example:9464", false },
	{ "127.0.0.1.evil.example", false },
	{ "localhost.evil.example", false },
	{ "own.example.evil.example", false },
	{ "own.exampl", false },
	{ "", false },
	{ ":9464", false },
	{ "[::1", false },
	{ "[::1]x", false },
	{ "[evil.example]", false },
	{ "127.1", false }, /* a name to us, and harmless to refuse */
};

Test(host, names_of_others_are_refused)
{
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		cr_assert(eq(int, cs_host_allowed(headers[i].header, "own.example"),
			     headers[i].allowed),
			  "%s", headers[i].header);
	cr_assert(not(cs_host_allowed("evil.example", NULL)));
	cr_assert(not(cs_host_allowed("", "")));
}
