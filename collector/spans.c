/* SPDX-License-Identifier: Apache-2.0 */

/* Spans of cold starts and invocations; see spans.h. */
#include "collector/spans.h"

#include <stdio.h>
#include <string.h>

#include "collector/ids.h"
#include "collector/lambda_event.h"
#include "preload/wire/clock.h"
#include "preload/wire/records.h"

#define CS_METHOD_OTHER "_OTHER"

#define ATTRS_MAX       48u        /* the most that one span gets below */
#define ARENA_MAX       (8u << 20) /* of one batch; what does not fit is counted as lost */
#define SPANS_PER_NODE  16u
#define LINKS_MAX       4u
#define HEADER_PREFIX   "http.request.header."
#define ACCOUNT_MAX     32u /* AWS's have twelve digits */

/* Spans of one instance, in pieces, since their number is not known before. */
struct cs_spans_node {
	struct cs_spans_node *next;
	size_t count;
	struct cs_span spans[SPANS_PER_NODE];
};

struct cs_spans_group {
	struct cs_spans_group *next;
	uint64_t segment;
	struct cs_attrs resource;
	struct cs_spans_node *first;
	struct cs_spans_node *last;
	size_t count;
};

/* Attributes under construction. */
struct list {
	struct cs_attr items[ATTRS_MAX];
	size_t count;
};

void cs_spans_init(struct cs_spans *spans)
{
	*spans = (struct cs_spans){ 0 };
	cs_arena_init(&spans->arena, ARENA_MAX);
}

void cs_spans_deinit(struct cs_spans *spans)
{
	cs_arena_deinit(&spans->arena);
}

void cs_spans_reset(struct cs_spans *spans)
{
	cs_arena_reset(&spans->arena);
	spans->groups = NULL;
	spans->groups_count = 0;
	spans->spans_count = 0;
}

bool cs_spans_full(const struct cs_spans *spans)
{
	return spans->spans_count >= CS_SPANS_COUNT_MAX ||
	       spans->groups_count >= CS_SPANS_GROUPS_MAX;
}

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
		name = sigabbrev_np(outcome.code);
		snprintf(buf, size, "killed by signal %d (SIG%s)", outcome.code, name ? name : "?");
		break;
	case CS_CAUSE_UNKNOWN:
		snprintf(buf, size, "ended, nobody told how");
		break;
	}
	return buf;
}

/* --- attributes --- */

static void add_string(struct list *list, const char *key, const char *value)
{
	if (value && list->count < ATTRS_MAX)
		list->items[list->count++] =
			(struct cs_attr){ key, { .type = CS_VALUE_STRING, .string = value } };
}

static void add_int(struct list *list, const char *key, uint64_t value)
{
	if (list->count < ATTRS_MAX)
		list->items[list->count++] = (struct cs_attr){
			key,
			{ .type = CS_VALUE_INT,
			  .integer = value < INT64_MAX ? (int64_t)value : INT64_MAX }
		};
}

static void add_signed(struct list *list, const char *key, int64_t value)
{
	if (list->count < ATTRS_MAX)
		list->items[list->count++] =
			(struct cs_attr){ key, { .type = CS_VALUE_INT, .integer = value } };
}

static void add_bool(struct list *list, const char *key, bool value)
{
	if (list->count < ATTRS_MAX)
		list->items[list->count++] =
			(struct cs_attr){ key, { .type = CS_VALUE_BOOL, .boolean = value } };
}

/* A list in the semantic conventions, though one value is kept (headers; names of logs). */
static void add_header(struct cs_spans *spans, struct list *list, const char *key,
		       const char *value)
{
	const char **items = cs_arena_alloc(&spans->arena, sizeof(*items));

	if (!value || !items || list->count == ATTRS_MAX)
		return;
	items[0] = cs_arena_strndup(&spans->arena, value, CS_TELEMETRY_STRING_MAX);
	if (!items[0])
		return;
	list->items[list->count++] =
		(struct cs_attr){ key, { .type = CS_VALUE_STRINGS, .strings = { items, 1 } } };
}

