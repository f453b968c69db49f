/* SPDX-License-Identifier: Apache-2.0 */

/* What is to be said of an invocation as a whole, in spans and in metrics alike. Pure; context: any-thread. */
#pragma once

#include <stdbool.h>

#include "collector/assembler/model.h"

/**
 * cs_invocation_left() - did its process end well by its own account, and owe the answer?
 *
 * That of a process per event is its exit; one over HTTP that had begun may last until the connection is closed.
 */
bool cs_invocation_left(const struct cs_invocation *invocation);

/** cs_invocation_failed() - did it not succeed, for whatever reason? One that is still running did not fail. */
bool cs_invocation_failed(const struct cs_invocation *invocation);

/** cs_invocation_trigger() - value of faas.trigger; static. */
const char *cs_invocation_trigger(const struct cs_invocation *invocation);

/**
 * cs_invocation_azure_function() - which function of an Azure app it is of, as the target names it
 *
 * A host calls a custom handler as "POST /FUNCTION", with the invocation's id. The app has several, so that its
 * name and id are those of an invocation. NULL: of no such app.
 */
const char *cs_invocation_azure_function(const struct cs_invocation *invocation);
