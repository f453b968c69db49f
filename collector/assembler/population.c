/* SPDX-License-Identifier: Apache-2.0 */

/* Which instances live, and what they do: for who counts them. See assembler.h. */
#include "collector/assembler/assembled.h"
#include "collector/assembler/starter.h"
#include "collector/assembler/wrapper.h"
#include "collector/protocols/stdio_loop.h"

static enum cs_living_state state_of(const struct cs_assembled *instance)
{
	const uint64_t *marks = instance->marks;

	if (!LIST_EMPTY(&instance->in_flight))
		return CS_LIVING_BUSY;
	if (instance->first_seen || cs_assembled_ready(instance) || marks[CS_MARK_NEXT] ||
	    (cs_stdio_loops(instance) && cs_stdio_ready(instance)))
		return CS_LIVING_IDLE;
	/* A process per event has it as soon as it reads. */
	return marks[CS_MARK_STDIN_READ] ? CS_LIVING_BUSY : CS_LIVING_INIT;
}

void cs_assembler_living(struct cs_assembler *assembler, cs_living_fn living, void *context)
{
	struct cs_assembled *instance;

	for (unsigned i = 0; i < CS_ASSEMBLED_BUCKETS; i++) {
		LIST_FOREACH(instance, &assembler->buckets[i], of_assembler)
		{
			if (!instance->over && !instance->detached &&
			    cs_assembled_is_function(instance) && !cs_starter_joined(instance))
				living(context, cs_wrapper_told(instance), state_of(instance));
		}
	}
}

void cs_assembled_gone(struct cs_assembled *instance)
{
	const struct cs_assembler_sink *sink = &instance->assembler->sink;
	uint64_t start_ns, end_ns;

	if (!sink->gone || !instance->told || !instance->over ||
	    instance->end == CS_ASSEMBLER_SHUTDOWN)
		return;
	instance->told = false;
	start_ns = cs_assembled_spawn(instance);
	if (!start_ns)
		start_ns = instance->marks[CS_MARK_ATTACH];
	end_ns = cs_assembled_end(instance);
	if (end_ns >= start_ns)
		sink->gone(sink->context, cs_wrapper_told(instance), end_ns - start_ns);
}
