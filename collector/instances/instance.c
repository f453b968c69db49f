/* SPDX-License-Identifier: Apache-2.0 */

/* Reading one segment; see instance.h. */
#include "collector/instances/instance.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "collector/instances/hole.h"
#include "collector/instances/tags.h"

#define COUNT_MAX UINT32_MAX /* believed of a counter in a header */

/* The kernel forgets whose child it was once it is gone. Its own word counts among one user's. */
static int32_t believed_ppid(struct cs_instance_world *world, int32_t ppid, uint32_t uid)
{
	const struct cs_process *parent = cs_process_find(&world->processes, ppid);
	const struct cs_member *member;

	if (!parent)
		parent = cs_process_find_reaped(&world->processes, ppid);
	member = parent ? LIST_FIRST(&parent->members) : NULL;
	return member && member->instance->peer.uid == uid ? ppid : 0;
}

static int open_lane(struct cs_instance *instance, uint32_t i, struct cs_instance_lane *lane)
{
	struct cs_reader_io io;
	int r = cs_segment_lane_open(&instance->file, i, &lane->segment);

	if (r < 0)
		return r;
	io = cs_segment_lane_io(&lane->segment);
	cs_reader_init(&lane->reader, lane->segment.header, instance->file.slots, &io);
	return 0;
}

static void close_others(struct cs_instance *instance)
{
	for (uint32_t i = 1; i < cs_instance_lanes(instance); i++)
		cs_segment_lane_close(&cs_instance_lane(instance, i)->segment);
	free(instance->others);
	instance->others = NULL;
}

/* Have its writers parted, and are not followed yet? */
static bool lacks_others(const struct cs_instance *instance)
{
	/* pairs with: the writer that set it */
	return !instance->others && instance->file.lanes > 1 &&
	       atomic_load_explicit(&instance->file.header->spread, memory_order_acquire);
}

/* What fails is for lack of memory: the next look tries again. */
static void open_others(struct cs_instance *instance)
{
	int r = 0;

	instance->others = calloc(instance->file.lanes - 1, sizeof(*instance->others));
	if (!instance->others)
		return;
	for (uint32_t i = 1; i < instance->file.lanes && r == 0; i++)
		r = open_lane(instance, i, cs_instance_lane(instance, i));
	if (r < 0)
		close_others(instance);
}

struct cs_instance *cs_instance_new(struct cs_instance_world *world, struct cs_segment_file *file,
				    struct cs_peer *peer, uint64_t now_ns)
{
	struct cs_instance *instance = calloc(1, sizeof(*instance));
	struct cs_process *process = NULL;
	struct cs_member *member;
	int32_t pid = file->header->pid;

	if (!instance)
		return NULL;
	*instance = (struct cs_instance){ .world = world,
					  .file = *file,
					  .peer = *peer,
					  .same_ns = peer->pid > 0 && pid == peer->pid,
					  .last_read_ns = now_ns };
	instance->peer.pidfd = -EBADF;
	open_lane(instance, 0, &instance->first);
	if (peer->pidfd >= 0 || peer->pid > 0) {
		process = cs_process_get(&world->processes, peer->pid, peer->uid, peer->pidfd);
		peer->pidfd = -EBADF;
		if (!process) {
			free(instance);
			return NULL;
		}
	}
	if (process && !process->ppid && instance->same_ns)
		process->ppid = believed_ppid(world, file->header->ppid, peer->uid);
	member = cs_tags_add_own(instance, (uint32_t)pid, process);
	if (!member) {
		if (process)
			cs_process_put(process);
		free(instance);
		return NULL;
	}
	/* Its parent's records about it are read later, when it may be gone. */
	if (process && !instance->same_ns) {
		struct cs_process *parent = cs_process_find(&world->processes, process->ppid);

		if (parent)
			cs_tags_remember(parent, pid, process->pid);
	}
	*file = (struct cs_segment_file){ .fd = -EBADF };
	return instance;
}

/* What the life of processes needs of a record; its meaning is the listener's. */
static void note_record(struct cs_instance *instance, const struct cs_entry *entry)
{
	struct cs_member *member = cs_tags_get(instance, entry->pid, entry->record.time_ns);
	struct cs_rec_exec exec;

	if (!member)
		return;
	if (entry->record.type != CS_RECORD_EXEC) {
		/* It still writes here: its exec failed. */
		member->exec_ns = 0;
		return;
	}
	if (entry->record.payload_len < sizeof(exec))
		return;
	memcpy(&exec, entry->bytes + sizeof(entry->record), sizeof(exec));
	/* A vfork child writes under its parent's tag. */
	if ((uint32_t)exec.pid == entry->pid)
		member->exec_ns = entry->record.time_ns;
}

/*
 * Fork children that were gone before their records were read: nothing will tell of them later. By the clock
 * as it is now: since the look began they may have executed a program, which has announced itself after that.
 */
