/* SPDX-License-Identifier: Apache-2.0 */

/* One line about a refused option; see refused_option.h. */
#include "base/refused_option.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/suggest.h"

#define OPTIONS_MAX 32 /* more than any command has */

static const char *nearest(const char *typed, const struct option *options)
{
	const char *names[OPTIONS_MAX];
	size_t n = 0;

	for (; n < OPTIONS_MAX && options[n].name; n++)
		names[n] = options[n].name;
	return cs_suggest(typed, names, n);
}

int cs_refused_option(const char *command, char **argv, int refused, const struct option *options,
		      struct cs_diag *diag)
{
	const char *word = argv[optind - 1], *near;
	char name[64];

	if (refused == ':')
		return cs_diag_set(diag, -EINVAL, "%s needs a value; see %s --help", word, command);
	if (strncmp(word, "--", 2) != 0) /* a letter; its word may hold others */
		return cs_diag_set(diag, -EINVAL, "unknown option -%c; see %s --help", optopt,
				   command);
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(word + 2, "="), word + 2);
	near = nearest(name, options);
	if (optopt)
		return cs_diag_set(diag, -EINVAL, "--%s takes no value; see %s --help", name,
				   command);
	if (near)
		return cs_diag_set(diag, -EINVAL, "unknown option --%s; did you mean --%s?", name,
				   near);
	return cs_diag_set(diag, -EINVAL, "unknown option --%s; see %s --help", name, command);
}
