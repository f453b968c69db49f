/* SPDX-License-Identifier: Apache-2.0 */

/* Evidence by pid; see evidence.h. */
#include "collector/evidence.h"

#include <stddef.h>

static struct cs_evidence *slot_of(struct cs_evidence_table *table, int32_t pid)
{
	return &table->slots[(uint32_t)pid % CS_EVIDENCE_SLOTS];
}

/* What users say is kept apart: another user's word starts afresh, root's is added. */
static struct cs_evidence *claim(struct cs_evidence_table *table, uint32_t uid, int32_t pid)
{
	struct cs_evidence *e = slot_of(table, pid);

	if (e->pid != pid || (e->uid != uid && e->uid != 0 && uid != 0))
		*e = (struct cs_evidence){ .pid = pid, .uid = uid };
	if (uid != 0)
		e->uid = uid;
	return e;
}

struct cs_evidence *cs_evidence_find(struct cs_evidence_table *table, int32_t pid)
{
	struct cs_evidence *e = slot_of(table, pid);

	return pid > 0 && e->pid == pid ? e : NULL;
}

struct cs_evidence *cs_evidence_spawned(struct cs_evidence_table *table, uint32_t uid, int32_t pid,
					uint32_t kind, uint64_t begin_ns, uint64_t parent_segment)
{
	struct cs_evidence *e = claim(table, uid, pid);

	/* Told twice, by parent and child; a later time is another process under the same pid. */
	if (e->spawn_begin_ns && begin_ns > e->spawn_begin_ns)
		*e = (struct cs_evidence){ .pid = pid,
					   .uid = uid,
					   .exec_ns = e->exec_ns > begin_ns ? e->exec_ns : 0 };
	if (begin_ns)
		e->spawn_begin_ns = begin_ns;
	e->spawn_kind = kind;
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
	if (time_ns > e->exec_ns)
		e->exec_ns = time_ns;
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
