/* SPDX-License-Identifier: Apache-2.0 */

/* Timer, clock and identity around what is pure; see metrics.h. */
#include "collector/metrics/metrics.h"

#include <errno.h>
#include <event2/event_struct.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "coldspan_config.h"
#include "collector/metrics/observe.h"
#include "collector/metrics/self_metrics.h"
#include "collector/processes/procfs.h"

#define UUID_CHARS 36u

struct cs_metrics {
	struct cs_metrics_events events;
	struct cs_metric_store store;
	struct cs_observer observer;
	struct event timer;
	struct event told; /* after a scrape */
	struct timeval interval;
	int64_t ahead_ns;                 /* wall_ahead_ns() when it began */
	char instance_id[UUID_CHARS + 1]; /* of this run: its counters begin with it */
};

/* A UUID of version 4 (RFC 9562), as service.instance.id is recommended to be. */
static void print_uuid(const uint8_t random[16], char ret[UUID_CHARS + 1])
{
	uint8_t b[16];

	for (unsigned i = 0; i < sizeof(b); i++)
		b[i] = random[i];
	b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
	b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
	snprintf(ret, UUID_CHARS + 1,
		 "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1],
		 b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14],
		 b[15]);
}

static uint64_t now_unix_ns(void)
{
	return cs_clock_ns(CLOCK_REALTIME);
}

/* How far the wall clock is ahead of the one that nobody sets; suspended, both go on. */
static int64_t wall_ahead_ns(void)
{
	return (int64_t)(now_unix_ns() - cs_clock_ns(CLOCK_BOOTTIME));
}

/* Now, to the store too: before anything is done with it. */
static uint64_t tick(struct cs_metrics *metrics)
{
	metrics->store.now_ns = cs_clock_monotonic_ns();
	return now_unix_ns();
}

static int init_store(struct cs_metrics *metrics, const struct cs_metric_settings *settings)
{
	const struct cs_attr own[] = {
		{ "service.name", { .type = CS_VALUE_STRING, .string = "coldspan-collector" } },
		{ "service.version", { .type = CS_VALUE_STRING, .string = CS_VERSION } },
		{ "service.instance.id",
		  { .type = CS_VALUE_STRING, .string = metrics->instance_id } },
		{ "telemetry.sdk.name", { .type = CS_VALUE_STRING, .string = "coldspan" } },
		{ "telemetry.sdk.language", { .type = CS_VALUE_STRING, .string = "c" } },
		{ "telemetry.sdk.version", { .type = CS_VALUE_STRING, .string = CS_VERSION } },
	};
	uint8_t random[32];

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return -errno;
	print_uuid(random, metrics->instance_id);
	return cs_metric_store_init(
		&metrics->store, settings,
		&(struct cs_attrs){ .items = own, .count = sizeof(own) / sizeof(own[0]) },
		random + 16, now_unix_ns());
}

static bool collect(struct cs_metrics *metrics, unsigned reader, struct cs_arena *arena,
		    struct cs_metric_batch *ret)
{
	uint64_t began_ns = cs_clock_monotonic_ns();
	bool done;

	metrics->events.refresh(metrics->events.context, metrics);
	done = cs_metric_store_collect(&metrics->store, reader, now_unix_ns(), arena, ret);
	/* It is in the next one. */
	cs_self_metrics_collection(&metrics->store, reader, cs_clock_monotonic_ns() - began_ns,
				   now_unix_ns());
	return done;
}

static void push(struct cs_metrics *metrics)
{
	struct cs_metric_batch batch;
	struct cs_arena arena;

	cs_arena_init(&arena, 0);
	if (collect(metrics, CS_READER_PUSH, &arena, &batch)) {
		metrics->events.push(metrics->events.context, &batch);
		cs_metric_store_sweep(&metrics->store, tick(metrics));
	}
	cs_arena_deinit(&arena);
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
	push(context);
}

/* Room is made once all that was counted is told: at the end of a push, and after an answer was written. */
static void on_told(evutil_socket_t fd, short what, void *context)
{
	struct cs_metrics *metrics = context;

	cs_metric_store_sweep(&metrics->store, tick(metrics));
}

