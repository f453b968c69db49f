/* SPDX-License-Identifier: Apache-2.0 */

/* A start of a function, watched; see sampling.h. */
#include "agent/asserting/sampling.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/asserting/counters.h"
#include "agent/asserting/first_event.h"
#include "agent/asserting/noise_watch.h"
#include "agent/asserting/port.h"
#include "agent/asserting/runtime_api.h"
#include "agent/asserting/starting.h"
#include "agent/asserting/steadying.h"
#include "agent/budget/cost.h"
#include "agent/exit_codes.h"
#include "agent/interrupts.h"
#include "agent/statistics/quantile.h"
#include "agent/watched.h"
#include "base/clock.h"
#include "collector/processes/procfs.h"

#define BLOCK_BYTES 512 /* getrusage(2) counts blocks of that, whatever a disk has */
#define GRACE_S     2   /* from SIGTERM to SIGKILL */
/* Who ends before it is known whose start it is: of many the last; itself it ends behind all that it waits for. */
#define ENDED_MAX 1024u

struct warm {
	uint64_t segment;
	double took_ns;
};

/* What coldspan-faas, or what it has started, has seen end. */
struct ended {
	int32_t pid;
	uint64_t max_rss_bytes;
};

struct sampling {
	struct event_base *base;
	const struct cs_plan_function *function;
	struct cs_sampling_result *result;
	struct cs_watched watched;
	struct cs_first_event first;
	struct cs_runtime_api api;
	struct cs_arena arena;
	struct cs_noise_watch noise;
	struct cs_counters counters;
	struct cs_sample outside; /* what is seen of it without the shim, too */
	struct cs_modules modules;
	struct cs_file_set *files; /* borrowed; NULL: nobody asks */
	const char *folder;
	struct event limit;
	struct event kill;
	struct event output;
	struct cs_interrupts interrupts;
	int port_claim; /* nobody else of us is given its port; negative: it has none */
	int output_fd;  /* our end of what it writes to; negative: closed */
	bool ready;     /* its rule says so */
	bool over;      /* its time was */
	bool refused;   /* it could not be started */
	uint32_t warm_asked;
	uint64_t segment;              /* of the process whose start it is */
	int32_t pid;                   /* its */
	struct ended ended[ENDED_MAX]; /* the last of them; where @best_ready only @pid */
	uint32_t ended_count;          /* that came */
	struct warm warm[CS_PLAN_WARM_MAX + 1];
	uint32_t warm_count;
	bool best_ready;
	bool seen;
};

/* --- what the shim told --- */

static double total_of(const struct cs_cold_start *cold)
{
	double total = (double)(cold->end_ns - cold->start_ns);

	/* What passes between ready and the event is ours, who ask. */
	for (unsigned i = 0; i < cold->phases_count; i++) {
		if (cold->phases[i].phase == CS_PHASE_WAIT)
			total -= (double)(cold->phases[i].end_ns - cold->phases[i].start_ns);
	}
	return total;
}

/* What its CPU time is of: until it was ready; of a process per event, until its end. */
static double time_of_cpu(const struct cs_cold_start *cold)
{
	double total = 0;

	for (unsigned i = 0; i < cold->phases_count; i++) {
		const struct cs_phase_part *part = &cold->phases[i];

		if (cold->protocol == CS_PROTOCOL_EXEC || !cold->ready ||
		    part->phase < CS_PHASE_WAIT)
			total += (double)(part->end_ns - part->start_ns);
	}
	return total;
}

