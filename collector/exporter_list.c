/* SPDX-License-Identifier: Apache-2.0 */

/* Names of exporters by commas; see exporter_list.h. */
#include "collector/exporter_list.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

bool cs_exporter_list_has(const char *list, const char *name)
{
	size_t len = strlen(name);

	while (list && *list) {
		const char *begin = list + strspn(list, " \t");
		size_t piece = strcspn(begin, ",");
		const char *next = begin + piece;

		while (piece && (begin[piece - 1] == ' ' || begin[piece - 1] == '\t'))
			piece--;
		if (piece == len && !strncasecmp(begin, name, len))
			return true;
		list = *next ? next + 1 : next;
	}
	return false;
}

bool cs_exporter_list_otlp(const char *list, enum cs_signal signal)
{
	return cs_exporter_list_has(list, "otlp") ||
	       !(cs_exporter_list_has(list, "none") ||
		 (signal == CS_SIGNAL_METRICS && cs_exporter_list_has(list, "prometheus")));
}
