/* SPDX-License-Identifier: Apache-2.0 */

/* Ties intake, looking, deaths and exporters together; see collector.h. */
#include "collector/collector.h"

#include <errno.h>
#include <string.h>
#include <sys/queue.h>

#include "base/clock.h"
#include "collector/instances/instance.h"
#include "collector/instances/watch.h"
#include "collector/intake/disposal.h"
#include "collector/intake/intake.h"
#include "collector/intake/listener.h"
#include "collector/intake/quota.h"
#include "collector/pipeline.h"
#include "collector/processes/death.h"

#define NOFILE_DEFAULT  1024
#define STOP_DYING_NS   2000000000ull /* for the ends that have begun by then */
#define STOP_ROUNDS_MAX 1024 /* of announces that do not fit in at once: a flood is cut off */

struct cs_collector {
	struct event_base *base; /* borrowed */
	struct cs_listener listener;
	struct cs_disposal *disposal;
	struct cs_quota quota;
	struct cs_intake *intake;
	struct cs_self self;
	struct cs_instance_world world;
	struct cs_watch watch;
	struct cs_death death;
	LIST_HEAD(, cs_instance) instances;
	struct cs_pipeline pipeline;
	bool stopping; /* announces are taken in by nobody but cs_collector_stop() */
};

/* ---- what instances tell ---- */

/* A watched parent's wait tells how a child ended, where the kernel cannot. */
static void note_wait(struct cs_collector *collector, struct cs_instance *instance,
		      const struct cs_entry *entry)
{
	struct cs_rec_wait wait;

	if (entry->record.payload_len < sizeof(wait))
		return;
	memcpy(&wait, entry->bytes + sizeof(entry->record), sizeof(wait));
	if (WIFEXITED(wait.status) || WIFSIGNALED(wait.status))
		cs_death_waited(&collector->death, (int32_t)entry->pid, wait.pid, wait.status);
}

static void on_record(void *context, struct cs_instance *instance, const struct cs_entry *entry)
{
	struct cs_collector *collector = context;

	if (entry->record.type == CS_RECORD_WAIT)
		note_wait(collector, instance, entry);
	cs_pipeline_record(&collector->pipeline, instance, entry);
}

static void on_ended(void *context, struct cs_instance *instance, const struct cs_member *member,
		     const struct cs_ended *ended)
{
	struct cs_collector *collector = context;

	cs_pipeline_ended(&collector->pipeline, instance, member, ended);
}

static void on_read(void *context, struct cs_instance *instance, uint64_t until_ns)
{
	struct cs_collector *collector = context;

	cs_pipeline_read(&collector->pipeline, instance, until_ns);
}

/* Records and deaths are made sense of with all that was announced before them. */
static void on_looking(void *context)
{
	struct cs_collector *collector = context;

	if (collector->intake && !collector->stopping)
		cs_intake_drain(collector->intake);
}

static void on_process_exited(void *context, struct cs_process *process)
{
	struct cs_collector *collector = context;

	on_looking(collector);
	cs_death_exited(&collector->death, process);
}

static void on_process_reaped(void *context, struct cs_process *process)
{
	struct cs_collector *collector = context;

	on_looking(collector);
	cs_death_reaped(&collector->death, process);
}

static void on_looked(void *context, struct cs_instance *instance)
{
	struct cs_collector *collector = context;

	cs_pipeline_look(&collector->pipeline, instance);
}

static void on_lost(void *context, struct cs_instance *instance, enum cs_end end, uint64_t now_ns)
{
	struct cs_collector *collector = context;

	cs_death_lost(&collector->death, instance, end, now_ns);
}

static void on_exited(void *context, struct cs_instance *instance, struct cs_process *process)
{
	struct cs_collector *collector = context;

	cs_pipeline_exited(&collector->pipeline, instance, process);
}

static void on_over(void *context, struct cs_instance *instance)
{
	struct cs_collector *collector = context;

	cs_pipeline_detach(&collector->pipeline, instance);
	cs_watch_remove(&collector->watch, instance);
	cs_quota_put(&collector->quota, instance->peer.uid);
	LIST_REMOVE(instance, link);
	cs_instance_free(instance);
	collector->self.instances_now--;
	collector->self.instances_ended++;
}

