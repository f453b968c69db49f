/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/port.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/listening.h"

/* Ports of this test alone: no runtime on this machine gives them, and none is a run beside this one's. */
static struct cs_ports own_ports(void)
{
	return (struct cs_ports){ .first = (uint16_t)(10000 + getpid() % 1200 * 8), .count = 8 };
}

static bool overlaps(const struct cs_ports *ports, unsigned low, unsigned high)
{
	return ports->first <= high && ports->first + ports->count - 1u >= low;
}

Test(port, range_keeps_clear_of_outgoing_connections)
{
	struct cs_ports ports;

	cs_ports_init(&ports, "32768\t60999\n");
	cr_assert(not(overlaps(&ports, 32768, 60999)));
	cs_ports_init(&ports, "30000\t65535\n");
	cr_assert(not(overlaps(&ports, 30000, 65535)));
	cs_ports_init(&ports, NULL);
	cr_assert(not(overlaps(&ports, 32768, 60999)));
	cs_ports_init(&ports, "nonsense");
	cr_assert(not(overlaps(&ports, 32768, 60999)));
	cs_ports_init(&ports, "1024 65535"); /* leaves no room: any range will do */
	cr_assert(ne(u16, ports.count, 0));
}

static int listen_on(uint16_t port, int type)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons(port),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, type, 0);

	cr_assert(zero(int, bind(fd, (struct sockaddr *)&address, sizeof(address))));
	return fd;
}

Test(port, a_taken_port_is_passed_over_and_none_comes_twice_in_a_row)
{
	struct cs_ports ports = own_ports(), again = ports;
	uint16_t first, second;
	int fd, claims[3];

	cr_assert(zero(int, cs_ports_take(&ports, &first, &claims[0])));
	cr_assert(zero(int, cs_ports_take(&ports, &second, &claims[1])));
	cr_assert(ne(u16, first, second));
	fd = listen_on(first, SOCK_STREAM);
	close(claims[0]);
	cr_assert(zero(int, cs_ports_take(&again, &second, &claims[2])));
	cr_assert(ne(u16, first, second));
	close(fd);
	close(claims[1]);
	close(claims[2]);
}

/* Whose instance listens first would be given the events of both. */
Test(port, what_another_runtime_has_given_is_free_when_its_instance_is_gone)
{
	struct cs_ports ports = own_ports(), others = ports, again = ports;
	uint16_t first, second;
	int claims[2];

	cr_assert(zero(int, cs_ports_take(&ports, &first, &claims[0])));
	cr_assert(zero(int, cs_ports_take(&others, &second, &claims[1])));
	cr_assert(ne(u16, first, second));
	cr_assert(ne(int, fcntl(claims[0], F_GETFD) & FD_CLOEXEC, 0));
	close(claims[0]);
	close(claims[1]);
	cr_assert(zero(int, cs_ports_take(&again, &second, &claims[0])));
	cr_assert(eq(u16, first, second));
	close(claims[0]);
}

Test(port, listening_is_seen_from_the_call_of_listen_to_the_close)
{
	struct cs_ports ports = own_ports();
	uint16_t port;
	int ask = cs_listening_open(), fd, claim;

	if (ask < 0)
		cr_skip_test("this machine does not answer sock_diag");
	cr_assert(zero(int, cs_ports_take(&ports, &port, &claim)));
	close(claim);
	cr_assert(eq(int, cs_listening_ask(ask, port), 0));
	fd = listen_on(port, SOCK_STREAM);
	cr_assert(eq(int, cs_listening_ask(ask, port), 0));
	cr_assert(zero(int, listen(fd, 1)));
	cr_assert(eq(int, cs_listening_ask(ask, port), 1));
	close(fd);
	cr_assert(eq(int, cs_listening_ask(ask, port), 0));
	close(ask);
}

Test(port, a_server_on_all_addresses_of_both_families_is_seen)
{
	struct sockaddr_in6 address = { .sin6_family = AF_INET6 };
	socklen_t len = sizeof(address);
	int ask = cs_listening_open(), fd = socket(AF_INET6, SOCK_STREAM, 0);

	if (ask < 0 || fd < 0 || bind(fd, (struct sockaddr *)&address, len) < 0)
		cr_skip_test("no sock_diag or no IPv6 on this machine");
	cr_assert(zero(int, listen(fd, 1)));
	cr_assert(zero(int, getsockname(fd, (struct sockaddr *)&address, &len)));
	cr_assert(eq(int, cs_listening_ask(ask, ntohs(address.sin6_port)), 1));
	close(fd);
	close(ask);
}