/* A copy that lives with the batch; strings of the model live with their instance only. */
static const char *keep(struct cs_spans *spans, const char *s)
{
	return s ? cs_arena_strndup(&spans->arena, s, CS_TELEMETRY_STRING_MAX) : NULL;
}

static bool keep_list(struct cs_spans *spans, const struct list *list, struct cs_attrs *ret)
{
	struct cs_attr *items = cs_arena_alloc(&spans->arena, list->count * sizeof(*items));

	if (!items)
		return false;
	memcpy(items, list->items, list->count * sizeof(*items));
	for (size_t i = 0; i < list->count; i++) {
		if (items[i].value.type != CS_VALUE_STRING)
			continue;
		items[i].value.string = keep(spans, items[i].value.string);
		if (!items[i].value.string)
			return false;
	}
	*ret = (struct cs_attrs){ .items = items, .count = list->count };
	return true;
}

/* --- groups --- */

static void add_lambda_place(struct cs_spans *spans, struct list *list,
			     const struct cs_lambda_place *place)
{
	if (!place || !place->platform)
		return;
	add_string(list, "cloud.provider", "aws");
	add_string(list, "cloud.platform", "aws_lambda");
	add_string(list, "cloud.region", place->region);
	if (place->max_memory_bytes)
		add_int(list, "faas.max_memory", place->max_memory_bytes);
	add_header(spans, list, "aws.log.group.names", place->log_group);
	add_header(spans, list, "aws.log.stream.names", place->log_stream);
}

static bool fill_resource(struct cs_spans *spans, const struct cs_identity *identity,
			  struct cs_attrs *ret)
{
	struct list list = { .count = 0 };
	char instance[48];

	snprintf(instance, sizeof(instance), "%llu-%d", (unsigned long long)identity->segment,
		 identity->pid);
	add_string(&list, "service.name", identity->name);
	add_string(&list, "faas.name", identity->name);
	add_string(&list, "faas.version", identity->version);
	add_string(&list, "faas.instance",
		   identity->lambda && identity->lambda->log_stream ? identity->lambda->log_stream
								    : instance);
	add_lambda_place(spans, &list, identity->lambda);
	/* Processes of a pid namespace that we do not see have none. */
	if (identity->pid > 0)
		add_int(&list, "process.pid", (uint64_t)identity->pid);
	if (identity->ppid > 0)
		add_int(&list, "process.parent_pid", (uint64_t)identity->ppid);
	add_string(&list, "process.executable.path", identity->exe);
	add_string(&list, "process.command", identity->argv0);
	if (identity->clock_shift_ns)
		add_signed(&list, "coldspan.clock.shift_ns", (int64_t)identity->clock_shift_ns);
	add_string(&list, "coldspan.script", identity->script);
	add_string(&list, "telemetry.sdk.name", "coldspan");
	add_string(&list, "telemetry.sdk.language", "c");
	return keep_list(spans, &list, ret);
}

static struct cs_spans_group *group_of(struct cs_spans *spans, const struct cs_identity *identity)
{
	struct cs_spans_group *group;

	for (group = spans->groups; group; group = group->next) {
		if (group->segment == identity->segment)
			return group;
	}
	group = cs_arena_alloc(&spans->arena, sizeof(*group));
	if (!group || !fill_resource(spans, identity, &group->resource))
		return NULL;
	group->segment = identity->segment;
	group->next = spans->groups;
	spans->groups = group;
	spans->groups_count++;
	return group;
}

static struct cs_span *new_span(struct cs_spans *spans, const struct cs_identity *identity)
{
	struct cs_spans_group *group = group_of(spans, identity);
	struct cs_spans_node *node;

