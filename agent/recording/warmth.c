/* SPDX-License-Identifier: Apache-2.0 */

/* Cold handlers beside warm ones; see warmth.h. */
#include "agent/recording/warmth.h"

#include <stdlib.h>
#include <string.h>

void cs_warmth_deinit(struct cs_warmth *warmth)
{
	for (unsigned i = 0; i < warmth->count; i++)
		free(warmth->instances[i].warm_ns);
	*warmth = (struct cs_warmth){ .count = 0 };
}

static struct cs_warmth_instance *instance_of(struct cs_warmth *warmth,
					      const struct cs_identity *identity)
{
	struct cs_warmth_instance *instance;

	for (unsigned i = 0; i < warmth->count; i++) {
		if (warmth->instances[i].segment == identity->segment)
			return &warmth->instances[i];
	}
	if (warmth->count == CS_WARMTH_INSTANCES)
		return NULL;
	instance = &warmth->instances[warmth->count++];
	instance->segment = identity->segment;
	memcpy(instance->name, identity->name, sizeof(instance->name));
	return instance;
}

/* Until the first byte went out, as the phase of that name; without one until the end. */
static uint64_t handler_of(const struct cs_invocation *invocation)
{
	uint64_t until_ns =
		invocation->first_byte_ns ? invocation->first_byte_ns : invocation->end_ns;

	return until_ns > invocation->start_ns ? until_ns - invocation->start_ns : 0;
}

void cs_warmth_add(struct cs_warmth *warmth, const struct cs_invocation *invocation)
{
	struct cs_warmth_instance *instance = instance_of(warmth, invocation->identity);

	if (!instance || invocation->outcome.cause != CS_CAUSE_NONE || invocation->running)
		return;
	if (invocation->cold) {
		instance->cold_ns = handler_of(invocation);
		return;
	}
	if (!instance->warm_ns)
		instance->warm_ns = calloc(CS_WARMTH_SAMPLES, sizeof(*instance->warm_ns));
	if (instance->warm_ns && instance->count < CS_WARMTH_SAMPLES)
		instance->warm_ns[instance->count++] = handler_of(invocation);
}

static int by_size(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return a < b ? -1 : a > b;
}

void cs_warmth_draw(struct cs_warmth *warmth, struct cs_buffer *out)
{
	for (unsigned i = 0; i < warmth->count; i++) {
		struct cs_warmth_instance *one = &warmth->instances[i];
		unsigned middle = one->count / 2;

		if (!one->cold_ns || !one->count)
			continue;
		qsort(one->warm_ns, one->count, sizeof(*one->warm_ns), by_size);
		cs_buffer_printf(out, "%s: handler %.2f ms cold, %.2f ms warm (median of %u)\n",
				 one->name, (double)one->cold_ns / 1e6,
				 (double)one->warm_ns[middle] / 1e6, one->count);
	}
}