static void fill_sample(const struct cs_cold_start *cold, struct cs_sample *sample)
{
	double *values = sample->values, attributed = 0;

	for (unsigned i = 0; i < cold->phases_count; i++) {
		const struct cs_phase_part *part = &cold->phases[i];
		double took = (double)(part->end_ns - part->start_ns);

		values[CS_METRIC_PHASES + part->phase] = took;
		attributed += took;
	}
	for (unsigned i = 0; i < CS_FACT_COUNT; i++)
		values[CS_METRIC_FACTS + i] = (double)cold->facts[i];
	values[CS_METRIC_FILES] = 0;
	for (unsigned i = CS_FACT_OPENS_USER; i <= CS_FACT_OPENS_OTHER; i++)
		values[CS_METRIC_FILES] += (double)cold->facts[i];
	values[CS_METRIC_CONNECTS] = cold->connections_opened;
	values[CS_METRIC_TOTAL] = total_of(cold);
	values[CS_METRIC_UNATTRIBUTED] = (double)(cold->end_ns - cold->start_ns) - attributed;
	if (cold->max_rss_bytes)
		values[CS_METRIC_MEMORY] = (double)cold->max_rss_bytes;
	if (!cold->usage_known)
		return;
	values[CS_METRIC_CPU] = (double)cold->cpu_ns;
	/* Several threads may run longer than time passes. */
	values[CS_METRIC_CPU_WAIT] = fmax(time_of_cpu(cold) - values[CS_METRIC_CPU], 0);
	values[CS_METRIC_FAULTS_MINOR] = (double)cold->faults_minor;
	values[CS_METRIC_FAULTS_MAJOR] = (double)cold->faults_major;
}

/* --- what is seen from outside --- */

static double ns_of(const struct timeval *time)
{
	return (double)time->tv_sec * 1e9 + (double)time->tv_usec * 1e3;
}

static void become_ready(struct sampling *sampling)
{
	if (sampling->ready)
		return;
	sampling->ready = true;
	sampling->outside.values[CS_METRIC_WALL] =
		(double)(cs_clock_monotonic_ns() - sampling->watched.child.spawn_begin_ns);
	cs_counters_fill(&sampling->counters, &sampling->outside);
}

static void fill_life(const struct rusage *usage, struct cs_sample *sample)
{
	sample->values[CS_METRIC_CPU_USER] = ns_of(&usage->ru_utime);
	sample->values[CS_METRIC_CPU_SYS] = ns_of(&usage->ru_stime);
	sample->values[CS_METRIC_IO_READ] = (double)usage->ru_inblock * BLOCK_BYTES;
	sample->values[CS_METRIC_MEMORY] = (double)usage->ru_maxrss * 1024;
}

/* What the shim told stands beside it. */
static void fill_outside(struct sampling *sampling)
{
	double *values = sampling->result->sample.values;

	if (sampling->watched.reaped && sampling->function->start != CS_START_FAAS)
		fill_life(&sampling->watched.usage, &sampling->outside);
	for (unsigned i = 0; i < CS_METRIC_COUNT; i++) {
		if (cs_metric_is_outside(i))
			values[i] = sampling->outside.values[i];
	}
	/* The start of a server is over before it is: what its parent is told it has when it is reaped. */
	if (isnan(values[CS_METRIC_MEMORY]))
		values[CS_METRIC_MEMORY] = sampling->outside.values[CS_METRIC_MEMORY];
	for (uint32_t i = 0; i < sampling->ended_count && i < ENDED_MAX; i++) {
		if (isnan(values[CS_METRIC_MEMORY]) && sampling->seen &&
		    sampling->ended[i].pid == sampling->pid)
			values[CS_METRIC_MEMORY] = (double)sampling->ended[i].max_rss_bytes;
	}
}

/* Of whom we start ourselves the kernel tells us. */
static void on_waited(void *context, int32_t pid, const struct cs_used *used)
{
	struct sampling *sampling = context;

	if (sampling->function->start == CS_START_FAAS &&
	    (!sampling->best_ready || pid == sampling->pid))
		sampling->ended[sampling->ended_count++ % ENDED_MAX] =
			(struct ended){ .pid = pid, .max_rss_bytes = used->max_rss_bytes };
}

/* Which instance is the one that is measured is told when its start is, which may be later. */
static void on_invocation(void *context, const struct cs_invocation *invocation)
{
	struct sampling *sampling = context;

	if (invocation->cold || invocation->running || invocation->outcome.cause != CS_CAUSE_NONE ||
	    sampling->warm_count == CS_PLAN_WARM_MAX)
		return;
	sampling->warm[sampling->warm_count++] = (struct warm){
		.segment = invocation->identity->segment,
		.took_ns = (double)(invocation->end_ns - invocation->start_ns),
	};
}

