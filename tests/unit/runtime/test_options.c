/* SPDX-License-Identifier: Apache-2.0 */

/* The messages are checked end to end in tests/runtime/test_serve.py. */
#include "runtime/options.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>

struct address {
	char text[40];
	int error;
	int family;
	int port;
};

ParameterizedTestParameters(options, only_loopback_is_listened_on)
{
	static struct address addresses[] = {
		{ "127.0.0.1:8080", 0, AF_INET, 8080 },
		{ "127.1.2.3:0", 0, AF_INET, 0 },
		{ "localhost:65535", 0, AF_INET, 65535 },
		{ "[::1]:80", 0, AF_INET6, 80 },
		{ "0.0.0.0:80", -EPERM, 0, 0 },
		{ "128.0.0.1:80", -EPERM, 0, 0 },
		{ "[::]:80", -EPERM, 0, 0 },
		{ "[::ffff:127.0.0.1]:80", -EPERM, 0, 0 },
		{ "8080", -EINVAL, 0, 0 },
		{ ":8080", -EINVAL, 0, 0 },
		{ "127.0.0.1", -EINVAL, 0, 0 },
		{ "127.0.0.1:", -EINVAL, 0, 0 },
		{ "127.0.0.1:65536", -EINVAL, 0, 0 },
		{ "127.0.0.1:-1", -EINVAL, 0, 0 },
		{ "127.0.0.1:8o", -EINVAL, 0, 0 },
		{ "127.0.0.1:99999999999999", -EINVAL, 0, 0 },
		{ "example.com:80", -EINVAL, 0, 0 },
		{ "::1:80", -EINVAL, 0, 0 },
		{ "[:80", -EINVAL, 0, 0 },
		{ "[]:80", -EINVAL, 0, 0 },
	};

	return cr_make_param_array(struct address, addresses,
				   sizeof(addresses) / sizeof(addresses[0]));
}

ParameterizedTest(struct address *address, options, only_loopback_is_listened_on)
{
	struct sockaddr_storage got = { 0 };
	socklen_t len = 0;

	cr_assert(eq(int, cs_address_parse(address->text, &got, &len), address->error), "%s",
		  address->text);
	if (address->error)
		return;
	cr_assert(eq(int, got.ss_family, address->family));
	cr_assert(eq(int, ntohs(((struct sockaddr_in *)&got)->sin_port), address->port));
}

Test(options, defaults_are_those_of_the_manual)
{
	char *argv[] = { (char[]){ "x" }, (char[]){ "serve" }, (char[]){ "--functions" },
			 (char[]){ "d" }, NULL };
	struct cs_options options;
	struct cs_problem problem = { 0 };

	cr_assert(zero(int, cs_options_parse(4, argv, &options, &problem)));
	cr_assert(eq(int, options.command, CS_COMMAND_SERVE));
	cr_assert(eq(str, (char *)options.functions, (char *)"d"));
	cr_assert(eq(str, (char *)options.listen_text, (char *)"127.0.0.1:8080"));
	cr_assert(eq(u64, options.timeout_ns, 3 * CS_SEC));
	cr_assert(eq(u64, options.idle_timeout_ns, 300 * CS_SEC));
	cr_assert(eq(u32, options.concurrency, 100));
	cr_assert(eq(sz, options.payload_bytes_max, 6u << 20));
	cr_assert(eq(ptr, (char *)options.pass_list, NULL));
	cr_assert(eq(ptr, (char *)options.port_file, NULL));
}

Test(options, both_spellings_of_a_flag_are_read)
{
	char *argv[] = { (char[]){ "x" },
			 (char[]){ "serve" },
			 (char[]){ "--functions=d" },
			 (char[]){ "--timeout" },
			 (char[]){ "500ms" },
			 (char[]){ "--pass-env=A,B_*" },
			 (char[]){ "--concurrency" },
			 (char[]){ "3" },
			 NULL };
	struct cs_options options;
	struct cs_problem problem = { 0 };

	cr_assert(zero(int, cs_options_parse(8, argv, &options, &problem)), "%s", problem.text);
	cr_assert(eq(u64, options.timeout_ns, 500 * CS_MSEC));
	cr_assert(eq(str, (char *)options.pass_list, (char *)"A,B_*"));
	cr_assert(eq(u32, options.concurrency, 3));
}