	if (!group)
		return NULL;
	node = group->last;
	if (!node || node->count == SPANS_PER_NODE) {
		node = cs_arena_alloc(&spans->arena, sizeof(*node));
		if (!node)
			return NULL;
		if (group->last)
			group->last->next = node;
		else
			group->first = node;
		group->last = node;
	}
	return &node->spans[node->count];
}

/* The span that new_span() gave is complete. */
static void finish_span(struct cs_spans *spans, const struct cs_identity *identity)
{
	struct cs_spans_group *group = group_of(spans, identity);

	group->last->count++;
	group->count++;
	spans->spans_count++;
}

/* --- spans --- */

static uint64_t wall(const struct cs_identity *identity, uint64_t stamp_ns)
{
	return cs_clock_to_realtime(stamp_ns, identity->anchor_monotonic_ns,
				    identity->anchor_realtime_ns);
}

static void set_context(struct cs_spans *spans, struct cs_span *span,
			const struct cs_span_context *context)
{
	span->trace_id = context->trace_id;
	span->span_id = context->span_id;
	span->parent_span_id = context->parent_span_id;
	span->trace_state = keep(spans, context->trace_state);
	span->flags = context->trace_flags | CS_SPAN_FLAG_REMOTE_KNOWN;
	if (context->parent_remote)
		span->flags |= CS_SPAN_FLAG_REMOTE;
}

/* Error status with its cause, where the process did not end well. */
static void set_outcome(struct cs_spans *spans, struct cs_span *span, struct list *list,
			struct cs_outcome outcome)
{
	char text[64];
	const char *what = cs_outcome_text(outcome, text, sizeof(text));

	if (!what)
		return;
	if (outcome.cause == CS_CAUSE_EXIT) {
		add_int(list, "process.exit.code", (uint64_t)outcome.code);
		if (outcome.code == 0)
			return;
	}
	add_string(list, "error.type",
		   outcome.cause == CS_CAUSE_EXIT     ? "exit"
		   : outcome.cause == CS_CAUSE_SIGNAL ? "signal"
						      : "unknown");
	if (outcome.cause == CS_CAUSE_SIGNAL)
		add_int(list, "coldspan.exit.signal", (uint64_t)outcome.code);
	span->status = CS_STATUS_ERROR;
	span->status_message = keep(spans, what);
}

static const char *const fact_keys[CS_FACT_COUNT] = {
#define X(id, name, meaning) "coldspan." name,
	CS_FACTS(X)
#undef X
};

static void add_facts(struct list *list, const struct cs_cold_start *cold)
{
	for (unsigned i = 0; i < CS_FACT_COUNT; i++)
		add_int(list, fact_keys[i], cold->facts[i]);
	add_int(list, "coldspan.exec.cpu_ns", cold->attach_cpu_ns);
	if (!cold->usage_known)
		return;
	add_int(list, "coldspan.cpu_ns", cold->cpu_ns);
	add_int(list, "coldspan.faults.minor", cold->faults_minor);
	add_int(list, "coldspan.faults.major", cold->faults_major);
	if (cold->max_rss_bytes)
		add_int(list, "coldspan.max_rss_bytes", cold->max_rss_bytes);
}

static bool add_phase(struct cs_spans *spans, const struct cs_cold_start *cold, unsigned i)
{
	const struct cs_phase_part *part = &cold->phases[i];
	struct cs_span *span = new_span(spans, cold->identity);
	struct list list = { .count = 0 };

	if (!span)
		return false;
	*span = (struct cs_span){
		.name = cs_phase_name(part->phase),
		.kind = CS_SPAN_INTERNAL,
		.start_unix_ns = wall(cold->identity, part->start_ns),
		.end_unix_ns = wall(cold->identity, part->end_ns),
	};
	set_context(spans, span, &cold->context);
	span->flags &= ~(uint32_t)CS_SPAN_FLAG_REMOTE;
	span->parent_span_id = cold->context.span_id;
	/* Siblings of one parent: told apart by their phase. */
	for (unsigned b = 0; b < sizeof(span->span_id.bytes); b++)
		span->span_id.bytes[b] = cold->context.span_id.bytes[b];
	span->span_id.bytes[7] = (uint8_t)(span->span_id.bytes[7] ^ (part->phase + 1));
	span->span_id.bytes[0] = (uint8_t)(span->span_id.bytes[0] ^ 0x80);
	add_string(&list, "coldspan.phase", cs_phase_name(part->phase));
	add_string(&list, "coldspan.phase.approximate", part->approximate);
	if (!keep_list(spans, &list, &span->attrs))
		return false;
	finish_span(spans, cold->identity);
	return true;
}

