/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Stamps of processes in another time namespace (time_namespaces(7)): MONOTONIC and BOOTTIME are
 * moved there, REALTIME is not. How far follows from the three anchors in a segment's header, which
 * were read together, and the same three of ours.
 */
#pragma once

#include <stdint.h>

/*
 * Less is no other namespace: REALTIME was set in the meantime. It is also what a segment takes to
 * be announced, and more.
 */
#define CS_CLOCK_SHIFT_MIN_NS 1000000000ull

/* The clocks at one moment, in ns; another process's may be invented. */
struct cs_clock_anchors {
	uint64_t monotonic_ns;
	uint64_t realtime_ns;
	uint64_t boottime_ns;
};

/* What makes their stamps ours when it is added, modulo 2^64; 0: the clock is the same. */
struct cs_clock_shift {
	uint64_t monotonic_ns;
	uint64_t boottime_ns;
};

/** cs_clock_shift_now() - our anchors. Context: any-thread. */
struct cs_clock_anchors cs_clock_shift_now(void);

/**
 * cs_clock_shift_between() - how far their clocks are from ours
 * @theirs: taken at their attach
 * @ours:   taken when that was announced
 *
 * A clock by which the attach was just now is the same, whatever REALTIME did since.
 * Context: any-thread (pure).
 */
struct cs_clock_shift cs_clock_shift_between(const struct cs_clock_anchors *theirs,
					     const struct cs_clock_anchors *ours);

/** cs_clock_shift_apply() - @stamp_ns on our clock; 0 (not seen) stays 0, and nothing wraps. */
uint64_t cs_clock_shift_apply(uint64_t shift_ns, uint64_t stamp_ns);
