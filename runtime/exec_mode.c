/* SPDX-License-Identifier: Apache-2.0 */

/* One process for each request; see exec_mode.h. */
#include "runtime/exec_mode.h"

#include <event2/buffer.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "runtime/faas.h"
#include "runtime/http_variables.h"
#include "runtime/lines.h"
#include "runtime/process.h"
#include "runtime/start.h"

#define READ_BYTES 65536 /* a pipe's usual capacity */

enum outcome {
	OUTCOME_ENDED, /* by itself: its status tells */
	OUTCOME_LATE,
	OUTCOME_TOO_LONG,
};

struct run {
	struct cs_call *call; /* NULL once answered */
	struct cs_faas *faas;
	struct cs_process process;
	struct cs_lines lines; /* standard error */
	int in, out;           /* our ends; -EBADF when closed */
	struct event *writable, *readable;
	struct evbuffer *answer;
	enum outcome outcome;
};

static void close_in(struct run *run)
{
	if (run->writable)
		event_free(run->writable);
	run->writable = NULL;
	cs_fd_close(&run->in);
}

static void close_out(struct run *run)
{
	if (run->readable)
		event_free(run->readable);
	run->readable = NULL;
	cs_fd_close(&run->out);
}

static void free_run(struct run *run)
{
	close_in(run);
	close_out(run);
	cs_lines_close(&run->lines);
	if (run->answer)
		evbuffer_free(run->answer);
	free(run);
}

/* A function need not read its input: EPIPE is its business, and its answer counts. */
static void on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct run *run = arg;
	struct evbuffer *body = evhttp_request_get_input_buffer(run->call->request);

	if (evbuffer_get_length(body)) {
		int put = evbuffer_write(body, fd);

		if (put < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (put >= 0 && evbuffer_get_length(body))
			return;
	}
	close_in(run);
}

static void stop_with(struct run *run, enum outcome outcome)
{
	run->outcome = outcome;
	close_in(run);
	close_out(run);
	cs_process_kill(&run->process, SIGKILL);
}

/* Returns whether more may come. */
static int read_some(struct run *run)
{
	int got = evbuffer_read(run->answer, run->out, READ_BYTES);

	if (got < 0)
		return errno == EAGAIN || errno == EINTR;
	if (evbuffer_get_length(run->answer) <= run->faas->options->payload_bytes_max)
		return got > 0;
	stop_with(run, OUTCOME_TOO_LONG);
	return 0;
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct run *run = arg;

	if (!read_some(run))
		close_out(run);
}

/* What the process wrote before it ended is in the pipe; the kernel's capacity bounds it. */
static void drain(struct run *run)
{
	size_t before;

	do {
		before = evbuffer_get_length(run->answer);
	} while (run->out >= 0 && read_some(run) && evbuffer_get_length(run->answer) > before);
	close_out(run);
}

static void answer_output(struct run *run)
{
	struct cs_call *call = run->call;
	struct evkeyvalq *headers = evhttp_request_get_output_headers(call->request);
	const char *type = call->function->manifest.content_type;

	if (!type)
		type = evhttp_find_header(evhttp_request_get_input_headers(call->request),
					  "Content-Type");
	evhttp_add_header(headers, "Content-Type", type ? type : "application/octet-stream");
	run->call = NULL;
	cs_call_answer(call, HTTP_OK, NULL, run->answer);
}

static void answer_failure(struct run *run, int status)
{
	struct cs_call *call = run->call;
	char text[128];

	run->call = NULL;
	if (run->outcome == OUTCOME_LATE)
		cs_start_fail_late(call);
	else if (run->outcome == OUTCOME_TOO_LONG)
		cs_call_fail(call, 502, "answered with more than %zu bytes and was stopped",
			     run->faas->options->payload_bytes_max);
	else if (run->faas->stopping)
		cs_call_fail(call, 503, "was stopped: the runtime is ending");
	else
		cs_call_fail_tail(call, 500, cs_process_describe(status, text, sizeof(text)),
				  cs_lines_tail(&run->lines));
}

static void on_exit_of(struct cs_process *process, int status, void *arg)
{
	struct run *run = arg;

	close_in(run);
	drain(run);
	cs_lines_close(&run->lines);
	if (run->call) {
		if (run->outcome == OUTCOME_ENDED && WIFEXITED(status) && !WEXITSTATUS(status))
			answer_output(run);
		else
			answer_failure(run, status);
	}
	free_run(run);
}

static void on_late(struct cs_call *call, void *arg)
{
	struct run *run = arg;
	const struct timeval backstop = { .tv_sec = 1 };

	if (run->outcome == OUTCOME_ENDED) {
		stop_with(run, OUTCOME_LATE);
		/* A process in an uninterruptible wait outlives SIGKILL; the caller is told anyway. */
		if (!event_add(call->deadline, &backstop))
			return;
	}
	answer_failure(run, 0);
}

static int watch(struct run *run)
{
	struct event_base *base = run->faas->base;

	run->writable = event_new(base, run->in, EV_WRITE | EV_PERSIST, on_writable, run);
	run->readable = event_new(base, run->out, EV_READ | EV_PERSIST, on_readable, run);
	if (!run->writable || !run->readable)
		return -ENOMEM;
	if (event_add(run->writable, NULL) < 0 || event_add(run->readable, NULL) < 0)
		return -ENOMEM;
	on_writable(run->in, EV_WRITE, run); /* the usual body fits into the pipe at once */
	return 0;
}

static int start(struct run *run, struct cs_start *pipes)
{
	struct cs_variables variables = { 0 };
	int r = cs_variables_copy(&variables, &run->call->function->variables);

	if (!r)
		r = cs_http_variables_add(&variables, run->call);
	if (!r)
		r = cs_start_pipe(pipes, 0, &run->in);
	if (!r)
		r = cs_start_pipe(pipes, 1, &run->out);
	if (!r)
		r = cs_start_lines(pipes, 2, run->faas->base, run->call->function, &run->lines);
	if (!r)
		r = cs_start_process(pipes, run->faas, run->call->function, &variables,
				     &run->process);
	cs_variables_deinit(&variables);
	return r;
}

void cs_exec_run(struct cs_call *call)
{
	struct run *run = calloc(1, sizeof(*run));
	struct cs_start pipes;
	int r = -ENOMEM;

	if (!run) {
		cs_start_fail(call, r);
		return;
	}
	run->call = call;
	run->faas = call->faas;
	run->in = run->out = run->lines.fd = -EBADF;
	run->process.on_exit = on_exit_of;
	run->process.arg = run;
	run->answer = evbuffer_new();
	cs_start_init(&pipes);
	if (run->answer)
		r = cs_call_limit(call, on_late, run);
	if (!r)
		r = start(run, &pipes);
	cs_start_deinit(&pipes);
	if (!r)
		r = watch(run);
	if (!r)
		return;
	if (run->process.pid) { /* started, but it cannot be watched: its end frees the run */
		run->call = NULL;
		stop_with(run, OUTCOME_ENDED);
	} else {
		free_run(run);
	}
	cs_start_fail(call, r);
}