static bool add_cold_start(struct cs_spans *spans, const struct cs_cold_start *cold)
{
	struct cs_span *span = new_span(spans, cold->identity);
	struct list list = { .count = 0 };
	char reasons[256];

	if (!span)
		return false;
	*span = (struct cs_span){
		.name = "cold start",
		.kind = CS_SPAN_INTERNAL,
		.start_unix_ns = wall(cold->identity, cold->start_ns),
		.end_unix_ns = wall(cold->identity, cold->end_ns),
	};
	set_context(spans, span, &cold->context);
	add_bool(&list, "faas.coldstart", true);
	add_string(&list, "coldspan.init.type", cs_init_type_name(cold->init_type));
	add_string(&list, "coldspan.protocol", cs_protocol_name(cold->protocol));
	if (cold->programs)
		add_int(&list, "coldspan.exec.count", cold->programs_count);
	add_string(&list, "coldspan.exec.programs", cold->programs);
	add_bool(&list, "coldspan.init.ready", cold->ready);
	add_string(&list, "coldspan.approximate", cold->approximate);
	add_string(&list, "coldspan.stand_down",
		   cs_stand_down_text(cold->stand_down, reasons, sizeof(reasons)));
	add_facts(&list, cold);
	if (cold->identity->lambda && cold->identity->lambda->init_error) {
		add_string(&list, "coldspan.init.error_type", cold->identity->lambda->init_error);
		span->status = CS_STATUS_ERROR;
		span->status_message = "the init failed";
	}
	set_outcome(spans, span, &list, cold->outcome);
	if (!keep_list(spans, &list, &span->attrs))
		return false;
	finish_span(spans, cold->identity);
	for (unsigned i = 0; i < cold->phases_count; i++) {
		if (!add_phase(spans, cold, i))
			return false;
	}
	return true;
}

void cs_spans_add_cold_start(struct cs_spans *spans, const struct cs_cold_start *cold_start)
{
	size_t before = spans->spans_count;

	if (!add_cold_start(spans, cold_start))
		spans->lost += 1 + cold_start->phases_count - (spans->spans_count - before);
}

/*
 * What http.request.method may be (HTTP semantic conventions): anybody can invent methods, and each
 * would be a span name and a label of its own. Names of methods are case-sensitive.
 */
static const char *known_method(const char *method)
{
	static const char *const known[] = { "CONNECT", "DELETE", "GET", "HEAD", "OPTIONS",
					     "PATCH",   "POST",   "PUT", "TRACE" };

	for (size_t i = 0; method && i < sizeof(known) / sizeof(known[0]); i++) {
		if (!strcmp(method, known[i]))
			return known[i];
	}
	return method ? CS_METHOD_OTHER : NULL;
}

/*
 * HTTP server spans without a known route are named by the method alone, and "HTTP" where that is
 * none that is known.
 */
static const char *span_name(const struct cs_invocation *invocation)
{
	const char *method = known_method(invocation->method);

	if (!method)
		return invocation->identity->name;
	return strcmp(method, CS_METHOD_OTHER) ? method : "HTTP";
}

/* What a link is for: value of coldspan.link. */
static struct cs_attrs link_attrs(struct cs_spans *spans, const char *what)
{
	struct cs_attr *attr = cs_arena_alloc(&spans->arena, sizeof(*attr));

