/* SPDX-License-Identifier: Apache-2.0 */

/* Invocations in flight; see current.h. */
#include "preload/propagation/current.h"

#include <stdatomic.h>

/* Values of cs_current_entry.serial */
#define FREE  0u
#define BUSY  1u
#define FIRST 2u

/* Bits of one, beside those that it begins with */
#define KNOWN       0x4u  /* its context is */
#define ACCOMPANIED 0x8u  /* another is, or was, in flight beside it */
#define UNBOUND     0x10u /* its thread has read another one beside it */
#define SETTLING                                                                                   \
	0x20u       /* its context is being changed: who does that is the one who frees it, ... */
#define ENDED 0x40u /* ... if it has ended by then */
#define SERIAL_AT                                                                                  \
	16 /* the serial modulo 2^16: who changes bits is sure that they are of that one */

/* Bits of the process */
#define ANSWERED_SAME  0x2u /* a thread has answered what it had read */
#define ANSWERED_OTHER 0x4u /* one has answered what another had read */

static uint32_t bits_of(const _Atomic uint32_t *bits)
{
	return atomic_load_explicit(bits, memory_order_relaxed);
}

static void set_bits(_Atomic uint32_t *bits, uint32_t which)
{
	atomic_fetch_or_explicit(bits, which, memory_order_relaxed);
}

/* --- threads that read heads --- */

static unsigned reader_bit(uint64_t thread)
{
	return (unsigned)(((thread >> 6) * 0x9e3779b97f4a7c15u) >> 56);
}

static bool reads_heads(const struct cs_current *current, uint64_t thread)
{
	unsigned bit = reader_bit(thread);

	return atomic_load_explicit(&current->readers[bit / 64], memory_order_relaxed) >>
		       (bit % 64) &
	       1;
}

static void note_reader(struct cs_current *current, uint64_t thread)
{
	unsigned bit = reader_bit(thread);

	atomic_fetch_or_explicit(&current->readers[bit / 64], 1ull << (bit % 64),
				 memory_order_relaxed);
}

/* --- entries --- */

static uint32_t end_of(const struct cs_current *current)
{
	/* pairs with: current.end */
	uint32_t end = atomic_load_explicit(&current->end, memory_order_acquire);

	return end < CS_CURRENT_MAX ? end : CS_CURRENT_MAX;
}

static uint64_t serial_of(const struct cs_current_entry *entry)
{
	/* pairs with: current.serial */
	return atomic_load_explicit(&entry->serial, memory_order_acquire);
}

static bool has_key(const struct cs_current_entry *entry, const struct cs_current_key *key)
{
	return atomic_load_explicit(&entry->a, memory_order_relaxed) == key->a &&
	       atomic_load_explicit(&entry->b, memory_order_relaxed) ==
		       (key->b | (uint64_t)key->source << 32);
}

/* It may end, and its place be another's, at any moment: @ret_serial tells. */
static struct cs_current_entry *find(struct cs_current *current, const struct cs_current_key *key,
				     uint64_t *ret_serial)
{
	for (uint32_t i = 0; i < end_of(current); i++) {
		struct cs_current_entry *entry = &current->entries[i];

		*ret_serial = serial_of(entry);
		if (*ret_serial < FIRST || !has_key(entry, key))
			continue;
		atomic_thread_fence(memory_order_acquire);
		if (atomic_load_explicit(&entry->serial, memory_order_relaxed) == *ret_serial)
			return entry;
	}
	return NULL;
}

/* @which is set if it is still that one, and has none of @unless. @ret_had: its bits until then. */
static bool mark(struct cs_current_entry *entry, uint64_t serial, uint32_t which, uint32_t unless,
		 uint32_t *ret_had)
{
	*ret_had = bits_of(&entry->bits);
	do {
		if (*ret_had >> SERIAL_AT != (serial & 0xffff) || *ret_had & unless)
			return false;
	} while (!atomic_compare_exchange_weak_explicit(&entry->bits, ret_had, *ret_had | which,
							memory_order_acq_rel,
							memory_order_relaxed));
	return true;
}

