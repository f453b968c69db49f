/* SPDX-License-Identifier: Apache-2.0 */

/* The command line of coldspan-faas. */
#pragma once

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "runtime/cleanup.h"
#include "runtime/problem.h"

#define CS_LISTEN_DEFAULT      "127.0.0.1:8080"
#define CS_PAYLOAD_DEFAULT     (6U << 20)   /* 6 MiB, as AWS Lambda's synchronous limit */
#define CS_PAYLOAD_MAX         (1U << 30)   /* bodies are held in memory */
#define CS_TIMEOUT_DEFAULT     (3 * CS_SEC) /* as AWS Lambda's */
#define CS_IDLE_DEFAULT        (300 * CS_SEC)
#define CS_CONCURRENCY_DEFAULT 100U

enum cs_command {
	CS_COMMAND_SERVE,
	CS_COMMAND_HELP,
	CS_COMMAND_VERSION,
};

struct cs_options {
	enum cs_command command;
	const char *functions;   /* borrowed from argv, as all strings here */
	const char *listen_text; /* as given, for messages */
	struct sockaddr_storage address;
	socklen_t address_len;
	const char *port_file; /* NULL: none */
	const char *pass_list; /* NULL: none */
	cs_ns timeout_ns, idle_timeout_ns;
	uint32_t concurrency;     /* per function */
	size_t payload_bytes_max; /* of a request's body and of an answer */
};

/**
 * cs_options_parse() - read the command line
 * @ret:     overwritten, also on failure
 * @problem: zero-initialised; receives one line
 *
 * Context: startup.
 * Return:  0; -EINVAL.
 */
cs_must_use int cs_options_parse(int argc, char **argv, struct cs_options *ret,
				 struct cs_problem *problem);

/**
 * cs_address_parse() - read HOST:PORT, where HOST is localhost or a literal loopback address
 *                      (127.0.0.0/8, [::1])
 *
 * Context: startup.
 * Return:  0; -EINVAL not of that form; -EPERM an address that others could reach.
 */
cs_must_use int cs_address_parse(const char *text, struct sockaddr_storage *ret,
				 socklen_t *ret_len);
