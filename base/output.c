/* SPDX-License-Identifier: Apache-2.0 */

/* The end of standard output; see output.h. */
#include "base/output.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"

int cs_output_finish(int code, int failed)
{
	errno = 0;
	if (code || (fflush(stdout) == 0 && !ferror(stdout)))
		return code;
	if (errno != EPIPE) /* whoever closed the pipe had enough */
		cs_log(CS_LOG_ERROR, "cannot write to standard output: %s",
		       strerror(errno ? errno : EIO));
	return failed;
}
