/* SPDX-License-Identifier: Apache-2.0 */

/* Whole numbers; see number.h. */
#include "runtime/number.h"

#include <string.h>

#define DIGITS_MAX 10

bool cs_number_parse(const char *text, unsigned long max, unsigned long *ret)
{
	unsigned long value = 0;

	if (!*text || strlen(text) > DIGITS_MAX || text[strspn(text, "0123456789")] ||
	    (text[0] == '0' && text[1]))
		return false;
	for (; *text; text++)
		value = value * 10 + (unsigned long)(*text - '0');
	*ret = value;
	return value <= max;
}