static void fill_warm(struct sampling *sampling)
{
	double *values = sampling->result->sample.values, took_ns[CS_PLAN_WARM_MAX + 1];
	uint32_t count = 0;

	for (uint32_t i = 0; i < sampling->warm_count && count < sampling->function->warm; i++) {
		if (sampling->warm[i].segment == sampling->segment)
			took_ns[count++] = sampling->warm[i].took_ns;
	}
	if (!count || count < sampling->function->warm)
		return;
	cs_samples_sort(took_ns, count);
	values[CS_METRIC_WARM_P50] = took_ns[cs_quantile_rank(count, 0.5) - 1];
	values[CS_METRIC_WARM_P95] = took_ns[cs_quantile_rank(count, 0.95) - 1];
}

static void on_file(void *context, const struct cs_opened_file *file)
{
	struct sampling *sampling = context;

	if (sampling->files)
		cs_file_set_add(sampling->files, file->path, sampling->folder);
	if (sampling->function->names_files)
		cs_modules_add(&sampling->modules, file);
	if (sampling->function->sampling.evict)
		cs_opened_paths_add(&sampling->result->opened, file->path);
}

/* Of several (a program that starts another) the first that got ready counts, else the last. */
static void on_cold_start(void *context, const struct cs_cold_start *cold)
{
	struct sampling *sampling = context;
	struct cs_noise noise;

	/* The runtime that serves a folder is no start of the function's. */
	if (sampling->best_ready || (sampling->function->start == CS_START_FAAS &&
				     cold->identity->pid == sampling->watched.child.pid))
		return;
	noise = sampling->result->sample.noise;
	sampling->segment = cold->identity->segment;
	sampling->pid = cold->identity->pid;
	sampling->seen = true;
	sampling->best_ready = cold->ready;
	cs_sample_clear(&sampling->result->sample);
	sampling->result->sample.noise = noise;
	fill_sample(cold, &sampling->result->sample);
	if (sampling->function->names_files)
		cs_modules_fill(&sampling->modules, cold, &sampling->result->sample,
				sampling->result->forbidden);
	if (cold->phases_count)
		sampling->result->last_phase =
			cs_phase_name(cold->phases[cold->phases_count - 1].phase);
}

/* --- what it writes --- */

static void stop(struct sampling *sampling)
{
	const struct timeval grace = { .tv_sec = GRACE_S };

	if (sampling->watched.reaped || event_pending(&sampling->kill, EV_TIMEOUT, NULL))
		return;
	/* What coldspan-faas has started is gone as soon as that sees it end. */
	cs_collector_look(sampling->watched.collector);
	kill(-sampling->watched.child.pid, SIGTERM);
	event_add(&sampling->kill, &grace);
}

static void close_output(struct sampling *sampling)
{
	if (sampling->output_fd < 0)
		return;
	event_del(&sampling->output);
	close(sampling->output_fd);
	sampling->output_fd = -EBADF;
}

/* Return: false: there is no more. */
static bool take_output(struct sampling *sampling)
{
	char bytes[4096];
	ssize_t len = read(sampling->output_fd, bytes, sizeof(bytes));

	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (len <= 0) {
		close_output(sampling);
		return false;
	}
	cs_tail_add(&sampling->result->tail, bytes, (size_t)len);
	return true;
}

static void on_output(evutil_socket_t fd, short what, void *context)
{
	struct sampling *sampling = context;

	if (!take_output(sampling) || sampling->function->ready != CS_READY_PATTERN ||
	    sampling->ready || !strstr(sampling->result->tail.text, sampling->function->pattern))
		return;
	become_ready(sampling);
	stop(sampling);
}

