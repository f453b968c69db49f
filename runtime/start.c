/* SPDX-License-Identifier: Apache-2.0 */

/* Starting a function's process; see start.h. */
#include "runtime/start.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "runtime/duration.h"
#include "runtime/faas.h"

void cs_start_init(struct cs_start *start)
{
	for (int fd = 0; fd < 3; fd++)
		start->child_fds[fd] = -EBADF;
}

void cs_start_deinit(struct cs_start *start)
{
	for (int fd = 0; fd < 3; fd++)
		cs_fd_close(&start->child_fds[fd]);
}

/* Only our end is non-blocking: the two ends are open files of their own. */
int cs_start_pipe(struct cs_start *start, int fd, int *ret)
{
	int ends[2], ours = fd == 0 ? 1 : 0;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	if (fcntl(ends[ours], F_SETFL, O_NONBLOCK) < 0) {
		int error = errno;

		cs_fd_close(&ends[0]);
		cs_fd_close(&ends[1]);
		return -error;
	}
	start->child_fds[fd] = ends[!ours];
	*ret = ends[ours];
	return 0;
}

int cs_start_null(struct cs_start *start, int fd)
{
	start->child_fds[fd] = open("/dev/null", O_RDWR | O_CLOEXEC);
	return start->child_fds[fd] < 0 ? -errno : 0;
}

int cs_start_same(struct cs_start *start, int fd, int other)
{
	start->child_fds[fd] = fcntl(start->child_fds[other], F_DUPFD_CLOEXEC, 3);
	return start->child_fds[fd] < 0 ? -errno : 0;
}

int cs_start_lines(struct cs_start *start, int fd, struct event_base *base,
		   const struct cs_function *function, struct cs_lines *lines)
{
	int ours = -EBADF;
	int r = cs_start_pipe(start, fd, &ours);

	return r ? r : cs_lines_open(lines, base, function->manifest.name, ours);
}

int cs_start_process(struct cs_start *start, struct cs_faas *faas,
		     const struct cs_function *function, const struct cs_variables *variables,
		     struct cs_process *process)
{
	const struct cs_manifest *manifest = &function->manifest;
	cs_cleanup(cs_freep) char *file = NULL;
	struct cs_process_plan plan = {
		.argv = manifest->command,
		.envp = variables->items,
		.folder = function->folder,
		.fds = { start->child_fds[0], start->child_fds[1], start->child_fds[2] },
	};
	int r = cs_program_find(manifest->command[0], function->folder,
				cs_variables_get(variables, "PATH"), &file);

	plan.file = file;
	return r ? r : cs_process_start(&faas->processes, process, &plan);
}

void cs_start_fail(struct cs_call *call, int error)
{
	const char *program = call->function->manifest.command[0];

	switch (-error) {
	case EILSEQ:
		cs_call_fail(call, 400, "was not called: the path has a NUL byte");
		break;
	case ENOENT:
		cs_call_fail(call, 500,
			     "cannot start: \"%s\" or its interpreter was not found; correct "
			     "command in %s/%s",
			     program, call->function->folder, CS_MANIFEST_FILE);
		break;
	case ENOEXEC:
		cs_call_fail(call, 500,
			     "cannot start: \"%s\" is no program; a script begins with #! and its "
			     "interpreter",
			     program);
		break;
	case E2BIG:
		cs_call_fail(
			call, 431,
			"was not called: the request's headers do not fit into an environment");
		break;
	default:
		cs_call_fail(call, 500, "cannot start \"%s\": %s", program, strerror(-error));
	}
}

void cs_start_fail_late(struct cs_call *call)
{
	char limit[24];

	cs_call_fail(call, 504, "gave no answer within %s and was killed",
		     cs_duration_format(call->function->manifest.timeout_ns, limit, sizeof(limit)));
}
