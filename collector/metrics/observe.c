/* SPDX-License-Identifier: Apache-2.0 */

/* What of a cold start and of an invocation is measured; see observe.h. */
#include "collector/metrics/observe.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "coldspan_config.h"
#include "collector/assembler/init_type.h"
#include "collector/assembler/queue.h"
#include "collector/assembler/verdict.h"
#include "collector/metrics/billing.h"
#include "exporters/attributes.h"
#include "preload/wire/clock.h"

#define ATTRS_MAX    6u
#define RESOURCE_MAX 16u

/* One thing that is being measured: of whom, and with which attributes all of it begins. */
struct subject {
	struct cs_observer *observer;
	struct cs_metric_group *group;
	const struct cs_identity *identity;
	uint64_t now_unix_ns;
	uint64_t time_unix_ns;                 /* when it was over */
	const struct cs_span_context *context; /* NULL: of no trace */
	bool cold;
	size_t count;
	struct cs_attr attrs[ATTRS_MAX];
	char name[CS_FUNCTION_NAME_MAX + CS_TELEMETRY_STRING_MAX];
};

static double seconds(uint64_t ns)
{
	return (double)ns / 1e9;
}

static const char *platform_of(const struct cs_identity *identity)
{
	return identity->platform ? identity->platform->name : NULL;
}

/* ---- of whom ---- */

static void put_text(struct cs_attr *items, size_t *count, const char *key, const char *value)
{
	if (value)
		items[(*count)++] =
			(struct cs_attr){ key, { .type = CS_VALUE_STRING, .string = value } };
}

static const char *text_in(const struct cs_attrs *attrs, const char *key)
{
	const struct cs_value *value = cs_attributes_find(attrs, key);

	return value && value->type == CS_VALUE_STRING ? value->string : NULL;
}

/*
 * Of a function, and of no instance: what differs between instances would make series of their own, which
 * Prometheus cannot tell from each other.
 */
static struct cs_metric_group *make_group(struct cs_observer *observer,
					  const struct cs_identity *identity)
{
	static const char *const of_platform[] = { "cloud.provider", "cloud.platform",
						   "cloud.region" };
	static const char *const said[] = { "service.namespace", "deployment.environment.name",
					    "deployment.environment" };
	static const struct cs_platform nothing;
	const struct cs_platform *platform = identity->platform ? identity->platform : &nothing;
	struct cs_attr items[RESOURCE_MAX];
	size_t n = 0;

	put_text(items, &n, "service.name", identity->name);
	put_text(items, &n, "service.instance.id", observer->instance_id);
	if (!platform->app)
		put_text(items, &n, "faas.name",
			 platform->function ? platform->function : identity->name);
	put_text(items, &n, "coldspan.platform", platform->name);
	for (size_t i = 0; i < sizeof(of_platform) / sizeof(of_platform[0]); i++)
		put_text(items, &n, of_platform[i], text_in(&platform->attrs, of_platform[i]));
	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++)
		put_text(items, &n, said[i], text_in(&platform->said, said[i]));
	put_text(items, &n, "telemetry.sdk.name", "coldspan");
	put_text(items, &n, "telemetry.sdk.language", "c");
	put_text(items, &n, "telemetry.sdk.version", CS_VERSION);
	assert(n <= RESOURCE_MAX);
	return cs_metric_store_group(observer->store,
				     &(struct cs_attrs){ .items = items, .count = n });
}

static struct cs_metric_group *group_of(struct cs_observer *observer,
					const struct cs_identity *identity)
{
	size_t place = identity->segment % CS_OBSERVER_CACHE;

	if (observer->groups_gone != observer->store->groups_gone) {
		memset(observer->cache, 0, sizeof(observer->cache));
		observer->groups_gone = observer->store->groups_gone;
	}
	if (identity->segment && observer->cache[place].segment == identity->segment)
		return observer->cache[place].group;
	observer->cache[place].group = make_group(observer, identity);
	observer->cache[place].segment = observer->cache[place].group ? identity->segment : 0;
	return observer->cache[place].group;
}