static void settle_tail(struct sampling *sampling)
{
	while (sampling->output_fd >= 0 && take_output(sampling))
		continue;
	close_output(sampling);
	cs_tail_settle(&sampling->result->tail);
}

/* --- its life --- */

/* After the first. One more than is measured: of the last the end may be that of the process. */
static uint32_t events_of(const struct cs_plan_function *function)
{
	return function->warm ? function->warm + 1 : 0;
}

static void on_answered(void *context, int status)
{
	struct sampling *sampling = context;

	sampling->result->answer = status;
	if (status < 500)
		become_ready(sampling);
	else
		sampling->ready = false;
	if (sampling->ready && sampling->warm_asked < events_of(sampling->function)) {
		sampling->warm_asked++;
		if (sampling->api.http)
			cs_runtime_api_offer(&sampling->api);
		else
			cs_first_event_again(&sampling->first);
		return;
	}
	stop(sampling);
}

static void on_limit(evutil_socket_t fd, short what, void *context)
{
	struct sampling *sampling = context;

	sampling->over = true;
	stop(sampling);
}

static void on_kill(evutil_socket_t fd, short what, void *context)
{
	struct sampling *sampling = context;

	if (!sampling->watched.reaped)
		kill(-sampling->watched.child.pid, SIGKILL);
}

/* Who stops us stops it as well, and leaves nothing behind. */
static void on_interrupt(void *context)
{
	struct sampling *sampling = context;

	if (!sampling->watched.reaped)
		kill(-sampling->watched.child.pid, SIGKILL);
}

/* What it had started goes with it. */
static void on_ended(void *context)
{
	struct sampling *sampling = context;

	kill(-sampling->watched.child.pid, SIGKILL);
	if (sampling->function->ready == CS_READY_EXIT && WIFEXITED(sampling->watched.status) &&
	    WEXITSTATUS(sampling->watched.status) == 0)
		become_ready(sampling);
	event_del(&sampling->limit);
	event_del(&sampling->kill);
}

static bool is_server(const struct cs_plan_function *function)
{
	return function->ready == CS_READY_RESPONSE || function->ready == CS_READY_LISTEN;
}

/* Standard input: the event's body, or nothing. */
static int open_input(const struct cs_plan_function *function)
{
	const char *body = function->event.body;
	cs_cleanup(cs_closep) int fd = -EBADF;

	if (!body || is_server(function) || function->ready == CS_READY_POLL)
		return open("/dev/null", O_RDONLY | O_CLOEXEC);
	fd = memfd_create("event", MFD_CLOEXEC);
	if (fd < 0 || write(fd, body, strlen(body)) != (ssize_t)strlen(body) ||
	    lseek(fd, 0, SEEK_SET) < 0)
		return -1;
	return cs_take_fd(&fd);
}

/* @path: of the first event; NULL: as the plan says */
static void await(struct sampling *sampling, uint16_t port, const char *path)
{
	const struct cs_plan_function *function = sampling->function;
	uint64_t limit_us = function->sampling.timeout_ns / 1000;
	const struct timeval limit = { .tv_sec = (time_t)(limit_us / 1000000),
				       .tv_usec = (suseconds_t)(limit_us % 1000000) };

	event_add(&sampling->limit, &limit);
	event_add(&sampling->output, NULL);
	if (!port)
		return;
	sampling->first = (struct cs_first_event){
		.base = sampling->base,
		.event = &function->event,
		.path = path ? path : function->event.path,
		.port = port,
		.only_connect = function->ready == CS_READY_LISTEN,
		.answered = on_answered,
		.context = sampling,
	};
	cs_first_event_begin(&sampling->first);
}

static int begin_api(struct sampling *sampling, struct cs_diag *diag)
{
	int r;

	sampling->api = (struct cs_runtime_api){
		.event = &sampling->function->event,
		.limit_ns = sampling->function->sampling.timeout_ns,
		.answered = on_answered,
		.context = sampling,
	};
	r = cs_runtime_api_begin(&sampling->api, sampling->base);
	return r < 0 ? cs_diag_set(diag, r, "no Runtime API on loopback: %s", strerror(-r)) : 0;
}