static enum cs_refusal on_announce(void *context, struct cs_announce *announce)
{
	struct cs_collector *collector = context;
	uint64_t now_ns = announce->received_ns;
	struct cs_instance *instance;
	struct cs_process *process;

	if (cs_watch_reserve(&collector->watch) < 0)
		return CS_REFUSAL_RESOURCES;
	instance = cs_instance_new(&collector->world, &announce->file, &announce->peer, now_ns);
	if (!instance)
		return CS_REFUSAL_RESOURCES;
	cs_pipeline_attach(&collector->pipeline, instance);
	cs_watch_add(&collector->watch, instance, now_ns);
	LIST_INSERT_HEAD(&collector->instances, instance, link);
	cs_quota_take(&collector->quota, instance->peer.uid);
	collector->self.instances_now++;
	process = LIST_FIRST(&instance->members)->process;
	if (process)
		cs_death_replaced(&collector->death, process, instance, now_ns);
	return CS_REFUSAL_NONE;
}

/* ---- life of the collector ---- */

static void init_parts(struct cs_collector *collector)
{
	const struct cs_watch_events watch_events = {
		.context = collector, .looking = on_looking, .looked = on_looked, .lost = on_lost
	};
	const struct cs_death_events death_events = {
		.context = collector, .looking = on_looking, .over = on_over, .exited = on_exited
	};

	collector->world.self = &collector->self;
	collector->world.events = (struct cs_instance_events){
		.context = collector, .record = on_record, .read = on_read, .ended = on_ended
	};
	cs_process_table_init(&collector->world.processes, collector->base,
			      &collector->self.processes_now, on_process_exited, on_process_reaped,
			      collector);
	cs_watch_init(&collector->watch, collector->base, &collector->self, &watch_events);
	cs_death_init(&collector->death, collector->base, &collector->world, &death_events);
}

static uint32_t default_quota(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return NOFILE_DEFAULT / 2;
	return limit.rlim_cur / 2 < UINT32_MAX ? (uint32_t)(limit.rlim_cur / 2) : UINT32_MAX;
}

int cs_collector_new(struct event_base *base, const struct cs_collector_options *options,
		     struct cs_diag *diag, struct cs_collector **ret)
{
	struct cs_collector *collector = calloc(1, sizeof(*collector));
	int r;

	if (!collector)
		return cs_diag_set(diag, -ENOMEM, "out of memory");
	collector->base = base;
	collector->listener.fd = -EBADF;
	init_parts(collector);
	r = cs_pipeline_init(&collector->pipeline, base, &collector->self, &options->observer);
	collector->pipeline.quiet = options->quiet;
	if (r == 0)
		cs_sampler_use(&collector->pipeline.outlet.sampler, &options->sampling);
	if (r == 0 && options->xray_parent)
		cs_assembler_xray_parent(collector->pipeline.assembler);
	if (r == 0)
		r = cs_quota_init(&collector->quota, options->instances_per_uid
							     ? options->instances_per_uid
							     : default_quota());
	collector->disposal = cs_disposal_new();
	if (r == 0 && collector->disposal)
		r = cs_listener_open(options->socket_path, options->socket_mode, diag,
				     &collector->listener);
	if (r == 0 && collector->disposal)
		collector->intake =
			cs_intake_new(base, collector->listener.fd, collector->disposal,
				      &collector->quota, &collector->self, on_announce, collector);
	if (r == 0 && !collector->intake)
		r = -ENOMEM;
	if (r < 0) {
		cs_collector_free(collector);
		return cs_diag_set(diag, r, "cannot start: %s", strerror(-r));
	}
	*ret = collector;
	return 0;
}

int cs_collector_add_exporter(struct cs_collector *collector, struct cs_exporter *exporter)
{
	return cs_outlet_add_exporter(&collector->pipeline.outlet, exporter);
}

int cs_collector_measure(struct cs_collector *collector, const struct cs_metric_settings *settings)
{
	return cs_pipeline_measure(&collector->pipeline, collector->base, settings);
}

bool cs_collector_scrape(struct cs_collector *collector, unsigned reader, enum cs_reader_past past,
			 struct cs_arena *arena, struct cs_metric_batch *ret)
{
	struct cs_metrics *metrics = collector->pipeline.metrics;

	return metrics && cs_metrics_scrape(metrics, reader, past, arena, ret);
}

