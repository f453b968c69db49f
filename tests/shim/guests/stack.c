/* SPDX-License-Identifier: Apache-2.0 */

/* How much stack each kind of call takes: a thread's stack is painted, and looked at afterwards. */
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>

#include "tests/shim/guests/calls.h"

#define STACK_BYTES (256u * 1024)
#define PAINT       0xa5

static void *run(void *call)
{
	((void (*)(void))call)();
	return NULL;
}

static size_t measure(unsigned char *stack, void (*call)(void))
{
	pthread_attr_t attr;
	pthread_t id;
	size_t untouched = 0;

	memset(stack, PAINT, STACK_BYTES);
	pthread_attr_init(&attr);
	pthread_attr_setstack(&attr, stack, STACK_BYTES);
	pthread_create(&id, &attr, run, (void *)call);
	pthread_join(id, NULL);
	while (untouched < STACK_BYTES && stack[untouched] == PAINT)
		untouched++;
	return STACK_BYTES - untouched;
}

int main(void)
{
	unsigned char *stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);

	if (stack == MAP_FAILED)
		return 2;
	for (int round = 0; round < 2; round++) { /* the first one warms up */
		for (unsigned i = 0; i < CALLS_COUNT; i++) {
			size_t used = measure(stack, calls[i].call);

			if (round)
				printf("%s %zu\n", calls[i].name, used);
		}
	}
	return 0;
}
