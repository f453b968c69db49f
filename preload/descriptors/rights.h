/* SPDX-License-Identifier: Apache-2.0 */

/* Descriptors that travel with a message over a unix socket (SCM_RIGHTS). */
#pragma once

struct msghdr;

/**
 * cs_rights_each() - call @each for every descriptor in the control data of @message
 *
 * Context: signal. Only for a message that the kernel has taken, or filled in, with success.
 */
void cs_rights_each(const struct msghdr *message, void (*each)(int fd));
