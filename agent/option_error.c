/* SPDX-License-Identifier: Apache-2.0 */

/* One line about a refused option; see option_error.h. */
#include "agent/option_error.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
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

void cs_option_complain(const char *verb, char **argv, int refused, const struct option *options)
{
	const char *word = argv[optind - 1], *near;
	char name[64];

	if (refused == ':') {
		cs_log(CS_LOG_ERROR, "%s needs a value; see coldspan %s --help", word, verb);
		return;
	}
	if (strncmp(word, "--", 2) != 0) { /* a letter; its word may hold others */
		cs_log(CS_LOG_ERROR, "unknown option -%c; see coldspan %s --help", optopt, verb);
		return;
	}
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(word + 2, "="), word + 2);
	near = nearest(name, options);
	if (optopt)
		cs_log(CS_LOG_ERROR, "--%s takes no value; see coldspan %s --help", name, verb);
	else if (near)
		cs_log(CS_LOG_ERROR, "unknown option --%s; did you mean --%s?", name, near);
	else
		cs_log(CS_LOG_ERROR, "unknown option --%s; see coldspan %s --help", name, verb);
}
