/* SPDX-License-Identifier: Apache-2.0 */

/* The slowest invocations; see slowest.h. */
#include "collector/sampler/slowest.h"

#include <stdlib.h>
#include <string.h>

/* Names of functions are their user's word: those of two users are two functions. */
struct cs_slow_function {
	LIST_ENTRY(cs_slow_function) link;
	uint32_t uid;
	char name[CS_FUNCTION_NAME_MAX];
	uint64_t window;
	size_t bytes;
	unsigned count;
	struct cs_slow *items[]; /* count_max of them; in no order */
};

void cs_slow_free(struct cs_slow *slow)
{
	cs_spans_deinit(&slow->spans);
	free(slow->trace_state);
	free(slow);
}

void cs_slowest_init(struct cs_slowest *slowest, unsigned count_max, void *context,
		     void (*let_go)(void *context, struct cs_slow *slow, enum cs_slow_end end))
{
	*slowest =
		(struct cs_slowest){ .count_max = count_max, .context = context, .let_go = let_go };
}

static unsigned bucket_of(const struct cs_identity *identity)
{
	uint32_t h = 2166136261u ^ identity->uid; /* FNV-1a */

	for (const char *c = identity->name; *c; c++)
		h = (h ^ (unsigned char)*c) * 16777619u;
	return (h ^ h >> 16) % CS_SLOWEST_BUCKETS;
}

static struct cs_slow_function *find(struct cs_slowest *slowest, const struct cs_identity *identity)
{
	struct cs_slow_function *function;

	LIST_FOREACH(function, &slowest->buckets[bucket_of(identity)], link)
	{
		if (function->uid == identity->uid && !strcmp(function->name, identity->name))
			break;
	}
	return function;
}

static struct cs_slow_function *find_or_add(struct cs_slowest *slowest,
					    const struct cs_identity *identity, uint64_t window)
{
	struct cs_slow_function *function = find(slowest, identity);

	if (function || slowest->functions_count == CS_SLOWEST_FUNCTIONS_MAX)
		return function;
	function = calloc(1, sizeof(*function) + slowest->count_max * sizeof(function->items[0]));
	if (!function)
		return NULL;
	function->uid = identity->uid;
	memcpy(function->name, identity->name, sizeof(function->name));
	function->window = window;
	LIST_INSERT_HEAD(&slowest->buckets[bucket_of(identity)], function, link);
	slowest->functions_count++;
	return function;
}

static void let_go(struct cs_slowest *slowest, struct cs_slow_function *function, unsigned i,
		   enum cs_slow_end end)
{
	struct cs_slow *slow = function->items[i];

	function->items[i] = function->items[--function->count];
	function->bytes -= slow->bytes;
	slowest->bytes -= slow->bytes;
	slowest->hurried += end == CS_SLOW_HURRIED;
	slowest->let_go(slowest->context, slow, end);
}

static void close_window(struct cs_slowest *slowest, struct cs_slow_function *function)
{
	while (function->count)
		let_go(slowest, function, function->count - 1, CS_SLOW_MINUTE_OVER);
}

static unsigned least_slow(const struct cs_slow_function *function)
{
	unsigned least = 0;

	for (unsigned i = 1; i < function->count; i++) {
		if (function->items[i]->duration_ns < function->items[least]->duration_ns)
			least = i;
	}
	return least;
}

struct cs_slow *cs_slowest_offer(struct cs_slowest *slowest, const struct cs_identity *identity,
				 uint64_t duration_ns, uint64_t end_ns)
{
	uint64_t window = end_ns / CS_SLOWEST_WINDOW_NS;
	struct cs_slow_function *function = find_or_add(slowest, identity, window);
	struct cs_slow *slow;

	if (!function) {
		slowest->hurried++;
		return NULL;
	}
	if (window > function->window) {
		close_window(slowest, function);
		function->window = window;
	}
	if (function->count == slowest->count_max) {
		unsigned least = least_slow(function);

		if (duration_ns <= function->items[least]->duration_ns)
			return NULL;
		let_go(slowest, function, least, CS_SLOW_OUTDONE);
	}
	slow = calloc(1, sizeof(*slow));
	if (!slow) {
		slowest->hurried++;
		return NULL;
	}
	slow->function = function;
	slow->duration_ns = duration_ns;
	cs_spans_init(&slow->spans);
	function->items[function->count++] = slow;
	return slow;
}

void cs_slowest_settle(struct cs_slowest *slowest, struct cs_slow *slow)
{
	struct cs_slow_function *function = slow->function;

	slow->bytes = sizeof(*slow) + slow->spans.arena.held_bytes;
	function->bytes += slow->bytes;
	slowest->bytes += slow->bytes;
	while (function->count && (function->bytes > CS_SLOWEST_FUNCTION_BYTES_MAX ||
				   slowest->bytes > CS_SLOWEST_BYTES_MAX))
		let_go(slowest, function, least_slow(function), CS_SLOW_HURRIED);
}

uint64_t cs_slowest_tick(struct cs_slowest *slowest, uint64_t now_ns)
{
	struct cs_slow_function *function, *next;
	uint64_t due_ns, next_ns = 0;

	for (unsigned i = 0; i < CS_SLOWEST_BUCKETS; i++) {
		for (function = LIST_FIRST(&slowest->buckets[i]); function; function = next) {
			next = LIST_NEXT(function, link);
			due_ns = (function->window + 1) * CS_SLOWEST_WINDOW_NS + CS_SLOWEST_LATE_NS;
			if (due_ns > now_ns) {
				next_ns = !next_ns || due_ns < next_ns ? due_ns : next_ns;
				continue;
			}
			close_window(slowest, function);
			LIST_REMOVE(function, link);
			slowest->functions_count--;
			free(function);
		}
	}
	return next_ns;
}
