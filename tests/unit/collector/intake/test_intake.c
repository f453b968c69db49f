/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of collector/intake: what waits, and for what. Hostile peers: tests/collector. */
#include "collector/intake/intake.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "collector/processes/pidfd.h"
#include "tests/support/announcing.h"
#include "tests/support/following.h"

#define TURNS_MAX   200 /* of the event loop */
#define PATIENCE_MS 60000

static char folder[] = "/tmp/coldspan-intake-XXXXXX";
static char path[64];
static struct event_base *base;
static struct cs_listener listener;
static struct cs_disposal *disposal;
static struct cs_quota quota;
static struct cs_self self;
static struct cs_intake *intake;
static unsigned taken, living; /* announces, and those whose sender was seen to live */

static enum cs_refusal on_announce(void *context, struct cs_announce *announce)
{
	taken++;
	cs_quota_take(&quota, announce->peer.uid);
	living += announce->peer.pidfd >= 0 && !cs_pidfd_exited(announce->peer.pidfd);
	return CS_REFUSAL_NONE;
}

static void start(void)
{
	struct cs_diag diag;

	cr_assert(ne(ptr, mkdtemp(folder), NULL));
	snprintf(path, sizeof(path), "%s/announce.sock", folder);
	cr_assert(eq(int, cs_listener_open(path, 0600, &diag, &listener), 0));
	cr_assert(eq(int, cs_quota_init(&quota, 1000), 0));
	base = event_base_new();
	disposal = cs_disposal_new();
	intake = cs_intake_new(base, listener.fd, disposal, &quota, &self, on_announce, NULL);
	cr_assert(ne(ptr, intake, NULL));
}

static void stop(void)
{
	cs_intake_free(intake);
	/* LeakSanitizer does not see what belongs to a thread that has not begun yet. */
	for (int i = 0; i < PATIENCE_MS && cs_disposal_pending(disposal); i++)
		usleep(1000);
	cs_disposal_free(disposal);
	cs_quota_deinit(&quota);
	event_base_free(base);
	cs_listener_close(&listener);
	rmdir(folder);
}

TestSuite(intake, .init = start, .fini = stop);

static void announce_one(void)
{
	struct announced_segment segment;

	announced_make(&segment, "/test/intake", 64, 1, ANNOUNCED_SEALS);
	announced_send(&segment, path);
}

static void turn_until(const uint64_t *counter, uint64_t wanted)
{
	for (int i = 0; i < TURNS_MAX && *counter < wanted; i++)
		following_turn(base);
	cr_assert(eq(u64, *counter, wanted));
}

/* Leave @free descriptors below a limit that the intake reckons to be enough. */
static void fill_descriptors(int free, int fds[400], int *ret_count)
{
	const struct rlimit limit = { .rlim_cur = 400, .rlim_max = 400 };
	int n = 0, fd;

	cr_assert(eq(int, setrlimit(RLIMIT_NOFILE, &limit), 0));
	while ((fd = dup(STDERR_FILENO)) >= 0)
		fds[n++] = fd;
	while (free--)
		close(fds[--n]);
	*ret_count = n;
}

Test(intake, an_announce_waits_for_a_descriptor_to_look_at_its_sender_with)
{
	int fds[400], n;

	announce_one();
	fill_descriptors(1, fds, &n);
	turn_until(&self.intake_pauses, 2);
	cr_expect(eq(u32, taken, 0));
	cr_expect(eq(u64, self.connections, 1));
	while (n)
		close(fds[--n]);
	turn_until(&self.announces, 1);
	cr_expect(eq(u32, taken, 1));
	cr_expect(eq(u32, living, 1));
	cr_expect(eq(u64, self.connections, 1));
}

/* From now on the kernel has no room to wait for @fd. Return: false: it takes no filters. */
static bool refuse_to_wait_for(int fd)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_epoll_ctl, 0, 5),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, EPOLL_CTL_ADD, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)fd, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSPC),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = sizeof(filter) / sizeof(filter[0]), .filter = filter };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

