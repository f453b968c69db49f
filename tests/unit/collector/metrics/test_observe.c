/* SPDX-License-Identifier: Apache-2.0 */

/* Which cold starts, invocations and counters are measured where. */
#include <criterion/criterion.h>
#include <math.h>
#include <signal.h>
#include <string.h>

#include "collector/metrics/collect.h"
#include "collector/metrics/observe.h"
#include "collector/metrics/self_metrics.h"
#include "collector/self.h"

#define MS  1000000ull
#define S   1000000000ull
#define MIB 1048576ull

static struct cs_metric_store store;
static struct cs_observer observer;
static struct cs_arena arena;
static struct cs_metric_batch batch;
static struct cs_platform platform;
static struct cs_inbound inbound;

static struct cs_identity identity = {
	.name = "hello",
	.platform = &platform,
	.segment = 7,
	.anchor_monotonic_ns = 1000 * S,
	.anchor_realtime_ns = 5000 * S,
};

static void begin(void)
{
	static const uint8_t key[16] = "0123456789abcdef";
	static const struct cs_attr own = { "service.name",
					    { .type = CS_VALUE_STRING, .string = "collector" } };
	struct cs_metric_settings settings = { .interval_ms = 1 };

	cr_assert_eq(cs_metric_store_init(&store, &settings,
					  &(struct cs_attrs){ .items = &own, .count = 1 }, key, S),
		     0);
	observer = (struct cs_observer){ .store = &store, .instance_id = "id" };
	cs_arena_init(&arena, 0);
}

static void end(void)
{
	cs_metric_store_deinit(&store);
	cs_arena_deinit(&arena);
}

static void collect(void)
{
	cs_arena_reset(&arena);
	/* The first time, all that is new is told twice. */
	(void)cs_metric_store_collect(&store, CS_READER_PUSH, 6000 * S, &arena, &batch);
	batch = (struct cs_metric_batch){ 0 };
	(void)cs_metric_store_collect(&store, CS_READER_PUSH, 6001 * S, &arena, &batch);
}

static bool has(const struct cs_attrs *attrs, const char *key, const char *text)
{
	for (size_t i = 0; key && i < attrs->count; i++) {
		const struct cs_value *value = &attrs->items[i].value;

		if (strcmp(attrs->items[i].key, key) != 0)
			continue;
		return value->type == CS_VALUE_STRING
			       ? !strcmp(value->string, text)
			       : !strcmp(value->boolean ? "true" : "false", text);
	}
	return !key;
}

/* As who just looks: nothing of it is told after that. */
static void look(void)
{
	cs_arena_reset(&arena);
	cr_assert(cs_metric_store_collect(&store, CS_READER_LOOK, 6000 * S, &arena, &batch));
}

/* How many points of a metric in the batch have that attribute. */
static unsigned count(enum cs_instrument_id id, const char *key, const char *text,
		      const struct cs_data_point **ret_last)
{
	unsigned found = 0;

	for (size_t i = 0; i < batch.groups_count; i++) {
		for (size_t j = 0; j < batch.groups[i].metrics_count; j++) {
			const struct cs_metric *metric = &batch.groups[i].metrics[j];

			if (strcmp(metric->name, cs_instrument(id)->name) != 0)
				continue;
			for (size_t k = 0; k < metric->points_count; k++) {
				if (!has(&metric->points[k].attrs, key, text))
					continue;
				*ret_last = &metric->points[k];
				found++;
			}
		}
	}
	return found;
}

/* The one point of a metric with that attribute; NULL: none. */
static const struct cs_data_point *point_in_batch(enum cs_instrument_id id, const char *key,
						  const char *text)
{
	const struct cs_data_point *found = NULL;

	cr_assert_leq(count(id, key, text, &found), 1, "%s: more than one point",
		      cs_instrument(id)->name);
	return found;
}

static const struct cs_data_point *point(enum cs_instrument_id id, const char *key,
					 const char *text)
{
	collect();
	return point_in_batch(id, key, text);
}

