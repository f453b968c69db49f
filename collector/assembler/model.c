/* SPDX-License-Identifier: Apache-2.0 */

/* Words for the values of the model. */
#include "collector/assembler/model.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "preload/wire/facts.h"

const char *cs_init_type_name(enum cs_init_type type)
{
	switch (type) {
	case CS_INIT_ON_DEMAND:
		return "on_demand";
	case CS_INIT_PROACTIVE:
		return "proactive";
	case CS_INIT_PER_REQUEST:
		return "per_request";
	case CS_INIT_PROVISIONED:
		return "provisioned";
	case CS_INIT_RESTORE:
		return "restore";
	case CS_INIT_FORK_POOL:
		return "fork_pool";
	case CS_INIT_REINIT:
		return "reinit";
	case CS_INIT_UNKNOWN:
		break;
	}
	return "unknown";
}

const char *cs_protocol_name(enum cs_protocol protocol)
{
	switch (protocol) {
	case CS_PROTOCOL_HTTP:
		return "http";
	case CS_PROTOCOL_LAMBDA:
		return "lambda";
	case CS_PROTOCOL_API:
		return "api";
	case CS_PROTOCOL_STDIO:
		return "stdio";
	case CS_PROTOCOL_EXEC:
		break;
	}
	return "exec";
}

const char *cs_stand_down_text(uint64_t bits, char *buf, size_t size)
{
	size_t used = 0;

	for (unsigned i = 0; i < CS_STAND_DOWN_COUNT && used < size; i++) {
		if (bits & 1ull << i)
			used += (size_t)snprintf(buf + used, size - used, "%s%s", used ? ", " : "",
						 cs_stand_down_name(i));
	}
	return used ? buf : NULL;
}

bool cs_cold_start_shut_down(const struct cs_cold_start *cold)
{
	int signal = cold->outcome.cause == CS_CAUSE_SIGNAL ? cold->outcome.code
		     : cold->outcome.cause == CS_CAUSE_EXIT ? cold->outcome.code - 128
							    : 0;

	return cold->unused && (signal == SIGHUP || signal == SIGINT || signal == SIGTERM);
}

const char *cs_outcome_text(struct cs_outcome outcome, char *buf, size_t size)
{
	const char *name;

	switch (outcome.cause) {
	case CS_CAUSE_NONE:
		return NULL;
	case CS_CAUSE_EXIT:
		snprintf(buf, size, "exit status %d", outcome.code);
		break;
	case CS_CAUSE_SIGNAL:
	case CS_CAUSE_TIMEOUT:
		name = sigabbrev_np(outcome.code);
		snprintf(buf, size, "%skilled by signal %d (SIG%s)",
			 outcome.cause == CS_CAUSE_TIMEOUT ? "timed out: " : "", outcome.code,
			 name ? name : "?");
		break;
	case CS_CAUSE_UNKNOWN:
		snprintf(buf, size, "ended, nobody told how");
		break;
	}
	return buf;
}

const char *cs_invocation_text(const struct cs_invocation *invocation, char *buf, size_t size)
{
	const struct cs_lambda_event *event = invocation->lambda;
	const char *text = cs_outcome_text(invocation->outcome, buf, size);

	if (text)
		return text;
	if (event && event->refused_status)
		return "refused";
	if ((event && event->failed) || (invocation->whisk && invocation->whisk->failed))
		return "failed";
	return invocation->aborted ? "aborted" : invocation->running ? "running" : "complete";
}

bool cs_invocation_timed_out(const struct cs_invocation *invocation)
{
	return invocation->outcome.cause == CS_CAUSE_TIMEOUT ||
	       (invocation->lambda && invocation->lambda->deadline_passed) ||
	       (invocation->whisk && invocation->whisk->deadline_passed);
}

const char *cs_invocation_id(const struct cs_invocation *invocation)
{
	if (invocation->lambda)
		return invocation->lambda->id;
	for (unsigned i = 0; i < CS_INVOCATION_IDS; i++) {
		if (invocation->inbound->ids[i])
			return invocation->inbound->ids[i];
	}
	return NULL;
}
