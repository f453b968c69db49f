/* SPDX-License-Identifier: Apache-2.0 */

/* What a program says on standard output is its result: not written, it failed. */
#pragma once

/**
 * cs_output_finish() - the exit status of a program that has said all it had to
 * @code: its status so far; 0: it went well
 * @failed: the status of a program whose words could not be written, which is logged unless nobody
 *          reads them any more (EPIPE)
 *
 * Context: startup.
 * Return:  @code, or @failed in place of 0.
 */
int cs_output_finish(int code, int failed);