static double value(enum cs_instrument_id id, const char *key, const char *text)
{
	const struct cs_data_point *p = point(id, key, text);

	if (!p)
		return -1;
	if (cs_instrument(id)->type == CS_INSTRUMENT_HISTOGRAM)
		return p->histogram.sum;
	return p->integer ? (double)p->as_int : p->as_double;
}

static void expect(enum cs_instrument_id id, const char *key, const char *text, double expected)
{
	double got = value(id, key, text);

	cr_assert(fabs(got - expected) < 1e-9, "%s{%s=%s}: %g, not %g", cs_instrument(id)->name,
		  key ? key : "", text ? text : "", got, expected);
}

/* 10 ms each, from queue to respond. */
static struct cs_cold_start cold_start(enum cs_init_type type)
{
	struct cs_cold_start cold = {
		.identity = &identity,
		.context = { .trace_flags = 1, .trace_id = { { 1 } }, .span_id = { { 2 } } },
		.protocol = CS_PROTOCOL_HTTP,
		.init_type = type,
		.ready = true,
		.start_ns = 1000 * S,
		.end_ns = 1000 * S + 10 * MS * CS_PHASE_COUNT,
		.phases_count = CS_PHASE_COUNT,
		.usage_known = true,
		.cpu_ns = 30 * MS,
		.faults_minor = 200,
		.faults_major = 3,
		.connections_opened = 2,
		.read_bytes = 12345,
		.trigger = "pubsub",
	};

	for (unsigned i = 0; i < CS_PHASE_COUNT; i++)
		cold.phases[i] = (struct cs_phase_part){ .phase = (enum cs_phase)i,
							 .start_ns = 1000 * S + 10 * MS * i,
							 .end_ns = 1000 * S + 10 * MS * (i + 1) };
	cold.facts[CS_FACT_SHARED_OBJECTS] = 5;
	cold.facts[CS_FACT_OPENS_USER] = 11;
	cold.facts[CS_FACT_OPENS_DEPENDENCY] = 4;
	cold.facts[CS_FACT_OPENS_RUNTIME] = 7;
	cold.facts[CS_FACT_OPENS_NATIVE] = 2;
	cold.facts[CS_FACT_OPENS_OTHER] = 1;
	cold.facts[CS_FACT_LOOKUPS_FAILED] = 40;
	cold.facts[CS_FACT_ATTACH_COST_NS] = MS;
	return cold;
}

static struct cs_invocation invocation(void)
{
	return (struct cs_invocation){
		.identity = &identity,
		.context = { .trace_flags = 1, .trace_id = { { 1 } }, .span_id = { { 3 } } },
		.protocol = CS_PROTOCOL_HTTP,
		.method = "GET",
		.status = 200,
		.start_ns = 1001 * S,
		.first_byte_ns = 1001 * S + MS,
		.end_ns = 1001 * S + 250 * MS,
		.inbound = &inbound,
		.network = { .sent_bytes = 300, .received_bytes = 200, .connections_opened = 1 },
		.used = { .of = CS_USED_INVOCATION, .cpu_ns = 50 * MS, .max_rss_bytes = 64 * MIB },
	};
}

Test(observe, classes_of_inits_count_as_cold_or_do_not, .fini = end)
{
	static const struct {
		enum cs_init_type type;
		double coldstarts; /* -1: there is no such series */
	} rows[] = {
		{ CS_INIT_ON_DEMAND, 1 },    { CS_INIT_RESTORE, 1 },      { CS_INIT_REINIT, 1 },
		{ CS_INIT_PROACTIVE, -1 },   { CS_INIT_PROVISIONED, -1 }, { CS_INIT_FORK_POOL, -1 },
		{ CS_INIT_PER_REQUEST, -1 }, { CS_INIT_UNKNOWN, -1 },
	};

	begin();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *class = cs_init_type_name(rows[i].type);
		struct cs_cold_start cold = cold_start(rows[i].type);
		const struct cs_data_point *phase = NULL;

		cs_observe_cold_start(&observer, &cold, 5001 * S);
		expect(CS_INSTRUMENT_COLDSTARTS, "coldspan.init.type", class, rows[i].coldstarts);
		expect(CS_INSTRUMENT_INITS, "coldspan.init.type", class, 1);
		/* All but queue, fetch, wait, handler and respond. */
		expect(CS_INSTRUMENT_INIT_DURATION, "coldspan.init.type", class, 0.06);
		cr_assert_eq(count(CS_INSTRUMENT_INIT_PHASE, "coldspan.init.type", class, &phase),
			     CS_PHASE_COUNT);
	}
}

