/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Wrappers that do not become the function but start it as a child, and leave the event to it:
 * "timeout 5 f", "sh -c 'f; true'". Whether standard input and output are the same is said by the
 * record of the child's exec; see docs/phases.md.
 */
#pragma once

#include "collector/assembler/assembled.h"

/** cs_wrapper_note() - @child may have taken the event of who started it. Context: loop. */
void cs_wrapper_note(struct cs_assembled *child);

/** cs_wrapper_note_all() - the same for all that live or are held, and all servers: once in a tick. */
void cs_wrapper_note_all(struct cs_assembler *assembler);

/** cs_wrapper_child_served() - CS_CHILD_SERVED with a name; NULL: no child may have. Lives as long. */
const char *cs_wrapper_child_served(struct cs_assembled *instance);

/**
 * cs_wrapper_settle() - is @instance, which is over, the wrapper of a child that took its event?
 *
 * Then its event is the child's from here on, and cs_wrapper_told() the child. Context: loop.
 * Return: true once.
 */
bool cs_wrapper_settle(struct cs_assembled *instance);

/** cs_wrapper_settle_request() - the same, and @request, the event of its process, follows. */
void cs_wrapper_settle_request(struct cs_request *request);

/** cs_wrapper_told() - whose start and invocation it is that are told of @instance. */
const struct cs_identity *cs_wrapper_told(const struct cs_assembled *instance);
