/* SPDX-License-Identifier: Apache-2.0 */

/* From connections to verified announces; see intake.h and docs/decisions/0001. */
#include "collector/intake/intake.h"

#include <errno.h>
#include <event2/event_struct.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "collector/intake/delivery.h"

#define PAUSE_MS       100
#define NS_PER_S       1000000000ull
#define FDS_OF_OUR_OWN 64 /* sockets, files, the loop, destinations */

/* A connection whose message has not arrived yet. */
struct waiting {
	LIST_ENTRY(waiting) link;
	struct cs_intake *intake;
	struct event event;
	struct cs_peer peer;
	int fd;
};

struct cs_intake {
	struct event_base *base;
	struct event listening; /* pending, or the timer is */
	struct event timer;
	uint32_t interval_ms;
	uint64_t accepted_ns; /* when something was accepted last */
	unsigned accepted;    /* since the timer came last */
	bool busy;            /* an announce is being handed on */
	struct cs_disposal *disposal;
	struct cs_quota *quota;
	struct cs_self *self;
	cs_announce_fn accept;
	void *context;
	int listener_fd;
	int parked_fd; /* accepted, when there was nothing left to look at its peer with; or negative */
	LIST_HEAD(, waiting) waiting;
	uint32_t waiting_count;
};

static void dispose(struct cs_intake *intake, struct cs_delivery *message)
{
	for (unsigned i = 0; i < message->fds_count; i++)
		cs_disposal_put(intake->disposal, message->fds[i]);
	message->fds_count = 0;
}

/* Is it one good memory file? If what came could have hurt us, its sender is refused for a while. */
static enum cs_refusal vet(struct cs_intake *intake, uint32_t uid, struct cs_delivery *message,
			   uint64_t *ret_bytes)
{
	enum cs_refusal refusal = CS_REFUSAL_NONE;

	if (message->cut)
		refusal = CS_REFUSAL_RESOURCES;
	else if (message->fds_count == 0)
		return CS_REFUSAL_NO_DESCRIPTOR;
	else if (message->fds_count > 1)
		refusal = CS_REFUSAL_MANY_DESCRIPTORS;
	else
		refusal = cs_segment_file_vet(message->fds[0], ret_bytes);
	if (refusal == CS_REFUSAL_NONE)
		return refusal;
	dispose(intake, message);
	if (refusal != CS_REFUSAL_RESOURCES)
		cs_quota_offend(intake->quota, uid, cs_clock_monotonic_ns());
	return refusal;
}

static enum cs_refusal take_message(struct cs_intake *intake, struct cs_peer *peer,
				    struct cs_delivery *message)
{
	struct cs_announce announce = { .file.fd = -EBADF, .received_ns = cs_clock_monotonic_ns() };
	enum cs_refusal refusal;
	uint64_t bytes = 0;

	/* Once more: it may have connected long before, and others of its uid with it. */
	refusal = cs_quota_check(intake->quota, peer->uid, announce.received_ns);
	if (refusal != CS_REFUSAL_NONE) {
		dispose(intake, message);
		return refusal;
	}
	refusal = vet(intake, peer->uid, message, &bytes);
	if (refusal != CS_REFUSAL_NONE)
		return refusal;
	refusal = cs_segment_file_check_hello(message->data, message->len, bytes);
	if (refusal != CS_REFUSAL_NONE) {
		close(message->fds[0]); /* plain memory: cannot block */
		return refusal;
	}
	refusal = cs_segment_file_open(message->fds[0], bytes, &announce.file);
	if (refusal != CS_REFUSAL_NONE)
		return refusal;
	cs_peer_confirm(peer, cs_clock_shift_apply(announce.file.shift.boottime_ns,
						   announce.file.header->attach_boottime_ns));
	announce.peer = *peer;
	peer->pidfd = -EBADF;
	intake->busy = true; /* what is taken in may end others, who ask for a drain */
	refusal = intake->accept(intake->context, &announce);
	intake->busy = false;
	cs_segment_file_close(&announce.file);
	cs_peer_close(&announce.peer);
	return refusal;
}

/* Return: false if nothing has arrived yet; else @fd is to be hung up. */
static bool serve(struct cs_intake *intake, int fd, struct cs_peer *peer)
{
	struct cs_delivery message;
	int r = cs_delivery_receive(fd, &message);

	if (r == -EAGAIN)
		return false;
	if (r < 0 || (message.len == 0 && message.fds_count == 0 && !message.cut)) {
		intake->self->probes++;
	} else {
		intake->self->announces++;
		intake->self->refused[take_message(intake, peer, &message)]++;
	}
	return true;
}

/* Of a connection that no event is for any more: the disposal may close it at once. */
static void hang_up(struct cs_intake *intake, int fd)
{
	if (cs_delivery_was_last(fd))
		close(fd);
	else
		cs_disposal_put(intake->disposal, fd);
}

