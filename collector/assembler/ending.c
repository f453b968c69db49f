/* SPDX-License-Identifier: Apache-2.0 */

/* How instances end, what ends with them, and the one event of a process without connections. */
#include <string.h>
#include <sys/wait.h>

#include "collector/assembler/assembled.h"

struct cs_outcome cs_outcome_of_status(int status)
{
	if (WIFSIGNALED(status))
		return (struct cs_outcome){ CS_CAUSE_SIGNAL, WTERMSIG(status) };
	return (struct cs_outcome){ CS_CAUSE_EXIT, WEXITSTATUS(status) };
}

static struct cs_outcome outcome_of(enum cs_assembler_end end, int status)
{
	if (end == CS_ASSEMBLER_SHUTDOWN || end == CS_ASSEMBLER_EXEC)
		return (struct cs_outcome){ CS_CAUSE_NONE, 0 };
	if (end == CS_ASSEMBLER_UNKNOWN)
		return (struct cs_outcome){ CS_CAUSE_UNKNOWN, 0 };
	return cs_outcome_of_status(status);
}

/* The earliest word on when the process ended: the kernel's, its parent's wait, or our own knowledge. */
uint64_t cs_assembled_end(struct cs_assembled *instance)
{
	const struct cs_evidence *e = cs_assembled_evidence(instance);
	uint64_t end_ns = instance->end_ns, exit_ns = cs_assembled_exit(instance);

	if (e && e->ended && e->wait_ns && e->wait_ns < end_ns)
		end_ns = e->wait_ns;
	return exit_ns && exit_ns < end_ns ? exit_ns : end_ns;
}

/*
 * The event of the program that the process is now: its first read of standard input. Output before
 * any input: the event did not come that way, and the output is the first that is known of it.
 */
static struct cs_event_image own_event(struct cs_assembled *instance)
{
	const struct cs_evidence *e = cs_assembled_evidence(instance);
	uint64_t read_ns = instance->marks[CS_MARK_STDIN_READ];
	uint64_t output_ns = instance->marks[CS_MARK_STDOUT_WRITE];
	const struct cs_worker *worker = cs_workers_taker(&instance->workers);

	/* A fork child took it, and answered in its stead. */
	if (worker && !read_ns && !output_ns) {
		read_ns = worker->read_ns;
		output_ns = worker->output_ns;
	}
	return (struct cs_event_image){
		.event_ns = read_ns && (!output_ns || read_ns <= output_ns) ? read_ns : output_ns,
		.output_ns = output_ns,
		.attach_ns = instance->marks[CS_MARK_ATTACH],
		.main_ns = instance->marks[CS_MARK_MAIN],
		.user_code_ns = instance->marks[CS_MARK_USER_CODE],
		.attach_cpu_ns = instance->attach_cpu_ns,
		.programs = e ? e->programs.count : 0,
		.native = !instance->identity.interpreted,
	};
}

/* A wrapper that reads the event before it executes the function has begun the invocation. */
static struct cs_event_image event_of(struct cs_assembled *instance)
{
	const struct cs_evidence *e = cs_assembled_evidence(instance);
	struct cs_event_image own = own_event(instance), event;

	if (!e || !e->event.event_ns || e->event.event_ns > instance->identity.anchor_monotonic_ns)
		return own;
	event = e->event;
	if (!event.output_ns)
		event.output_ns = own.output_ns;
	return event;
}

const char *cs_assembled_program(const struct cs_identity *identity)
{
	const char *path = identity->script ? identity->script : identity->exe;
	const char *base;

	if (!path)
		path = identity->name;
	base = strrchr(path, '/');
	return base && base[1] ? base + 1 : path;
}

/*
 * Executed another program: its start, and its event if it took one, go on in that. All of it happened
 * when the process says so: we may learn of the exec after its parent has seen what came of it end.
 */