int cs_collector_follow(struct cs_collector *collector, struct cs_diag *diag)
{
	struct cs_sideband *sideband;
	int r = cs_sideband_open(collector->base, diag, &sideband);

	if (r == 0)
		cs_pipeline_follow(&collector->pipeline, sideband);
	return r;
}

const struct cs_outside *cs_collector_get_outside(const struct cs_collector *collector)
{
	const struct cs_sideband *sideband = collector->pipeline.sideband;

	return sideband ? cs_sideband_outside(sideband) : NULL;
}

void cs_collector_leave_out(struct cs_collector *collector, pid_t pid)
{
	if (collector->pipeline.sideband)
		cs_sideband_leave_out(collector->pipeline.sideband, pid);
}

void cs_collector_child_started(struct cs_collector *collector, pid_t pid, uint64_t spawn_begin_ns,
				uint64_t exec_ns)
{
	cs_assembler_child(collector->pipeline.assembler, pid, spawn_begin_ns, exec_ns);
}

void cs_collector_child_ending(struct cs_collector *collector, pid_t pid)
{
	struct cs_process *process;

	on_looking(collector);
	process = cs_process_find(&collector->world.processes, pid);
	if (process)
		cs_process_check(process);
}

void cs_collector_child_ended(struct cs_collector *collector, pid_t pid, int status,
			      const struct rusage *usage)
{
	on_looking(collector);
	cs_assembler_child_ended(collector->pipeline.assembler, pid, status,
				 cs_clock_monotonic_ns(), usage);
	cs_death_waited(&collector->death, getpid(), pid, status);
}

void cs_collector_look(struct cs_collector *collector)
{
	struct cs_instance *instance;

	on_looking(collector);
	LIST_FOREACH(instance, &collector->instances, link)
	{
		cs_pipeline_look(&collector->pipeline, instance);
	}
}

static void end_all(struct cs_collector *collector, uint64_t until_ns)
{
	struct cs_instance *instance, *next;
	uint64_t now_ns;

	cs_process_check_all(&collector->world.processes, until_ns);
	cs_death_deinit(&collector->death);
	now_ns = cs_clock_monotonic_ns();
	for (instance = LIST_FIRST(&collector->instances); instance; instance = next) {
		next = LIST_NEXT(instance, link);
		cs_death_lost(&collector->death, instance, CS_END_SHUTDOWN, now_ns);
	}
}

void cs_collector_stop(struct cs_collector *collector)
{
	uint64_t *refused = &collector->self.refused[CS_REFUSAL_RESOURCES], before = *refused;
	uint64_t until_ns = cs_clock_monotonic_ns() + STOP_DYING_NS;
	unsigned rounds = STOP_ROUNDS_MAX;
	bool all, some;

	collector->stopping = true;
	/* Where there was no room for all of them, those that end make some. */
	do {
		all = cs_intake_drain(collector->intake);
		some = !LIST_EMPTY(&collector->instances);
		end_all(collector, until_ns);
	} while (!all && some && --rounds);
	collector->self.announces_lost =
		*refused - before + (all ? 0 : cs_intake_abandon(collector->intake));
	collector->intake = cs_intake_free(collector->intake);
	cs_pipeline_flush(&collector->pipeline);
}

bool cs_collector_flushed(const struct cs_collector *collector)
{
	return cs_outlet_idle(&collector->pipeline.outlet);
}

const struct cs_self *cs_collector_get_self(struct cs_collector *collector)
{
	cs_pipeline_get_stats(&collector->pipeline, &collector->self);
	return &collector->self;
}

struct cs_exporter *const *cs_collector_exporters(const struct cs_collector *collector,
						  unsigned *ret_count)
{
	*ret_count = collector->pipeline.outlet.exporters_count;
	return collector->pipeline.outlet.exporters;
}

struct cs_collector *cs_collector_free(struct cs_collector *collector)
{
	if (!collector)
		return NULL;
	if (collector->intake)
		cs_collector_stop(collector);
	cs_pipeline_deinit(&collector->pipeline);
	cs_watch_deinit(&collector->watch);
	cs_death_deinit(&collector->death);
	cs_listener_close(&collector->listener);
	cs_disposal_free(collector->disposal);
	cs_quota_deinit(&collector->quota);
	free(collector);
	return NULL;
}
