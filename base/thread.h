/* SPDX-License-Identifier: Apache-2.0 */

/* Threads beside a loop. */
#pragma once

#include <stddef.h>

#include "base/cleanup.h"

/**
 * cs_thread_detach() - start a thread that nobody waits for
 * @stack_bytes: of address space
 *
 * Signals are the loop's: it starts with all of them blocked.
 * Context: any-thread. Return: 0; -EAGAIN and its like: it was not started.
 */
int cs_thread_detach(void *(*run)(void *context), void *context, size_t stack_bytes) cs_must_use;
