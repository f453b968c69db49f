/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Git refs, each in a worktree of its own outside of the repository's folder, and built there: what a
 * function is compared with. By git's own program: worktrees, filters and credentials are its matter.
 * They are removed with all that was built in them; so while there are any, signals that end us only end
 * what is running.
 */
#pragma once

#include <event2/event.h>
#include <limits.h>

#include "agent/asserting/tail.h"
#include "agent/interrupts.h"
#include "agent/scratch.h"
#include "base/cleanup.h"
#include "base/diag.h"

#define CS_CHECKOUTS_MAX    8u
#define CS_CHECKOUT_BUILD_S 3600u

struct cs_dispositions;

struct cs_checkout {
	const char *ref;   /* borrowed */
	const char *build; /* idem; NULL: nothing is to be built */
	char commit[41];   /* "" it is not checked out */
	char tree[PATH_MAX + 16];
	char folder[PATH_MAX]; /* in it, what the folder that was asked from is outside; real */
	struct cs_scratch scratch;
};

struct cs_checkouts {
	struct event_base *base; /* borrowed */
	const struct cs_dispositions *dispositions;
	const char *folder;    /* borrowed: in the repository; absolute */
	char top[PATH_MAX];    /* of the repository; "" not asked for yet */
	char prefix[PATH_MAX]; /* from there to @folder; "" or with a slash at its end */
	struct cs_checkout list[CS_CHECKOUTS_MAX];
	unsigned count;
	struct cs_interrupts interrupts;
};

/** cs_checkouts_init() - none yet. @folder: where git is asked from. Context of all: startup. */
void cs_checkouts_init(struct cs_checkouts *checkouts, struct event_base *base,
		       const struct cs_dispositions *dispositions, const char *folder);

/** cs_checkouts_deinit() - remove all of them. Accepts a zeroed one. */
void cs_checkouts_deinit(struct cs_checkouts *checkouts);

/**
 * cs_checkouts_get() - @ref, checked out and built by the shell command @build
 * @ref, @build: borrowed as long as the checkouts are
 * @ret_tail:    of a build that failed; untouched else
 * @ret:         valid as long as the checkouts are
 *
 * Asked again, the same ref and build are the same checkout.
 *
 * Return: 0; -EINTR SIGINT, SIGTERM or SIGHUP came (@checkouts->interrupts.number); -EIO the build failed;
 *         negative errno; @diag says what.
 */
int cs_checkouts_get(struct cs_checkouts *checkouts, const char *ref, const char *build,
		     struct cs_diag *diag, struct cs_tail *ret_tail, const struct cs_checkout **ret)
	cs_must_use;
