/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Closes descriptors that strangers handed us, on a thread of its own: the close of a socket with
 * SO_LINGER, or of a file on a dead file system, may block for seconds or for ever, and so may the
 * close of a connection whose unreceived message holds one. What cannot be closed piles up here; it
 * is bounded, since the kernel counts messages in flight against RLIMIT_NOFILE of their sender.
 */
#pragma once

#include "base/cleanup.h"

struct cs_disposal;

/** cs_disposal_new() - nothing is started before the first descriptor. Return: NULL: no memory. */
struct cs_disposal *cs_disposal_new(void) cs_must_use;

/** cs_disposal_put() - have @fd closed, some time. Context: loop. Ownership: @fd is taken. */
void cs_disposal_put(struct cs_disposal *disposal, int fd);

/** cs_disposal_pending() - descriptors that are still open. Context: loop. */
unsigned cs_disposal_pending(struct cs_disposal *disposal);

/**
 * cs_disposal_free() - do not wait for what is still to be closed: the thread ends after it
 *
 * Context: loop. Return: NULL. Accepts NULL.
 */
struct cs_disposal *cs_disposal_free(struct cs_disposal *disposal);
