/* SPDX-License-Identifier: Apache-2.0 */

/* Reads what may come in pieces. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "base/cleanup.h"

/**
 * cs_input_read() - read @fd up to its end, or until @size bytes are there
 *
 * Context: any-thread. Return: bytes; negative errno.
 */
ssize_t cs_input_read(int fd, void *buf, size_t size) cs_must_use;
