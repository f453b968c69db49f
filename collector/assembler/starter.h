/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Who starts a server as a child, and waits: "timeout 5 node server.js", "npm start". Its start is that
 * of the server, and none of its own; see docs/phases.md. Of a process per event wrapper.h tells.
 *
 * Context of all: loop.
 */
#pragma once

#include <stdbool.h>

struct cs_assembled;

/**
 * cs_starter_outermost() - the process whose spawn began the start of @server
 *
 * Return: @server itself, where nobody only started it.
 */
struct cs_assembled *cs_starter_outermost(struct cs_assembled *server);

/** cs_starter_join() - the start of @server is being told: it is that of all who only started it, too. */
void cs_starter_join(struct cs_assembled *server);

/** cs_starter_joined() - is @instance one that only started a server, which is told of in its stead? */
bool cs_starter_joined(struct cs_assembled *instance);
