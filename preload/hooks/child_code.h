/* SPDX-License-Identifier: Apache-2.0 */

/*
 * User code that fork children load: a pool of workers may be forked first, and each then loads the function
 * (Python's client of the Lambda Runtime API in a managed instance). The header's marks are the first process's;
 * a child tells of its first open in a record.
 */
#pragma once

#include <stdint.h>

/**
 * cs_child_code_opened() - a file was opened, so that it can be read
 * Only in a fork child, and as long as the first process has opened no user code. Whose file it is is told by
 * the folders of the script and of the first process's working directory, where an interpreter runs: any other
 * program is the user's own from main on.
 *
 * Context: signal. No system call. May change errno.
 */
void cs_child_code_opened(const char *path, uint64_t now_ns);
