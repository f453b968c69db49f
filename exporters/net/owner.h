/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Whose the other end of a TCP connection is. The kernel says so of sockets of our own network namespace, to
 * everybody (sock_diag(7)); SO_PEERCRED knows unix sockets alone.
 */
#pragma once

#include <stdint.h>

#include "base/cleanup.h"

/**
 * cs_net_owner() - the user of the socket that @fd is connected to
 * @fd: connected, IPv4 or IPv6
 *
 * Context: any-thread. Four system calls, none of which waits for anybody but the kernel.
 * Return:  0; -ENOENT it is of another machine or network namespace, or gone; -EAFNOSUPPORT @fd is of another family;
 *          other errors of the calls, where the kernel does not know netlink.
 */
int cs_net_owner(int fd, uint32_t *ret_uid) cs_must_use;
