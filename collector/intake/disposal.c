/* SPDX-License-Identifier: Apache-2.0 */

/* The thread that closes what strangers handed us; see disposal.h. */
#include "collector/intake/disposal.h"

#include <pthread.h>
#include <stdbool.h>

#include "base/thread.h"

#define STACK_BYTES 65536u

struct item {
	struct item *next;
	int fd;
};

struct cs_disposal {
	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t changed;
	struct item *items;
	unsigned pending; /* in the list, and being closed */
	bool running;     /* the thread exists; it frees us when we are orphaned */
	bool orphaned;
};

static void destroy(struct cs_disposal *disposal)
{
	pthread_cond_destroy(&disposal->changed);
	pthread_mutex_destroy(&disposal->lock);
	free(disposal);
}

static void *run(void *context)
{
	struct cs_disposal *disposal = context;

	pthread_mutex_lock(&disposal->lock);
	for (;;) {
		struct item *item = disposal->items;

		if (!item) {
			if (disposal->orphaned)
				break;
			pthread_cond_wait(&disposal->changed, &disposal->lock);
			continue;
		}
		disposal->items = item->next;
		pthread_mutex_unlock(&disposal->lock);
		close(item->fd);
		free(item);
		pthread_mutex_lock(&disposal->lock);
		disposal->pending--;
	}
	pthread_mutex_unlock(&disposal->lock);
	destroy(disposal);
	return NULL;
}

struct cs_disposal *cs_disposal_new(void)
{
	struct cs_disposal *disposal = calloc(1, sizeof(*disposal));

	if (!disposal)
		return NULL;
	pthread_mutex_init(&disposal->lock, NULL);
	pthread_cond_init(&disposal->changed, NULL);
	return disposal;
}

void cs_disposal_put(struct cs_disposal *disposal, int fd)
{
	struct item *item = calloc(1, sizeof(*item));

	/* Without memory it stays open: to leak a descriptor is better than to hang. */
	if (!item)
		return;
	item->fd = fd;
	pthread_mutex_lock(&disposal->lock);
	item->next = disposal->items;
	disposal->items = item;
	disposal->pending++;
	if (!disposal->running)
		disposal->running = cs_thread_detach(run, disposal, STACK_BYTES) == 0;
	pthread_cond_signal(&disposal->changed);
	pthread_mutex_unlock(&disposal->lock);
}

unsigned cs_disposal_pending(struct cs_disposal *disposal)
{
	unsigned pending;

	pthread_mutex_lock(&disposal->lock);
	pending = disposal->pending;
	pthread_mutex_unlock(&disposal->lock);
	return pending;
}

struct cs_disposal *cs_disposal_free(struct cs_disposal *disposal)
{
	bool running;

	if (!disposal)
		return NULL;
	pthread_mutex_lock(&disposal->lock);
	disposal->orphaned = true;
	running = disposal->running;
	pthread_cond_signal(&disposal->changed);
	pthread_mutex_unlock(&disposal->lock);
	if (!running) {
		while (disposal->items) { /* no thread could be started: leave them to exit */
			struct item *item = disposal->items;

			disposal->items = item->next;
			free(item);
		}
		destroy(disposal);
	}
	return NULL;
}
