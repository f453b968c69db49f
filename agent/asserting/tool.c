/* SPDX-License-Identifier: Apache-2.0 */

/* Other people's commands; see tool.h. */
#include "agent/asserting/tool.h"

#include <errno.h>
#include <event2/event_struct.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/child.h"
#include "agent/environment.h"
#include "agent/interrupts.h"

/* What git tells its hooks, who may be who runs us, is of another work tree than where a tool runs. */
static const struct cs_environment_variable own_words[] = {
	{ "LC_ALL", "C" },
	{ "GIT_DIR", NULL },
	{ "GIT_WORK_TREE", NULL },
	{ "GIT_INDEX_FILE", NULL },
	{ "GIT_PREFIX", NULL },
	{ "GIT_COMMON_DIR", NULL },
	{ "GIT_OBJECT_DIRECTORY", NULL },
	{ "GIT_ALTERNATE_OBJECT_DIRECTORIES", NULL },
};

struct tool {
	struct event_base *base;
	struct cs_child child;
	struct cs_tool_result *result;
	struct cs_interrupts interrupts;
	struct event output;
	struct event ending;
	struct event limit;
	int output_fd; /* our end of what it writes to */
	int error;     /* of waiting for it; 0: none */
};

/* Return: false: there is no more now. */
static bool take_output(struct tool *tool)
{
	char bytes[4096];
	ssize_t len = read(tool->output_fd, bytes, sizeof(bytes));

	if (len > 0)
		cs_tail_add(&tool->result->tail, bytes, (size_t)len);
	else if (len == 0)
		event_del(&tool->output);
	return len > 0;
}

static void on_output(evutil_socket_t fd, short what, void *context)
{
	take_output(context);
}

static void stop(void *context)
{
	struct tool *tool = context;

	kill(-tool->child.pid, SIGKILL);
}

static void on_limit(evutil_socket_t fd, short what, void *context)
{
	stop(context);
}

/* What it left running goes with it, and does not hold its output open. */
static void on_ending(evutil_socket_t fd, short what, void *context)
{
	struct tool *tool = context;
	struct rusage usage;

	event_del(&tool->ending);
	stop(tool);
	tool->error = cs_child_reap(&tool->child, &tool->result->status, &usage);
	event_del(&tool->limit);
	event_del(&tool->output);
	while (take_output(tool))
		continue;
	event_base_loopbreak(tool->base);
}

static int start(struct tool *tool, const struct cs_tool_command *command, const int *files,
		 struct cs_diag *diag)
{
	struct cs_child_command own = {
		.argv = command->argv,
		.env = command->env,
		.files = files,
		.folder = command->folder,
		.own_group = true,
		.dispositions = command->dispositions,
	};
	struct cs_arena arena;
	int r;

	cs_arena_init(&arena, 0);
	if (!own.env)
		own.env = cs_environment_with(&arena, environ, own_words,
					      sizeof(own_words) / sizeof(own_words[0]));
	r = own.env ? cs_child_start(&own, &tool->child, diag)
		    : cs_diag_set(diag, -ENOMEM, "out of memory");
	cs_arena_deinit(&arena);
	if (r == 0 && tool->child.pidfd < 0) {
		stop(tool);
		r = cs_diag_set(diag, -ENOSYS, "pidfd_open: needs Linux 5.3 or newer");
	}
	return r;
}

/* @files: its standard streams; ours of them are closed once it has them. */
static int run(struct tool *tool, const struct cs_tool_command *command, struct cs_diag *diag)
{
	const struct timeval limit = { .tv_sec = command->limit_s };
	cs_cleanup(cs_closep) int input = open("/dev/null", O_RDONLY | O_CLOEXEC), output = -EBADF;
	struct event_base *base = tool->base;
	int ends[2], r;

	if (input < 0 || pipe2(ends, O_CLOEXEC) < 0)
		return cs_diag_set(diag, -errno, "cannot make a pipe: %s", strerror(errno));
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	tool->output_fd = ends[0];
	output = ends[1];
	r = start(tool, command, (const int[]){ input, output, output }, diag);
	if (r < 0)
		return r;
	close(cs_take_fd(&output));
	event_assign(&tool->output, base, ends[0], EV_READ | EV_PERSIST, on_output, tool);
	event_assign(&tool->ending, base, tool->child.pidfd, EV_READ, on_ending, tool);
	event_assign(&tool->limit, base, -1, 0, on_limit, tool);
	event_add(&tool->output, NULL);
	event_add(&tool->ending, NULL);
	event_add(&tool->limit, &limit);
	cs_interrupts_begin(&tool->interrupts, base);
	event_base_dispatch(base);
	cs_interrupts_end(&tool->interrupts);
	return tool->error;
}

int cs_tool_run(struct event_base *base, const struct cs_tool_command *command,
		struct cs_diag *diag, struct cs_tool_result *ret)
{
	struct cs_tool_result result = { 0 };
	struct tool tool = { .base = base, .result = &result, .output_fd = -EBADF };
	int r;

	tool.interrupts.came = stop;
	tool.interrupts.context = &tool;
	r = run(&tool, command, diag);
	cs_closep(&tool.output_fd);
	if (r < 0)
		return r;
	cs_tail_settle(&result.tail);
	if (tool.interrupts.number)
		result.status = tool.interrupts.number;
	*ret = result;
	return tool.interrupts.number ? -EINTR : 0;
}

bool cs_tool_succeeded(const struct cs_tool_result *result)
{
	return WIFEXITED(result->status) && WEXITSTATUS(result->status) == 0;
}

const char *cs_tool_line(struct cs_tool_result *result)
{
	char *text = result->tail.text, *line;
	size_t len = strlen(text);

	while (len && text[len - 1] == '\n')
		text[--len] = '\0';
	line = strrchr(text, '\n');
	return line ? line + 1 : text;
}
