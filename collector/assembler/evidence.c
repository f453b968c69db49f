/* SPDX-License-Identifier: Apache-2.0 */

/* Evidence by pid; see evidence.h. */
#include "collector/assembler/evidence.h"

#include <stddef.h>
#include <string.h>

#include "base/utf8.h"

static struct cs_evidence *slot_of(struct cs_evidence_table *table, int32_t pid)
{
	return &table->slots[(uint32_t)pid % CS_EVIDENCE_SLOTS];
}

/* What users say is kept apart: another user's word starts afresh, root's is added. */
static struct cs_evidence *claim(struct cs_evidence_table *table, uint32_t uid, int32_t pid)
{
	struct cs_evidence *e = slot_of(table, pid);

	if (e->pid && e->pid != pid && !e->ended && !e->gone_ns)
		table->evicted++;
	if (e->pid != pid || (e->uid != uid && e->uid != 0 && uid != 0))
		*e = (struct cs_evidence){ .pid = pid, .uid = uid };
	if (uid != 0)
		e->uid = uid;
	return e;
}

/* Whoever had the pid before @time_ns was another process: keep what was said of the one since. */
static void forget_before(struct cs_evidence *e, uint64_t time_ns)
{
	for (unsigned i = 0; i < CS_EVIDENCE_EXECS; i++) {
		if (e->execs_ns[i] < time_ns)
			e->execs_ns[i] = 0;
	}
	if (e->wait_ns < time_ns) {
		e->ended = false;
		e->wait_ns = 0;
		e->usage = (struct cs_rec_wait){ 0 };
	}
	if (e->gone_ns < time_ns)
		e->gone_ns = 0;
	if (e->left_ns < time_ns)
		e->left_ns = e->left = 0;
	if (e->programs_ns < time_ns)
		e->programs_ns = e->programs.count = 0;
	if (e->event.event_ns < time_ns)
		e->event = (struct cs_event_image){ 0 };
	if (e->spawn_begin_ns < time_ns) {
		e->spawn_begin_ns = 0;
		e->parent_segment = 0;
		e->hinted = e->parent_busy = e->parent_has_event = false;
	}
}

/* Did the process that had the pid end before @time_ns? */
static bool is_over(const struct cs_evidence *e, uint64_t time_ns)
{
	return (e->ended && e->wait_ns < time_ns) || (e->gone_ns && e->gone_ns < time_ns);
}

struct cs_evidence *cs_evidence_find(struct cs_evidence_table *table, int32_t pid)
{
	struct cs_evidence *e = slot_of(table, pid);

	return pid > 0 && e->pid == pid ? e : NULL;
}

struct cs_evidence *cs_evidence_spawned(struct cs_evidence_table *table, uint32_t uid, int32_t pid,
					uint64_t begin_ns, uint64_t parent_segment)
{
	struct cs_evidence *e = claim(table, uid, pid);

	/*
	 * Told twice, by parent and child. Another time is another process under the same pid: a
	 * later one takes the place, an earlier one is gone already.
	 */
	if (e->spawn_begin_ns && begin_ns && begin_ns < e->spawn_begin_ns)
		return NULL;
	if (begin_ns > e->spawn_begin_ns)
		forget_before(e, begin_ns);
	if (begin_ns)
		e->spawn_begin_ns = begin_ns;
	e->parent_segment = parent_segment;
	return e;
}

void cs_evidence_exec(struct cs_evidence_table *table, uint32_t uid, const struct cs_rec_exec *rec,
		      uint64_t time_ns)
{
	struct cs_evidence *e;

	if (rec->pid <= 0)
		return;
	e = claim(table, uid, rec->pid);
	if (is_over(e, time_ns))
		forget_before(e, time_ns);
	cs_evidence_add_exec(e, time_ns);
	e->left = e->left_ns ? e->left & rec->flags : rec->flags;
	e->left_ns = time_ns;
}

void cs_evidence_gone(struct cs_evidence *evidence, uint64_t time_ns)
{
	evidence->gone_ns = time_ns;
}

void cs_evidence_event(struct cs_evidence_table *table, uint32_t uid, int32_t pid,
		       const struct cs_event_image *image)
{
	struct cs_evidence *e;

	if (pid <= 0)
		return;
	e = claim(table, uid, pid);
	if (is_over(e, image->event_ns))
		forget_before(e, image->event_ns);
	if (!e->event.event_ns)
		e->event = *image;
}

void cs_names_add(struct cs_names *names, const char *name)
{
	if (names->count < CS_EVIDENCE_NAMES)
		cs_utf8_repair(names->text[names->count], CS_EVIDENCE_NAME_BYTES, name,
			       strlen(name), NULL);
	names->count++;
}

void cs_names_add_all(struct cs_names *names, const struct cs_names *more, uint32_t count)
{
	uint32_t named = count < CS_EVIDENCE_NAMES ? count : CS_EVIDENCE_NAMES;

	for (uint32_t i = 0; i < named; i++)
		cs_names_add(names, more->text[i]);
	names->count += count - named;
}

void cs_evidence_program(struct cs_evidence_table *table, uint32_t uid, int32_t pid,
			 const char *name, uint64_t time_ns)
{
	struct cs_evidence *e;

	if (pid <= 0)
		return;
	e = claim(table, uid, pid);
	if (is_over(e, time_ns))
		forget_before(e, time_ns);
	cs_names_add(&e->programs, name);
	e->programs_ns = time_ns;
}

void cs_evidence_add_exec(struct cs_evidence *evidence, uint64_t time_ns)
{
	evidence->execs_ns[evidence->execs_count++ % CS_EVIDENCE_EXECS] = time_ns;
}

uint64_t cs_evidence_exec_before(const struct cs_evidence *evidence, uint64_t time_ns)
{
	uint64_t last_ns = 0;

	for (unsigned i = 0; i < CS_EVIDENCE_EXECS; i++) {
		if (evidence->execs_ns[i] <= time_ns && evidence->execs_ns[i] > last_ns)
			last_ns = evidence->execs_ns[i];
	}
	return last_ns;
}

void cs_evidence_waited(struct cs_evidence_table *table, uint32_t uid,
			const struct cs_rec_wait *rec, uint64_t time_ns)
{
	struct cs_evidence *e;

	if (rec->pid <= 0)
		return;
	e = claim(table, uid, rec->pid);
	e->ended = true;
	e->wait_status = rec->status;
	e->wait_ns = time_ns;
	e->usage = *rec;
}