	if (!attr)
		return (struct cs_attrs){ .dropped_count = 1 };
	*attr = (struct cs_attr){ "coldspan.link", { .type = CS_VALUE_STRING, .string = what } };
	return (struct cs_attrs){ .items = attr, .count = 1 };
}

/* To a span of our own. */
static struct cs_span_link own_link(struct cs_spans *spans, const struct cs_span_context *to,
				    const char *what)
{
	return (struct cs_span_link){
		.trace_id = to->trace_id,
		.span_id = to->span_id,
		.flags = to->trace_flags | CS_SPAN_FLAG_REMOTE_KNOWN,
		.attrs = link_attrs(spans, what),
	};
}

/* X-Ray's spans go to another backend: as a parent they would never arrive. */
static void add_xray_link(const struct cs_trace_context *context, bool told_by_api,
			  struct cs_span_link *link)
{
	/* The second is how OpenTelemetry's instrumentations of Lambda mark what the API tells. */
	static const struct cs_attr attrs[] = {
		{ "coldspan.link", { .type = CS_VALUE_STRING, .string = "x-ray" } },
		{ "source", { .type = CS_VALUE_STRING, .string = "x-ray-env" } },
	};

	memcpy(link->trace_id.bytes, context->trace_id, sizeof(context->trace_id));
	memcpy(link->span_id.bytes, context->parent_id, sizeof(context->parent_id));
	link->flags = context->flags | CS_SPAN_FLAG_REMOTE_KNOWN | CS_SPAN_FLAG_REMOTE;
	link->attrs = (struct cs_attrs){ .items = attrs, .count = told_by_api ? 2 : 1 };
}

/*
 * A prewarmed instance's start is a trace of its own: the first invocation points there. Others point
 * to where their event was made, and to the attempt before.
 */
static bool add_links(struct cs_spans *spans, struct cs_span *span,
		      const struct cs_invocation *invocation)
{
	const struct cs_trace_context *created = &invocation->inbound->created;
	const struct cs_span_context *started = invocation->started;
	const struct cs_lambda_event *event = invocation->lambda;
	struct cs_span_link *links;

	if (!started && !invocation->inbound->has_created && !invocation->previous &&
	    !invocation->inbound->has_xray && !(event && event->xray))
		return true;
	links = cs_arena_alloc(&spans->arena, LINKS_MAX * sizeof(*links));
	if (!links)
		return false;
	span->links = links;
	if (started)
		links[span->links_count++] = own_link(spans, started, "start");
	if (invocation->previous)
		links[span->links_count++] = own_link(spans, invocation->previous, "attempt");
	if (invocation->inbound->has_created) {
		struct cs_span_link *link = &links[span->links_count++];

		memcpy(link->trace_id.bytes, created->trace_id, sizeof(created->trace_id));
		memcpy(link->span_id.bytes, created->parent_id, sizeof(created->parent_id));
		link->flags = created->flags | CS_SPAN_FLAG_REMOTE_KNOWN | CS_SPAN_FLAG_REMOTE;
		link->attrs = link_attrs(spans, "event");
	}
	if (event && event->xray)
		add_xray_link(&event->xray_context, true, &links[span->links_count++]);
	else if (invocation->inbound->has_xray)
		add_xray_link(&invocation->inbound->xray, false, &links[span->links_count++]);
	return true;
}

/* --- what came with a request --- */

/* Those of the invocation come first: the first of them is its id, whatever platform gave it. */
static void add_ids(struct cs_spans *spans, struct list *list, const struct cs_inbound *inbound)
{
	static const char *const attributes[CS_REQUEST_ID_COUNT] = {
#define X(id, header, attribute) attribute,
		CS_REQUEST_IDS(X)
#undef X
	};
	bool named = false;

	for (unsigned i = 0; i < CS_REQUEST_ID_COUNT; i++) {
		const char *id = inbound->ids[i];

		if (!id)
			continue;
		if (i < CS_INVOCATION_IDS && !named) {
			add_string(list, "faas.invocation_id", id);
			named = true;
		} else if (!strncmp(attributes[i], HEADER_PREFIX, sizeof(HEADER_PREFIX) - 1)) {
			add_header(spans, list, attributes[i], id);
		} else {
			add_string(list, attributes[i], id);
		}
	}
}

