/* SPDX-License-Identifier: Apache-2.0 */

/* From instances to exporters; see pipeline.h. */
#include "collector/pipeline.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "collector/processes/cgroup.h"
#include "collector/processes/pidfd.h"
#include "collector/processes/reading.h"
#include "collector/processes/usage.h"
#include "preload/wire/segment.h"

static void start_timer(struct cs_pipeline *pipeline)
{
	const struct timeval delay = { .tv_usec = CS_PIPELINE_DELAY_MS * 1000 };

	if (!evtimer_pending(&pipeline->timer, NULL))
		evtimer_add(&pipeline->timer, &delay);
}

/* What is concluded is CS_ASSEMBLER_HOLD_NS old: what is younger by far may wait for its order. */
static void read_sideband(struct cs_pipeline *pipeline, uint64_t until_ns)
{
	if (pipeline->sideband)
		cs_sideband_read(pipeline->sideband, until_ns);
}

/* What the sampler holds may be all there is. */
static void start_held_timer(struct cs_pipeline *pipeline, uint64_t due_ns, uint64_t now_ns)
{
	uint64_t wait_us = due_ns > now_ns ? (due_ns - now_ns) / 1000 + 1 : 1;
	const struct timeval delay = { .tv_sec = (time_t)(wait_us / 1000000),
				       .tv_usec = (suseconds_t)(wait_us % 1000000) };

	if (due_ns)
		evtimer_add(&pipeline->held_timer, &delay);
}

static void on_held(evutil_socket_t fd, short what, void *context)
{
	struct cs_pipeline *pipeline = context;
	uint64_t now_ns = cs_clock_monotonic_ns();

	start_held_timer(pipeline, cs_outlet_tick(&pipeline->outlet, now_ns), now_ns);
	cs_outlet_send(&pipeline->outlet);
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
	struct cs_pipeline *pipeline = context;
	uint64_t now_ns = cs_clock_monotonic_ns(), next_ns;

	read_sideband(pipeline, now_ns - CS_SIDEBAND_SETTLE_NS);
	next_ns = cs_assembler_tick(pipeline->assembler, now_ns);
	start_held_timer(pipeline, cs_outlet_tick(&pipeline->outlet, now_ns), now_ns);
	cs_outlet_send(&pipeline->outlet);
	if (next_ns) {
		start_timer(pipeline);
		return;
	}
	cs_outlet_rest(&pipeline->outlet);
	if (pipeline->quiet)
		pipeline->quiet();
}

int cs_pipeline_init(struct cs_pipeline *pipeline, struct event_base *base, struct cs_self *self,
		     const struct cs_assembler_sink *observer)
{
	struct cs_assembler_sink sink;
	struct cs_id_key key;

	*pipeline = (struct cs_pipeline){ .self = self };
	cs_outlet_init(&pipeline->outlet, self, observer);
	sink = cs_outlet_sink(&pipeline->outlet);
	evtimer_assign(&pipeline->timer, base, on_timer, pipeline);
	evtimer_assign(&pipeline->held_timer, base, on_held, pipeline);
	if (getrandom(key.bytes, sizeof(key.bytes), 0) != (ssize_t)sizeof(key.bytes))
		return -errno;
	pipeline->assembler = cs_assembler_new(&key, &sink);
	return pipeline->assembler ? 0 : -ENOMEM;
}

void cs_pipeline_deinit(struct cs_pipeline *pipeline)
{
	if (event_initialized(&pipeline->timer))
		evtimer_del(&pipeline->timer);
	if (event_initialized(&pipeline->held_timer))
		evtimer_del(&pipeline->held_timer);
	pipeline->assembler = cs_assembler_free(pipeline->assembler);
	pipeline->sideband = cs_sideband_close(pipeline->sideband);
	for (unsigned i = 0; i < pipeline->outlet.exporters_count; i++)
		cs_exporter_set_operated(pipeline->outlet.exporters[i], NULL, NULL);
	pipeline->metrics = cs_metrics_free(pipeline->metrics);
	cs_outlet_deinit(&pipeline->outlet);
}

static void refresh_metrics(void *context, struct cs_metrics *metrics)
{
	struct cs_pipeline *pipeline = context;

	cs_pipeline_get_stats(pipeline, pipeline->self);
	cs_metrics_refresh_living(metrics, pipeline->assembler);
	cs_metrics_refresh_self(metrics, pipeline->self, pipeline->outlet.exporters,
				pipeline->outlet.exporters_count);
}

