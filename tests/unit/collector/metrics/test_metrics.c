/* SPDX-License-Identifier: Apache-2.0 */

/* What time does to what is counted. The clocks are the machine's, moved on by the test. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "collector/metrics/metrics.h"
#include "collector/self.h"
#include "exporters/attributes.h"

#define S    1000000000ull
#define HOUR 3600

static struct event_base *base;
static struct cs_metrics *metrics;
static struct cs_arena arena;
static struct cs_metric_batch batch;

static time_t moved_s[CLOCK_BOOTTIME + 1];

/* In place of the C library's. */
int clock_gettime(clockid_t clock, struct timespec *t)
{
	long r = syscall(SYS_clock_gettime, clock, t);

	if (r == 0 && clock >= 0 && clock <= CLOCK_BOOTTIME)
		t->tv_sec += moved_s[clock];
	return (int)r;
}

static void refresh(void *context, struct cs_metrics *of)
{
	static const struct cs_self self;

	cs_metrics_refresh_self(of, &self, NULL, 0);
}

static void begin(void)
{
	struct cs_metric_settings settings = { .interval_ms = 1000 };
	struct cs_metrics_events events = { .refresh = refresh };

	base = event_base_new();
	metrics = cs_metrics_new(base, &settings, &events);
	cr_assert_not_null(metrics);
	cs_arena_init(&arena, 0);
}

static void end(void)
{
	cs_metrics_free(metrics);
	event_base_free(base);
	cs_arena_deinit(&arena);
}

TestSuite(metrics, .init = begin, .fini = end);

static void lived(const char *name)
{
	struct cs_identity identity = { 0 };

	snprintf(identity.name, sizeof(identity.name), "%s", name);
	cs_metrics_gone(metrics, &identity, S);
}

/* More functions than there is room for. */
static void crowd(void)
{
	char name[16];

	for (unsigned i = 0; i < CS_METRIC_GROUPS_MAX; i++) {
		snprintf(name, sizeof(name), "%u", i);
		lived(name);
	}
}

static void scrape(void)
{
	cs_arena_reset(&arena);
	cr_assert(cs_metrics_scrape(metrics, CS_READER_SCRAPE, CS_READER_TOLD, &arena, &batch));
}

static const struct cs_metric *metric_of(const char *service, enum cs_instrument_id id)
{
	for (size_t i = 0; i < batch.groups_count; i++) {
		const struct cs_resource_metrics *group = &batch.groups[i];

		if (strcmp(group->resource.items[0].value.string, service) != 0)
			continue;
		for (size_t j = 0; j < group->metrics_count; j++) {
			if (!strcmp(group->metrics[j].name, cs_instrument(id)->name))
				return &group->metrics[j];
		}
	}
	return NULL;
}

static void turn(void)
{
	event_base_loop(base, EVLOOP_ONCE);
}

Test(metrics, what_was_counted_while_nobody_asked_is_told_before_it_makes_room)
{
	lived("kept");
	crowd();
	moved_s[CLOCK_REALTIME] += 2 * HOUR;
	moved_s[CLOCK_MONOTONIC] += 2 * HOUR;
	scrape();
	cr_assert_not_null(metric_of("kept", CS_INSTRUMENT_LIFETIME));
	turn();
	scrape();
	cr_assert_null(metric_of("kept", CS_INSTRUMENT_LIFETIME));
}

Test(metrics, nothing_is_idle_because_the_clock_was_set)
{
	crowd();
	moved_s[CLOCK_REALTIME] += 2 * HOUR;
	scrape();
	turn();
	scrape();
	cr_assert_not_null(metric_of("0", CS_INSTRUMENT_LIFETIME));
}

static double shift_s(void)
{
	scrape();
	return metric_of("coldspan-collector", CS_INSTRUMENT_CLOCK_SHIFT)->points->as_double;
}

Test(metrics, a_machine_that_slept_has_not_set_its_clock)
{
	moved_s[CLOCK_REALTIME] += HOUR;
	cr_assert_float_eq(shift_s(), HOUR, 60);
	moved_s[CLOCK_REALTIME] += HOUR;
	moved_s[CLOCK_BOOTTIME] += HOUR;
	cr_assert_float_eq(shift_s(), HOUR, 60);
}

static const char *instance_of(const char *service)
{
	for (size_t i = 0; i < batch.groups_count; i++) {
		const struct cs_attrs *resource = &batch.groups[i].resource;

		if (!strcmp(resource->items[0].value.string, service))
			return cs_attributes_find(resource, "service.instance.id")->string;
	}
	return NULL;
}

/* Counters begin with the collector: so does who it says that it is, and all that it tells of is its own. */
Test(metrics, each_run_is_an_instance_of_its_own)
{
	char before[64];

	lived("a");
	scrape();
	cr_assert_str_eq(instance_of("a"), instance_of("coldspan-collector"));
	snprintf(before, sizeof(before), "%s", instance_of("a"));
	/* RFC 9562: version 4, variant 10. */
	cr_assert_eq(strlen(before), 36);
	cr_assert_eq(before[14], '4');
	cr_assert(strchr("89ab", before[19]));
	end();
	begin();
	lived("a");
	scrape();
	cr_assert_str_neq(instance_of("a"), before);
}

Test(metrics, what_is_counted_begins_with_the_collector)
{
	uint64_t before_unix_ns, after_unix_ns;

	end();
	before_unix_ns = cs_clock_ns(CLOCK_REALTIME);
	begin();
	after_unix_ns = cs_clock_ns(CLOCK_REALTIME);
	moved_s[CLOCK_REALTIME] += HOUR;
	lived("a");
	scrape();
	cr_assert_geq(metric_of("a", CS_INSTRUMENT_LIFETIME)->points->start_unix_ns,
		      before_unix_ns);
	cr_assert_leq(metric_of("a", CS_INSTRUMENT_LIFETIME)->points->start_unix_ns, after_unix_ns);
}
