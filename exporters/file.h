/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Destination "file": one line of OTLP JSON per batch, as OpenTelemetry's file exporter writes it
 * (specification, protocol/file-exporter.md: JSON lines of TracesData).
 *
 * Whole lines or nothing (line_file.h). What cannot be written to a regular file (full disk, quota)
 * waits, in order and up to CS_FILE_QUEUE_BYTES, and is tried again each CS_FILE_RETRY_MS, for as
 * long as it takes. Of a pipe or a terminal nothing can be taken back: there it is dropped.
 * cs_exporter_reopen() lets logrotate(8) take the file away.
 */
#pragma once

#include "base/cleanup.h"
#include "base/diag.h"
#include "exporters/exporter.h"

struct event_base;

#define CS_FILE_QUEUE_BYTES (16u << 20)
#define CS_FILE_RETRY_MS    1000

/**
 * cs_file_exporter_new() - open @path for appending, made with mode 0600 if it is not there
 * @base: must outlive it
 * @path: "-" is standard output; copied
 * @ret:  free with cs_exporter_free(); untouched on failure
 * @diag: says what to do about a failure; may be NULL
 *
 * The program must ignore SIGXFSZ (RLIMIT_FSIZE) and SIGPIPE, else they end it.
 * Context: startup, loop.
 * Return:  0; -ENOMEM; negative errno of open().
 */
int cs_file_exporter_new(struct event_base *base, const char *path, struct cs_exporter **ret,
			 struct cs_diag *diag) cs_must_use;
