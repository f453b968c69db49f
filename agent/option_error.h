/* SPDX-License-Identifier: Apache-2.0 */

/* What every subcommand says about an option that it cannot take. */
#pragma once

struct option;

/**
 * cs_option_complain() - one line about the option that getopt_long() just refused
 * @verb:    the command, for its --help
 * @refused: what getopt_long() returned: '?' or, as the option string has a ':' first, ':'
 * @options: the command's own, for "did you mean"
 *
 * Context: startup, with opterr 0.
 */
void cs_option_complain(const char *verb, char **argv, int refused, const struct option *options);
