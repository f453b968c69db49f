/* SPDX-License-Identifier: Apache-2.0 */

/* The span of an invocation. */
#include "collector/spans/spans_internal.h"

#include <string.h>

#include "collector/assembler/verdict.h"
#include "collector/spans/spans_http.h"
#include "preload/wire/records.h"

#define HEADER_PREFIX "http.request.header."

/* @method: as it is told */
static const char *span_name(const struct cs_invocation *invocation, const char *method)
{
	if (method)
		return cs_http_span_name(method);
	return invocation->api && invocation->api->name ? invocation->api->name
							: invocation->identity->name;
}

void cs_spans_add_ids(struct cs_attr_list *list, const struct cs_inbound *inbound,
		      const char *own_id)
{
	static const char *const attributes[CS_REQUEST_ID_COUNT] = {
#define X(id, header, attribute) attribute,
		CS_REQUEST_IDS(X)
#undef X
	};
	bool named = own_id;

	cs_attr_add_string(list, "faas.invocation_id", own_id);
	for (unsigned i = 0; i < CS_REQUEST_ID_COUNT; i++) {
		const char *id = inbound->ids[i];

		if (!id)
			continue;
		if (i < CS_INVOCATION_IDS && !named) {
			cs_attr_add_string(list, "faas.invocation_id", id);
			named = true;
		} else if (!strncmp(attributes[i], HEADER_PREFIX, sizeof(HEADER_PREFIX) - 1)) {
			cs_attr_add_only(list, attributes[i], id);
		} else {
			cs_attr_add_string(list, attributes[i], id);
		}
	}
}

static void add_baggage(struct cs_attr_list *list, const struct cs_baggage_members *baggage)
{
	for (unsigned i = 0; i < baggage->count; i++)
		cs_attr_set_string(list, baggage->items[i].name, baggage->items[i].value);
}

/* Besides those that stand in headers. */
static const char *own_id(const struct cs_invocation *invocation)
{
	if (invocation->lambda)
		return invocation->lambda->id;
	return invocation->api ? invocation->api->id : NULL;
}

/* Ids may be missing, or a path be the beginning of one. */
static void add_cut(struct cs_attr_list *list, uint32_t cut)
{
	static const char *const both[] = { "headers", "target" };
	bool headers = cut & CS_REQUEST_HEADERS_CUT, target = cut & CS_REQUEST_TARGET_CUT;

	if (headers || target)
		cs_attr_add_strings(list, "coldspan.request.cut", headers ? both : both + 1,
				    (size_t)headers + target);
}

static void add_carriers(struct cs_attr_list *list, const struct cs_inbound *inbound)
{
	const char **items;
	size_t count = 0;

	cs_attr_add_string(list, "coldspan.context.carrier", cs_carrier_header(inbound->carrier));
	if (!inbound->refused)
		return;
	items = cs_arena_alloc(list->arena, CS_CARRIER_COUNT * sizeof(*items));
	for (enum cs_carrier carrier = 1; carrier < CS_CARRIER_COUNT && items; carrier++) {
		if (inbound->refused & 1u << carrier)
			items[count++] = cs_carrier_header(carrier);
	}
	if (count)
		cs_attr_add_strings(list, "coldspan.context.refused", items, count);
}

/* What makes an invocation one that failed, but for a process that ended badly. */
static const char *failure_of(const struct cs_invocation *invocation)
{
	const struct cs_lambda_event *event = invocation->lambda;

	if (cs_invocation_left(invocation))
		return "exit status 0 before it was answered";
	if (invocation->outcome.cause != CS_CAUSE_NONE)
		return NULL;
	if (event && event->refused_status)
		return "the answer was refused";
	if ((event && event->failed) || (invocation->whisk && invocation->whisk->failed))
		return "the function failed";
	return invocation->aborted ? "the connection closed before the response was complete"
				   : NULL;
}

bool cs_spans_invocation_failed(const struct cs_invocation *invocation)
{
	return failure_of(invocation) || invocation->status >= 500 ||
	       cs_spans_ended_badly(invocation->outcome) ||
	       (invocation->api && invocation->api->status == CS_STATUS_ERROR);
}

/* Value of error.type of what ended by itself, and is not told with its protocol; NULL: it did not fail. */
static const char *error_of(struct cs_spans *spans, const struct cs_invocation *invocation)
{
	if (cs_invocation_left(invocation))
		return "exit";
	if (cs_spans_ended_badly(invocation->outcome))
		return NULL;
	if (invocation->lambda || invocation->whisk)
		return NULL;
	if (invocation->status >= 500)
		return cs_arena_printf(&spans->arena, "%u", invocation->status);
	return invocation->aborted ? "aborted" : NULL;
}

/* By the names that a cold start's own have. */
static void add_used(struct cs_attr_list *list, const struct cs_used *used)
{
	if (used->of == CS_USED_UNKNOWN)
		return;
	cs_attr_add_string(list, "coldspan.used.of",
			   used->of == CS_USED_PROCESS ? "process" : "invocation");
	if (used->window_ns)
		cs_attr_add_int(list, "coldspan.used.window_ns", used->window_ns);
	cs_attr_add_int(list, "coldspan.cpu_ns", used->cpu_ns);
	cs_attr_add_int(list, "coldspan.faults.minor", used->faults_minor);
	cs_attr_add_int(list, "coldspan.faults.major", used->faults_major);
	if (used->rss_bytes)
		cs_attr_add_int(list, "coldspan.rss_bytes", used->rss_bytes);
	if (used->max_rss_bytes)
		cs_attr_add_int(list, "coldspan.max_rss_bytes", used->max_rss_bytes);
	if (!used->switches_known)
		return;
	cs_attr_add_int(list, "coldspan.context_switches.voluntary", used->switches_voluntary);
	cs_attr_add_int(list, "coldspan.context_switches.involuntary", used->switches_involuntary);
}

