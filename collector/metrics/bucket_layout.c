/* SPDX-License-Identifier: Apache-2.0 */

/* Bounds of buckets; see bucket_layout.h. */
#include "collector/metrics/bucket_layout.h"

#include <assert.h>

/*
 * Renard's ten a decade (ISO 3, R10), easy to read. @of is a power of ten, and the quotient of two exact numbers is
 * what the decimal is read as.
 */
#define DECADE(of)                                                                                 \
	100 / (of), 125 / (of), 160 / (of), 200 / (of), 250 / (of), 315 / (of), 400 / (of),        \
		500 / (of), 630 / (of), 800 / (of)

#define KIB(n) ((n)*1024.0)
#define MIB(n) ((n)*1048576.0)
#define GIB(n) ((n)*1073741824.0)
/* Four an octave: what is held against a limit has to be near. */
#define OCTAVE(mib) MIB(mib), MIB((mib)*1.25), MIB((mib)*1.5), MIB((mib)*1.75)

static const double durations[] = { DECADE(1e5), DECADE(1e4), DECADE(1e3), DECADE(1e2), 10,  15,
				    30,          60,          120,         300,         600, 900 };
static const double phases[] = {
	DECADE(1e6), DECADE(1e5), DECADE(1e4), DECADE(1e3), DECADE(1e2), 10
};
static const double lifetimes[] = { 0.01, 0.1, 1,    2,    5,    10,    30,    60,    120,   300,
				    600,  900, 1800, 3600, 7200, 14400, 43200, 86400, 604800 };
static const double bytes[] = { 256,      KIB(1),   KIB(4),   KIB(16),  KIB(64),  KIB(256),
				MIB(1),   MIB(2),   MIB(4),   MIB(8),   MIB(16),  MIB(32),
				MIB(48),  MIB(64),  MIB(96),  MIB(128), MIB(192), MIB(256),
				MIB(384), MIB(512), MIB(768), GIB(1),   GIB(1.5), GIB(2),
				GIB(3),   GIB(4),   GIB(6),   GIB(8),   GIB(10) };
static const double memory[] = { OCTAVE(2),    OCTAVE(4),    OCTAVE(8),   OCTAVE(16),  OCTAVE(32),
				 OCTAVE(64),   OCTAVE(128),  OCTAVE(256), OCTAVE(512), OCTAVE(1024),
				 OCTAVE(2048), OCTAVE(4096), OCTAVE(8192) };
static const double counts[] = { 0,   1,    2,    5,    10,    20,    50,    100,   200,
				 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000 };

#define LAYOUT(ID, BOUNDS, EXP)                                                                    \
	[CS_BUCKETS_##ID] = { .bounds = (BOUNDS),                                                  \
			      .count = sizeof(BOUNDS) / sizeof((BOUNDS)[0]),                       \
			      .exp_buckets = (EXP) }

static const struct cs_bucket_bounds layouts[] = {
	LAYOUT(DURATION, durations, 320), LAYOUT(PHASE, phases, 320),
	LAYOUT(LIFETIME, lifetimes, 160), LAYOUT(BYTES, bytes, 160),
	LAYOUT(MEMORY, memory, 320),      LAYOUT(COUNT, counts, 160),
};

_Static_assert(sizeof(durations) / sizeof(durations[0]) <= CS_BOUNDS_MAX, "durations");
_Static_assert(sizeof(memory) / sizeof(memory[0]) <= CS_BOUNDS_MAX, "memory");
_Static_assert(sizeof(phases) / sizeof(phases[0]) <= CS_BOUNDS_MAX, "phases");

const struct cs_bucket_bounds *cs_bucket_bounds(enum cs_bucket_layout layout)
{
	assert(layout != CS_BUCKETS_NONE);
	return &layouts[layout];
}

size_t cs_bucket_find(const struct cs_bucket_bounds *layout, double value)
{
	size_t low = 0, high = layout->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (value <= layout->bounds[middle])
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}
