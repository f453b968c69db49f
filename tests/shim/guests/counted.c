/* SPDX-License-Identifier: Apache-2.0 */

/* One thing of exchange.h or java_servers.h, between two SIGTRAPs, for count_steps. Usage: counted NAME */
#include <signal.h>

#include "tests/shim/guests/java_servers.h"

static void mark(void)
{
	cs_sys2(SYS_kill, getpid(), SIGTRAP);
}

static void counted(const char *only, const char *name, void (*once)(void))
{
	if (strcmp(only, name) != 0)
		return;
	for (int i = 0; i < 32; i++)
		once();
	mark();
	once();
	mark();
}

int main(int argc, char **argv)
{
	prepare();
	signal(SIGTRAP, SIG_IGN); /* where nobody counts */
	counted(argv[1], "read", read_once);
	counted(argv[1], "write", write_once);
	counted(argv[1], "serve", serve_once);
	counted(argv[1], "serve_in_two", serve_in_two);
	counted(argv[1], "call", call_once);
	prepare_java();
	counted(argv[1], "serve_jdk", serve_jdk);
	counted(argv[1], "serve_jetty", serve_jetty);
	return 0;
}
