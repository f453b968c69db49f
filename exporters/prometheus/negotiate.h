/* SPDX-License-Identifier: Apache-2.0 */

/*
 * In which format a client wants metrics, by its Accept header (RFC 9110, section 12.5.1). Every byte of it is a
 * stranger's. Pure.
 */
#pragma once

enum cs_prometheus_format {
	CS_PROMETHEUS_TEXT,         /* the text format 0.0.4: who asks for nothing gets it */
	CS_PROMETHEUS_OPEN_METRICS, /* 1.0 */
	CS_PROMETHEUS_PROTOBUF,     /* delimited; alone with native histograms */
	CS_PROMETHEUS_FORMAT_COUNT,
};

/**
 * cs_prometheus_negotiate() - the best of ours that is wanted
 * @accept: NULL: there is no such header
 *
 * Of formats that are wanted alike it is the one that carries more. Where none of ours is wanted, it is the text format: a
 * client that reads it anyway has more of it than of an error. Context: any-thread.
 */
enum cs_prometheus_format cs_prometheus_negotiate(const char *accept);

/** cs_prometheus_content_type() - static. Context: any-thread. */
const char *cs_prometheus_content_type(enum cs_prometheus_format format);
