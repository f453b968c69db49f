/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Where the kernel's word on a process is better than what shims said: a spawn or an exec that none of
 * them saw, and the moment of the exit. What a shim saw of the same thing is earlier, and stands.
 */
#include <stdio.h>

#include "collector/assembler/assembled.h"
#include "collector/sideband/outside.h"

static const struct cs_outside_process *outside_of(const struct cs_assembled *instance)
{
	const struct cs_outside *outside = instance->assembler->outside;

	if (!outside || instance->identity.pid <= 0)
		return NULL;
	return cs_outside_find(outside, instance->identity.pid,
			       instance->identity.anchor_monotonic_ns);
}

uint64_t cs_assembled_spawn(struct cs_assembled *instance)
{
	const struct cs_evidence *e = cs_assembled_evidence(instance);
	const struct cs_outside_process *process = outside_of(instance);

	if (e && e->spawn_begin_ns)
		return e->spawn_begin_ns;
	return process ? process->fork_ns : 0;
}

uint64_t cs_assembled_exec_at(struct cs_assembled *instance, uint64_t attach_ns, uint64_t said_ns)
{
	const struct cs_outside_process *process = outside_of(instance);
	uint64_t told_ns, before_ns;

	if (!process || process->gaps)
		return said_ns;
	told_ns = cs_outside_exec_before(process, attach_ns, &before_ns);
	/* Said of that very exec, or of one that was not told; else of a program before it. */
	return told_ns && said_ns <= before_ns ? told_ns : said_ns;
}

uint64_t cs_assembled_exit(struct cs_assembled *instance)
{
	const struct cs_outside_process *process = outside_of(instance);

	return process && !process->gaps ? process->exit_ns : 0;
}

unsigned cs_assembled_programs(struct cs_assembled *instance, uint64_t attach_ns,
			       const char *names[CS_OUTSIDE_NAMES])
{
	const struct cs_outside_process *process = outside_of(instance);
	unsigned count = 0;

	if (!process || process->gaps || process->execs_count > CS_OUTSIDE_EXECS)
		return 0;
	for (unsigned i = 0; i < process->execs_count; i++) {
		if (process->execs_ns[i] > attach_ns)
			break;
		if (i < CS_OUTSIDE_NAMES)
			names[i] = process->names[i];
		count++;
	}
	return count ? count - 1 : 0; /* the last one is the program that attached */
}
