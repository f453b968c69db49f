/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Says what we read of requests' trace contexts: on standard input header lines "name: value" with an
 * empty line behind each request, on standard output per request "carrier trace parent flags state",
 * or "-". Used by carriers.py.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/assembler/inbound.h"

static void print_hex(const uint8_t *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		printf("%02x", bytes[i]);
	putchar(' ');
}

static void tell(const char *lines, size_t len)
{
	struct cs_inbound inbound;

	cs_inbound_read(&inbound, lines, len, false);
	if (inbound.carrier) {
		printf("%s ", cs_carrier_header(inbound.carrier));
		print_hex(inbound.caller.trace_id, sizeof(inbound.caller.trace_id));
		print_hex(inbound.caller.parent_id, sizeof(inbound.caller.parent_id));
		printf("%u %s\n", inbound.caller.flags,
		       inbound.trace_state ? inbound.trace_state : "");
	} else {
		puts("-");
	}
	cs_inbound_deinit(&inbound);
}

int main(void)
{
	static char lines[65536];
	char *line = NULL;
	size_t size = 0, used = 0;
	ssize_t n;

	while ((n = getline(&line, &size, stdin)) > 0) {
		if (n == 1) {
			tell(lines, used);
			used = 0;
		} else if (used + (size_t)n <= sizeof(lines)) {
			memcpy(lines + used, line, (size_t)n);
			used += (size_t)n;
		}
	}
	free(line);
	return 0;
}
