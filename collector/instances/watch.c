/* SPDX-License-Identifier: Apache-2.0 */

/* The timer that looks at rings; see watch.h and docs/decisions/0006. */
#include "collector/instances/watch.h"

#include <errno.h>

#include "base/clock.h"

#define NS_PER_MS 1000000ull

static void on_timer(evutil_socket_t fd, short what, void *context);

void cs_watch_init(struct cs_watch *watch, struct event_base *base, struct cs_self *self,
		   const struct cs_watch_events *events)
{
	*watch = (struct cs_watch){
		.base = base, .self = self, .events = *events, .interval_ms = CS_WATCH_ACTIVE_MAX_MS
	};
	TAILQ_INIT(&watch->active);
	event_assign(&watch->timer, base, -1, 0, on_timer, watch);
}

void cs_watch_deinit(struct cs_watch *watch)
{
	event_del(&watch->timer);
	free(watch->slots);
	watch->slots = NULL;
}

static void arm(struct cs_watch *watch)
{
	uint32_t ms = TAILQ_EMPTY(&watch->active) ? CS_WATCH_IDLE_MS : watch->interval_ms;
	const struct timeval wait = { .tv_sec = ms / 1000, .tv_usec = (ms % 1000) * 1000 };

	if (watch->count)
		event_add(&watch->timer, &wait);
	else
		event_del(&watch->timer);
}

static void activate(struct cs_watch *watch, struct cs_instance *instance)
{
	if (instance->active)
		return;
	instance->active = true;
	watch->self->instances_active++;
	TAILQ_INSERT_TAIL(&watch->active, instance, active_link);
}

static void deactivate(struct cs_watch *watch, struct cs_instance *instance)
{
	if (!instance->active)
		return;
	instance->active = false;
	watch->self->instances_active--;
	TAILQ_REMOVE(&watch->active, instance, active_link);
}

int cs_watch_reserve(struct cs_watch *watch)
{
	uint32_t capacity = watch->capacity ? 2 * watch->capacity : 64;
	void *slots;

	if (watch->count < watch->capacity)
		return 0;
	slots = reallocarray(watch->slots, capacity, sizeof(*watch->slots));
	if (!slots)
		return -ENOMEM;
	watch->slots = slots;
	watch->capacity = capacity;
	return 0;
}

void cs_watch_add(struct cs_watch *watch, struct cs_instance *instance, uint64_t now_ns)
{
	instance->watch_slot = watch->count;
	watch->slots[watch->count++] =
		(struct cs_watch_slot){ .header = instance->file.header,
					.position = instance->first.reader.position,
					.instance = instance };
	if (watch->count == 1) {
		watch->last_full_ns = now_ns;
		watch->last_silent_ns = now_ns;
	}
	/* The first of the active ones must not wait for the end of an idle interval. */
	if (TAILQ_EMPTY(&watch->active)) {
		activate(watch, instance);
		watch->interval_ms = CS_WATCH_ACTIVE_MAX_MS;
		arm(watch);
	}
	activate(watch, instance);
}

void cs_watch_remove(struct cs_watch *watch, struct cs_instance *instance)
{
	struct cs_watch_slot *last = &watch->slots[watch->count - 1];

	deactivate(watch, instance);
	watch->slots[instance->watch_slot] = *last;
	last->instance->watch_slot = instance->watch_slot;
	watch->count--;
	if (!watch->count)
		event_del(&watch->timer);
}

static void sync_slot(struct cs_watch *watch, struct cs_instance *instance)
{
	watch->slots[instance->watch_slot].position = instance->first.reader.position;
}

uint32_t cs_watch_next_interval(uint32_t interval_ms, uint64_t used, uint32_t slots)
{
	/* There is always room for a burst that is four times as fast as what was just seen. */
	if (used > slots / 4)
		interval_ms /= 8;
	else if (used > slots / 8)
		interval_ms /= 4;
	else if (used > slots / 32)
		interval_ms /= 2;
	else if (used < slots / 128)
		interval_ms *= 2;
	if (interval_ms < CS_WATCH_ACTIVE_MIN_MS)
		return CS_WATCH_ACTIVE_MIN_MS;
	return interval_ms < CS_WATCH_ACTIVE_MAX_MS ? interval_ms : CS_WATCH_ACTIVE_MAX_MS;
}