static void hand_on(struct cs_assembled *instance)
{
	struct cs_event_image own = own_event(instance);
	struct cs_evidence_table *evidence = &instance->assembler->evidence;
	uint64_t called_ns = instance->exec_called_ns;

	instance->concluded = true;
	own.exec_ns = cs_assembled_exec(instance);
	if (instance->marks[CS_MARK_STDIN_READ])
		cs_evidence_event(evidence, instance->identity.uid, instance->identity.pid, &own);
	cs_evidence_program(evidence, instance->identity.uid, instance->identity.pid,
			    cs_assembled_program(&instance->identity),
			    called_ns ? called_ns : instance->end_ns);
}

/* It goes on, and nobody will hear of its end. */
static void see_no_more(struct cs_request *request)
{
	request->running = true;
	request->approximate = CS_STILL_RUNNING;
}

void cs_assembled_begin_event(struct cs_assembled *instance, uint64_t now_ns)
{
	const struct cs_identity_env *env = &instance->env;
	struct cs_request *request = cs_request_new_exec(env->method, env->path, env->headers,
							 instance->identity.lambda);

	if (!request) {
		cs_assembled_requests_dropped(instance);
		return;
	}
	request->tag = (uint32_t)instance->identity.pid;
	request->cut = instance->identity.cut;
	request->cold = true;
	request->start_ns = instance->event.event_ns ? instance->event.event_ns : instance->end_ns;
	request->first_byte_ns = instance->event.output_ns;
	request->outcome = instance->outcome;
	if (instance->end == CS_ASSEMBLER_SHUTDOWN)
		see_no_more(request);
	instance->first = request;
	instance->first_seen = true;
	cs_assembled_add(instance, request);
	cs_attribution_begins(request, 0, false);
	cs_logs_event_began(request);
	cs_assembled_finish(request, instance->end_ns, now_ns);
}

static bool ends_well(struct cs_outcome outcome)
{
	return outcome.cause == CS_CAUSE_NONE ||
	       (outcome.cause == CS_CAUSE_EXIT && outcome.code == 0);
}

/* It may have been answered long ago. Who goes well had no cause to leave it; what else ends it is told. */
static void answered_unseen(struct cs_request *request)
{
	request->approximate = cs_assembled_ring_reason(request->instance);
	if (!cs_assembled_has_ring(request->instance) || !ends_well(request->outcome))
		return;
	request->aborted = false;
	request->outcome = (struct cs_outcome){ CS_CAUSE_NONE, 0 };
}

/*
 * What process @tag, or where @all any, had in flight ends, or is seen no more (@lives). What the
 * process executed may have got its connections, and answer.
 */
static void end_requests(struct cs_assembled *instance, uint32_t tag, bool all, bool lives,
			 struct cs_outcome outcome, uint64_t time_ns)
{
	struct cs_request *request = LIST_FIRST(&instance->in_flight), *next;

	for (; request; request = next) {
		next = LIST_NEXT(request, in_flight);
		if ((request->tag != tag && !all) || cs_lambda_orphan(request, outcome))
			continue;
		request->aborted = outcome.cause != CS_CAUSE_NONE;
		request->outcome = outcome;
		if (lives)
			see_no_more(request);
		else if (cs_assembled_answers_unseen(request))
			answered_unseen(request);
		else if (!request->aborted)
			request->approximate = CS_END_UNSEEN;
		cs_assembled_finish(request, time_ns, time_ns);
	}
}

/* A fork child that is over: what is said of its pid later is of another process. */
static void worker_gone(struct cs_assembled *instance, uint32_t tag, uint64_t time_ns)
{
	struct cs_evidence *e = cs_evidence_find(&instance->assembler->evidence, (int32_t)tag);

	if (e && e->parent_segment == instance->identity.segment && e->spawn_begin_ns <= time_ns)
		cs_evidence_gone(e, time_ns);
}