static void stop_waiting(struct waiting *waiting)
{
	event_del(&waiting->event);
	LIST_REMOVE(waiting, link);
	waiting->intake->waiting_count--;
	cs_peer_close(&waiting->peer);
	free(waiting);
}

static void on_waiting(evutil_socket_t fd, short what, void *context)
{
	struct waiting *waiting = context;
	struct cs_intake *intake = waiting->intake;

	if (what & EV_READ) {
		if (!serve(intake, fd, &waiting->peer))
			return;
		stop_waiting(waiting);
		hang_up(intake, fd);
	} else {
		intake->self->refused[CS_REFUSAL_SILENT]++;
		stop_waiting(waiting);
		cs_disposal_put(intake->disposal, fd);
	}
}

static bool start_waiting(struct cs_intake *intake, int fd, const struct cs_peer *peer)
{
	const struct timeval limit = { .tv_sec = CS_INTAKE_SILENT_S };
	struct waiting *waiting;

	if (intake->waiting_count >= CS_INTAKE_WAITING_MAX)
		return false;
	waiting = calloc(1, sizeof(*waiting));
	if (!waiting)
		return false;
	*waiting = (struct waiting){ .intake = intake, .peer = *peer, .fd = fd };
	event_assign(&waiting->event, intake->base, fd, EV_READ | EV_PERSIST, on_waiting, waiting);
	if (event_add(&waiting->event, &limit) < 0) {
		free(waiting);
		return false;
	}
	LIST_INSERT_HEAD(&intake->waiting, waiting, link);
	intake->waiting_count++;
	return true;
}

/* Return: 0; negative errno: it has to wait, for memory or descriptors, and is still the caller's. */
static int on_connection(struct cs_intake *intake, int fd)
{
	struct cs_peer peer;
	enum cs_refusal refusal = CS_REFUSAL_RESOURCES;
	int r = cs_peer_open(fd, &peer);

	if (cs_peer_is_busy(r))
		return r;
	if (r == 0)
		refusal = cs_quota_check(intake->quota, peer.uid, cs_clock_monotonic_ns());
	if (refusal == CS_REFUSAL_NONE) {
		if (serve(intake, fd, &peer)) {
			hang_up(intake, fd);
			cs_peer_close(&peer);
			return 0;
		}
		if (start_waiting(intake, fd, &peer))
			return 0;
		refusal = CS_REFUSAL_RESOURCES;
	}
	intake->self->refused[refusal]++;
	cs_disposal_put(intake->disposal, fd);
	if (r == 0)
		cs_peer_close(&peer);
	return 0;
}

/* Are there enough for the largest message? Counted, since numbers say little once there are gaps. */
static bool descriptors_left(const struct cs_intake *intake)
{
	uint64_t used = FDS_OF_OUR_OWN + intake->self->instances_now + intake->self->processes_now +
			2 * (uint64_t)intake->waiting_count + cs_disposal_pending(intake->disposal);
	struct rlimit limit;
	uint64_t reserved;

	/* Asked for each time: prlimit(1) may change it while we run. */
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return true;
	reserved = CS_INTAKE_FDS_RESERVED < limit.rlim_cur / 2 ? CS_INTAKE_FDS_RESERVED
							       : limit.rlim_cur / 2;
	return used < limit.rlim_cur - reserved;
}

static void look_after(struct cs_intake *intake, uint32_t ms)
{
	const struct timeval wait = { .tv_usec = ms * 1000 };

	/* If there is no memory for a timer, the socket goes on to wake us. */
	if (event_add(&intake->timer, &wait) == 0)
		event_del(&intake->listening);
}