static void on_starting(void *context, pid_t starter)
{
	struct sampling *sampling = context;

	cs_counters_close(&sampling->counters);
	cs_counters_open(&sampling->counters, sampling->function, starter);
}

/* What the machine is short of is short for all. */
static bool is_shortage(int error)
{
	return error == -ENOMEM || error == -EAGAIN || error == -EMFILE || error == -ENFILE;
}

/* coldspan-faas is ours to have. */
static bool is_functions_fault(const struct sampling *sampling, int error)
{
	return sampling->watched.child.exec_failed && sampling->function->start != CS_START_FAAS &&
	       !is_shortage(error);
}

/* There is nothing to wait for: it has no data, and others may have some. Return: 0. */
static int take_refusal(struct sampling *sampling, int error, struct cs_diag *diag)
{
	int code = error == -ENOENT ? CS_EXIT_RUN_NOT_FOUND : CS_EXIT_RUN_NOT_EXECUTABLE;

	cs_tail_add(&sampling->result->tail, diag->text, strlen(diag->text));
	sampling->refused = true;
	sampling->watched.status = W_EXITCODE(code, 0);
	*diag = (struct cs_diag){ 0 };
	return 0;
}

/* For its server. */
static int take_port(struct sampling *sampling, struct cs_diag *diag, uint16_t *ret)
{
	char range[64];
	bool known = cs_proc_read_file("/proc/sys/net/ipv4/ip_local_port_range", range,
				       sizeof(range)) == 0;
	uint16_t begin = 0;
	int r;

	/* Two on a host do not try the same ports one after the other. */
	(void)!getrandom(&begin, sizeof(begin), GRND_NONBLOCK);
	r = cs_port_take(known ? range : NULL, begin, ret, &sampling->port_claim);
	return r < 0 ? cs_diag_set(diag, r, "no port of 127.0.0.1 for it: %s", strerror(-r)) : 0;
}

/* @files: its standard streams. */
static int start(struct sampling *sampling, const char *folder, const int *files,
		 const struct cs_dispositions *dispositions, struct cs_diag *diag)
{
	const struct cs_plan_function *function = sampling->function;
	uint16_t port = 0;
	struct cs_child_command command = {
		.files = files,
		.own_group = true,
		.folder = folder,
		.dispositions = dispositions,
		.starting = on_starting,
		.context = sampling,
	};
	struct cs_starting starting;
	cpu_set_t processor;
	int r = is_server(function) ? take_port(sampling, diag, &port) : 0;

	if (r < 0)
		return r;
	if (function->sampling.same_processor) {
		r = cs_steadying_processor(&processor);
		if (r < 0)
			return cs_diag_set(diag, r, "cannot tell which processors we have: %s",
					   strerror(-r));
		command.processors = &processor;
	}
	r = cs_starting_make(function, folder, port, sampling->api.port, &sampling->arena, diag,
			     &starting);
	if (starting.refused && !is_shortage(r))
		return take_refusal(sampling, r, diag);
	if (r < 0)
		return r;
	command.argv = starting.argv;
	command.env = starting.env;
	r = cs_watched_start(&sampling->watched, &command, diag);
	if (r == 0)
		await(sampling, port, starting.path);
	else if (is_functions_fault(sampling, r))
		r = take_refusal(sampling, r, diag);
	return r;
}

static enum cs_sampling_outcome outcome_of(const struct sampling *sampling)
{
	if (sampling->refused)
		return CS_SAMPLING_NOT_STARTED;
	if (!sampling->ready && sampling->result->answer)
		return CS_SAMPLING_REFUSED;
	if (!sampling->ready)
		return sampling->over ? CS_SAMPLING_NEVER_READY : CS_SAMPLING_ENDED;
	return sampling->seen || sampling->function->unwatched ? CS_SAMPLING_DONE
							       : CS_SAMPLING_UNSEEN;
}