/* Who slept in it will not come back. The call of exec is told of later than it was made. */
static void spawnings_gone(struct cs_assembled *instance, uint32_t tag, enum cs_assembler_end end,
			   uint64_t time_ns)
{
	if (end == CS_ASSEMBLER_SHUTDOWN)
		return;
	if (end == CS_ASSEMBLER_EXEC && instance->exec_called_ns &&
	    tag == (uint32_t)instance->identity.pid)
		time_ns = instance->exec_called_ns;
	cs_spawnings_gone(&instance->assembler->spawnings, instance->identity.segment, (int32_t)tag,
			  time_ns);
}

void cs_assembler_met_gone(struct cs_assembled *instance)
{
	instance->met_gone = true;
}

/* The last that it has marked before @time_ns, if main has returned, and nobody is waiting for it. */
static uint64_t last_mark(const struct cs_assembled *instance, uint64_t time_ns)
{
	uint64_t last_ns = 0;

	if (!instance->marks[CS_MARK_MAIN_RETURN] || !LIST_EMPTY(&instance->in_flight))
		return time_ns;
	for (unsigned i = 0; i < CS_MARK_COUNT; i++) {
		if (instance->marks[i] > last_ns && instance->marks[i] <= time_ns)
			last_ns = instance->marks[i];
	}
	return last_ns ? last_ns : time_ns;
}

void cs_assembler_ended(struct cs_assembled *instance, uint32_t tag, enum cs_assembler_end end,
			int status, uint64_t time_ns)
{
	bool own = tag == (uint32_t)instance->identity.pid;
	struct cs_outcome outcome = outcome_of(end, status);
	bool dead = end == CS_ASSEMBLER_STATUS || end == CS_ASSEMBLER_UNKNOWN;
	struct cs_evidence *e;

	if (own && dead && instance->met_gone)
		time_ns = last_mark(instance, time_ns);
	spawnings_gone(instance, tag, end, time_ns);
	cs_logs_process_ended(instance, tag, time_ns);
	end_requests(instance, tag, false, end == CS_ASSEMBLER_SHUTDOWN, outcome, time_ns);
	cs_api_ended(instance, tag, false, outcome,
		     end == CS_ASSEMBLER_SHUTDOWN ? CS_STILL_RUNNING : CS_SPAN_UNENDED, time_ns);
	if (!own && dead)
		worker_gone(instance, tag, time_ns);
	if (!own || instance->over)
		return;
	if (dead)
		cs_logs_of_child(instance);
	cs_lambda_hand_up(instance);
	instance->over = true;
	instance->outcome = outcome;
	instance->end = end;
	instance->end_ns = time_ns ? time_ns : 1; /* 0: it lives */
	cs_init_ended(instance);
	cs_calls_over(instance);
	if (!cs_assembled_serves(instance)) {
		if (end == CS_ASSEMBLER_EXEC) {
			hand_on(instance);
			return;
		}
		/* The event of mode exec ends with the process, if it had one at all, and did not tell of its own. */
		if (!cs_assembled_asks(instance) && !instance->first_seen) {
			instance->event = event_of(instance);
			if (instance->event.event_ns ||
			    (instance->env.method && end != CS_ASSEMBLER_SHUTDOWN))
				cs_assembled_begin_event(instance, time_ns);
		}
	}
	e = cs_assembled_evidence(instance);
	if (e && dead)
		cs_evidence_gone(e, time_ns);
}

void cs_assembler_detach(struct cs_assembled *instance)
{
	uint64_t time_ns =
		instance->end_ns > instance->heard_ns ? instance->end_ns : instance->heard_ns;
	bool lives = instance->over && instance->end == CS_ASSEMBLER_SHUTDOWN;
	struct cs_outcome outcome = { lives ? CS_CAUSE_NONE : CS_CAUSE_UNKNOWN, 0 };

	if (!lives)
		cs_spawnings_gone(&instance->assembler->spawnings, instance->identity.segment, 0,
				  time_ns);
	end_requests(instance, 0, true, lives, outcome, time_ns);
	cs_api_ended(instance, 0, true, outcome, lives ? CS_STILL_RUNNING : CS_SPAN_UNENDED,
		     time_ns);
	instance->detached = true;
}