static void leave(struct cs_current *current, struct cs_current_entry *entry)
{
	/* pairs with: current.serial */
	atomic_store_explicit(&entry->serial, FREE, memory_order_release);
	atomic_fetch_sub_explicit(&current->in_flight, 1, memory_order_relaxed);
}

static struct cs_current_entry *take(struct cs_current *current)
{
	for (uint32_t i = 0; i < CS_CURRENT_MAX; i++) {
		struct cs_current_entry *entry = &current->entries[i];
		uint64_t none = FREE;
		uint32_t end = atomic_load_explicit(&current->end, memory_order_relaxed);

		if (!atomic_compare_exchange_strong_explicit(&entry->serial, &none, BUSY,
							     memory_order_acquire,
							     memory_order_relaxed))
			continue;
		/* pairs with: current.end */
		while (end <= i && !atomic_compare_exchange_weak_explicit(
					   &current->end, &end, i + 1, memory_order_release,
					   memory_order_relaxed))
			;
		return entry;
	}
	return NULL;
}

/* The first of a fork child: none of its parent's is its own. */
static void adopt(struct cs_current *current, uint32_t pid)
{
	uint32_t owner = bits_of(&current->pid);

	if (owner == pid ||
	    !atomic_compare_exchange_strong_explicit(&current->pid, &owner, pid,
						     memory_order_relaxed, memory_order_relaxed))
		return;
	for (uint32_t i = 0; i < end_of(current); i++)
		atomic_store_explicit(&current->entries[i].serial, FREE, memory_order_relaxed);
	atomic_store_explicit(&current->in_flight, 0, memory_order_relaxed);
}

/* @entry and all others are together. */
static void accompany(struct cs_current *current, struct cs_current_entry *entry)
{
	for (uint32_t i = 0; i < end_of(current); i++) {
		struct cs_current_entry *other = &current->entries[i];
		uint32_t bits = ACCOMPANIED;

		if (other == entry || serial_of(other) < FIRST)
			continue;
		if (other->thread == entry->thread)
			bits |= UNBOUND;
		set_bits(&other->bits, bits);
		set_bits(&entry->bits, bits);
	}
	set_bits(&entry->bits, ACCOMPANIED);
}

void cs_current_begin(struct cs_current *current, const struct cs_current_key *key, uint32_t pid,
		      uint64_t thread, unsigned how, const struct cs_context *context)
{
	struct cs_current_entry *entry;
	uint64_t serial;

	if (!context)
		how &= ~CS_CURRENT_DEFERRED;
	else if (!(how & CS_CURRENT_DEFERRED))
		how |= KNOWN;
	adopt(current, pid);
	if (key->source == CS_CURRENT_HTTP)
		note_reader(current, thread);
	atomic_fetch_add_explicit(&current->in_flight, 1, memory_order_relaxed);
	entry = take(current);
	if (!entry)
		return; /* it counts for ever: nobody would know that it has ended */
	serial = FIRST + atomic_fetch_add_explicit(&current->serial, 1, memory_order_relaxed);
	atomic_store_explicit(&entry->a, key->a, memory_order_relaxed);
	atomic_store_explicit(&entry->b, key->b | (uint64_t)key->source << 32,
			      memory_order_relaxed);
	entry->thread = thread;
	atomic_store_explicit(&entry->bits, how | (uint32_t)serial << SERIAL_AT,
			      memory_order_relaxed);
	if (context)
		__builtin_memcpy(&entry->context, context,
				 offsetof(struct cs_context, state) + context->state_len);
	/* pairs with: current.serial */
	atomic_store_explicit(&entry->serial, serial, memory_order_release);
	/*
	 * seq_cst: of two that begin at once each counts itself, then looks: at least one of them must see
	 * the other one.
	 */
	atomic_thread_fence(memory_order_seq_cst);
	if (bits_of(&current->in_flight) > 1)
		accompany(current, entry);
}