/* Drain one that has something to be read. Return: false if that was its end. */
static bool drain(struct cs_watch *watch, struct cs_instance *instance, uint64_t now_ns)
{
	cs_instance_drain(instance, now_ns);
	sync_slot(watch, instance);
	if (!instance->broken && !cs_instance_over(instance))
		return true;
	watch->events.lost(watch->events.context, instance, CS_END_BROKEN, now_ns);
	return false;
}

/* After a second without a record: give its pages back, and look at it less often. */
static void rest(struct cs_watch *watch, struct cs_instance *instance)
{
	watch->self->trims += cs_instance_trim(instance);
	sync_slot(watch, instance);
	deactivate(watch, instance);
}

static void look_at_active(struct cs_watch *watch, uint64_t now_ns)
{
	struct cs_instance *instance = TAILQ_FIRST(&watch->active), *next;
	uint32_t interval = CS_WATCH_ACTIVE_MAX_MS;

	for (; instance; instance = next) {
		uint64_t used = cs_instance_used(instance);
		uint32_t wanted = cs_watch_next_interval(
			watch->interval_ms, cs_instance_readable(instance), instance->file.slots);

		next = TAILQ_NEXT(instance, active_link);
		interval = wanted < interval ? wanted : interval;
		if (used && !drain(watch, instance, now_ns))
			continue;
		watch->events.looked(watch->events.context, instance);
		if (now_ns - instance->last_read_ns >=
		    (instance->ready_seen ? CS_WATCH_QUIET_NS : CS_WATCH_STARTING_NS))
			rest(watch, instance);
	}
	watch->interval_ms = interval;
}

/* Backwards: what is lost on the way is replaced by one that was looked at already. */
static void look_at_idle(struct cs_watch *watch, uint64_t now_ns)
{
	for (uint32_t i = watch->count; i-- > 0;) {
		const struct cs_watch_slot *slot = &watch->slots[i];
		struct cs_instance *instance = slot->instance;

		/* One line of most; the other rings of those whose writers have parted. */
		if (atomic_load_explicit(&slot->header->head, memory_order_relaxed) ==
			    slot->position &&
		    (!atomic_load_explicit(&slot->header->spread, memory_order_relaxed) ||
		     !cs_instance_used(instance)))
			continue;
		if (instance->active || !drain(watch, instance, now_ns))
			continue;
		/* A hole that has to wait does not keep it active. */
		if (instance->last_read_ns == now_ns)
			activate(watch, instance);
	}
}

/* Without a pidfd, silence is the only sign of death; and marks of slow starters are looked at. */
static void look_for_silence(struct cs_watch *watch, uint64_t now_ns)
{
	for (uint32_t i = watch->count; i-- > 0;) {
		struct cs_instance *instance = watch->slots[i].instance;
		const struct cs_member *member;
		bool followed = false;

		if (!instance->active && !instance->ready_seen)
			watch->events.looked(watch->events.context, instance);
		LIST_FOREACH(member, &instance->members, of_instance)
		followed |= member->process != NULL;
		if (!followed && now_ns - instance->last_read_ns >= CS_WATCH_SILENT_NS)
			watch->events.lost(watch->events.context, instance, CS_END_UNKNOWN, now_ns);
	}
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
	struct cs_watch *watch = context;
	uint64_t now_ns;

	watch->events.looking(watch->events.context);
	now_ns = cs_clock_monotonic_ns();
	watch->self->looks++;
	look_at_active(watch, now_ns);
	if (now_ns - watch->last_full_ns >= CS_WATCH_IDLE_MS * NS_PER_MS - NS_PER_MS) {
		watch->last_full_ns = now_ns;
		look_at_idle(watch, now_ns);
	}
	if (now_ns - watch->last_silent_ns >= CS_WATCH_SILENT_CHECK_NS) {
		watch->last_silent_ns = now_ns;
		look_for_silence(watch, now_ns);
	}
	arm(watch);
}
