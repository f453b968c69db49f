/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The signal dispositions that `coldspan run` was started with. It needs some of its own, but its
 * command must get those of the caller: nohup(1), `trap '' PIPE` and the like work through it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGPIPE, SIGXFSZ, SIGCHLD */
#define CS_DISPOSITIONS_COUNT 7

struct cs_dispositions {
	bool ignored[CS_DISPOSITIONS_COUNT];
};

/**
 * cs_dispositions_take() - note what the caller gave, then set what we need
 *
 * We ignore SIGPIPE and SIGXFSZ, whose calls tell us by errno, and have SIGCHLD at its default: a
 * caller that ignores it would have the kernel throw our command's status away.
 *
 * Context: startup, before anything else touches a signal.
 */
void cs_dispositions_take(struct cs_dispositions *ret);

/** cs_dispositions_is_ignored() - whether the caller had @number ignored; false if not of ours. */
bool cs_dispositions_is_ignored(const struct cs_dispositions *taken, int number);

/**
 * cs_dispositions_restore() - give all of them what cs_dispositions_take() noted
 *
 * Context: signal; meant for a vfork child with all signals blocked.
 */
void cs_dispositions_restore(const struct cs_dispositions *taken);