Test(intake, a_socket_that_cannot_be_waited_for_is_looked_at)
{
	uint64_t until = announcing_now_ns(CLOCK_MONOTONIC);

	announce_one();
	turn_until(&self.announces, 1);
	if (!refuse_to_wait_for(listener.fd))
		cr_skip("no seccomp filters here");
	/* until it wants to wait for the socket again */
	until += (CS_INTAKE_LOOK_FOR_S * 1000 + 4 * CS_INTAKE_LOOK_MAX_MS) * 1000000ull;
	while (announcing_now_ns(CLOCK_MONOTONIC) < until)
		following_turn(base);
	announce_one();
	turn_until(&self.announces, 2);
}

static int is_listening(const struct event_base *unused, const struct event *event, void *context)
{
	return event_get_fd(event) == listener.fd;
}

static void announce_over(int connection)
{
	struct announced_segment segment;
	struct cs_hello hello;

	announced_make(&segment, "/test/intake", 64, 1, ANNOUNCED_SEALS);
	hello = (struct cs_hello){ .magic = CS_WIRE_MAGIC,
				   .version = CS_WIRE_VERSION,
				   .hello_bytes = sizeof(hello),
				   .segment_bytes = segment.header->segment_bytes,
				   .pid = getpid() };
	announcing_send(connection, &hello, sizeof(hello), &segment.fd, 1);
}

Test(intake, a_drain_serves_who_connected_before_and_speaks_now)
{
	int connection = announcing_dial(path);

	cr_assert(cs_intake_drain(intake));
	cr_assert(eq(u32, taken, 0));
	announce_over(connection);
	cr_assert(cs_intake_drain(intake));
	cr_expect(eq(u32, taken, 1));
	close(connection);
}

Test(intake, who_connected_while_there_was_room_is_refused_when_there_is_none)
{
	int connections[3];

	quota.instances_max = 2;
	for (int i = 0; i < 3; i++)
		connections[i] = announcing_dial(path);
	cr_assert(cs_intake_drain(intake));
	for (int i = 0; i < 3; i++)
		announce_over(connections[i]);
	cr_assert(cs_intake_drain(intake));
	cr_expect(eq(u32, taken, 2));
	cr_expect(eq(u64, self.refused[CS_REFUSAL_UID_QUOTA], 1));
	for (int i = 0; i < 3; i++)
		close(connections[i]);
}

Test(intake, after_a_drain_it_is_looked_by_time)
{
	cr_assert(event_base_foreach_event(base, is_listening, NULL));
	announce_one();
	cr_assert(cs_intake_drain(intake));
	cr_assert(eq(u32, taken, 1));
	cr_expect(not(event_base_foreach_event(base, is_listening, NULL)));
}

Test(intake, what_a_drain_took_in_counts_as_the_last_announce)
{
	uint64_t now_ns = announcing_now_ns(CLOCK_MONOTONIC), half_ns = now_ns + 500000000u;
	bool drained = false;

	announce_one();
	cs_intake_drain(intake);
	while (!event_base_foreach_event(base, is_listening, NULL)) {
		following_turn(base);
		if (drained || announcing_now_ns(CLOCK_MONOTONIC) < half_ns)
			continue;
		announce_one();
		now_ns = announcing_now_ns(CLOCK_MONOTONIC);
		cs_intake_drain(intake);
		drained = true;
	}
	cr_assert(drained);
	cr_expect(not(lt(u64, announcing_now_ns(CLOCK_MONOTONIC) - now_ns,
			 CS_INTAKE_LOOK_FOR_S * 1000000000ull)));
}

Test(intake, what_a_drain_leaves_is_counted_when_it_is_given_up)
{
	int fds[400], n;

	for (int i = 0; i < 3; i++)
		announce_one();
	fill_descriptors(1, fds, &n);
	cr_expect(not(cs_intake_drain(intake)));
	while (n > 50)
		close(fds[--n]);
	cr_expect(eq(u32, cs_intake_abandon(intake), 3));
	cr_expect(eq(u32, taken, 0));
}

Test(intake, without_any_descriptor_one_at_least_is_given_up)
{
	int fds[400], n;

	announce_one();
	announce_one();
	fill_descriptors(0, fds, &n);
	cr_expect(not(cs_intake_drain(intake)));
	cr_expect(eq(u32, cs_intake_abandon(intake), 1));
}
