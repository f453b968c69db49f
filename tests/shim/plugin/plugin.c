/* SPDX-License-Identifier: Apache-2.0 */

/* Brings a library along that the program does not have, and uses it. */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static void *thread(void *arg)
{
	*(int *)arg = 5;
	return NULL;
}

void plugin_work(const char *folder)
{
	char path[4096];
	pthread_t id;
	int value = 0;

	printf("pthread_create: %d\n", pthread_create(&id, NULL, thread, &value));
	pthread_join(id, NULL);
	printf("the thread ran: %d\n", value == 5);
	snprintf(path, sizeof(path), "%s/../inner/libguest_inner.so", folder);
	printf("dlopen: %d\n", dlopen(path, RTLD_NOW) != NULL);
	printf("dlopen, missing: %d\n", dlopen("/nowhere/x.so", RTLD_NOW) == NULL);
}
