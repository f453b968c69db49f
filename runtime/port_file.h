/* SPDX-License-Identifier: Apache-2.0 */

/* The file that tells others our port. */
#pragma once

#include "runtime/cleanup.h"
#include "runtime/problem.h"

/**
 * cs_port_file_write() - write @port and a newline to @path
 *
 * A regular file is written aside and renamed, also behind a symbolic link: who waits for it never
 * reads half of it. Anything else, a FIFO or a device, is written to.
 *
 * Context: startup.
 * Return:  0; -ENOMEM; -EIO with @problem, and nothing is left beside @path.
 */
cs_must_use int cs_port_file_write(const char *path, unsigned port, struct cs_problem *problem);
