/* SPDX-License-Identifier: Apache-2.0 */

/* Says that an option was refused; see option_error.h. */
#include "agent/option_error.h"

#include <stdio.h>

#include "base/log.h"
#include "base/refused_option.h"

void cs_option_complain(const char *verb, char **argv, int refused, const struct option *options)
{
	struct cs_diag diag = { 0 };
	char command[64];

	snprintf(command, sizeof(command), "coldspan %s", verb);
	if (cs_refused_option(command, argv, refused, options, &diag) < 0)
		cs_log(CS_LOG_ERROR, "%s", diag.text);
}
