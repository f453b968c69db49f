/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of collector/instance and collector/death: what is read, and when it is over. */
#include "collector/instances/instance.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "collector/assembler/ids.h"
#include "collector/instances/tags.h"
#include "collector/processes/death.h"
#include "collector/processes/reading.h"
#include "tests/support/announcing.h"
#include "tests/support/following.h"

#define TURNS_MAX 1000 /* of the event loop */

static struct following following;
static struct cs_death death;

static void on_over(void *context, struct cs_instance *instance)
{
	following_tell(&following, 'o');
	cs_instance_free(instance);
}

static void on_exited(void *context, struct cs_instance *instance, struct cs_process *process)
{
}

static void on_looking(void *context)
{
	following_tell(&following, 'l');
}

static void start(void)
{
	const struct cs_death_events events = { .looking = on_looking,
						.over = on_over,
						.exited = on_exited };

	following_start(&following);
	cs_death_init(&death, following.base, &following.world, &events);
	following.world.processes.exited = cs_death_exited;
	following.world.processes.reaped = cs_death_reaped;
	following.world.processes.context = &death;
}

/* Its writers have parted, over @lanes. */
static struct cs_instance *parted(uint32_t slots, uint32_t count, struct cs_lanes *lanes)
{
	struct cs_instance *instance = following_new(&following, getpid(), slots, count, lanes);

	for (unsigned i = 0; i < CS_LANES_MET_MAX; i++)
		cs_ring_met(&lanes->rings[0]);
	for (uint32_t i = 0; i < count; i++)
		cr_assert(eq(ptr, cs_lanes_pick(lanes, i << 12, 0), &lanes->rings[i]));
	return instance;
}

Test(instance, all_full_lanes_are_read_to_their_end_at_death)
{
	struct cs_lanes lanes;
	struct cs_instance *instance;
	unsigned written = 0;

	start();
	instance = parted(CS_SLOTS_DEFAULT, CS_LANES, &lanes);
	for (uint32_t i = 0; i < CS_LANES; i++) {
		while (following_write(&lanes.rings[i]))
			written++;
	}
	cs_death_lost(&death, instance, CS_END_SHUTDOWN, cs_clock_monotonic_ns());
	cr_expect(eq(u32, following.records, written));
	cr_expect(eq(u32, following.ended, 1));
}

/* From now on its lanes cannot be mapped, though they can be read. Return: its own descriptor. */
static int forbid_mappings(struct cs_instance *instance)
{
	int fd = instance->file.fd;
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	instance->file.fd = open(path, O_RDONLY | O_CLOEXEC);
	cr_assert(not(lt(int, instance->file.fd, 0)));
	return fd;
}

Test(instance, lanes_for_which_there_is_no_memory_are_read_when_there_is)
{
	struct cs_lanes lanes;
	struct cs_instance *instance;
	int fd;

	start();
	instance = parted(64, 4, &lanes);
	for (uint32_t i = 0; i < 4; i++)
		cr_assert(following_write(&lanes.rings[i]));
	fd = forbid_mappings(instance);
	cs_instance_drain(instance, cs_clock_monotonic_ns());
	close(instance->file.fd);
	instance->file.fd = fd;
	cr_expect(not(instance->broken));
	cr_expect(eq(u32, following.records, 1));
	cr_assert(ne(u64, cs_instance_used(instance), 0));
	cs_instance_drain(instance, cs_clock_monotonic_ns());
	cr_expect(eq(u32, following.records, 4));
	cr_expect(eq(u64, cs_instance_used(instance), 0));
}

Test(instance, lanes_that_are_never_read_are_counted)
{
	struct cs_lanes lanes;
	struct cs_instance *instance;

	start();
	instance = parted(64, 4, &lanes);
	forbid_mappings(instance);
	cs_death_lost(&death, instance, CS_END_SHUTDOWN, cs_clock_monotonic_ns());
	cr_expect(eq(u64, following.self.rings_lost, 3));
	cr_expect(eq(u64, following.self.broken, 0));
}

/* Where a record stands in its lane is where others stand in theirs. */
Test(instance, rings_that_are_not_read_any_more_are_not_full)
{
	uint64_t now_ns = cs_clock_monotonic_ns();
	struct cs_instance *instance;
	struct cs_lanes lanes;

	start();
	instance = following_new(&following, getpid(), 64, 1, &lanes);
	cr_assert(following_write(&lanes.rings[0]));
	instance->broken = true;
	cs_instance_drain(instance, now_ns);
	cr_assert(not(cs_ring_fill_get(&following.self.fill, now_ns) > 0));
	instance->broken = false;
	cs_instance_drain(instance, now_ns);
	cr_assert(cs_ring_fill_get(&following.self.fill, now_ns) > 0);
}

Test(instance, invocations_out_of_different_lanes_never_share_a_span_id)
{
	const struct cs_id_key key = { { 7 } };
	struct cs_span_id ids[4 * CS_LANES];
	struct cs_lanes lanes;
	struct cs_instance *instance;

	start();
	instance = parted(64, CS_LANES, &lanes);
	for (uint32_t i = 0; i < 4 * CS_LANES; i++)
		cr_assert(following_write(&lanes.rings[i / 4]));
	cs_instance_drain(instance, cs_clock_monotonic_ns());
	cr_assert(eq(u32, following.records, 4 * CS_LANES));
	for (uint32_t i = 0; i < 4 * CS_LANES; i++) {
		ids[i] = cs_make_span_id(&key, 1, following.positions[i], CS_ID_INVOCATION);
		for (uint32_t k = 0; k < i; k++)
			cr_assert(ne(int, memcmp(&ids[i], &ids[k], sizeof(ids[i])), 0));
	}
}