static int open_pipe(struct sampling *sampling, int *ret_child, struct cs_diag *diag)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return cs_diag_set(diag, -errno, "cannot make a pipe: %s", strerror(errno));
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	sampling->output_fd = ends[0];
	*ret_child = ends[1];
	event_assign(&sampling->output, sampling->base, ends[0], EV_READ | EV_PERSIST, on_output,
		     sampling);
	return 0;
}

static int run(struct sampling *sampling, const char *folder,
	       const struct cs_dispositions *dispositions, struct cs_diag *diag)
{
	cs_cleanup(cs_closep) int input = open_input(sampling->function), output = -EBADF;
	int files[3], r;

	if (input < 0)
		return cs_diag_set(diag, -errno, "cannot make an event: %s", strerror(errno));
	if (sampling->function->ready == CS_READY_POLL)
		r = begin_api(sampling, diag);
	else
		r = 0;
	if (r == 0)
		r = open_pipe(sampling, &output, diag);
	if (r < 0)
		return r;
	files[0] = input;
	files[1] = files[2] = output;
	cs_noise_watch_begin(&sampling->noise);
	r = start(sampling, folder, files, dispositions, diag);
	if (r < 0 || sampling->refused)
		return r;
	close(cs_take_fd(&output));
	event_base_dispatch(sampling->base);
	cs_noise_watch_end(&sampling->noise,
			   sampling->watched.reaped ? &sampling->watched.usage : NULL,
			   &sampling->result->sample.noise);
	return sampling->interrupts.number ? -EINTR : 0;
}

int cs_sampling_start(struct event_base *base, const struct cs_plan_function *function,
		      const char *folder, const struct cs_dispositions *dispositions,
		      struct cs_file_set *files, struct cs_diag *diag,
		      struct cs_sampling_result *ret)
{
	struct cs_sampling_result result = { .outcome = CS_SAMPLING_UNSEEN };
	struct sampling sampling = {
		.base = base,
		.function = function,
		.result = &result,
		.files = files,
		.folder = folder,
		.port_claim = -EBADF,
		.output_fd = -EBADF,
		.counters.fds = { -EBADF, -EBADF },
		.modules = { .folder = folder,
			     .forbid = function->forbid,
			     .forbid_count = function->forbid_count },
	};
	const struct cs_collector_options options = {
		.observer = { .context = &sampling,
			      .cold_start = on_cold_start,
			      .invocation = on_invocation,
			      .file = on_file,
			      .waited = on_waited },
	};
	int r;

	cs_arena_init(&sampling.arena, 0);
	cs_sample_clear(&result.sample);
	cs_sample_clear(&sampling.outside);
	event_assign(&sampling.limit, base, -1, 0, on_limit, &sampling);
	event_assign(&sampling.kill, base, -1, 0, on_kill, &sampling);
	r = cs_watched_open(&sampling.watched, base, &options, diag);
	sampling.watched.bare = function->unwatched;
	sampling.watched.ended = on_ended;
	sampling.watched.context = &sampling;
	sampling.interrupts.came = on_interrupt;
	sampling.interrupts.context = &sampling;
	cs_interrupts_begin(&sampling.interrupts, base);
	if (r == 0)
		r = run(&sampling, folder, dispositions, diag);
	cs_interrupts_end(&sampling.interrupts);
	cs_counters_close(&sampling.counters);
	cs_first_event_end(&sampling.first);
	cs_runtime_api_end(&sampling.api);
	cs_arena_deinit(&sampling.arena);
	settle_tail(&sampling);
	cs_watched_close(&sampling.watched);
	cs_closep(&sampling.port_claim);
	fill_warm(&sampling);
	fill_outside(&sampling);
	if (function->cost)
		cs_cost_fill(function->cost, &result.sample);
	cs_modules_deinit(&sampling.modules);
	result.outcome = outcome_of(&sampling);
	result.status = r == -EINTR ? sampling.interrupts.number : sampling.watched.status;
	if (r == 0 || r == -EINTR)
		*ret = result;
	else
		cs_opened_paths_deinit(&result.opened);
	return r;
}
