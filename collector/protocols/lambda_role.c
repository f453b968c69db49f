/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What a process is to Lambda, by what it did: all of an environment have its variables, the runtime, what
 * started that, what it starts, and extensions, which the platform starts beside it.
 */
#include "collector/assembler/assembled.h"

static bool ended_badly(struct cs_assembled *instance)
{
	const struct cs_evidence *e = cs_assembled_evidence(instance);
	struct cs_outcome outcome = instance->outcome;

	if (outcome.cause == CS_CAUSE_UNKNOWN && e && e->ended)
		outcome = cs_outcome_of_status(e->wait_status);
	return outcome.cause == CS_CAUSE_SIGNAL ||
	       (outcome.cause == CS_CAUSE_EXIT && outcome.code != 0);
}

bool cs_lambda_is_runtime(struct cs_assembled *instance)
{
	const struct cs_lambda_place *place = instance->identity.lambda;

	if (instance->answers)
		return true;
	/* A bootstrap's command that reports it goes well. */
	return place && place->init_error && instance->over && ended_badly(instance);
}

bool cs_lambda_is_extension(const struct cs_assembled *instance)
{
	return instance->marks[CS_MARK_EXTENSION] && !instance->marks[CS_MARK_NEXT] &&
	       !instance->answers;
}
