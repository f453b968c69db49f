/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Stands for agents that report crashes (libSegFault and its kind): a handler for SIGSEGV on a small
 * stack of its own, put in place by a constructor, which writes a line and lets the process die.
 */
#include <signal.h>
#include <unistd.h>

static char stack[16384];

static void crashed(int signal)
{
	static const char words[] = "agent: the process crashed\n";

	write(2, words, sizeof(words) - 1);
	(void)signal; /* SA_RESETHAND: the second time it kills */
}

__attribute__((constructor)) static void watch(void)
{
	stack_t own = { .ss_sp = stack, .ss_size = sizeof(stack) };
	struct sigaction action = { .sa_handler = crashed, .sa_flags = SA_ONSTACK | SA_RESETHAND };

	sigaltstack(&own, NULL);
	sigaction(SIGSEGV, &action, NULL);
}
