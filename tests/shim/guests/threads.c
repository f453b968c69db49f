/* SPDX-License-Identifier: Apache-2.0 */

/* Threads that all do at once what is recorded; nobody reads until they are done. */
#include <pthread.h>
#include <signal.h>

#include "tests/shim/guests/guest.h"

#define THREADS 4
#define CALLS   3000

static pthread_barrier_t together;

static void *send_signals(void *argument)
{
	pthread_barrier_wait(&together);
	for (int i = 0; i < CALLS; i++)
		kill(getpid(), SIGURG); /* which is ignored */
	return NULL;
}

int main(void)
{
	pthread_t threads[THREADS];

	guest_start();
	pthread_barrier_init(&together, NULL, THREADS);
	for (int i = 0; i < THREADS; i++)
		TRY("pthread_create", pthread_create(&threads[i], NULL, send_signals, NULL));
	for (int i = 0; i < THREADS; i++)
		TRY("pthread_join", pthread_join(threads[i], NULL));
	return 0;
}