static void begin(struct subject *subject, struct cs_observer *observer,
		  const struct cs_identity *identity, const char *azure_function,
		  uint64_t now_unix_ns)
{
	const struct cs_platform *platform = identity->platform;
	const char *name = platform && platform->function ? platform->function : identity->name;

	subject->observer = observer;
	subject->group = group_of(observer, identity);
	subject->identity = identity;
	subject->now_unix_ns = subject->time_unix_ns = now_unix_ns;
	subject->context = NULL;
	subject->cold = false;
	subject->count = 0;
	if (azure_function) {
		snprintf(subject->name, sizeof(subject->name), "%s/%s", platform->app,
			 azure_function);
		name = subject->name;
	}
	put_text(subject->attrs, &subject->count, "faas.name", name);
	put_text(subject->attrs, &subject->count, "faas.version",
		 platform ? platform->version : NULL);
}

/* ---- measuring ---- */

/* With one more attribute, which only this measurement has. */
static void measure_with(struct subject *subject, enum cs_instrument_id id, double value,
			 const char *key, const char *text)
{
	struct cs_measurement measurement = { .instrument = id,
					      .value = value,
					      .time_unix_ns = subject->time_unix_ns };
	size_t count = subject->count;

	put_text(subject->attrs, &count, key, text);
	assert(count <= ATTRS_MAX);
	measurement.attrs = (struct cs_attrs){ .items = subject->attrs, .count = count };
	if (subject->context && subject->context->trace_flags & CS_SPAN_FLAG_SAMPLED) {
		measurement.trace_id = subject->context->trace_id;
		measurement.span_id = subject->context->span_id;
		measurement.cold = subject->cold;
	}
	if (cs_instrument(id)->type == CS_INSTRUMENT_GAUGE)
		cs_metric_store_set(subject->observer->store, subject->group, &measurement,
				    subject->now_unix_ns);
	else
		cs_metric_store_add(subject->observer->store, subject->group, &measurement,
				    subject->now_unix_ns);
}

static void measure(struct subject *subject, enum cs_instrument_id id, double value)
{
	measure_with(subject, id, value, NULL, NULL);
}

static uint64_t limit_of(const struct cs_identity *identity)
{
	const struct cs_value *said =
		identity->platform
			? cs_attributes_find(&identity->platform->attrs, "faas.max_memory")
			: NULL;

	if (identity->lambda && identity->lambda->max_memory_bytes)
		return identity->lambda->max_memory_bytes;
	if (said && said->type == CS_VALUE_INT && said->integer > 0)
		return (uint64_t)said->integer;
	return identity->container ? identity->container->memory_max_bytes : 0;
}

static void bill(struct subject *subject, const char *component, uint64_t ns, uint64_t used_bytes)
{
	const struct cs_identity *identity = subject->identity;
	uint64_t bytes = cs_billed_bytes(platform_of(identity), limit_of(identity), used_bytes);

	if (bytes)
		measure_with(subject, CS_INSTRUMENT_BILLED, cs_gb_seconds(bytes, ns),
			     "coldspan.billed.component", component);
}

static uint64_t wall(const struct cs_identity *identity, uint64_t stamp_ns)
{
	return cs_clock_to_realtime(stamp_ns, identity->anchor_monotonic_ns,
				    identity->anchor_realtime_ns);
}

/* ---- cold starts ---- */

static uint64_t took(const struct cs_phase_part *part)
{
	return part->end_ns > part->start_ns ? part->end_ns - part->start_ns : 0;
}

/* Something of the function runs in it, and it is not ready yet. */
static bool is_init(enum cs_phase phase)
{
	return phase < CS_PHASE_WAIT && phase != CS_PHASE_QUEUE && phase != CS_PHASE_FETCH;
}

static void observe_phases(struct subject *subject, const struct cs_cold_start *cold,
			   const char *init_type)
{
	uint64_t init_ns = 0, event_ns = 0;
	size_t before = subject->count;

	for (unsigned i = 0; i < cold->phases_count; i++) {
		if (is_init(cold->phases[i].phase))
			init_ns += took(&cold->phases[i]);
		else if (cold->phases[i].phase > CS_PHASE_WAIT)
			event_ns += took(&cold->phases[i]);
	}
	put_text(subject->attrs, &subject->count, "faas.trigger", cold->trigger);
	put_text(subject->attrs, &subject->count, "coldspan.init.type", init_type);
	measure(subject, CS_INSTRUMENT_INIT_DURATION, seconds(init_ns));
	subject->count = before;
	for (unsigned i = 0; i < cold->phases_count; i++) {
		put_text(subject->attrs, &subject->count, "coldspan.phase",
			 cs_phase_name(cold->phases[i].phase));
		measure_with(subject, CS_INSTRUMENT_INIT_PHASE, seconds(took(&cold->phases[i])),
			     "coldspan.init.type", init_type);
		subject->count = before;
	}
	if (cold->init_type != CS_INIT_PROVISIONED) /* paid for by the hour */
		bill(subject, "init",
		     cs_billed_init_ns(platform_of(cold->identity), init_ns, event_ns),
		     cold->max_rss_bytes);
}