static void push_metrics(void *context, const struct cs_metric_batch *batch)
{
	struct cs_pipeline *pipeline = context;

	cs_outlet_send_metrics(&pipeline->outlet, batch);
}

static void on_operation(void *context, const struct cs_exporter *exporter, uint64_t took_ns,
			 const char *error)
{
	cs_metrics_operation(context, exporter, took_ns, error);
}

int cs_pipeline_measure(struct cs_pipeline *pipeline, struct event_base *base,
			const struct cs_metric_settings *settings)
{
	struct cs_metrics_events events = { .context = pipeline, .refresh = refresh_metrics };

	for (unsigned i = 0; i < pipeline->outlet.exporters_count; i++) {
		if (cs_exporter_takes(pipeline->outlet.exporters[i], CS_SIGNAL_METRICS))
			events.push = push_metrics;
	}
	if (!pipeline->metrics)
		pipeline->metrics = cs_metrics_new(base, settings, &events);
	pipeline->outlet.metrics = pipeline->metrics;
	if (!pipeline->metrics)
		return -ENOMEM;
	for (unsigned i = 0; i < pipeline->outlet.exporters_count; i++)
		cs_exporter_set_operated(pipeline->outlet.exporters[i], on_operation,
					 pipeline->metrics);
	return 0;
}

void cs_pipeline_follow(struct cs_pipeline *pipeline, struct cs_sideband *sideband)
{
	pipeline->sideband = sideband;
	cs_assembler_follow(pipeline->assembler, cs_sideband_outside(sideband));
}

/* The kernel's word, not the segment's, on who it is; a clock of another kind has no place in an order. */
static void tell_sideband(struct cs_pipeline *pipeline, const struct cs_instance *instance)
{
	uint64_t attach_ns = instance->file.header->attach_monotonic_ns;
	uint64_t now_ns = cs_clock_monotonic_ns();

	if (instance->file.shift.monotonic_ns || attach_ns > now_ns)
		attach_ns = now_ns;
	if (pipeline->sideband && instance->peer.pid > 0)
		cs_sideband_attached(pipeline->sideband, instance->peer.pid, attach_ns);
}

/*
 * Of who has the pid just now: that is it as long as it was not waited for. After that the kernel knows
 * the number of its last group.
 */
static void tell_container(struct cs_instance *instance, const struct cs_process *process)
{
	struct cs_container container;
	struct cs_pidfd_info info;

	if (!process || process->pid <= 0 || process->pidfd < 0)
		return;
	cs_cgroup_read(process->pid, process->uid, &container);
	if (cs_pidfd_reaped(process->pidfd)) {
		if (cs_pidfd_get_info(process->pidfd, &info) < 0 || !info.cgroup_id)
			return;
		cs_cgroup_read_group(info.cgroup_id, &container);
	}
	cs_assembler_contained(instance->model, &container);
}

void cs_pipeline_attach(struct cs_pipeline *pipeline, struct cs_instance *instance)
{
	const struct cs_member *member = LIST_FIRST(&instance->members);
	struct cs_header header;

	/* Identity and anchors are read once, from a copy that nobody can change meanwhile. */
	memcpy(&header, instance->file.header, sizeof(header));
	/* The kernel's word, not the segment's. */
	header.uid = instance->peer.uid;
	header.gid = instance->peer.gid;
	header.pid = (int32_t)member->pid;
	if (!instance->same_ns)
		header.ppid = member->process ? member->process->ppid : 0;
	instance->model = cs_assembler_attach(pipeline->assembler, ++pipeline->segments, &header,
					      instance->peer.pid);
	pipeline->self->models_lost += !instance->model;
	if (instance->model && instance->file.shift.monotonic_ns)
		cs_assembler_shift(instance->model, instance->file.shift.monotonic_ns);
	if (instance->model)
		tell_container(instance, member->process);
	tell_sideband(pipeline, instance);
}

static bool is_ready(const struct cs_header *header)
{
	static const enum cs_mark signs[] = { CS_MARK_ACCEPT_WAIT, CS_MARK_STDIN_READ,
					      CS_MARK_REQUEST,     CS_MARK_STDOUT_WRITE,
					      CS_MARK_MAIN_RETURN, CS_MARK_NEXT };

	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
		if (cs_segment_marked(header, signs[i]))
			return true;
	}
	return false;
}

static const struct cs_process *own_process(const struct cs_instance *instance)
{
	const struct cs_member *member;

	LIST_FOREACH(member, &instance->members, of_instance)
	{
		if (member->own)
			return member->process;
	}
	return NULL;
}

