/* SPDX-License-Identifier: Apache-2.0 */

/* Text for people; see prose.h. */
#include "agent/prose.h"

#include <unistd.h>

#include "agent/terminal.h"
#include "base/wrap.h"

void cs_prose_print(FILE *out, const char *text)
{
	const struct cs_look look = { 0 };
	struct cs_terminal terminal;
	struct cs_buffer wrapped = { 0 };

	cs_terminal_init(&terminal, fileno(out), &look);
	cs_wrap(&wrapped, text, isatty(fileno(out)) ? terminal.columns : 0);
	fputs(wrapped.len && !wrapped.failed ? wrapped.data : text, out);
	cs_buffer_deinit(&wrapped);
}
