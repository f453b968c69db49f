/* SPDX-License-Identifier: Apache-2.0 */

#include "collector/assembler/wrapper.h"

#include <string.h>

#include "base/utf8.h"
#include "collector/assembler/starter.h"

#define GENERATIONS_MAX 8u /* wrappers in wrappers */

/* A child that read what its starter began with, and wrote. */
struct cs_taker {
	struct cs_identity identity; /* strings in the wrapper's arena */
	struct cs_event_image event;
	struct cs_names programs; /* that ran between the wrapper and it */
	uint64_t facts[CS_FACT_COUNT];
	uint64_t stand_down;
	struct cs_usage_so_far used_at_end;
};

/* Were the input and the output of who started it left to it, unused? */
static bool was_left_both(struct cs_assembled *instance)
{
	const struct cs_evidence *e = cs_assembled_evidence(instance);

	return e && e->left & CS_EXEC_STDIN && e->left & CS_EXEC_STDOUT;
}

/* The same, where nothing is known of its exec (posix_spawn tells none): it may be all. */
static uint32_t may_be_left(struct cs_assembled *instance)
{
	const struct cs_evidence *e = cs_assembled_evidence(instance);

	return e && e->left_ns ? e->left : CS_EXEC_STDIN | CS_EXEC_STDOUT;
}

/*
 * Reading alone does not make it the one that serves (a tool may read what the function leaves), nor
 * does writing: whoever read the event and was the first to write did.
 */
static bool read_then_wrote(const struct cs_assembled *instance)
{
	const struct cs_event_image *event = &instance->event;

	return event->event_ns && event->output_ns &&
	       (event->event_ns < event->output_ns ||
		instance->marks[CS_MARK_STDIN_READ] == event->event_ns);
}

/* Did @instance itself use its input or output before the child whose @event this is? */
static bool came_first(const struct cs_assembled *instance, const struct cs_event_image *event)
{
	uint64_t read_ns = instance->marks[CS_MARK_STDIN_READ];
	uint64_t output_ns = instance->marks[CS_MARK_STDOUT_WRITE];

	return (read_ns && read_ns < event->event_ns) ||
	       (output_ns && output_ns < event->output_ns);
}

static const char *copy(struct cs_arena *arena, const char *text)
{
	return text ? cs_arena_strndup(arena, text, CS_TELEMETRY_STRING_MAX) : NULL;
}

/* The first reader is the one. */
static void offer(struct cs_assembled *wrapper, struct cs_assembled *child,
		  const struct cs_names *programs)
{
	struct cs_taker *taker = wrapper->taker;
	struct cs_arena *arena = &wrapper->arena;

	if (taker && taker->event.event_ns <= child->event.event_ns)
		return;
	if (!taker)
		taker = cs_arena_alloc(arena, sizeof(*taker));
	if (!taker)
		return;
	taker->identity = child->identity;
	taker->identity.exe = copy(arena, child->identity.exe);
	taker->identity.argv0 = copy(arena, child->identity.argv0);
	taker->identity.script = copy(arena, child->identity.script);
	taker->identity.platform = cs_platform_copy(child->identity.platform, arena);
	taker->identity.container = cs_container_copy(child->identity.container, arena);
	taker->identity.lambda =
		NULL; /* it is the child's, which may go; and asks for its events */
	taker->event = child->event;
	if (child->event.attach_ns == child->marks[CS_MARK_ATTACH])
		taker->event.exec_ns = cs_assembled_exec(child);
	taker->programs = *programs;
	memcpy(taker->facts, child->facts, sizeof(taker->facts));
	taker->stand_down = child->stand_down;
	taker->used_at_end = child->used_at_end;
	wrapper->taker = taker;
}

static void note_taker(struct cs_assembled *child)
{
	struct cs_names programs = { .count = 0 };
	struct cs_assembled *inner = child, *outer;
	const struct cs_evidence *e;

	if (!child->over || !read_then_wrote(child))
		return;
	e = cs_assembled_evidence(child);
	if (e)
		cs_names_add_all(&programs, &e->programs, child->event.programs);
	for (unsigned i = 0; i < GENERATIONS_MAX && was_left_both(inner); i++) {
		struct cs_names between = { .count = 0 };

		outer = cs_assembled_parent(inner);
		if (!outer || came_first(outer, &child->event))
			return;
		offer(outer, child, &programs);
		e = cs_assembled_evidence(outer);
		if (e)
			cs_names_add_all(&between, &e->programs, e->programs.count);
		cs_names_add(&between, cs_assembled_program(&outer->identity));
		cs_names_add_all(&between, &programs, programs.count);
		programs = between;
		inner = outer;
	}
}