void cs_current_settle(struct cs_current *current, const struct cs_current_key *key,
		       const struct cs_context *trace)
{
	uint64_t serial;
	struct cs_current_entry *entry = find(current, key, &serial);
	struct cs_context *context;
	uint32_t had;

	if (!entry || !(bits_of(&entry->bits) & CS_CURRENT_DEFERRED) ||
	    !mark(entry, serial, SETTLING, SETTLING | KNOWN | ENDED, &had))
		return;
	context = &entry->context;
	if (trace) {
		__builtin_memcpy(context->trace.trace_id, trace->trace.trace_id,
				 sizeof(trace->trace.trace_id));
		context->trace.flags = trace->trace.flags;
		context->state_len = trace->state_len;
		__builtin_memcpy(context->state, trace->state, trace->state_len);
	}
	/* pairs with: current.known */
	had = atomic_fetch_xor_explicit(&entry->bits, SETTLING | KNOWN, memory_order_acq_rel);
	if (had & ENDED)
		leave(current, entry);
}

void cs_current_answered(struct cs_current *current, const struct cs_current_key *key,
			 uint64_t thread)
{
	uint64_t serial;
	struct cs_current_entry *entry = find(current, key, &serial);

	if (!entry)
		return;
	set_bits(&current->bits, entry->thread == thread ? ANSWERED_SAME : ANSWERED_OTHER);
}

void cs_current_end(struct cs_current *current, const struct cs_current_key *key)
{
	uint64_t serial;
	struct cs_current_entry *entry = find(current, key, &serial);
	uint32_t had;

	if (entry && mark(entry, serial, ENDED, ENDED, &had) && !(had & SETTLING))
		leave(current, entry);
}

/* --- whose it is --- */

/* A thread that reads heads, but did not read this one, may be at the end of its own. */
static bool is_alone(const struct cs_current *current, const struct cs_current_entry *entry,
		     uint64_t thread)
{
	return !(bits_of(&entry->bits) & ACCOMPANIED) && bits_of(&current->in_flight) == 1 &&
	       (entry->thread == thread || !reads_heads(current, thread));
}

/*
 * Whether the thread answers what it has read is known only later: as long as threads here have done
 * that, and none has done otherwise, it is believed.
 */
static bool is_bound(const struct cs_current *current, const struct cs_current_entry *entry,
		     uint64_t thread)
{
	uint32_t bits = bits_of(&entry->bits);

	return entry->thread == thread && bits & CS_CURRENT_BLOCKING && !(bits & UNBOUND) &&
	       (bits_of(&current->bits) & (ANSWERED_SAME | ANSWERED_OTHER)) == ANSWERED_SAME;
}

bool cs_current_find(const struct cs_current *current, const struct cs_current_place *place,
		     struct cs_current_found *ret)
{
	uint32_t end = end_of(current);

	*ret = (struct cs_current_found){ .unsure = false };
	if (!bits_of(&current->in_flight) ||
	    (bits_of(&current->pid) != place->pid && !place->of_child))
		return false;
	ret->unsure = true;
	for (uint32_t i = 0; i < end; i++) {
		const struct cs_current_entry *entry = &current->entries[i];
		uint64_t serial = serial_of(entry);

		if (serial < FIRST || (!is_alone(current, entry, place->thread) &&
				       !is_bound(current, entry, place->thread)))
			continue;
		/* pairs with: current.known */
		if (!(atomic_load_explicit(&entry->bits, memory_order_acquire) & KNOWN))
			return false;
		*ret = (struct cs_current_found){
			.entry = entry,
			.serial = serial,
			.trace = entry->context.trace,
			.state_len = entry->context.state_len,
		};
		atomic_thread_fence(memory_order_acquire);
		return atomic_load_explicit(&entry->serial, memory_order_relaxed) == serial;
	}
	return false;
}

bool cs_current_state(const struct cs_current_found *found, char *ret)
{
	__builtin_memcpy(ret, found->entry->context.state, found->state_len);
	atomic_thread_fence(memory_order_acquire);
	return atomic_load_explicit(&found->entry->serial, memory_order_relaxed) == found->serial;
}
