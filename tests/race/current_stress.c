/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Invocations whose trace is settled by one thread while another one ends them, and begins the next in the same
 * memory: each must be handed on as its own, and none may stay in flight.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "preload/propagation/current.h"
#include "tests/race/stress.h"

#define PID    7u
#define THREAD 4096u
#define ROUNDS 50000u

static struct cs_current current;
static _Atomic uint64_t
	wanted; /* an invocation that the other one is to settle; UINT64_MAX: no more */

static struct cs_current_key key_of(uint64_t number)
{
	return (struct cs_current_key){ number, (uint32_t)number, CS_CURRENT_LAMBDA };
}

/* As long as one can be: it takes a while to be written. */
static void fill(struct cs_context *context, uint64_t number)
{
	memcpy(context->trace.trace_id, &number, sizeof(number));
	memcpy(context->trace.parent_id, &number, sizeof(number));
	context->state_len = sizeof(context->state);
	memset(context->state, (int)(number % 26) + 'a', sizeof(context->state));
}

static void begin(uint64_t number)
{
	struct cs_current_key key = key_of(number);
	struct cs_context context;

	fill(&context, number);
	cs_current_begin(&current, &key, PID, THREAD, CS_CURRENT_DEFERRED, &context);
}

static void end(uint64_t number)
{
	struct cs_current_key key = key_of(number);

	cs_current_end(&current, &key);
}

/* Whether it is in time, too late, or in the middle of it is left to chance. */
static void *settle_what_is_wanted(void *unused)
{
	uint64_t number;

	while ((number = atomic_load_explicit(&wanted, memory_order_acquire)) != UINT64_MAX) {
		struct cs_current_key key = key_of(number);
		struct cs_context context;

		fill(&context, number);
		cs_current_settle(&current, &key, &context);
	}
	return unused;
}

/* Return: was there something to be handed on? */
static bool check(uint64_t number)
{
	const struct cs_current_place place = { .pid = PID, .thread = THREAD };
	char state[CS_TRACE_STATE_BYTES];
	struct cs_current_found found;

	if (!cs_current_find(&current, &place, &found))
		return false;
	if (memcmp(found.trace.trace_id, &number, sizeof(number)) != 0)
		fail("the trace of another one", number, found.trace.trace_id[0]);
	if (!cs_current_state(&found, state))
		fail("it has ended", number, 0);
	for (size_t i = 0; i < found.state_len; i++) {
		if (state[i] != (char)(number % 26 + 'a'))
			fail("the state of another one", number, i);
	}
	return true;
}

static void run(uint64_t number, uint64_t *draws)
{
	struct cs_current_key next = key_of(number + 1);

	begin(number);
	atomic_store_explicit(&wanted, number, memory_order_release);
	for (uint32_t spins = draw(draws, 300); spins; spins--)
		atomic_signal_fence(memory_order_seq_cst);
	end(number);
	begin(number + 1);
	cs_current_settle(&current, &next, NULL);
}

int main(void)
{
	uint64_t found = 0, number = 1, draws = 1;
	pthread_t other;

	if (pthread_create(&other, NULL, settle_what_is_wanted, NULL) != 0)
		fail("no thread", 0, 0);
	for (unsigned round = 0; round < ROUNDS; round++, number += 2) {
		run(number, &draws);
		found += check(number + 1);
		end(number + 1);
	}
	atomic_store_explicit(&wanted, UINT64_MAX, memory_order_release);
	pthread_join(other, NULL);
	if (atomic_load_explicit(&current.in_flight, memory_order_relaxed))
		fail("one is in flight for ever", 0, 0);
	if (!found)
		fail("nothing was ever handed on", 0, 0);
	printf("%llu of %u\n", (unsigned long long)found, ROUNDS);
	return 0;
}