static uint32_t at_most_u32(uint64_t count)
{
	return count < UINT32_MAX ? (uint32_t)count : UINT32_MAX;
}

static void tell_usage(struct cs_instance *instance, const struct cs_usage *usage, bool ended)
{
	cs_assembler_usage(instance->model,
			   &(struct cs_usage_so_far){
				   .cpu_ns = usage->cpu_ns,
				   .faults_minor = at_most_u32(usage->faults_minor),
				   .faults_major = at_most_u32(usage->faults_major),
				   .read_bytes = usage->read_bytes,
				   .known = true,
			   },
			   ended);
}

/* Also long after the start was told of: what is missing from then on must not be missed in silence. */
static void count_stand_downs(struct cs_self *self, struct cs_instance *instance)
{
	uint64_t bits =
		atomic_load_explicit(&instance->file.header->stand_down, memory_order_relaxed);
	uint64_t more = bits & ~instance->stand_down_seen;

	instance->stand_down_seen |= bits;
	for (unsigned i = 0; more && i < CS_STAND_DOWN_COUNT; i++)
		self->stood_down[i] += more >> i & 1;
}

/* Its word, as all in a header: what it takes back again does not count. */
static void count_lost_logs(struct cs_self *self, struct cs_instance *instance)
{
	uint64_t lost = atomic_load_explicit(&instance->file.header->facts[CS_FACT_LOG_BYTES_LOST],
					     memory_order_relaxed);

	if (lost <= instance->log_bytes_lost_seen)
		return;
	self->log_bytes_lost += lost - instance->log_bytes_lost_seen;
	instance->log_bytes_lost_seen = lost;
}

static void count_probes(struct cs_self *self, struct cs_instance *instance)
{
	uint64_t count = atomic_load_explicit(&instance->file.header->facts[CS_FACT_PROBES],
					      memory_order_relaxed);

	if (count > instance->probes_seen)
		self->health_probes += count - instance->probes_seen;
	instance->probes_seen = count;
}

void cs_pipeline_look(struct cs_pipeline *pipeline, struct cs_instance *instance)
{
	const struct cs_process *process;
	struct cs_usage usage;
	bool loaded;

	if (!instance->model)
		return;
	cs_assembler_look(instance->model, instance->file.header);
	count_stand_downs(pipeline->self, instance);
	count_lost_logs(pipeline->self, instance);
	count_probes(pipeline->self, instance);
	cs_metering_look(&pipeline->metering, instance, cs_clock_monotonic_ns());
	/* Who is brought its code is ready to be, and then ready. */
	loaded = cs_segment_marked(instance->file.header, CS_MARK_LOADED);
	if (!is_ready(instance->file.header) ||
	    (instance->ready_seen && loaded == instance->loaded_seen))
		return;
	instance->ready_seen = true;
	instance->loaded_seen = loaded;
	process = own_process(instance);
	if (!process || cs_usage_read_all(process, &usage) < 0)
		return;
	tell_usage(instance, &usage, false);
	cs_metering_ready(instance, &usage);
}

void cs_pipeline_exited(struct cs_pipeline *pipeline, struct cs_instance *instance,
			const struct cs_process *process)
{
	struct cs_usage usage;

	cs_pipeline_look(pipeline, instance);
	if (!instance->model ||
	    (process != own_process(instance) && !cs_metering_wants(instance, process)))
		return;
	if (cs_usage_read_all(process, &usage) < 0)
		return;
	cs_metering_exited(instance, process, &usage);
	if (process == own_process(instance))
		tell_usage(instance, &usage, true);
}

static bool is_of_invocation(unsigned type)
{
	return type == CS_RECORD_REQUEST || type == CS_RECORD_RESPONSE_END ||
	       type == CS_RECORD_INVOCATION || type == CS_RECORD_INVOCATION_END;
}

static bool is_unanswered(const struct cs_entry *entry)
{
	const struct cs_rec_response_end *rec = (const void *)(&entry->record + 1);

	return entry->record.type == CS_RECORD_RESPONSE_END &&
	       entry->record.payload_len >= sizeof(*rec) && rec->flags & CS_RESPONSE_ABORTED;
}

void cs_pipeline_record(struct cs_pipeline *pipeline, struct cs_instance *instance,
			const struct cs_entry *entry)
{
	if (!instance->model)
		return;
	/* What that means is for the header to say, as it was by then: main may have begun since the last look. */
	if (is_unanswered(entry))
		cs_assembler_look(instance->model, instance->file.header);
	cs_assembler_record(instance->model, entry, cs_clock_monotonic_ns());
	if (is_of_invocation(entry->record.type))
		cs_metering_record(instance);
	start_timer(pipeline);
}