Test(observe, a_cold_start_is_measured_by_phase_and_structure, .fini = end)
{
	struct cs_cold_start cold = cold_start(CS_INIT_ON_DEMAND);
	const struct cs_data_point *p;

	begin();
	cs_observe_cold_start(&observer, &cold, 5001 * S);
	for (unsigned i = 0; i < CS_PHASE_COUNT; i++)
		expect(CS_INSTRUMENT_INIT_PHASE, "coldspan.phase", cs_phase_name(i), 0.01);
	expect(CS_INSTRUMENT_INIT_OBJECTS, NULL, NULL, 5);
	expect(CS_INSTRUMENT_INIT_FILES, "coldspan.file.kind", "user", 11);
	expect(CS_INSTRUMENT_INIT_FILES, "coldspan.file.kind", "dependency", 4);
	expect(CS_INSTRUMENT_INIT_FILES, "coldspan.file.kind", "runtime", 7);
	expect(CS_INSTRUMENT_INIT_FILES, "coldspan.file.kind", "native", 2);
	expect(CS_INSTRUMENT_INIT_FILES, "coldspan.file.kind", "other", 1);
	expect(CS_INSTRUMENT_INIT_LOOKUPS_FAILED, NULL, NULL, 40);
	expect(CS_INSTRUMENT_INIT_FAULTS, "system.paging.fault.type", "minor", 200);
	expect(CS_INSTRUMENT_INIT_FAULTS, "system.paging.fault.type", "major", 3);
	expect(CS_INSTRUMENT_INIT_CPU, NULL, NULL, 0.03);
	expect(CS_INSTRUMENT_INIT_CONNECTIONS, NULL, NULL, 2);
	expect(CS_INSTRUMENT_ATTACH, NULL, NULL, 0.001);
	expect(CS_INSTRUMENT_FUNCTION_INFO, NULL, NULL, 1);
	expect(CS_INSTRUMENT_MEMORY_LIMIT, NULL, NULL, -1);
	end();

	begin();
	cold.usage_known = false;
	cs_observe_cold_start(&observer, &cold, 5001 * S);
	expect(CS_INSTRUMENT_INIT_CPU, NULL, NULL, -1);
	cr_assert_null(point(CS_INSTRUMENT_INIT_FAULTS, NULL, NULL));
	end();

	begin();
	cs_observe_cold_start(&observer, &cold, 5001 * S);
	cr_assert(cs_metric_store_collect(&store, CS_READER_SCRAPE, 6000 * S, &arena, &batch));
	p = point(CS_INSTRUMENT_INIT_DURATION, NULL, NULL);
	cr_assert_eq(p->exemplars_count, 0, "told by the push before");
	cr_assert_eq(p->histogram.count, 1);
}

Test(observe, an_init_has_the_trigger_of_who_waited, .fini = end)
{
	struct cs_cold_start cold = cold_start(CS_INIT_ON_DEMAND);

	begin();
	cs_observe_cold_start(&observer, &cold, 6000 * S);
	cold.trigger = NULL;
	cs_observe_cold_start(&observer, &cold, 6000 * S);
	expect(CS_INSTRUMENT_COLDSTARTS, "faas.trigger", "pubsub", 1);
	expect(CS_INSTRUMENT_INITS, "faas.trigger", "pubsub", 1);
	cr_assert_not_null(point(CS_INSTRUMENT_INIT_DURATION, "faas.trigger", "pubsub"));
	expect(CS_INSTRUMENT_INIT_READ, NULL, NULL, 2 * 12345);
	cold.read_bytes = 0;
	cs_observe_cold_start(&observer, &cold, 6000 * S);
	expect(CS_INSTRUMENT_INIT_READ, NULL, NULL, 2 * 12345);
}

