/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Taking ourselves out of a program's LD_PRELOAD: for programs that refuse to work while it is set, and
 * for no others (docs/attach.md, "Programs that do not see it").
 */
#pragma once

#include <stdbool.h>

#include "preload/start/start.h"

#define CS_HIDE_DEFAULT "deno"

/**
 * cs_hide() - empty our entry of LD_PRELOAD, if COLDSPAN_HIDE names the program
 *
 * The variable stays, if only as "LD_PRELOAD=": a gap in the list would end it for those who look for
 * the auxiliary vector behind it, and libc's environ may already be a copy of the list. Other entries
 * stay as they are.
 *
 * Context: startup; before the program has read its environment. No system call.
 */
void cs_hide(const struct cs_start *start);