static void observe_counts(struct subject *subject, const struct cs_cold_start *cold)
{
	static const struct {
		enum cs_fact fact;
		const char *kind;
	} files[] = {
		{ CS_FACT_OPENS_USER, "user" },       { CS_FACT_OPENS_DEPENDENCY, "dependency" },
		{ CS_FACT_OPENS_RUNTIME, "runtime" }, { CS_FACT_OPENS_NATIVE, "native" },
		{ CS_FACT_OPENS_OTHER, "other" },
	};

	measure(subject, CS_INSTRUMENT_INIT_OBJECTS, (double)cold->facts[CS_FACT_SHARED_OBJECTS]);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		measure_with(subject, CS_INSTRUMENT_INIT_FILES, (double)cold->facts[files[i].fact],
			     "coldspan.file.kind", files[i].kind);
	measure(subject, CS_INSTRUMENT_INIT_LOOKUPS_FAILED,
		(double)cold->facts[CS_FACT_LOOKUPS_FAILED]);
	measure(subject, CS_INSTRUMENT_INIT_CONNECTIONS, cold->connections_opened);
	measure(subject, CS_INSTRUMENT_ATTACH, seconds(cold->facts[CS_FACT_ATTACH_COST_NS]));
	if (cold->read_bytes)
		measure(subject, CS_INSTRUMENT_INIT_READ, (double)cold->read_bytes);
	if (!cold->usage_known)
		return;
	measure(subject, CS_INSTRUMENT_INIT_CPU, seconds(cold->cpu_ns));
	measure_with(subject, CS_INSTRUMENT_INIT_FAULTS, (double)cold->faults_minor,
		     "system.paging.fault.type", "minor");
	measure_with(subject, CS_INSTRUMENT_INIT_FAULTS, (double)cold->faults_major,
		     "system.paging.fault.type", "major");
}

static void observe_function(struct subject *subject)
{
	uint64_t limit_bytes = limit_of(subject->identity);

	measure_with(subject, CS_INSTRUMENT_FUNCTION_INFO, 1, "coldspan.platform",
		     platform_of(subject->identity));
	if (limit_bytes)
		measure(subject, CS_INSTRUMENT_MEMORY_LIMIT, (double)limit_bytes);
}

void cs_observe_cold_start(struct cs_observer *observer, const struct cs_cold_start *cold,
			   uint64_t now_unix_ns)
{
	const char *init_type = cs_init_type_name(cold->init_type);
	struct subject subject;
	size_t before;

	begin(&subject, observer, cold->identity, NULL, now_unix_ns);
	before = subject.count;
	observe_function(&subject);
	put_text(subject.attrs, &subject.count, "faas.trigger", cold->trigger);
	put_text(subject.attrs, &subject.count, "coldspan.init.type", init_type);
	measure_with(&subject, CS_INSTRUMENT_INITS, 1, "coldspan.init.outcome",
		     !cold->ready   ? "failed"
		     : cold->unused ? "unused"
				    : "used");
	if (cs_init_counts(cold->init_type))
		measure(&subject, CS_INSTRUMENT_COLDSTARTS, 1);
	subject.count = before;
	if (!cold->ready)
		return;
	subject.context = &cold->context;
	subject.cold = cs_init_counts(cold->init_type);
	subject.time_unix_ns = wall(cold->identity, cold->end_ns);
	observe_phases(&subject, cold, init_type);
	observe_counts(&subject, cold);
}

/* ---- invocations ---- */

