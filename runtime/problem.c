/* SPDX-License-Identifier: Apache-2.0 */

/* One-line descriptions of mistakes; see problem.h. */
#include "runtime/problem.h"

#include <stdarg.h>
#include <stdio.h>

int cs_problem_set(struct cs_problem *problem, int code, const char *fmt, ...)
{
	va_list args;

	if (problem->text[0])
		return code;
	va_start(args, fmt);
	vsnprintf(problem->text, sizeof(problem->text), fmt, args);
	va_end(args);
	for (char *c = problem->text; *c; c++) {
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	}
	return code;
}
