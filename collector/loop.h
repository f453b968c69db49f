/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The event loop of a program: libevent's own messages become lines of our log, and where libevent
 * would end the process, it ends with a status of ours.
 */
#pragma once

#include <event2/event.h>

#include "base/cleanup.h"
#include "base/diag.h"

/**
 * cs_loop_new() - make the program's event loop
 * @fatal_code: exit status of the program where libevent cannot go on, also in here; it says why
 *
 * Context: startup, once a process.
 * Return:  NULL if it cannot be made, @diag filled in.
 */
struct event_base *cs_loop_new(int fatal_code, struct cs_diag *diag) cs_must_use;
