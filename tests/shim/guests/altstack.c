/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Calls of each kind in a signal handler on the smallest stack of its own: what the kernel needs, 2 KiB
 * for the calls themselves and 4 KiB, more than which a guest in the process may not take. What lies
 * below it cannot be touched.
 */
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/mman.h>

#include "tests/shim/guests/calls.h"
#include "tests/shim/guests/guest.h"

#ifndef AT_MINSIGSTKSZ
#define AT_MINSIGSTKSZ 51
#endif

#define PAGE  4096
#define CALLS 2048
#define GUEST 4096

static volatile sig_atomic_t struck, went_wrong;

static void struck_by(int signal)
{
	int pipes[2], saved = errno;
	char c = 'x';

	call_lookup();
	call_open();
	if (pipe(pipes) < 0 || write(pipes[1], &c, 1) != 1 || read(pipes[0], &c, 1) != 1 ||
	    close(pipes[0]) < 0 || close(pipes[1]) < 0)
		went_wrong++;
	call_kill();
	struck++;
	errno = saved;
}

int main(void)
{
	size_t least = getauxval(AT_MINSIGSTKSZ), size, room;
	struct sigaction action = { .sa_handler = struck_by, .sa_flags = SA_ONSTACK };
	stack_t stack = { 0 };
	char *memory;

	guest_start();
	size = (least > 2048 ? least : 2048) + CALLS + GUEST;
	room = (size + PAGE - 1) / PAGE * PAGE;
	memory = mmap(NULL, PAGE + room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED || mprotect(memory + PAGE, room, PROT_READ | PROT_WRITE) < 0)
		return 2;
	/* At the low end, beside what cannot be touched. */
	stack.ss_sp = memory + PAGE;
	stack.ss_size = size;
	TRY("sigaltstack", sigaltstack(&stack, NULL));
	sigaction(SIGUSR1, &action, NULL);
	for (int i = 0; i < 100; i++)
		raise(SIGUSR1);
	printf("struck %d times, wrong %d\n", struck, went_wrong);
	return 72;
}
