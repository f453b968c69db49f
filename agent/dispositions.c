/* SPDX-License-Identifier: Apache-2.0 */

/* Signal dispositions, kept for the command; see dispositions.h. */
#include "agent/dispositions.h"

#include <signal.h>

static const int numbers[CS_DISPOSITIONS_COUNT] = {
	SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGPIPE, SIGXFSZ, SIGCHLD,
};

static void set(int number, void (*handler)(int))
{
	const struct sigaction action = { .sa_handler = handler };

	sigaction(number, &action, NULL);
}

void cs_dispositions_take(struct cs_dispositions *ret)
{
	struct sigaction action;

	for (size_t i = 0; i < CS_DISPOSITIONS_COUNT; i++)
		ret->ignored[i] =
			sigaction(numbers[i], NULL, &action) == 0 && action.sa_handler == SIG_IGN;
	set(SIGPIPE, SIG_IGN);
	set(SIGXFSZ, SIG_IGN);
	set(SIGCHLD, SIG_DFL);
}

bool cs_dispositions_is_ignored(const struct cs_dispositions *taken, int number)
{
	for (size_t i = 0; i < CS_DISPOSITIONS_COUNT; i++) {
		if (numbers[i] == number)
			return taken->ignored[i];
	}
	return false;
}

void cs_dispositions_restore(const struct cs_dispositions *taken)
{
	for (size_t i = 0; i < CS_DISPOSITIONS_COUNT; i++)
		set(numbers[i], taken->ignored[i] ? SIG_IGN : SIG_DFL);
}
