/* SPDX-License-Identifier: Apache-2.0 */

/*
 * AWS_LAMBDA_RUNTIME_API: a process is on Lambda if it names a host and a port, both to the shim, which follows
 * connections to that, and to the collector, which takes X-Ray's context for a link there. Pure.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/**
 * cs_runtime_api_port() - from "host:port"
 * @ret_host_len: bytes of the host; untouched if it is nothing of the kind
 *
 * Return: 0: it is nothing of the kind.
 */
static inline uint16_t cs_runtime_api_port(const char *value, size_t *ret_host_len)
{
	size_t colon = 0, len = 0;
	uint32_t port = 0;

	for (; value[len]; len++) {
		if (value[len] == ':')
			colon = len;
	}
	for (size_t i = colon + 1; colon && i < len; i++) {
		if (value[i] < '0' || value[i] > '9' || port > 6553)
			return 0;
		port = port * 10 + (uint32_t)(value[i] - '0');
	}
	if (port > UINT16_MAX)
		return 0;
	if (port)
		*ret_host_len = colon;
	return (uint16_t)port;
}