Test(observe, what_never_got_ready_has_no_duration, .fini = end)
{
	struct cs_cold_start cold = cold_start(CS_INIT_ON_DEMAND);

	begin();
	cold.ready = false;
	cs_observe_cold_start(&observer, &cold, 5001 * S);
	expect(CS_INSTRUMENT_INITS, "coldspan.init.outcome", "failed", 1);
	expect(CS_INSTRUMENT_COLDSTARTS, NULL, NULL, 1);
	expect(CS_INSTRUMENT_INIT_DURATION, NULL, NULL, -1);
	cold.ready = cold.unused = true;
	cs_observe_cold_start(&observer, &cold, 5001 * S);
	expect(CS_INSTRUMENT_INITS, "coldspan.init.outcome", "unused", 1);
	cold.unused = false;
	cs_observe_cold_start(&observer, &cold, 5001 * S);
	expect(CS_INSTRUMENT_INITS, "coldspan.init.outcome", "used", 1);
}

static struct cs_lambda_event failed_event = { .failed = true };
static struct cs_lambda_event refused_event = { .refused_status = 413 };
static struct cs_lambda_event good_event;
static struct cs_whisk_event failed_action = { .failed = true };
static struct cs_whisk_event web_action = { .web = true };
static struct cs_api_said said_error = { .status = CS_STATUS_ERROR };
static struct cs_api_said said_timer = { .trigger = CS_API_TRIGGER_TIMER };