void cs_pipeline_read(struct cs_pipeline *pipeline, struct cs_instance *instance, uint64_t until_ns)
{
	uint64_t now_ns = cs_clock_monotonic_ns();

	if (!instance->model)
		return;
	/* After the records, and the clock: who wrote them may have dropped others just before. */
	cs_assembler_read(instance->model, until_ns, cs_instance_requests_lost(instance), now_ns);
}

void cs_pipeline_ended(struct cs_pipeline *pipeline, struct cs_instance *instance,
		       const struct cs_member *member, const struct cs_ended *ended)
{
	static const enum cs_assembler_end ends[] = {
		[CS_END_STATUS] = CS_ASSEMBLER_STATUS,     [CS_END_UNKNOWN] = CS_ASSEMBLER_UNKNOWN,
		[CS_END_EXEC] = CS_ASSEMBLER_EXEC,         [CS_END_BROKEN] = CS_ASSEMBLER_UNKNOWN,
		[CS_END_SHUTDOWN] = CS_ASSEMBLER_SHUTDOWN,
	};

	if (!instance->model)
		return;
	cs_pipeline_look(pipeline, instance);
	if (ended->met_gone && member->own)
		cs_assembler_met_gone(instance->model);
	cs_assembler_ended(instance->model, member->pid, ends[ended->end], ended->wait_status,
			   ended->time_ns);
	start_timer(pipeline);
}

void cs_pipeline_detach(struct cs_pipeline *pipeline, struct cs_instance *instance)
{
	if (!instance->model)
		return;
	cs_assembler_detach(instance->model);
	instance->model = NULL;
	start_timer(pipeline);
}

void cs_pipeline_flush(struct cs_pipeline *pipeline)
{
	read_sideband(pipeline, UINT64_MAX);
	cs_assembler_flush(pipeline->assembler);
	cs_assembler_close(pipeline->assembler);
	cs_outlet_tick(&pipeline->outlet, UINT64_MAX);
	cs_outlet_send(&pipeline->outlet);
	if (pipeline->metrics)
		cs_metrics_finish(pipeline->metrics);
}

void cs_pipeline_get_stats(const struct cs_pipeline *pipeline, struct cs_self *self)
{
	struct cs_assembler_stats stats;
	uint64_t sampled_out = 0;
	struct cs_reading_stats readings;

	cs_reading_get_stats(&readings);
	self->readings_given_up = readings.given_up;
	self->readings_refused = readings.refused;
	cs_assembler_get_stats(pipeline->assembler, &stats);
	self->cold_starts = stats.cold_starts;
	self->invocations = stats.invocations;
	self->unused_inits = stats.unused_inits;
	self->helpers = stats.helpers;
	self->unmatched = stats.unmatched;
	self->api_spans = stats.api_spans;
	self->api_dropped = stats.api_dropped;
	self->unknown_records = stats.unknown_records;
	self->requests_dropped = stats.requests_dropped;
	self->contexts_refused = stats.contexts_refused;
	self->hurried = stats.hurried;
	self->unattributed = stats.unattributed;
	self->calls = stats.calls;
	self->calls_dropped = stats.calls_dropped;
	self->calls_unowned = stats.calls_unowned;
	self->connections_forgotten = stats.connections_forgotten;
	self->evidence_lost = stats.evidence_lost;
	self->room = stats.room;
	self->log_lines = stats.log_lines;
	self->log_lines_alone = stats.log_lines_alone;
	self->log_lines_limited = stats.log_lines_limited;
	self->log_lines_lost = stats.log_lines_lost;
	self->log_records_lost = pipeline->outlet.logs.lost;
	cs_sampler_get_stats(&pipeline->outlet.sampler, &self->sampling);
	for (unsigned i = 0; i < CS_SAMPLED_OUT_COUNT; i++)
		sampled_out += self->sampling.out[i];
	self->spans_lost = pipeline->outlet.spans.lost + self->sampling.lost;
	self->ledger = stats.ledger;
	self->ledger.of[CS_LEDGER_SPAN] = (struct cs_ledger_line){
		.read = pipeline->outlet.spans_read,
		.told = self->spans,
		.aside = sampled_out,
		.dropped = self->spans_lost,
	};
	self->ledger.of[CS_LEDGER_RECORD] = (struct cs_ledger_line){
		.read = stats.log_lines,
		.told = self->log_records,
		.dropped = self->log_records_lost,
	};
}