/* Ids may be missing, or a path be the beginning of one. */
static void add_cut(struct list *list, uint32_t cut)
{
	static const char *const both[] = { "headers", "target" };
	bool headers = cut & CS_REQUEST_HEADERS_CUT, target = cut & CS_REQUEST_TARGET_CUT;

	if ((headers || target) && list->count < ATTRS_MAX)
		list->items[list->count++] = (struct cs_attr){
			"coldspan.request.cut",
			{ .type = CS_VALUE_STRINGS,
			  .strings = { headers ? both : both + 1, (size_t)headers + target } }
		};
}

static void add_carriers(struct cs_spans *spans, struct list *list,
			 const struct cs_inbound *inbound)
{
	const char **items;
	size_t count = 0;

	add_string(list, "coldspan.context.carrier", cs_carrier_header(inbound->carrier));
	if (!inbound->refused)
		return;
	items = cs_arena_alloc(&spans->arena, CS_CARRIER_COUNT * sizeof(*items));
	for (enum cs_carrier carrier = 1; carrier < CS_CARRIER_COUNT && items; carrier++) {
		if (inbound->refused & 1u << carrier)
			items[count++] = cs_carrier_header(carrier);
	}
	if (count && list->count < ATTRS_MAX)
		list->items[list->count++] = (struct cs_attr){ "coldspan.context.refused",
							       { .type = CS_VALUE_STRINGS,
								 .strings = { items, count } } };
}

/* What is known of an event that a runtime has asked for. @buf is used until the list is kept. */
static void add_lambda(struct list *list, const struct cs_invocation *invocation, char *resource,
		       char *account)
{
	const struct cs_lambda_event *event = invocation->lambda;

	add_string(list, "faas.invocation_id", event->id);
	add_string(list, "aws.lambda.invoked_arn", event->arn);
	add_string(list, "cloud.resource_id",
		   cs_lambda_resource(event->arn, invocation->identity->version, resource,
				      CS_TELEMETRY_STRING_MAX));
	add_string(list, "cloud.account.id", cs_lambda_account(event->arn, account, ACCOUNT_MAX));
	add_string(list, "coldspan.lambda.tenant_id", event->tenant);
	if (event->deadline_unix_ms)
		add_int(list, "coldspan.lambda.deadline_unix_ms", event->deadline_unix_ms);
	if (event->streamed)
		add_bool(list, "coldspan.lambda.streamed", true);
	if (event->refused_status)
		add_int(list, "coldspan.lambda.refused_status", event->refused_status);
	if (invocation->outcome.cause == CS_CAUSE_NONE && (event->failed || event->refused_status))
		add_string(list, "error.type",
			   event->error_type       ? event->error_type
			   : event->refused_status ? "refused"
						   : "_OTHER");
}

/* What makes an invocation one that failed, but for the end of its process. */
static const char *failure_of(const struct cs_invocation *invocation)
{
	const struct cs_lambda_event *event = invocation->lambda;

	if (invocation->outcome.cause != CS_CAUSE_NONE)
		return NULL;
	if (event && event->refused_status)
		return "the answer was refused";
	if (event && event->failed)
		return "the function failed";
	return invocation->aborted ? "the connection closed before the response was complete"
				   : NULL;
}

