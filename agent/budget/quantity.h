/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Amounts as people write them: a number and its unit. Durations and sizes need their unit; a bare
 * number is a count. Pure.
 *
 *   duration  300ms  1.5s  200us  80ns  2m       (also µs)
 *   size      96MiB  64KiB  1GiB  10MB  5kB  512B
 *   share     5%  +5%  -3%  99.5%
 *   factor    3.0x
 *   count     45  1500
 *   cost      0.25USD
 *
 * Context of all: any-thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"

enum cs_quantity_kind {
	CS_QUANTITY_COUNT,
	CS_QUANTITY_DURATION, /* ns */
	CS_QUANTITY_SIZE,     /* bytes */
	CS_QUANTITY_SHARE,    /* 0.05 for 5 % */
	CS_QUANTITY_FACTOR,
	CS_QUANTITY_COST, /* USD */
};

struct cs_quantity {
	enum cs_quantity_kind kind;
	double value;
	bool decimal; /* of sizes: in kB, MB or GB, which are no KiB, MiB and GiB */
};

/**
 * cs_quantity_parse() - read all of @text
 * @ret: untouched on failure
 *
 * Return: 0; -EINVAL no number, or none that may be meant (not finite, above 1e15); -ENODATA a unit that is
 *         none.
 */
int cs_quantity_parse(const char *text, struct cs_quantity *ret) cs_must_use;

/** cs_quantity_format() - "412 ms", "96.0 MiB", "3.00 MB", "+37 %", "3.0 x", "45"; Return: @buf, cut to @size. */
char *cs_quantity_format(struct cs_quantity quantity, char *buf, size_t size);