Test(observe, invocations_succeed_or_they_do_not, .fini = end)
{
	static const struct {
		const char *what, *trigger;
		struct cs_invocation is;
		int errors, timeouts;
	} rows[] = {
		{ "answered", "http", { .method = "GET", .status = 200 }, 0, 0 },
		{ "the client's fault", "http", { .method = "GET", .status = 404 }, 0, 0 },
		{ "its own", "http", { .method = "GET", .status = 503 }, 1, 0 },
		{ "cut off", "http", { .method = "GET", .aborted = true }, 1, 0 },
		{ "exit 0 after the answer began",
		  "http",
		  { .method = "GET",
		    .protocol = CS_PROTOCOL_HTTP,
		    .first_byte_ns = 1,
		    .outcome = { CS_CAUSE_EXIT, 0 } },
		  0,
		  0 },
		{ "exit 0 before it",
		  "http",
		  { .method = "GET",
		    .protocol = CS_PROTOCOL_HTTP,
		    .outcome = { CS_CAUSE_EXIT, 0 } },
		  1,
		  0 },
		{ "a process per event",
		  "other",
		  { .protocol = CS_PROTOCOL_EXEC, .outcome = { CS_CAUSE_EXIT, 0 } },
		  0,
		  0 },
		{ "that failed",
		  "other",
		  { .protocol = CS_PROTOCOL_EXEC, .outcome = { CS_CAUSE_EXIT, 1 } },
		  1,
		  0 },
		{ "killed", "other", { .outcome = { CS_CAUSE_SIGNAL, SIGSEGV } }, 1, 0 },
		{ "gone", "other", { .outcome = { CS_CAUSE_UNKNOWN, 0 } }, 1, 0 },
		{ "timed out", "other", { .outcome = { CS_CAUSE_TIMEOUT, SIGKILL } }, 1, 1 },
		{ "lambda", "other", { .lambda = &good_event }, 0, 0 },
		{ "lambda, failed", "other", { .lambda = &failed_event }, 1, 0 },
		{ "lambda, refused", "other", { .lambda = &refused_event }, 1, 0 },
		{ "action", "http", { .whisk = &web_action }, 0, 0 },
		{ "action, failed", "other", { .whisk = &failed_action }, 1, 0 },
		{ "by its own word", "other", { .api = &said_error }, 1, 0 },
		{ "a timer's", "timer", { .api = &said_timer }, 0, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cs_invocation is = rows[i].is;

		begin();
		is.identity = &identity;
		is.inbound = &inbound;
		is.start_ns = 1001 * S;
		is.end_ns = 1002 * S;
		cs_observe_invocation(&observer, &is, 5003 * S);
		cr_assert_eq((int)value(CS_INSTRUMENT_ERRORS, "faas.trigger", rows[i].trigger),
			     rows[i].errors, "%s", rows[i].what);
		cr_assert_eq((int)value(CS_INSTRUMENT_INVOCATIONS, "faas.trigger", rows[i].trigger),
			     !rows[i].errors, "%s", rows[i].what);
		cr_assert_eq((int)value(CS_INSTRUMENT_TIMEOUTS, NULL, NULL), rows[i].timeouts, "%s",
			     rows[i].what);
		end();
	}
	begin();
}

Test(observe, what_an_invocation_took, .fini = end)
{
	struct cs_invocation is = invocation();

	begin();
	inbound.accepted_unix_ns = 5000 * S + 900 * MS; /* 100 ms before it began */
	cs_observe_invocation(&observer, &is, 5002 * S);
	is.cold = true;
	is.used.of = CS_USED_UNKNOWN;
	cs_observe_invocation(&observer, &is, 5002 * S);
	is.running = true;
	cs_observe_invocation(&observer, &is, 5002 * S);
	expect(CS_INSTRUMENT_INVOKE_DURATION, "faas.coldstart", "true", 0.25);
	expect(CS_INSTRUMENT_INVOKE_DURATION, "faas.coldstart", "false", 0.25);
	cr_assert_null(point(CS_INSTRUMENT_INVOCATIONS, "faas.coldstart", "true"));
	expect(CS_INSTRUMENT_INVOCATIONS, NULL, NULL, 2);
	expect(CS_INSTRUMENT_NET_IO, NULL, NULL, 1000);
	expect(CS_INSTRUMENT_CPU_USAGE, NULL, NULL, 0.05);
	expect(CS_INSTRUMENT_MEM_USAGE, NULL, NULL, (double)(64 * MIB));
	expect(CS_INSTRUMENT_QUEUE, NULL, NULL, 0.2);
	expect(CS_INSTRUMENT_CONNECTIONS, NULL, NULL, 2);
	expect(CS_INSTRUMENT_NETWORK_SENT, NULL, NULL, 600);
	expect(CS_INSTRUMENT_BILLED, NULL, NULL, -1);
}

static const struct cs_exemplar *exemplar(enum cs_instrument_id id)
{
	const struct cs_data_point *p = point_in_batch(id, NULL, NULL);

	cr_assert_not_null(p, "%s", cs_instrument(id)->name);
	cr_assert_leq(p->exemplars_count, 1);
	return p->exemplars_count ? p->exemplars : NULL;
}

Test(observe, exemplars_are_of_sampled_traces_at_their_time, .fini = end)
{
	struct cs_cold_start cold = cold_start(CS_INIT_ON_DEMAND);
	struct cs_invocation is = invocation();

	begin();
	cold.context.trace_flags = is.context.trace_flags = 0;
	cs_observe_cold_start(&observer, &cold, 5003 * S);
	cs_observe_invocation(&observer, &is, 5003 * S);
	look();
	cr_assert_null(exemplar(CS_INSTRUMENT_INIT_DURATION));
	cr_assert_null(exemplar(CS_INSTRUMENT_INVOKE_DURATION));
	cold.context.trace_flags = is.context.trace_flags = 1;
	cs_observe_cold_start(&observer, &cold, 5003 * S);
	cs_observe_invocation(&observer, &is, 5003 * S);
	look();
	cr_assert_eq(exemplar(CS_INSTRUMENT_INIT_DURATION)->trace_id.bytes[0], 1);
	cr_assert_eq(exemplar(CS_INSTRUMENT_INIT_DURATION)->span_id.bytes[0], 2);
	cr_assert_eq(exemplar(CS_INSTRUMENT_INIT_DURATION)->time_unix_ns,
		     5000 * S + 10 * MS * CS_PHASE_COUNT);
	cr_assert_eq(exemplar(CS_INSTRUMENT_INVOKE_DURATION)->span_id.bytes[0], 3);
	cr_assert_eq(exemplar(CS_INSTRUMENT_INVOKE_DURATION)->time_unix_ns, 5001 * S + 250 * MS);
}

/* Of one bucket each: what is slower, but nobody's cold start, gives way. */
Test(observe, exemplars_are_cold_first, .fini = end)
{
	struct cs_cold_start cold = cold_start(CS_INIT_PROACTIVE);
	struct cs_invocation is = invocation();

	begin();
	cold.facts[CS_FACT_ATTACH_COST_NS] = 1050000;
	is.used.cpu_ns = 52 * MS;
	cs_observe_cold_start(&observer, &cold, 5003 * S);
	cs_observe_invocation(&observer, &is, 5003 * S);
	cold.init_type = CS_INIT_ON_DEMAND;
	cold.facts[CS_FACT_ATTACH_COST_NS] = 1040000;
	cold.context.span_id.bytes[0] = 8;
	is.cold = true;
	is.used.cpu_ns = 51 * MS;
	is.context.span_id.bytes[0] = 9;
	cs_observe_cold_start(&observer, &cold, 5003 * S);
	cs_observe_invocation(&observer, &is, 5003 * S);
	look();
	cr_assert_eq(exemplar(CS_INSTRUMENT_ATTACH)->span_id.bytes[0], 8);
	cr_assert_eq(exemplar(CS_INSTRUMENT_CPU_USAGE)->span_id.bytes[0], 9);
}

Test(observe, memory_is_what_is_resident_and_what_may_be, .fini = end)
{
	static const struct cs_attr said = { "faas.max_memory",
					     { .type = CS_VALUE_INT, .integer = 128 * MIB } };
	struct cs_container container = { .memory_max_bytes = 256 * MIB };
	struct cs_cold_start cold = cold_start(CS_INIT_ON_DEMAND);
	struct cs_invocation is = invocation();

	begin();
	is.used.max_rss_bytes = 0;
	is.used.rss_bytes = 32 * MIB;
	cs_observe_invocation(&observer, &is, 5003 * S);
	expect(CS_INSTRUMENT_MEM_USAGE, NULL, NULL, (double)(32 * MIB));
	identity.container = &container;
	cs_observe_cold_start(&observer, &cold, 5003 * S);
	expect(CS_INSTRUMENT_MEMORY_LIMIT, NULL, NULL, (double)(256 * MIB));
	platform.attrs = (struct cs_attrs){ .items = &said, .count = 1 };
	cs_observe_cold_start(&observer, &cold, 5003 * S);
	expect(CS_INSTRUMENT_MEMORY_LIMIT, NULL, NULL, (double)(128 * MIB));
}

Test(observe, azure_is_billed_by_the_memory_that_was_used, .fini = end)
{
	struct cs_cold_start cold = cold_start(CS_INIT_ON_DEMAND);
	struct cs_invocation is = invocation();

	begin();
	platform.name = "azure.functions";
	is.used.max_rss_bytes = 160 * MIB;
	cs_observe_cold_start(&observer, &cold, 5003 * S);
	cs_observe_invocation(&observer, &is, 5003 * S);
	expect(CS_INSTRUMENT_BILLED, "coldspan.billed.component", "invoke", 0.25 * 0.25);
	cr_assert_null(point(CS_INSTRUMENT_BILLED, "coldspan.billed.component", "init"));
}

Test(observe, a_function_that_made_room_begins_anew, .fini = end)
{
	struct cs_invocation is = invocation();

	begin();
	cs_observe_invocation(&observer, &is, 5003 * S);
	collect();
	store.crowded = true;
	store.now_ns += CS_METRIC_IDLE_NS + 1;
	cs_metric_store_sweep(&store, 6002 * S);
	cr_assert_eq(store.groups_gone, 1);
	cs_observe_invocation(&observer, &is, 6003 * S);
	expect(CS_INSTRUMENT_INVOCATIONS, NULL, NULL, 1);
}

Test(observe, azure_names_the_function_of_its_app, .fini = end)
{
	struct cs_invocation is = invocation();

	begin();
	platform.app = "shop";
	inbound.ids[CS_REQUEST_ID_AZURE] = (char *)(uintptr_t) "1";
	is.method = "POST";
	is.target = "/pay";
	cs_observe_invocation(&observer, &is, 5002 * S);
	expect(CS_INSTRUMENT_INVOCATIONS, "faas.name", "shop/pay", 1);
}

Test(observe, init_and_invocation_are_billed_as_one_on_lambda, .fini = end)
{
	struct cs_lambda_place lambda = { .max_memory_bytes = 512 * MIB };
	struct cs_cold_start cold = cold_start(CS_INIT_ON_DEMAND);
	struct cs_invocation is = invocation();

	begin();
	identity.lambda = &lambda;
	platform.name = "aws_lambda";
	cs_observe_cold_start(&observer, &cold, 5001 * S);
	is.end_ns = is.start_ns + 20 * MS + 1;
	cs_observe_invocation(&observer, &is, 5002 * S);
	expect(CS_INSTRUMENT_BILLED, "coldspan.billed.component", "init", 0.5 * 0.06);
	expect(CS_INSTRUMENT_BILLED, "coldspan.billed.component", "invoke", 0.5 * 0.021);
	expect(CS_INSTRUMENT_MEMORY_LIMIT, NULL, NULL, (double)(512 * MIB));
	/* Kept ready, as somebody ordered: its init is in that price, and so is its life. */
	lambda.init_type = "provisioned-concurrency";
	cold.init_type = CS_INIT_PROVISIONED;
	cs_observe_cold_start(&observer, &cold, 5001 * S);
	expect(CS_INSTRUMENT_BILLED, "coldspan.billed.component", "init", 0.5 * 0.06);
	cs_observe_gone(&observer, &identity, 100 * S, 5100 * S);
	expect(CS_INSTRUMENT_BILLED, "coldspan.billed.component", "provisioned", 50);
	expect(CS_INSTRUMENT_LIFETIME, NULL, NULL, 100);
}

Test(observe, instances_are_counted_by_state, .fini = end)
{
	begin();
	for (int round = 0; round < 2; round++) {
		cs_metric_store_clear(&store, CS_INSTRUMENT_INSTANCES);
		cs_observe_living(&observer, &identity, CS_LIVING_IDLE, 5001 * S);
		cs_observe_living(&observer, &identity, CS_LIVING_IDLE, 5001 * S);
		cs_observe_living(&observer, &identity, CS_LIVING_BUSY, 5001 * S);
		expect(CS_INSTRUMENT_INSTANCES, "coldspan.instance.state", "idle", 2);
		expect(CS_INSTRUMENT_INSTANCES, "coldspan.instance.state", "busy", 1);
		expect(CS_INSTRUMENT_INSTANCES, "coldspan.instance.state", "init", 0);
	}
}

Test(observe, instances_of_a_function_are_one_resource, .fini = end)
{
	struct cs_invocation is = invocation();
	struct cs_identity other = identity;

	begin();
	cs_observe_invocation(&observer, &is, 5001 * S);
	other.segment = identity.segment + CS_OBSERVER_CACHE;
	is.identity = &other;
	cs_observe_invocation(&observer, &is, 5001 * S);
	expect(CS_INSTRUMENT_INVOCATIONS, NULL, NULL, 2);
	cr_assert(has(&batch.groups[0].resource, "service.name", "hello"));
	cr_assert(has(&batch.groups[0].resource, "service.instance.id", "id"));
	cr_assert(has(&batch.groups[0].resource, "faas.name", "hello"));
	cr_assert(has(&batch.groups[0].resource, "telemetry.sdk.name", "coldspan"));
}

Test(observe, a_platform_is_said_of_the_resource_and_the_version_of_points, .fini = end)
{
	static const struct cs_attr said[] = {
		{ "service.namespace", { .type = CS_VALUE_STRING, .string = "shop" } },
		{ "deployment.environment.name", { .type = CS_VALUE_STRING, .string = "test" } },
		{ "host.name",
		  { .type = CS_VALUE_STRING, .string = "is no business of a function's" } },
	};
	static const struct cs_attr attrs = { "cloud.provider",
					      { .type = CS_VALUE_STRING, .string = "aws" } };
	struct cs_cold_start cold = cold_start(CS_INIT_ON_DEMAND);
	struct cs_invocation is = invocation();

	begin();
	platform.name = "aws_lambda";
	platform.version = "3";
	platform.attrs = (struct cs_attrs){ .items = &attrs, .count = 1 };
	platform.said = (struct cs_attrs){ .items = said, .count = 3 };
	cs_observe_cold_start(&observer, &cold, 5003 * S);
	cs_observe_invocation(&observer, &is, 5003 * S);
	expect(CS_INSTRUMENT_INVOCATIONS, "faas.version", "3", 1);
	expect(CS_INSTRUMENT_COLDSTARTS, "faas.version", "3", 1);
	expect(CS_INSTRUMENT_FUNCTION_INFO, "coldspan.platform", "aws_lambda", 1);
	cr_assert(has(&batch.groups[0].resource, "coldspan.platform", "aws_lambda"));
	cr_assert(has(&batch.groups[0].resource, "cloud.provider", "aws"));
	cr_assert(has(&batch.groups[0].resource, "service.namespace", "shop"));
	cr_assert(has(&batch.groups[0].resource, "deployment.environment.name", "test"));
	cr_assert(!has(&batch.groups[0].resource, "host.name", said[2].value.string));
}

static bool declared(const char *list, const char *key)
{
	size_t len = strlen(key);

	for (const char *at = list; (at = strstr(at, key)); at += len) {
		if ((at == list || at[-1] == ' ') && (at[len] == ',' || !at[len]))
			return true;
	}
	return false;
}

/* The list promises no metric that is never made, and no point has an attribute that it does not name. */
Test(observe, metrics_are_as_the_list_has_them, .fini = end)
{
	struct cs_lambda_place lambda = { .max_memory_bytes = 512 * MIB };
	struct cs_cold_start cold = cold_start(CS_INIT_ON_DEMAND);
	struct cs_invocation is = invocation();
	bool made[CS_INSTRUMENT_ID_COUNT] = { false };
	static struct cs_self self;

	begin();
	identity.lambda = &lambda;
	platform.name = "aws_lambda";
	platform.version = "3";
	inbound.accepted_unix_ns = 5000 * S + 900 * MS;
	cs_observe_cold_start(&observer, &cold, 5001 * S);
	cs_observe_invocation(&observer, &is, 5001 * S);
	cs_observe_gone(&observer, &identity, S, 5001 * S);
	cs_observe_living(&observer, &identity, CS_LIVING_BUSY, 5001 * S);
	cs_self_metrics_counters(&store, &self, S, 5001 * S);
	cs_self_metrics_usage(&store, &(struct cs_own_usage){ S, S, S }, 5001 * S);
	cs_self_metrics_clock(&store, 0, 5001 * S);
	cs_self_metrics_collection(&store, CS_READER_LOOK, MS, 5001 * S);
	collect();
	for (size_t g = 0; g < batch.groups_count; g++) {
		for (size_t m = 0; m < batch.groups[g].metrics_count; m++) {
			const struct cs_metric *metric = &batch.groups[g].metrics[m];
			unsigned id = 0;

			while (strcmp(cs_instrument(id)->name, metric->name) != 0)
				id++;
			made[id] = true;
			for (size_t p = 0; p < metric->points_count; p++) {
				const struct cs_attrs *attrs = &metric->points[p].attrs;

				for (size_t a = 0; a < attrs->count; a++)
					cr_assert(declared(cs_instrument(id)->attributes,
							   attrs->items[a].key),
						  "%s: %s", metric->name, attrs->items[a].key);
			}
		}
	}
	/* Those of destinations need some: test_self_metrics. */
	for (unsigned id = 0; id < CS_INSTRUMENT_SPANS_EXPORTED; id++)
		cr_assert(made[id], "%s", cs_instrument(id)->name);
	cr_assert(made[CS_INSTRUMENT_COLLECTION_DURATION]);
}
