/* SPDX-License-Identifier: Apache-2.0 */

/* Success, trigger and function of an invocation; see verdict.h. */
#include "collector/assembler/verdict.h"

#include <string.h>

#include "collector/protocols/lambda_event.h"
#include "collector/protocols/lambda_messages.h"
#include "preload/wire/records.h"

bool cs_invocation_left(const struct cs_invocation *invocation)
{
	return invocation->outcome.cause == CS_CAUSE_EXIT && invocation->outcome.code == 0 &&
	       (invocation->protocol == CS_PROTOCOL_LAMBDA ||
		(invocation->protocol == CS_PROTOCOL_HTTP && !invocation->first_byte_ns));
}

static bool ended_badly(struct cs_outcome outcome)
{
	return outcome.cause != CS_CAUSE_NONE &&
	       (outcome.cause != CS_CAUSE_EXIT || outcome.code != 0);
}

bool cs_invocation_failed(const struct cs_invocation *invocation)
{
	const struct cs_lambda_event *event = invocation->lambda;

	if (cs_invocation_left(invocation) || ended_badly(invocation->outcome) ||
	    invocation->status >= 500)
		return true;
	if (invocation->api && invocation->api->status == CS_STATUS_ERROR)
		return true;
	if (invocation->outcome.cause != CS_CAUSE_NONE)
		return false;
	return (event && (event->refused_status || event->failed)) ||
	       (invocation->whisk && invocation->whisk->failed) || invocation->aborted;
}

const char *cs_invocation_trigger(const struct cs_invocation *invocation)
{
	static const char *const told[] = {
		[CS_API_TRIGGER_HTTP] = "http",
		[CS_API_TRIGGER_PUBSUB] = "pubsub",
		[CS_API_TRIGGER_DATASOURCE] = "datasource",
		[CS_API_TRIGGER_TIMER] = "timer",
	};
	unsigned said = invocation->api ? invocation->api->trigger : 0;

	if (said < sizeof(told) / sizeof(told[0]) && told[said])
		return told[said];
	if (invocation->lambda)
		return cs_event_service_trigger(invocation->lambda->service);
	if (invocation->whisk)
		return invocation->whisk->web ? "http" : "other";
	return invocation->method ? "http" : "other";
}

const char *cs_invocation_azure_function(const struct cs_invocation *invocation)
{
	const struct cs_platform *platform = invocation->identity->platform;
	const char *target = invocation->target;

	if (!platform || !platform->app || !invocation->inbound->ids[CS_REQUEST_ID_AZURE] ||
	    !invocation->method || strcmp(invocation->method, "POST") != 0 || !target ||
	    *target != '/' || !target[1] || strchr(target + 1, '/'))
		return NULL;
	return target + 1;
}
