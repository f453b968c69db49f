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

/**
 * cs_input_read_file() - read a file of any kind up to its end, or its first @most bytes
 * @most:    who wants to know whether there are more asks for one more
 * @ret:     the bytes and a NUL behind them; free() it
 * @ret_len: without that NUL
 *
 * A FIFO is read until its writers have left; it is not waited for writers.
 *
 * Context: any-thread. Return: 0; -EISDIR, -ENOMEM, other negative errno.
 */
int cs_input_read_file(const char *path, size_t most, char **ret, size_t *ret_len) cs_must_use;
