/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Signal handlers that make the very calls that they interrupt, and some that never return to them.
 * The rounds are bounded by count; the timer only has to strike often enough.
 */
#include <setjmp.h>
#include <stdlib.h>
#include <sys/time.h>

#include "tests/shim/guests/calls.h"
#include "tests/shim/guests/guest.h"

#define ROUNDS 4000

static volatile sig_atomic_t struck, jumps, jumping;
static sigjmp_buf back;

static void strike(int signal)
{
	int saved = errno;

	struck++;
	call_open();
	call_lookup();
	call_kill();
	if (jumping && struck % 3 == 0) {
		jumps++;
		siglongjmp(back, 1);
	}
	errno = saved;
}

int main(void)
{
	struct sigaction action = { .sa_handler = strike, .sa_flags = SA_RESTART };
	struct itimerval timer = { { 0, 200 }, { 0, 200 } }, off = { 0 };
	volatile int wrong = 0;

	guest_start();
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
	for (volatile int i = 0; i < ROUNDS || struck < 20; i++) {
		errno = UNTOUCHED;
		if (kill(getpid(), SIGURG) < 0 || errno != UNTOUCHED)
			wrong++;
		if (access("missing-file", F_OK) == 0 || errno != ENOENT)
			wrong++;
	}
	printf("interrupted calls that went wrong: %d\n", wrong);
	/* From now on every third handler leaves by a jump, possibly out of the middle of a record. */
	jumping = 1;
	for (volatile int i = 0; i < ROUNDS || jumps < 20; i++) {
		if (sigsetjmp(back, 1) == 0)
			kill(getpid(), SIGURG);
	}
	setitimer(ITIMER_REAL, &off, NULL);
	printf("after the jumps: %d\n", kill(getpid(), SIGCONT));
	return 67;
}
