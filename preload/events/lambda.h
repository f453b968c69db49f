/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The client's side of the Lambda Runtime API: connections of the process to AWS_LAMBDA_RUNTIME_API,
 * and what passes on them as marks and records. Without the variable nothing is looked at.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "preload/http/conn.h"
#include "preload/shim.h"

struct sockaddr;

/* Connections of kind CS_FD_CALLER. */
extern const struct cs_conn_env cs_lambda_env;

/** cs_lambda_wanted() - is there a Runtime API to call? One load. Context: signal. */
static inline bool cs_lambda_wanted(void)
{
	return __builtin_expect(cs_shim.lambda.port != 0, 0);
}

/** cs_lambda_connected() - a connect() of @fd to @address came back well, or goes on. Context: signal. */
void cs_lambda_connected(int fd, const struct sockaddr *address, uint32_t len);

/** cs_lambda_sent() - bytes went out on what was @word, from @begin_ns on. Context: signal. */
void cs_lambda_sent(uint64_t word, const struct iovec *iov, uint64_t bytes, uint64_t begin_ns);

/** cs_lambda_received() - bytes came in. Context: signal. */
void cs_lambda_received(uint64_t word, const struct iovec *iov, uint64_t bytes);