/* The app has several: its name and id are those of an invocation. Texts live until the list is kept. */
static void add_azure_function(struct cs_spans *spans, struct cs_attr_list *list,
			       const struct cs_invocation *invocation)
{
	const struct cs_platform *platform = invocation->identity->platform;
	const char *name = cs_invocation_azure_function(invocation);

	if (!name)
		return;
	cs_attr_add_string(list, "faas.name",
			   cs_arena_printf(&spans->arena, "%s/%s", platform->app, name));
	if (platform->app_id)
		cs_attr_add_string(
			list, "cloud.resource_id",
			cs_arena_printf(&spans->arena, "%s/functions/%s", platform->app_id, name));
}

static void add_network(struct cs_attr_list *list, const struct cs_network *network)
{
	if (network->sent_bytes)
		cs_attr_add_int(list, "coldspan.network.sent_bytes", network->sent_bytes);
	if (network->received_bytes)
		cs_attr_add_int(list, "coldspan.network.received_bytes", network->received_bytes);
	if (network->connections_opened)
		cs_attr_add_int(list, "coldspan.connections.opened", network->connections_opened);
}

static bool add_invocation(struct cs_spans *spans, const struct cs_invocation *invocation)
{
	struct cs_span *span = cs_spans_new(spans, invocation->identity);
	const char *method = cs_http_method(spans->methods, invocation->method);
	struct cs_lambda_texts texts;
	CS_ATTR_LIST(list, &spans->arena);

	if (!span)
		return false;
	*span = (struct cs_span){
		.name = cs_spans_keep(spans, span_name(invocation, method)),
		.kind = CS_SPAN_SERVER,
		.start_unix_ns = cs_spans_wall(invocation->identity, invocation->start_ns),
		.end_unix_ns = cs_spans_wall(invocation->identity, invocation->end_ns),
	};
	if (!span->name)
		return false;
	cs_spans_set_context(spans, span, &invocation->context);
	if (!cs_spans_add_links(spans, span, invocation))
		return false;
	cs_attr_add_string(&list, "faas.trigger", cs_invocation_trigger(invocation));
	cs_attr_add_bool(&list, "faas.coldstart", invocation->cold);
	cs_attr_add_string(&list, "coldspan.protocol", cs_protocol_name(invocation->protocol));
	cs_spans_add_method(&list, method, invocation->method);
	cs_attr_add_string(&list, "url.path", invocation->target);
	if (invocation->method && invocation->protocol == CS_PROTOCOL_HTTP)
		cs_attr_add_string(&list, "url.scheme", "http"); /* TLS is not looked into */
	cs_spans_add_http_version(&list, invocation->version);
	add_azure_function(spans, &list, invocation);
	cs_spans_add_ids(&list, invocation->inbound, own_id(invocation));
	add_carriers(&list, invocation->inbound);
	add_baggage(&list, &invocation->inbound->baggage);
	add_cut(&list, invocation->cut);
	if (invocation->attempt)
		cs_attr_add_int(&list, "coldspan.attempt", invocation->attempt);
	if (invocation->lambda)
		cs_spans_add_lambda(&list, invocation, &texts);
	else if (invocation->batch)
		cs_spans_add_batch(&list, invocation->batch);
	if (invocation->whisk)
		cs_spans_add_stdio(&list, invocation);
	if (invocation->status)
		cs_attr_add_int(&list, "http.response.status_code", invocation->status);
	if (invocation->request_bytes)
		cs_attr_add_int(&list, "coldspan.request.bytes", invocation->request_bytes);
	if (invocation->response_bytes)
		cs_attr_add_int(&list, "coldspan.response.bytes", invocation->response_bytes);
	add_network(&list, &invocation->network);
	if (invocation->first_byte_ns >= invocation->start_ns)
		cs_attr_add_int(&list, "coldspan.first_byte_ns",
				invocation->first_byte_ns - invocation->start_ns);
	if (invocation->pid > 0 && invocation->pid != invocation->identity->pid)
		cs_attr_add_int(&list, "coldspan.worker.pid", (uint64_t)invocation->pid);
	add_used(&list, &invocation->used);
	if (invocation->first_of_worker)
		cs_attr_add_bool(&list, "coldspan.worker.first", true);
	cs_attr_add_string(&list, "coldspan.approximate", invocation->approximate);
	span->status_message = failure_of(invocation);
	if (span->status_message || invocation->status >= 500)
		span->status = CS_STATUS_ERROR;
	cs_attr_add_string(&list, "error.type", error_of(spans, invocation));
	cs_spans_set_outcome(spans, span, &list, invocation->outcome);
	if (invocation->api &&
	    !cs_spans_add_said(spans, span, &list, invocation->identity, invocation->api))
		return false;
	if (!cs_attr_list_keep(&list, &span->attrs))
		return false;
	cs_spans_finish(spans, invocation->identity);
	return true;
}

void cs_spans_add_invocation(struct cs_spans *spans, const struct cs_invocation *invocation)
{
	if (!add_invocation(spans, invocation))
		spans->lost++;
}
