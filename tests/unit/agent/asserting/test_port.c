/* SPDX-License-Identifier: Apache-2.0 */

#include "agent/asserting/port.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

/* The runtime has helpers of its own, of the same names. */
#define cs_freep cs_runtime_freep
#undef cs_cleanup
#undef cs_must_use
#include "runtime/port.h"

static uint16_t take(const char *range, uint16_t start, int *ret_claim)
{
	uint16_t port;

	cr_assert(zero(int, cs_port_take(range, start, &port, ret_claim)));
	return port;
}

Test(port, it_keeps_clear_of_outgoing_connections)
{
	static const struct {
		const char *range;
		unsigned low, high;
	} cases[] = { { "32768\t60999\n", 32768, 60999 },
		      { "30000\t65535\n", 30000, 65535 },
		      { NULL, 32768, 60999 },
		      { "nonsense", 32768, 60999 } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (unsigned start = 0; start < 65536; start += 4093) {
			int claim;
			uint16_t port = take(cases[i].range, (uint16_t)start, &claim);

			cr_assert(port < cases[i].low || port > cases[i].high, "%u", port);
			close(claim);
		}
	}
}

/* Whose server listens first would be given the events of both. */
Test(port, what_one_has_taken_is_nobody_elses_until_it_is_closed)
{
	int claims[2];
	uint16_t first = take(NULL, 4000, &claims[0]), second = take(NULL, 4000, &claims[1]);

	cr_assert(ne(u16, first, second));
	cr_assert(ne(int, fcntl(claims[0], F_GETFD) & FD_CLOEXEC, 0));
	close(claims[0]);
	close(claims[1]);
}

Test(port, a_port_that_somebody_is_bound_to_is_passed_over)
{
	int claims[2], fd = socket(AF_INET, SOCK_STREAM, 0);
	uint16_t first = take(NULL, 3000, &claims[0]);
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons(first),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	cr_assert(zero(int, bind(fd, (struct sockaddr *)&address, sizeof(address))));
	close(claims[0]);
	cr_assert(ne(u16, take(NULL, 3000, &claims[1]), first));
	close(claims[1]);
	close(fd);
}

/* coldspan-faas gives its instances ports in the same way. */
Test(port, what_a_runtime_has_given_is_not_taken)
{
	struct cs_ports ports;
	uint16_t given;
	int claims[2];

	cs_ports_init(&ports, NULL);
	cr_assert(zero(int, cs_ports_take(&ports, &given, &claims[0])));
	cr_assert(ne(u16, take(NULL, (uint16_t)(given - 61001), &claims[1]), given));
	close(claims[0]);
	close(claims[1]);
}