static void observe_used(struct subject *subject, const struct cs_invocation *invocation)
{
	const struct cs_used *used = &invocation->used;
	uint64_t memory_bytes = used->max_rss_bytes ? used->max_rss_bytes : used->rss_bytes;

	measure(subject, CS_INSTRUMENT_NET_IO,
		(double)invocation->network.sent_bytes +
			(double)invocation->network.received_bytes);
	if (used->of == CS_USED_UNKNOWN)
		return;
	measure(subject, CS_INSTRUMENT_CPU_USAGE, seconds(used->cpu_ns));
	if (memory_bytes)
		measure(subject, CS_INSTRUMENT_MEM_USAGE, (double)memory_bytes);
}

static void observe_duration(struct subject *subject, const struct cs_invocation *invocation)
{
	uint64_t start_ns = invocation->start_ns, accepted_ns;
	size_t before = subject->count;

	accepted_ns = cs_queue_accepted(invocation->identity, invocation->inbound->accepted_unix_ns,
					start_ns);
	if (accepted_ns)
		measure(subject, CS_INSTRUMENT_QUEUE, seconds(start_ns - accepted_ns));
	subject->attrs[subject->count++] =
		(struct cs_attr){ "faas.coldstart",
				  { .type = CS_VALUE_BOOL, .boolean = invocation->cold } };
	measure(subject, CS_INSTRUMENT_INVOKE_DURATION, seconds(invocation->end_ns - start_ns));
	subject->count = before;
}

void cs_observe_invocation(struct cs_observer *observer, const struct cs_invocation *invocation,
			   uint64_t now_unix_ns)
{
	const char *platform = platform_of(invocation->identity);
	bool failed = cs_invocation_failed(invocation);
	struct subject subject;
	size_t before;

	if (invocation->running || invocation->end_ns < invocation->start_ns)
		return; /* how it ends is not known */
	begin(&subject, observer, invocation->identity, cs_invocation_azure_function(invocation),
	      now_unix_ns);
	subject.context = &invocation->context;
	subject.cold = invocation->cold;
	subject.time_unix_ns = wall(invocation->identity, invocation->end_ns);
	before = subject.count;
	put_text(subject.attrs, &subject.count, "faas.trigger", cs_invocation_trigger(invocation));
	/* All of them, so that a share can be made of the first that fails. */
	measure(&subject, CS_INSTRUMENT_INVOCATIONS, !failed);
	measure(&subject, CS_INSTRUMENT_ERRORS, failed);
	measure(&subject, CS_INSTRUMENT_TIMEOUTS, invocation->outcome.cause == CS_CAUSE_TIMEOUT);
	observe_duration(&subject, invocation);
	observe_used(&subject, invocation);
	subject.count = before;
	measure(&subject, CS_INSTRUMENT_CONNECTIONS, invocation->network.connections_opened);
	measure(&subject, CS_INSTRUMENT_NETWORK_SENT, (double)invocation->network.sent_bytes);
	bill(&subject, "invoke", cs_billed_ns(platform, invocation->end_ns - invocation->start_ns),
	     invocation->used.max_rss_bytes);
}

/* ---- instances ---- */

void cs_observe_gone(struct cs_observer *observer, const struct cs_identity *identity,
		     uint64_t lived_ns, uint64_t now_unix_ns)
{
	const struct cs_lambda_place *lambda = identity->lambda;
	struct subject subject;

	begin(&subject, observer, identity, NULL, now_unix_ns);
	measure(&subject, CS_INSTRUMENT_LIFETIME, seconds(lived_ns));
	if (lambda && lambda->init_type && !strcmp(lambda->init_type, "provisioned-concurrency"))
		bill(&subject, "provisioned", lived_ns, 0);
}

void cs_observe_living(struct cs_observer *observer, const struct cs_identity *identity,
		       enum cs_living_state state, uint64_t now_unix_ns)
{
	static const char *const states[] = {
		[CS_LIVING_INIT] = "init",
		[CS_LIVING_IDLE] = "idle",
		[CS_LIVING_BUSY] = "busy",
	};
	struct subject subject;

	begin(&subject, observer, identity, NULL, now_unix_ns);
	/* All three, so that each is there before it is first seen. */
	for (unsigned i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		measure_with(&subject, CS_INSTRUMENT_INSTANCES, i == state,
			     "coldspan.instance.state", states[i]);
}
