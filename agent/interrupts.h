/* SPDX-License-Identifier: Apache-2.0 */

/* SIGINT, SIGTERM and SIGHUP while something of ours runs: it is ended, and so are we. Context of all: loop. */
#pragma once

#include <event2/event.h>
#include <event2/event_struct.h>

#define CS_INTERRUPTS 3u

struct cs_interrupts {
	struct event events[CS_INTERRUPTS];
	int number;                  /* the signal that came; 0: none */
	void (*came)(void *context); /* at each one, @number is set; may be NULL */
	void *context;
};

/** cs_interrupts_begin() - take them from now on; @came and @context are filled in, or zero. */
void cs_interrupts_begin(struct cs_interrupts *interrupts, struct event_base *base);

/**
 * cs_interrupts_came() - has one come until now?
 *
 * Of one that came while @base ended its last turn nobody has been told yet: this tells @came of it.
 *
 * Return: its number; 0: none.
 */
int cs_interrupts_came(struct cs_interrupts *interrupts, struct event_base *base);

/**
 * cs_interrupts_status() - the exit status of who was stopped by signal @number
 *
 * Of SIGINT it does not return: we end by it ourselves, or a shell's loop around us would go on.
 * What is to be cleaned up has been.
 */
int cs_interrupts_status(int number);

/** cs_interrupts_end() - leave them as they were. */
void cs_interrupts_end(struct cs_interrupts *interrupts);
