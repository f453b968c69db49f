/* SPDX-License-Identifier: Apache-2.0 */

/* Exit codes of every command; an interface: documented in the man pages, never reused. */
#pragma once

enum cs_exit_code {
	CS_EXIT_DONE = 0,
	CS_EXIT_FAILED = 1,       /* coldspan itself failed */
	CS_EXIT_USAGE = 2,        /* command line or configuration */
	CS_EXIT_CANNOT_WATCH = 3, /* doctor: the command cannot be watched */
	CS_EXIT_OVER_BUDGET = 3,  /* assert: a budget is exceeded */
	CS_EXIT_FINDINGS = 3,     /* dashboards lint: a board breaks a rule */
	CS_EXIT_NO_DATA =
		4, /* report: nothing of what was asked for is there; assert: no verdict */
	CS_EXIT_INCONCLUSIVE =
		5, /* assert --strict: a budget is neither kept nor exceeded for sure */

	/* run: the command's own status, 128+n for signal n, or (as env(1)): */
	CS_EXIT_RUN_FAILED = 125,         /* coldspan failed before the command started */
	CS_EXIT_RUN_NOT_EXECUTABLE = 126, /* the command was found but could not be executed */
	CS_EXIT_RUN_NOT_FOUND = 127,
	CS_EXIT_RUN_SIGNAL_BASE = 128,
};