static void end_dead_tags(struct cs_instance *instance)
{
	const struct cs_ended ended = { .end = CS_END_UNKNOWN, .time_ns = cs_clock_monotonic_ns() };
	struct cs_member *member = LIST_FIRST(&instance->members), *next;

	for (; member; member = next) {
		next = LIST_NEXT(member, of_instance);
		if (!member->dead_on_arrival)
			continue;
		cs_instance_writer_died(member);
		cs_instance_end_member(member, &ended);
	}
}

/* What a lane has to give in this look. */
enum state {
	UNREAD,
	READ, /* its entry waits for its turn */
	NO_MORE,
};

static void reached(struct cs_instance_lane *lane, uint64_t until_ns)
{
	if (lane->until_ns < until_ns)
		lane->until_ns = until_ns;
}

/* Of all lanes: see struct cs_instance_events. */
static uint64_t read_until(struct cs_instance *instance)
{
	uint64_t least = UINT64_MAX;

	for (uint32_t i = 0; i < cs_instance_lanes(instance); i++) {
		uint64_t until_ns = cs_instance_lane(instance, i)->until_ns;

		least = until_ns < least ? until_ns : least;
	}
	return lacks_others(instance) ? 0 : least;
}

/* Read the lane's next record, giving up what stands before it. Return: steps taken. */
static unsigned read_lane(struct cs_instance *instance, struct cs_instance_lane *lane,
			  struct cs_entry *entry, uint64_t now_ns, enum state *state)
{
	int r = cs_reader_next(&lane->reader, entry);

	*state = NO_MORE;
	if (r == CS_READ_RECORD) {
		lane->hole_since_ns = 0;
		*state = READ;
	} else if (r == CS_READ_EMPTY) {
		reached(lane, now_ns);
	} else if (r == CS_READ_HOLE) {
		if (!cs_hole_step_over(instance, lane, now_ns))
			return 0;
		*state = UNREAD;
		return 1;
	} else if (r < 0) {
		instance->broken = true;
	}
	return 0;
}

static void hand_on(struct cs_instance *instance, struct cs_instance_lane *lane,
		    struct cs_entry *entry)
{
	struct cs_instance_world *world = instance->world;

	reached(lane,
		cs_clock_shift_apply(instance->file.shift.monotonic_ns, entry->record.time_ns));
	note_record(instance, entry);
	if (cs_tags_translate(instance, entry))
		world->events.record(world->events.context, instance, entry);
	else
		world->self->pids_unseen++;
}

/* Rings in turn by the time of their records, as far as these are there. Return: steps taken. */
static unsigned read_lanes(struct cs_instance *instance, uint64_t now_ns)
{
	/* 4 KiB each, and the loop is one thread: not on the stack */
	static struct cs_entry entries[CS_LANES];
	enum state states[CS_LANES] = { UNREAD };
	uint32_t lanes = cs_instance_lanes(instance);
	unsigned n = 0;

	while (n < CS_INSTANCE_READS_MAX && !instance->broken) {
		uint32_t first = CS_LANES;
		bool again = false;

		for (uint32_t i = 0; i < lanes && !instance->broken; i++) {
			if (states[i] == UNREAD)
				n += read_lane(instance, cs_instance_lane(instance, i), &entries[i],
					       now_ns, &states[i]);
			again |= states[i] == UNREAD;
			if (states[i] == READ &&
			    (first == CS_LANES ||
			     entries[i].record.time_ns < entries[first].record.time_ns))
				first = i;
		}
		if (again || instance->broken)
			continue;
		if (first == CS_LANES)
			break;
		/* Each lane counts its own: what ids are made of is one number for all of them. */
		entries[first].position = entries[first].position * CS_LANES + first;
		hand_on(instance, cs_instance_lane(instance, first), &entries[first]);
		states[first] = UNREAD;
		n++;
	}
	for (uint32_t i = 0; i < lanes; i++) {
		if (states[i] == READ)
			cs_reader_unread(&cs_instance_lane(instance, i)->reader, &entries[i]);
	}
	return n;
}

static struct cs_reader_stats sum_stats(struct cs_instance *instance)
{
	struct cs_reader_stats sum = { 0 };

	for (uint32_t i = 0; i < cs_instance_lanes(instance); i++) {
		const struct cs_reader_stats *stats = &cs_instance_lane(instance, i)->reader.stats;

		sum.records += stats->records;
		sum.torn += stats->torn;
		sum.corrupt += stats->corrupt;
	}
	return sum;
}

static void note_fill(struct cs_instance *instance, uint64_t now_ns)
{
	for (uint32_t i = 0; i < cs_instance_lanes(instance); i++) {
		const struct cs_instance_lane *lane = cs_instance_lane(instance, i);
		uint64_t head =
			atomic_load_explicit(&lane->segment.header->head, memory_order_relaxed);

		cs_ring_fill_note(&instance->world->self->fill, head - lane->reader.position,
				  lane->reader.slots_count, now_ns);
	}
}

