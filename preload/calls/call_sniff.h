/* SPDX-License-Identifier: Apache-2.0 */

/* What a connection of the process's own speaks, by its first bytes. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/wire/records.h"

/** cs_sniff_out() - by the first bytes that the process sends. Context: signal (pure). */
enum cs_call_protocol cs_sniff_out(const unsigned char *data, size_t len);

/** cs_sniff_in() - by those that the other side does, before any. Context: signal (pure). */
enum cs_call_protocol cs_sniff_in(const unsigned char *data, size_t len);

/** cs_sniff_mariadb() - does a server of MySQL's protocol call itself so? Context: signal (pure). */
bool cs_sniff_mariadb(const unsigned char *data, size_t len);

/** cs_sniff_tls() - does a TLS handshake begin here? Context: signal (pure). */
bool cs_sniff_tls(const unsigned char *data, size_t len);