static int accept_one(struct cs_intake *intake)
{
	int fd;

	if (!descriptors_left(intake))
		return -EMFILE;
	do
		fd = accept4(intake->listener_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	while (fd < 0 && (errno == ECONNABORTED || errno == EINTR));
	if (fd < 0)
		return -errno;
	intake->self->connections++;
	return fd;
}

/* Return: connections dealt with; negative errno: no more can be for now. */
static int accept_some(struct cs_intake *intake, int limit)
{
	int n, r = 0;

	for (n = 0; n < limit; n++) {
		int fd = intake->parked_fd;

		if (fd < 0)
			fd = r = accept_one(intake);
		if (fd < 0)
			break;
		r = on_connection(intake, fd);
		intake->parked_fd = r < 0 ? fd : -EBADF;
		if (r < 0)
			break;
	}
	if (n > 0) {
		intake->accepted_ns = cs_clock_monotonic_ns();
		intake->accepted += (unsigned)n;
	}
	return r < 0 && r != -EAGAIN ? r : n;
}

static void look_by_time(struct cs_intake *intake)
{
	intake->accepted_ns = cs_clock_monotonic_ns();
	intake->interval_ms = CS_INTAKE_LOOK_MAX_MS / 4;
	look_after(intake, intake->interval_ms);
}

/* Somebody starts: what is done at once is done beside it. */
static void on_listening(evutil_socket_t fd, short what, void *context)
{
	look_by_time(context);
}

static uint32_t next_interval(uint32_t interval_ms, unsigned accepted)
{
	if (accepted > CS_INTAKE_PER_TURN / 4)
		interval_ms /= 4;
	else if (accepted <= 1)
		interval_ms *= 2;
	if (interval_ms < CS_INTAKE_LOOK_MIN_MS)
		return CS_INTAKE_LOOK_MIN_MS;
	return interval_ms < CS_INTAKE_LOOK_MAX_MS ? interval_ms : CS_INTAKE_LOOK_MAX_MS;
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
	struct cs_intake *intake = context;
	int n = accept_some(intake, CS_INTAKE_PER_TURN);

	intake->interval_ms = next_interval(intake->interval_ms, intake->accepted);
	intake->accepted = 0;
	if (n < 0) {
		intake->self->intake_pauses++;
		look_after(intake, PAUSE_MS);
	} else if (n == CS_INTAKE_PER_TURN) {
		look_after(intake, 0);
	} else if (intake->self->instances_active || cs_clock_monotonic_ns() - intake->accepted_ns <
							     CS_INTAKE_LOOK_FOR_S * NS_PER_S) {
		look_after(intake, intake->interval_ms);
	} else if (event_add(&intake->listening, NULL) < 0) {
		look_after(intake, PAUSE_MS);
	}
}

struct cs_intake *cs_intake_new(struct event_base *base, int listener_fd,
				struct cs_disposal *disposal, struct cs_quota *quota,
				struct cs_self *self, cs_announce_fn accept, void *context)
{
	struct cs_intake *intake = calloc(1, sizeof(*intake));

	if (!intake)
		return NULL;
	*intake = (struct cs_intake){ .base = base,
				      .disposal = disposal,
				      .quota = quota,
				      .self = self,
				      .accept = accept,
				      .context = context,
				      .listener_fd = listener_fd,
				      .parked_fd = -EBADF };
	event_assign(&intake->listening, base, listener_fd, EV_READ | EV_PERSIST, on_listening,
		     intake);
	event_assign(&intake->timer, base, -1, 0, on_timer, intake);
	if (event_add(&intake->listening, NULL) < 0) {
		free(intake);
		return NULL;
	}
	return intake;
}

/* Those whose message has come. One call asks for all: a stranger may have many that say nothing. */
static void serve_waiting(struct cs_intake *intake)
{
	static struct waiting *all[CS_INTAKE_WAITING_MAX];
	static struct pollfd fds[CS_INTAKE_WAITING_MAX];
	struct waiting *waiting;
	unsigned n = 0;

	LIST_FOREACH(waiting, &intake->waiting, link)
	{
		all[n] = waiting;
		fds[n++] = (struct pollfd){ .fd = waiting->fd, .events = POLLIN };
	}
	if (!n || poll(fds, n, 0) <= 0)
		return;
	/* The oldest stands last. */
	while (n--) {
		if (fds[n].revents && serve(intake, fds[n].fd, &all[n]->peer)) {
			stop_waiting(all[n]);
			hang_up(intake, fds[n].fd);
		}
	}
}

bool cs_intake_drain(struct cs_intake *intake)
{
	int left = 65536; /* more than any backlog: a peer that goes on connecting is cut off */
	int n;

	if (intake->busy)
		return true;
	serve_waiting(intake);
	do {
		n = accept_some(intake, CS_INTAKE_PER_TURN);
		left -= n;
	} while (n == CS_INTAKE_PER_TURN && left > 0);
	if (intake->accepted && !event_pending(&intake->timer, EV_TIMEOUT, NULL))
		look_by_time(intake);
	return n >= 0;
}

unsigned cs_intake_abandon(struct cs_intake *intake)
{
	struct pollfd more = { .fd = intake->listener_fd, .events = POLLIN };
	unsigned n = 0;
	int fd = intake->parked_fd;

	if (fd < 0)
		fd = accept4(intake->listener_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	intake->parked_fd = -EBADF;
	for (; fd >= 0; n++) {
		cs_disposal_put(intake->disposal, fd);
		fd = accept4(intake->listener_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	}
	return n + (poll(&more, 1, 0) > 0);
}

struct cs_intake *cs_intake_free(struct cs_intake *intake)
{
	if (!intake)
		return NULL;
	event_del(&intake->listening);
	event_del(&intake->timer);
	if (intake->parked_fd >= 0)
		cs_disposal_put(intake->disposal, intake->parked_fd);
	while (!LIST_EMPTY(&intake->waiting)) {
		struct waiting *waiting = LIST_FIRST(&intake->waiting);
		int fd = waiting->fd;

		intake->self->refused[CS_REFUSAL_SILENT]++;
		stop_waiting(waiting);
		cs_disposal_put(intake->disposal, fd);
	}
	free(intake);
	return NULL;
}