unsigned cs_instance_drain(struct cs_instance *instance, uint64_t now_ns)
{
	struct cs_instance_world *world = instance->world;
	struct cs_reader_stats before, after;
	bool was_broken = instance->broken;
	unsigned n = 0;

	if (lacks_others(instance))
		open_others(instance);
	before = sum_stats(instance);
	if (!instance->broken) {
		note_fill(instance, now_ns);
		n = read_lanes(instance, now_ns);
	}
	if (n) {
		instance->last_read_ns = now_ns;
		world->events.read(world->events.context, instance, read_until(instance));
	}
	if (instance->broken)
		world->self->broken += !was_broken;
	for (uint32_t i = 0; i < cs_instance_lanes(instance) && !instance->broken; i++)
		cs_reader_release(&cs_instance_lane(instance, i)->reader);
	after = sum_stats(instance);
	world->self->records += after.records - before.records;
	world->self->torn += after.torn - before.torn;
	world->self->corrupt += after.corrupt - before.corrupt;
	if (instance->dead_tags) {
		instance->dead_tags = false;
		end_dead_tags(instance);
	}
	return n;
}

static uint64_t fullest(struct cs_instance *instance, bool blocked_too)
{
	uint64_t most = 0;

	for (uint32_t i = 0; i < cs_instance_lanes(instance); i++) {
		struct cs_instance_lane *lane = cs_instance_lane(instance, i);
		uint64_t used =
			atomic_load_explicit(&lane->segment.header->head, memory_order_relaxed) -
			lane->reader.position;

		if (blocked_too || !cs_hole_blocks(lane))
			most = used > most ? used : most;
	}
	return most;
}

uint64_t cs_instance_used(struct cs_instance *instance)
{
	uint64_t most = fullest(instance, true);

	/* There is something in rings that we do not see yet. */
	return !most && lacks_others(instance) ? 1 : most;
}

uint64_t cs_instance_readable(struct cs_instance *instance)
{
	return fullest(instance, false);
}

unsigned cs_instance_trim(struct cs_instance *instance)
{
	unsigned trimmed = 0;

	/* A failure (a page of the table could not be mapped) leaves the ring as it was. */
	for (uint32_t i = 0; i < cs_instance_lanes(instance); i++)
		trimmed += cs_reader_trim(&cs_instance_lane(instance, i)->reader) > 0;
	return trimmed;
}

void cs_instance_writer_died(struct cs_member *member)
{
	struct cs_instance *instance = member->instance;

	for (uint32_t i = 0; i < cs_instance_lanes(instance); i++) {
		struct cs_instance_lane *lane = cs_instance_lane(instance, i);

		cs_reader_lift(&lane->reader, member->tag);
		lane->hole_looked_ns = 0;
	}
}

void cs_instance_end_member(struct cs_member *member, const struct cs_ended *ended)
{
	struct cs_instance_world *world = member->instance->world;

	if (ended->end == CS_END_STATUS)
		world->self->ends_known++;
	else if (ended->end == CS_END_UNKNOWN)
		world->self->ends_unknown++;
	world->events.ended(world->events.context, member->instance, member, ended);
	cs_tags_remove(member);
}

bool cs_instance_over(const struct cs_instance *instance)
{
	return LIST_EMPTY(&instance->members);
}

/* Anybody may have written there: each count is believed up to a limit. */
static void count_dropped(struct cs_self *self, struct cs_header *header)
{
	for (unsigned i = 0; i < CS_DROP_KINDS_MAX; i++) {
		uint64_t n =
			atomic_load_explicit(cs_header_dropped(header, i), memory_order_relaxed);

		n = n < COUNT_MAX ? n : COUNT_MAX;
		self->dropped += n;
		self->dropped_of[i] += n;
	}
}

uint64_t cs_instance_requests_lost(struct cs_instance *instance)
{
	static const unsigned types[] = { CS_RECORD_REQUEST, CS_RECORD_RESPONSE_END,
					  CS_RECORD_INVOCATION, CS_RECORD_INVOCATION_END,
					  CS_RECORD_ASIDE };
	uint64_t sum = 0;

	for (uint32_t i = 0; i < cs_instance_lanes(instance); i++) {
		struct cs_header *header = cs_instance_lane(instance, i)->segment.header;

		for (unsigned t = 0; t < sizeof(types) / sizeof(types[0]); t++)
			sum += atomic_load_explicit(cs_header_dropped(header, types[t]),
						    memory_order_relaxed);
	}
	return sum;
}

struct cs_instance *cs_instance_free(struct cs_instance *instance)
{
	if (!instance)
		return NULL;
	for (uint32_t i = 0; i < cs_instance_lanes(instance); i++)
		count_dropped(instance->world->self, cs_instance_lane(instance, i)->segment.header);
	if (lacks_others(instance) && !instance->broken)
		instance->world->self->rings_lost += instance->file.lanes - 1;
	close_others(instance);
	cs_segment_file_close(&instance->file);
	free(instance->pids);
	free(instance);
	return NULL;
}
