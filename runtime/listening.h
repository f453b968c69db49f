/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Whether somebody listens on a port of 127.0.0.1, asked of the kernel (sock_diag(7)): the same
 * look-up that an arriving connection would make, without making one. It needs no privilege, is
 * cheaper than a refused connection, and leaves no trace in the process that is waited for.
 */
#pragma once

#include <stdint.h>

#include "runtime/cleanup.h"

/** cs_listening_open() - Return: a descriptor to ask through; a negative errno where there is none. */
cs_must_use int cs_listening_open(void);

/**
 * cs_listening_ask() - does somebody listen there now?
 *
 * Context: loop; never blocks.
 * Return:  1 yes; 0 no; a negative errno when this kernel does not answer such questions.
 */
cs_must_use int cs_listening_ask(int fd, uint16_t port);
