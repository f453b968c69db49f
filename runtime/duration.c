/* SPDX-License-Identifier: Apache-2.0 */

/* Durations for people; see duration.h. */
#include "runtime/duration.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define LONGEST (1000ULL * 3600 * CS_SEC)

static const struct unit {
	const char *name;
	cs_ns ns;
} units[] = {
	/* largest first: cs_duration_format() takes the first that divides */
	{ "h", 3600 * CS_SEC },
	{ "m", 60 * CS_SEC },
	{ "s", CS_SEC },
	{ "ms", CS_MSEC },
};

#define UNITS_COUNT (sizeof(units) / sizeof(units[0]))

int cs_duration_parse(const char *text, cs_ns *ret)
{
	size_t digits = strspn(text, "0123456789");
	cs_ns value = 0, ns;

	if (!digits)
		return -EINVAL;
	for (size_t i = 0; i < digits; i++) {
		if (value > LONGEST)
			return -ERANGE;
		value = value * 10 + (cs_ns)(text[i] - '0');
	}
	for (size_t i = 0; i < UNITS_COUNT; i++) {
		if (strcmp(text + digits, units[i].name))
			continue;
		if (__builtin_mul_overflow(value, units[i].ns, &ns) || ns > LONGEST)
			return -ERANGE;
		*ret = ns;
		return 0;
	}
	return -EINVAL;
}

char *cs_duration_format(cs_ns duration, char *buf, size_t size)
{
	const struct unit *unit = units;

	while (unit < units + UNITS_COUNT - 1 && (duration < unit->ns || duration % unit->ns))
		unit++;
	snprintf(buf, size, "%llu%s", duration / unit->ns, unit->name);
	return buf;
}

cs_ns cs_clock_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (cs_ns)now.tv_sec * CS_SEC + (cs_ns)now.tv_nsec;
}
