/* SPDX-License-Identifier: Apache-2.0 */

/* Attributes of events that a runtime asked for. */
#include "collector/spans/spans_internal.h"

#include "collector/protocols/lambda_event.h"
#include "collector/protocols/lambda_messages.h"

static const char *version_of(const struct cs_identity *identity)
{
	return identity->platform ? identity->platform->version : NULL;
}

void cs_spans_add_batch(struct cs_attr_list *list, const struct cs_lambda_event *event)
{
	if (event->messages_found) {
		cs_attr_add_int(list, "messaging.batch.message_count", event->messages_found);
		if (event->messages_found > event->messages_count)
			cs_attr_add_int(list, "coldspan.event.unlinked",
					event->messages_found - event->messages_count);
	}
	if (event->messages_cut)
		cs_attr_add_bool(list, "coldspan.event.cut", true);
}

void cs_spans_add_lambda(struct cs_attr_list *list, const struct cs_invocation *invocation,
			 struct cs_lambda_texts *texts)
{
	const struct cs_lambda_event *event = invocation->lambda;

	cs_attr_add_string(list, "aws.lambda.invoked_arn", event->arn);
	cs_attr_add_string(list, "cloud.resource_id",
			   cs_lambda_resource(event->arn, version_of(invocation->identity),
					      texts->resource, sizeof(texts->resource)));
	cs_attr_add_string(list, "cloud.account.id",
			   cs_lambda_account(event->arn, texts->account, sizeof(texts->account)));
	cs_attr_add_string(list, "coldspan.lambda.tenant_id", event->tenant);
	if (event->deadline_unix_ms)
		cs_attr_add_int(list, "coldspan.lambda.deadline_unix_ms", event->deadline_unix_ms);
	if (event->deadline_passed)
		cs_attr_add_bool(list, "coldspan.lambda.deadline_passed", true);
	cs_attr_add_string(list, "coldspan.event.service", cs_event_service_name(event->service));
	cs_attr_add_string(list, "coldspan.event.id", event->event_id);
	cs_spans_add_batch(list, event);
	if (event->streamed)
		cs_attr_add_bool(list, "coldspan.lambda.streamed", true);
	if (event->refused_status)
		cs_attr_add_int(list, "coldspan.lambda.refused_status", event->refused_status);
	if (invocation->outcome.cause == CS_CAUSE_NONE && (event->failed || event->refused_status))
		cs_attr_add_string(list, "error.type",
				   event->error_type       ? event->error_type
				   : event->refused_status ? "refused"
							   : "_OTHER");
}

void cs_spans_add_stdio(struct cs_attr_list *list, const struct cs_invocation *invocation)
{
	const struct cs_whisk_event *event = invocation->whisk;

	if (event->deadline_unix_ms)
		cs_attr_add_int(list, "coldspan.openwhisk.deadline_unix_ms",
				event->deadline_unix_ms);
	if (event->deadline_passed)
		cs_attr_add_bool(list, "coldspan.openwhisk.deadline_passed", true);
	if (invocation->outcome.cause == CS_CAUSE_NONE && event->failed)
		cs_attr_add_string(list, "error.type", CS_WHISK_FAILED);
}
