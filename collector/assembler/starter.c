/* SPDX-License-Identifier: Apache-2.0 */

/* Processes that only start a server; see starter.h. */
#include "collector/assembler/starter.h"

#include "collector/assembler/assembled.h"
#include "collector/assembler/wrapper.h"

#define GENERATIONS_MAX 8u /* npm, sh, timeout, ... */

static bool is_server(const struct cs_assembled *instance)
{
	return !cs_lambda_is_extension(instance) &&
	       (cs_assembled_serves(instance) || cs_assembled_asks(instance));
}

/* A command that asks for an event of the Lambda Runtime API need not be who answers it. */
static bool is_server_itself(struct cs_assembled *instance)
{
	return is_server(instance) &&
	       (!instance->identity.lambda || !cs_assembled_parent(instance) ||
		cs_assembled_serves(instance) || cs_lambda_is_runtime(instance));
}

/* All processes of a function's environment could ask. */
static bool has_asked(const struct cs_assembled *instance)
{
	return instance->identity.lambda
		       ? instance->marks[CS_MARK_NEXT] || instance->first_seen || instance->answers
		       : cs_assembled_asks(instance);
}

/*
 * It serves nothing and waits, was given no event, has read nothing, wrote nothing after it had spawned
 * @inner at @spawn_ns (a banner comes before), and has started no other server: that is a platform.
 */
static bool only_starts(const struct cs_assembled *instance, const struct cs_assembled *server,
			uint64_t spawn_ns)
{
	const uint64_t *marks = instance->marks;

	if (instance->started_server)
		return instance->started_server == server->identity.segment;
	return !cs_assembled_serves(instance) && !has_asked(instance) &&
	       (!instance->over || server->over) && !instance->env.method &&
	       !marks[CS_MARK_STDIN_READ] && marks[CS_MARK_STDOUT_WRITE] <= spawn_ns;
}

/* The process that only started @inner on the way to the server; NULL: none did. */
static struct cs_assembled *starter_of(struct cs_assembled *inner,
				       const struct cs_assembled *server)
{
	struct cs_assembled *outer = cs_assembled_parent(inner);
	uint64_t spawn_ns = cs_assembled_spawn(inner);

	return outer && spawn_ns && only_starts(outer, server, spawn_ns) ? outer : NULL;
}

struct cs_assembled *cs_starter_outermost(struct cs_assembled *server)
{
	struct cs_assembled *inner = server, *outer;

	for (unsigned i = 0; i < GENERATIONS_MAX && is_server_itself(server); i++) {
		outer = starter_of(inner, server);
		if (!outer)
			break;
		inner = outer;
	}
	return inner;
}

/* The programs on the way, the outermost first, before those that the server's process was. */
static void tell_programs(struct cs_assembled *server, struct cs_assembled *const *starters,
			  unsigned count)
{
	struct cs_evidence *own = cs_assembled_evidence(server);
	struct cs_names names = { .count = 0 };

	while (count--) {
		const struct cs_evidence *e = cs_assembled_evidence(starters[count]);

		if (e)
			cs_names_add_all(&names, &e->programs, e->programs.count);
		cs_names_add(&names, cs_assembled_program(&starters[count]->identity));
	}
	if (!own)
		return;
	cs_names_add_all(&names, &own->programs, own->programs.count);
	own->programs = names;
}

void cs_starter_join(struct cs_assembled *server)
{
	struct cs_assembled *starters[GENERATIONS_MAX], *inner = server;
	unsigned count = 0;

	if (server->joined || server->concluded || !is_server_itself(server))
		return;
	while (count < GENERATIONS_MAX && (inner = starter_of(inner, server)))
		starters[count++] = inner;
	if (!count)
		return;
	server->joined = true;
	for (unsigned i = 0; i < count; i++)
		starters[i]->started_server = server->identity.segment;
	tell_programs(server, starters, count);
}

/* A server that nobody asked may still live, or end with it: look for one. */
bool cs_starter_joined(struct cs_assembled *instance)
{
	if (!instance->started_server)
		cs_wrapper_note_all(instance->assembler);
	return instance->started_server;
}
