/* SPDX-License-Identifier: Apache-2.0 */

/* Instances without a socket; see following.h. */
#include "tests/support/following.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "collector/processes/pidfd.h"
#include "tests/support/announcing.h"

static void die(const char *what)
{
	fprintf(stderr, "following: %s\n", what);
	_exit(99);
}

void following_turn(struct event_base *base)
{
	const struct timeval moment = { .tv_usec = 100000 };

	event_base_loopexit(base, &moment);
	event_base_loop(base, EVLOOP_ONCE);
}

void following_tell(struct following *following, char letter)
{
	size_t n = strlen(following->story);

	if (n + 1 < sizeof(following->story))
		following->story[n] = letter;
}

static void on_record(void *context, struct cs_instance *instance, const struct cs_entry *entry)
{
	struct following *following = context;

	if (following->records < FOLLOWING_POSITIONS_MAX)
		following->positions[following->records] = entry->position;
	following->records++;
	following_tell(following, 'r');
}

static void on_read(void *context, struct cs_instance *instance, uint64_t until_ns)
{
	struct following *following = context;

	following->until_ns = until_ns;
}

static void on_ended(void *context, struct cs_instance *instance, const struct cs_member *member,
		     const struct cs_ended *ended)
{
	struct following *following = context;

	following->ended++;
	following->last = *ended;
	following_tell(following, 'e');
}

static void on_process(void *context, struct cs_process *process)
{
}

void following_start(struct following *following)
{
	*following = (struct following){ .base = event_base_new() };
	if (!following->base)
		die("no event base");
	following->world.self = &following->self;
	following->world.events = (struct cs_instance_events){
		.context = following, .record = on_record, .read = on_read, .ended = on_ended
	};
	cs_process_table_init(&following->world.processes, following->base,
			      &following->self.processes_now, on_process, on_process, following);
}

struct cs_instance *following_new(struct following *following, int32_t pid, uint32_t slots,
				  uint32_t lanes, struct cs_lanes *ret_lanes)
{
	struct announced_segment segment;
	struct cs_segment_file file;
	struct cs_instance *instance;
	struct cs_peer peer = {
		.pid = pid, .uid = getuid(), .gid = getgid(), .pidfd = cs_pidfd_open(pid)
	};

	announced_make(&segment, "/test/following", slots, lanes, ANNOUNCED_SEALS);
	segment.header->pid = pid;
	*ret_lanes = segment.lanes;
	if (cs_segment_file_open(segment.fd, segment.header->segment_bytes, &file) !=
	    CS_REFUSAL_NONE)
		die("not a segment");
	instance = cs_instance_new(&following->world, &file, &peer, cs_clock_monotonic_ns());
	if (!instance)
		die("no instance");
	return instance;
}

bool following_claim(struct cs_ring *ring, struct cs_claim *ret)
{
	if (cs_ring_reserve(ring, (uint32_t)getpid(), CS_RECORD_LISTEN, 0, CS_PRIORITY_HIGH, ret) <
	    0)
		return false;
	ret->record->time_ns = cs_clock_monotonic_ns();
	ret->record->thread = 1;
	return true;
}

bool following_write(struct cs_ring *ring)
{
	struct cs_claim claim = { 0 };

	if (!following_claim(ring, &claim))
		return false;
	cs_ring_commit(&claim);
	return true;
}

pid_t following_child(void)
{
	pid_t pid = fork();

	if (pid < 0)
		die("no child");
	if (pid == 0) {
		pause();
		_exit(1);
	}
	return pid;
}

void following_child_end(pid_t pid)
{
	kill(pid, SIGKILL);
	if (waitpid(pid, NULL, 0) != pid)
		die("the child is not ours to wait for");
}