static const char *cut(struct cs_arena *arena, const char *name)
{
	char clean[CS_EVIDENCE_NAME_BYTES];

	cs_utf8_repair(clean, sizeof(clean), name, strlen(name), NULL);
	return cs_arena_strndup(arena, clean, sizeof(clean));
}

/* What it may have used of what its starter began with, and so on up. A reader is the better name. */
static void tell_ancestors(struct cs_assembled *child)
{
	uint32_t used = (child->marks[CS_MARK_STDIN_READ] ? CS_EXEC_STDIN : 0) |
			(child->marks[CS_MARK_STDOUT_WRITE] ? CS_EXEC_STDOUT : 0);
	const char *name = used ? cs_assembled_program(&child->identity) : child->child_name;
	struct cs_assembled *parent;

	used |= child->child_used;
	while ((used &= may_be_left(child)) && (parent = cs_assembled_parent(child)) &&
	       used & ~parent->child_used) {
		if (name && !(parent->child_used & CS_EXEC_STDIN))
			parent->child_name = cut(&parent->arena, name);
		parent->child_used |= (uint8_t)used;
		child = parent;
	}
}

void cs_wrapper_note(struct cs_assembled *child)
{
	tell_ancestors(child);
	note_taker(child);
}

/* Those that live, or are held: one walk over all of them, however many ask in a tick. */
void cs_wrapper_note_all(struct cs_assembler *assembler)
{
	struct cs_assembled *child;

	if (assembler->children_noted)
		return;
	for (unsigned i = 0; i < CS_ASSEMBLED_BUCKETS; i++) {
		LIST_FOREACH(child, &assembler->buckets[i], of_assembler)
		{
			cs_wrapper_note(child);
			cs_starter_join(child);
		}
	}
	assembler->children_noted = true;
}

const char *cs_wrapper_child_served(struct cs_assembled *instance)
{
	const char *said;

	if (!instance->child_used)
		cs_wrapper_note_all(instance->assembler);
	if (!instance->child_used)
		return NULL;
	said = cs_arena_printf(&instance->arena, CS_CHILD_SERVED,
			       instance->child_name ? instance->child_name : "?");
	return said ? said : CS_EVENT_UNSEEN;
}

/* Who ended before the child had written did not wait for it: that end is none of the child's. */
static bool waited_for(const struct cs_assembled *instance, const struct cs_taker *taker)
{
	return taker->event.output_ns <= instance->end_ns;
}

bool cs_wrapper_settle(struct cs_assembled *instance)
{
	struct cs_evidence_table *evidence = &instance->assembler->evidence;
	struct cs_identity *identity = &instance->identity;
	struct cs_taker *taker;

	if (instance->settled || !instance->over || cs_assembled_serves(instance))
		return false;
	/* Who read an event has it, as a rule; a child that did so before has been noted. */
	if (!instance->event.event_ns || instance->event.event_ns == instance->event.output_ns)
		cs_wrapper_note_all(instance->assembler);
	taker = instance->taker;
	if (!taker || !waited_for(instance, taker) || came_first(instance, &taker->event) ||
	    (instance->event.event_ns && instance->event.event_ns <= taker->event.event_ns))
		return false;
	instance->settled = true;
	cs_evidence_program(evidence, identity->uid, identity->pid, cs_assembled_program(identity),
			    taker->event.exec_ns);
	for (unsigned i = 0; i < taker->programs.count; i++)
		cs_evidence_program(evidence, identity->uid, identity->pid,
				    i < CS_EVIDENCE_NAMES ? taker->programs.text[i] : "",
				    taker->event.exec_ns);
	instance->event = taker->event;
	instance->event.programs = taker->programs.count + 1;
	memcpy(instance->facts, taker->facts, sizeof(instance->facts));
	instance->stand_down |= taker->stand_down;
	instance->used_at_end = taker->used_at_end;
	return true;
}

void cs_wrapper_settle_request(struct cs_request *request)
{
	if (!request->exec || !cs_wrapper_settle(request->instance))
		return;
	request->start_ns = request->instance->event.event_ns;
	request->first_byte_ns = request->instance->event.output_ns;
}

const struct cs_identity *cs_wrapper_told(const struct cs_assembled *instance)
{
	return instance->settled ? &instance->taker->identity : &instance->identity;
}