Test(instance, what_is_empty_has_been_read_until_the_look)
{
	struct cs_lanes lanes;
	struct cs_instance *instance;
	uint64_t now_ns;

	start();
	instance = parted(64, 2, &lanes);
	cr_assert(following_write(&lanes.rings[0]));
	now_ns = cs_clock_monotonic_ns();
	cs_instance_drain(instance, now_ns);
	cr_assert(eq(u64, following.until_ns, now_ns));
}

Test(instance, what_is_being_written_has_been_read_until_it_was_begun)
{
	struct cs_claim late = { 0 };
	struct cs_lanes lanes;
	struct cs_instance *instance;
	uint64_t before_ns, now_ns;

	start();
	instance = parted(64, 2, &lanes);
	cr_assert(following_write(&lanes.rings[0]));
	before_ns = cs_clock_monotonic_ns();
	cr_assert(following_claim(&lanes.rings[0], &late));
	cr_assert(following_write(&lanes.rings[0]));
	cr_assert(following_write(&lanes.rings[1]));
	cs_instance_drain(instance, cs_clock_monotonic_ns());
	cr_assert(eq(u32, following.records, 2));
	cr_assert(not(lt(u64, before_ns, following.until_ns)));
	cs_ring_commit(&late);
	now_ns = cs_clock_monotonic_ns();
	cs_instance_drain(instance, now_ns);
	cr_assert(eq(u32, following.records, 4));
	cr_assert(eq(u64, following.until_ns, now_ns));
}

Test(instance, announces_are_taken_in_before_an_end_is_made_sense_of)
{
	struct cs_lanes lanes;
	pid_t pid;

	start();
	pid = following_child();
	following_new(&following, pid, 64, 1, &lanes);
	following_child_end(pid);
	cs_process_check(cs_process_find_reaped(&following.world.processes, pid));
	cr_assert(eq(str, following.story, (char *)""));
	cr_assert(following_write(&lanes.rings[0])); /* by a writer not met before */
	for (int i = 0; i < TURNS_MAX && !following.ended; i++)
		following_turn(following.base);
	cr_expect(eq(chr, following.story[0], 'l'));
	cr_expect(eq(chr, following.story[1], 'r'));
}

Test(instance, one_whose_end_cannot_be_waited_for_is_refused_and_not_dead)
{
	struct announced_segment segment;
	struct cs_segment_file file;
	/* nothing that an event loop could wait for */
	struct cs_peer peer = { .pid = getpid(), .uid = getuid(), .pidfd = memfd_create("x", 0) };

	start();
	announced_make(&segment, "/test/instance", 64, 1, ANNOUNCED_SEALS);
	cr_assert(
		eq(int, cs_segment_file_open(segment.fd, segment.header->segment_bytes, &file), 0));
	cr_expect(eq(ptr, cs_instance_new(&following.world, &file, &peer, cs_clock_monotonic_ns()),
		     NULL));
	cr_expect(eq(int, file.fd, segment.fd));
	cr_expect(eq(int, peer.pidfd, -EBADF));
	cr_expect(eq(u64, following.self.processes_now, 0));
}

/* What they executed may have attached later than the look began, and is none of another process. */
Test(instance, fork_children_that_were_gone_ended_when_that_was_seen)
{
	uint64_t begun_ns = cs_clock_monotonic_ns(), gone_ns;
	struct cs_instance *instance;
	struct cs_lanes lanes;
	pid_t child;

	start();
	instance = following_new(&following, getpid(), 64, 1, &lanes);
	child = fork();
	cr_assert(ge(int, child, 0));
	if (child == 0)
		_exit(following_write(&lanes.rings[0]) ? 0 : 1);
	cr_assert(eq(int, waitpid(child, NULL, 0), child));
	gone_ns = cs_clock_monotonic_ns();
	cs_instance_drain(instance, begun_ns);
	cr_assert(eq(u32, following.ended, 1));
	cr_expect(eq(int, (int)following.last.end, (int)CS_END_UNKNOWN));
	cr_expect(ge(u64, following.last.time_ns, gone_ns));
}

static int wait_for_ever(void *fd)
{
	char byte;

	return (int)read(*(int *)fd, &byte, 1);
}

/* Of a writer of another pid namespace, whose parent's files are not to be read just now. */
Test(instance, who_could_not_be_looked_for_is_not_dead)
{
	struct cs_instance *instance;
	struct cs_lanes lanes;
	pid_t child;
	int fds[2];

	start();
	child = following_child();
	instance = following_new(&following, child, 64, 1, &lanes);
	instance->same_ns = false;
	cr_assert(cs_tags_get(instance, 998, 0)->dead_on_arrival);
	cr_assert(zero(int, pipe(fds)));
	cr_assert(eq(int, cs_reading_run(1, getuid(), wait_for_ever, &fds[0], sizeof(fds[0])),
		     -ETIMEDOUT));
	cr_expect(not(cs_tags_get(instance, 999, 0)->dead_on_arrival));
	following_child_end(child);
}
