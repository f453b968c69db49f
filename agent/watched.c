/* SPDX-License-Identifier: Apache-2.0 */

/* A command and its collector; see watched.h. */
#include "agent/watched.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "agent/environment.h"
#include "agent/library.h"
#include "agent/spawner.h"
#include "base/log.h"

int cs_watched_open(struct cs_watched *watched, struct event_base *base,
		    const struct cs_collector_options *options, struct cs_diag *diag)
{
	struct cs_collector_options own = *options;
	int r;

	*watched = (struct cs_watched){ .base = base, .child = { .pidfd = -EBADF } };
	r = cs_scratch_make(&watched->scratch, diag);
	own.socket_path = watched->scratch.socket;
	own.socket_mode = 0666;
	if (r == 0)
		r = cs_collector_new(base, &own, diag, &watched->collector);
	if (r < 0)
		return r;
	/* Where the kernel refuses, all else is as it was. */
	watched->followed = cs_collector_follow(watched->collector, &watched->unfollowed) == 0;
	return 0;
}

/* With our two variables in it; the strings are the arena's, or those of @env. */
static char **environment(struct cs_watched *watched, char *const *env, struct cs_arena *arena,
			  struct cs_diag *diag)
{
	const char *library, *preload;

	if (cs_library_find(arena, &library, diag) < 0 ||
	    cs_scratch_library(&watched->scratch, library, &library, diag) < 0)
		return NULL;
	preload = cs_library_preload(arena, library, cs_environment_get(env, "LD_PRELOAD"));
	if (!preload)
		return NULL;
	return cs_environment_with(
		arena, env,
		(struct cs_environment_variable[]){
			{ "LD_PRELOAD", preload }, { "COLDSPAN_SOCKET", watched->scratch.socket } },
		2);
}

static void on_ending(evutil_socket_t fd, short what, void *context)
{
	struct cs_watched *watched = context;
	pid_t pid = watched->child.pid;

	event_del(&watched->ending);
	cs_collector_child_ending(watched->collector, pid);
	if (cs_child_reap(&watched->child, &watched->status, &watched->usage) < 0) {
		cs_log(CS_LOG_ERROR, "cannot wait for the command: %s", strerror(errno));
		event_base_loopbreak(watched->base);
		return;
	}
	watched->reaped = true;
	cs_collector_child_ended(watched->collector, pid, watched->status, &watched->usage);
	cs_farewell_begin(&watched->farewell, watched->base, watched->collector);
	if (watched->ended)
		watched->ended(watched->context);
}

int cs_watched_start(struct cs_watched *watched, const struct cs_child_command *command,
		     struct cs_diag *diag)
{
	struct cs_child *child = &watched->child;
	struct cs_child_command own = *command;
	char spawner[PATH_MAX];
	struct cs_arena arena;
	int r;

	if (cs_spawner_find(spawner))
		own.spawner = spawner;
	cs_arena_init(&arena, 0);
	if (!own.env)
		own.env = environ;
	if (!watched->bare)
		own.env = environment(watched, own.env, &arena, diag);
	r = own.env ? cs_child_start(&own, child, diag)
		    : cs_diag_set(diag, -ENOMEM, "out of memory");
	cs_arena_deinit(&arena);
	if (r < 0)
		return r;
	if (child->pidfd < 0)
		return cs_diag_set(diag, -ENOSYS, "pidfd_open: needs Linux 5.3 or newer");
	if (child->spawner)
		cs_collector_leave_out(watched->collector, child->spawner);
	cs_collector_child_started(watched->collector, child->pid, child->spawn_begin_ns,
				   child->exec_ns);
	event_assign(&watched->ending, watched->base, child->pidfd, EV_READ, on_ending, watched);
	event_add(&watched->ending, NULL);
	return 0;
}

void cs_watched_close(struct cs_watched *watched)
{
	cs_farewell_end(&watched->farewell);
	watched->collector = cs_collector_free(watched->collector);
	cs_scratch_remove(&watched->scratch);
}