struct cs_metrics *cs_metrics_new(struct event_base *base,
				  const struct cs_metric_settings *settings,
				  const struct cs_metrics_events *events)
{
	struct cs_metrics *metrics = calloc(1, sizeof(*metrics));

	if (!metrics)
		return NULL;
	if (init_store(metrics, settings) < 0) {
		free(metrics);
		return NULL;
	}
	metrics->events = *events;
	metrics->ahead_ns = wall_ahead_ns();
	metrics->observer.store = &metrics->store;
	metrics->observer.instance_id = metrics->instance_id;
	metrics->interval = (struct timeval){
		.tv_sec = settings->interval_ms / 1000,
		.tv_usec = (suseconds_t)(settings->interval_ms % 1000) * 1000,
	};
	event_assign(&metrics->timer, base, -1, EV_PERSIST, on_timer, metrics);
	evtimer_assign(&metrics->told, base, on_told, metrics);
	if (events->push)
		evtimer_add(&metrics->timer, &metrics->interval);
	return metrics;
}

struct cs_metrics *cs_metrics_free(struct cs_metrics *metrics)
{
	if (!metrics)
		return NULL;
	event_del(&metrics->timer);
	event_del(&metrics->told);
	cs_metric_store_deinit(&metrics->store);
	free(metrics);
	return NULL;
}

void cs_metrics_cold_start(struct cs_metrics *metrics, const struct cs_cold_start *cold)
{
	cs_observe_cold_start(&metrics->observer, cold, tick(metrics));
}

void cs_metrics_invocation(struct cs_metrics *metrics, const struct cs_invocation *invocation)
{
	cs_observe_invocation(&metrics->observer, invocation, tick(metrics));
}

void cs_metrics_gone(struct cs_metrics *metrics, const struct cs_identity *identity,
		     uint64_t lived_ns)
{
	cs_observe_gone(&metrics->observer, identity, lived_ns, tick(metrics));
}

static void on_living(void *context, const struct cs_identity *identity, enum cs_living_state state)
{
	struct cs_metrics *metrics = context;

	cs_observe_living(&metrics->observer, identity, state, tick(metrics));
}

void cs_metrics_refresh_living(struct cs_metrics *metrics, struct cs_assembler *assembler)
{
	cs_metric_store_clear(&metrics->store, CS_INSTRUMENT_INSTANCES);
	cs_assembler_living(assembler, on_living, metrics);
}

void cs_metrics_operation(struct cs_metrics *metrics, const struct cs_exporter *exporter,
			  uint64_t took_ns, const char *error)
{
	cs_self_metrics_operation(&metrics->store, exporter, took_ns, error, tick(metrics));
}

static uint64_t resident_bytes(void)
{
	struct cs_proc_stat stat;
	char text[1024];

	if (cs_proc_read_file("/proc/self/stat", text, sizeof(text)) < 0 ||
	    cs_proc_parse_stat(text, (uint64_t)sysconf(_SC_CLK_TCK), &stat) < 0)
		return 0;
	return stat.rss_pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static uint64_t ns_of(struct timeval time)
{
	return (uint64_t)time.tv_sec * 1000000000ull + (uint64_t)time.tv_usec * 1000ull;
}

void cs_metrics_refresh_self(struct cs_metrics *metrics, const struct cs_self *self,
			     struct cs_exporter *const *exporters, unsigned exporters_count)
{
	uint64_t unix_ns = tick(metrics);
	struct cs_own_usage usage = { .resident_bytes = resident_bytes() };
	struct rusage used;

	if (getrusage(RUSAGE_SELF, &used) == 0) {
		usage.user_ns = ns_of(used.ru_utime);
		usage.system_ns = ns_of(used.ru_stime);
	}
	cs_self_metrics_usage(&metrics->store, &usage, unix_ns);
	cs_self_metrics_counters(&metrics->store, self, cs_clock_monotonic_ns(), unix_ns);
	cs_self_metrics_clock(&metrics->store, (double)(wall_ahead_ns() - metrics->ahead_ns) / 1e9,
			      unix_ns);
	for (unsigned i = 0; i < exporters_count; i++)
		cs_self_metrics_exporter(&metrics->store, exporters[i], unix_ns);
}

void cs_metrics_finish(struct cs_metrics *metrics)
{
	event_del(&metrics->timer);
	if (metrics->events.push)
		push(metrics);
}

bool cs_metrics_scrape(struct cs_metrics *metrics, unsigned reader, enum cs_reader_past past,
		       struct cs_arena *arena, struct cs_metric_batch *ret)
{
	static const struct timeval at_once;

	cs_metric_store_told(&metrics->store, reader, past);
	if (!collect(metrics, reader, arena, ret))
		return false;
	evtimer_add(&metrics->told, &at_once); /* the loop goes on: @ret is no longer used */
	return true;
}
