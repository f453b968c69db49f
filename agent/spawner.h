/* SPDX-License-Identifier: Apache-2.0 */

/* coldspan-spawn, the small program that starts what is measured (agent/spawner.c says why). */
#pragma once

#include <limits.h>
#include <stdbool.h>

/**
 * cs_spawner_find() - where it is: beside this program, or in the prefix's libexec
 * @ret: written to where it is not, too
 *
 * Context: any-thread.
 * Return:  false: it is not there, or the next child would be init of a process namespace, in which nobody's
 *          child can become his parent's (clone(2), CLONE_PARENT): then this process starts things itself.
 */
bool cs_spawner_find(char ret[PATH_MAX]);
