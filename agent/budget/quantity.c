/* SPDX-License-Identifier: Apache-2.0 */

/* Numbers with units; see quantity.h. */
#include "agent/budget/quantity.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VALUE_MAX 1e15

static const struct unit {
	const char *name;
	enum cs_quantity_kind kind;
	double factor;
} units[] = {
	{ "", CS_QUANTITY_COUNT, 1 },
	{ "ns", CS_QUANTITY_DURATION, 1 },
	{ "us", CS_QUANTITY_DURATION, 1e3 },
	{ "\xc2\xb5s", CS_QUANTITY_DURATION, 1e3 }, /* micro sign */
	{ "\xce\xbcs", CS_QUANTITY_DURATION, 1e3 }, /* Greek mu */
	{ "ms", CS_QUANTITY_DURATION, 1e6 },
	{ "s", CS_QUANTITY_DURATION, 1e9 },
	{ "m", CS_QUANTITY_DURATION, 60e9 },
	{ "B", CS_QUANTITY_SIZE, 1 },
	{ "kB", CS_QUANTITY_SIZE, 1e3 },
	{ "MB", CS_QUANTITY_SIZE, 1e6 },
	{ "GB", CS_QUANTITY_SIZE, 1e9 },
	{ "KiB", CS_QUANTITY_SIZE, 1024 },
	{ "MiB", CS_QUANTITY_SIZE, 1048576 },
	{ "GiB", CS_QUANTITY_SIZE, 1073741824 },
	{ "%", CS_QUANTITY_SHARE, 0.01 },
	{ "x", CS_QUANTITY_FACTOR, 1 },
	{ "USD", CS_QUANTITY_COST, 1 },
};

/* Digits with at most one point among them; no locale, no hexadecimal, no exponent, no infinity. */
static const char *end_of_number(const char *text)
{
	const char *at = text + strspn(text, "0123456789");

	if (at == text)
		return NULL;
	if (*at == '.') {
		size_t digits = strspn(at + 1, "0123456789");

		at = digits ? at + 1 + digits : NULL;
	}
	return at;
}

/* By hand, since strtod() follows the locale. Exact for what people write. */
static double number(const char *text, const char *end)
{
	double value = 0, scale = 1;
	bool fraction = false;

	for (; text < end; text++) {
		if (*text == '.') {
			fraction = true;
			continue;
		}
		value = value * 10 + (*text - '0');
		if (fraction)
			scale *= 10;
	}
	return value / scale;
}

/* Of sizes: "B" is both. */
static bool is_decimal(const struct unit *unit)
{
	return strlen(unit->name) == strlen("MB");
}

int cs_quantity_parse(const char *text, struct cs_quantity *ret)
{
	double sign = *text == '-' ? -1 : 1, value;
	const char *end;

	if (*text == '-' || *text == '+')
		text++;
	end = end_of_number(text);
	if (!end || end - text > 24)
		return -EINVAL;
	value = number(text, end);
	if (value > VALUE_MAX)
		return -EINVAL;
	end += strspn(end, " ");
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(end, units[i].name))
			continue;
		*ret = (struct cs_quantity){
			.kind = units[i].kind,
			.value = sign * value * units[i].factor,
			.decimal = units[i].kind == CS_QUANTITY_SIZE && is_decimal(&units[i]),
		};
		return 0;
	}
	return -ENODATA;
}

/* Three digits that say something. */
static int decimals(double value)
{
	double size = fabs(value);

	return size >= 99.95 || !(size > 0) ? 0 : size >= 9.995 ? 1 : 2;
}

static char *scaled(double value, const struct unit *steps, size_t count, char *buf, size_t size)
{
	size_t i = 0;

	while (i + 1 < count && fabs(value) >= steps[i + 1].factor * 0.9995)
		i++;
	value /= steps[i].factor;
	snprintf(buf, size, "%.*f %s", i ? decimals(value) : 0, value, steps[i].name);
	return buf;
}

char *cs_quantity_format(struct cs_quantity quantity, char *buf, size_t size)
{
	static const struct unit durations[] = {
		{ "ns", CS_QUANTITY_DURATION, 1 },
		{ "us", CS_QUANTITY_DURATION, 1e3 },
		{ "ms", CS_QUANTITY_DURATION, 1e6 },
		{ "s", CS_QUANTITY_DURATION, 1e9 },
	};
	static const struct unit sizes[] = {
		{ "B", CS_QUANTITY_SIZE, 1 },
		{ "KiB", CS_QUANTITY_SIZE, 1024 },
		{ "MiB", CS_QUANTITY_SIZE, 1048576 },
		{ "GiB", CS_QUANTITY_SIZE, 1073741824 },
	};
	static const struct unit decimal_sizes[] = {
		{ "B", CS_QUANTITY_SIZE, 1 },
		{ "kB", CS_QUANTITY_SIZE, 1e3 },
		{ "MB", CS_QUANTITY_SIZE, 1e6 },
		{ "GB", CS_QUANTITY_SIZE, 1e9 },
	};

	switch (quantity.kind) {
	case CS_QUANTITY_DURATION:
		return scaled(quantity.value, durations, 4, buf, size);
	case CS_QUANTITY_SIZE:
		return scaled(quantity.value, quantity.decimal ? decimal_sizes : sizes, 4, buf,
			      size);
	case CS_QUANTITY_SHARE:
		snprintf(buf, size, "%+.*f %%", decimals(quantity.value * 100),
			 quantity.value * 100);
		return buf;
	case CS_QUANTITY_FACTOR:
		snprintf(buf, size, "%.2f x", quantity.value);
		return buf;
	case CS_QUANTITY_COST:
		if (fabs(quantity.value) < 1)
			snprintf(buf, size, "%.3g USD", quantity.value);
		else
			snprintf(buf, size, "%.*f USD", decimals(quantity.value), quantity.value);
		return buf;
	case CS_QUANTITY_COUNT:
		break;
	}
	snprintf(buf, size, "%.15g", quantity.value);
	return buf;
}
