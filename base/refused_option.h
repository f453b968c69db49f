/* SPDX-License-Identifier: Apache-2.0 */

/* What is said of an option that a command cannot take; getopt's own words lack our name. */
#pragma once

#include "base/diag.h"

struct option;

/**
 * cs_refused_option() - one line about the option that getopt_long() just refused
 * @command: as it is typed, for its --help: "coldspan run"
 * @refused: what getopt_long() returned: '?' or, as the option string has a ':' first, ':'
 * @options: the command's own, for "did you mean"
 *
 * Context: startup, with opterr 0.
 * Return:  -EINVAL, always; @diag says why.
 */
int cs_refused_option(const char *command, char **argv, int refused, const struct option *options,
		      struct cs_diag *diag);
