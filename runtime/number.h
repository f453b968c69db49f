/* SPDX-License-Identifier: Apache-2.0 */

/* Whole numbers as people write them on the command line and in function.yaml. */
#pragma once

#include <stdbool.h>

/**
 * cs_number_parse() - read a whole number
 * @text: decimal digits and nothing else, without zeros before them: some readers take 010 for 8
 * @ret:  receives it; at most 9,999,999,999
 *
 * Context: any-thread (pure).
 * Return:  true if it is one, and not above @max.
 */
bool cs_number_parse(const char *text, unsigned long max, unsigned long *ret);
