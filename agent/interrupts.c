/* SPDX-License-Identifier: Apache-2.0 */

/* Signals that end us; see interrupts.h. */
#include "agent/interrupts.h"

#include <signal.h>
#include <stdio.h>

#include "agent/exit_codes.h"

static const int numbers[CS_INTERRUPTS] = { SIGINT, SIGTERM, SIGHUP };

static void on_signal(evutil_socket_t number, short what, void *context)
{
	struct cs_interrupts *interrupts = context;

	interrupts->number = (int)number;
	if (interrupts->came)
		interrupts->came(interrupts->context);
}

void cs_interrupts_begin(struct cs_interrupts *interrupts, struct event_base *base)
{
	for (unsigned i = 0; i < CS_INTERRUPTS; i++) {
		evsignal_assign(&interrupts->events[i], base, numbers[i], on_signal, interrupts);
		event_add(&interrupts->events[i], NULL);
	}
}

int cs_interrupts_came(struct cs_interrupts *interrupts, struct event_base *base)
{
	if (!interrupts->number)
		event_base_loop(base, EVLOOP_NONBLOCK);
	return interrupts->number;
}

void cs_interrupts_end(struct cs_interrupts *interrupts)
{
	for (unsigned i = 0; i < CS_INTERRUPTS; i++)
		event_del(&interrupts->events[i]);
}

int cs_interrupts_status(int number)
{
	sigset_t interrupt;

	if (number == SIGINT) {
		fflush(NULL);
		signal(SIGINT, SIG_DFL);
		sigemptyset(&interrupt);
		sigaddset(&interrupt, SIGINT);
		sigprocmask(SIG_UNBLOCK, &interrupt, NULL);
		raise(SIGINT);
	}
	return CS_EXIT_RUN_SIGNAL_BASE + number;
}