static bool add_invocation(struct cs_spans *spans, const struct cs_invocation *invocation)
{
	struct cs_span *span = new_span(spans, invocation->identity);
	char resource[CS_TELEMETRY_STRING_MAX], account[ACCOUNT_MAX];
	struct list list = { .count = 0 };

	if (!span)
		return false;
	*span = (struct cs_span){
		.name = keep(spans, span_name(invocation)),
		.kind = CS_SPAN_SERVER,
		.start_unix_ns = wall(invocation->identity, invocation->start_ns),
		.end_unix_ns = wall(invocation->identity, invocation->end_ns),
	};
	if (!span->name)
		return false;
	set_context(spans, span, &invocation->context);
	if (!add_links(spans, span, invocation))
		return false;
	add_string(&list, "faas.trigger", invocation->method ? "http" : "other");
	add_bool(&list, "faas.coldstart", invocation->cold);
	add_string(&list, "coldspan.protocol", cs_protocol_name(invocation->protocol));
	add_string(&list, "http.request.method", known_method(invocation->method));
	if (invocation->method && strcmp(invocation->method, known_method(invocation->method)))
		add_string(&list, "http.request.method_original", invocation->method);
	add_string(&list, "url.path", invocation->target);
	add_ids(spans, &list, invocation->inbound);
	add_carriers(spans, &list, invocation->inbound);
	add_cut(&list, invocation->cut);
	if (invocation->attempt)
		add_int(&list, "coldspan.attempt", invocation->attempt);
	if (invocation->lambda)
		add_lambda(&list, invocation, resource, account);
	if (invocation->status)
		add_int(&list, "http.response.status_code", invocation->status);
	if (invocation->request_bytes)
		add_int(&list, "coldspan.request.bytes", invocation->request_bytes);
	if (invocation->response_bytes)
		add_int(&list, "coldspan.response.bytes", invocation->response_bytes);
	if (invocation->first_byte_ns >= invocation->start_ns)
		add_int(&list, "coldspan.first_byte_ns",
			invocation->first_byte_ns - invocation->start_ns);
	if (invocation->pid > 0 && invocation->pid != invocation->identity->pid)
		add_int(&list, "coldspan.worker.pid", (uint64_t)invocation->pid);
	add_string(&list, "coldspan.approximate", invocation->approximate);
	span->status_message = failure_of(invocation);
	if (span->status_message || invocation->status >= 500)
		span->status = CS_STATUS_ERROR;
	set_outcome(spans, span, &list, invocation->outcome);
	if (!keep_list(spans, &list, &span->attrs))
		return false;
	finish_span(spans, invocation->identity);
	return true;
}

void cs_spans_add_invocation(struct cs_spans *spans, const struct cs_invocation *invocation)
{
	if (!add_invocation(spans, invocation))
		spans->lost++;
}

/* --- the batch --- */

static const struct cs_span *flatten(struct cs_spans *spans, const struct cs_spans_group *group)
{
	struct cs_span *flat = cs_arena_alloc(&spans->arena, group->count * sizeof(*flat));
	size_t n = 0;

	for (const struct cs_spans_node *node = group->first; node && flat; node = node->next) {
		memcpy(flat + n, node->spans, node->count * sizeof(*flat));
		n += node->count;
	}
	return flat;
}

bool cs_spans_batch(struct cs_spans *spans, struct cs_span_batch *ret)
{
	struct cs_resource_spans *groups =
		cs_arena_alloc(&spans->arena, spans->groups_count * sizeof(*groups));
	size_t n = 0, told = 0;

	if (!spans->spans_count)
		return false;
	for (const struct cs_spans_group *group = spans->groups; group && groups;
	     group = group->next) {
		if (!group->count)
			continue;
		groups[n].resource = group->resource;
		groups[n].spans = flatten(spans, group);
		groups[n].spans_count = group->count;
		if (!groups[n].spans)
			continue;
		told += group->count;
		n++;
	}
	spans->lost += spans->spans_count - told;
	if (!n)
		return false;
	*ret = (struct cs_span_batch){ .groups = groups, .groups_count = n };
	return true;
}
