/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One message off a connection of the announce socket, with all descriptors that came with it. Nothing
 * of it is believed, and no descriptor looked at. Context of all: loop; none blocks.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "collector/intake/intake.h"
#include "preload/wire/abi.h"

struct cs_delivery {
	unsigned char data[sizeof(struct cs_hello) + 1];
	size_t len;
	int fds[CS_INTAKE_FDS_MAX];
	unsigned fds_count;
	bool cut; /* the kernel had to leave descriptors out */
};

/**
 * cs_delivery_receive() - what has arrived on @fd
 * @ret: filled in on success; its descriptors are the caller's
 *
 * There is room for as many descriptors as a message can hold: left-over ones would be closed by us, here.
 * Return: 0, with len 0 at the end of file; -EAGAIN nothing yet; negative errno.
 */
int cs_delivery_receive(int fd, struct cs_delivery *ret) cs_must_use;

/** cs_delivery_was_last() - may @fd be closed? Nothing more waits in it, nor can be added: it is shut down. */
bool cs_delivery_was_last(int fd);
