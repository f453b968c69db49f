/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of exporters/prometheus/negotiate: what clients ask for, and what strangers send. */
#include "exporters/prometheus/negotiate.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

static const struct {
	const char *accept;
	enum cs_prometheus_format format;
} rows[] = {
	{ NULL, CS_PROMETHEUS_TEXT },
	{ "", CS_PROMETHEUS_TEXT },
	{ "*/*", CS_PROMETHEUS_TEXT },
	{ "text/plain", CS_PROMETHEUS_TEXT },
	{ "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", CS_PROMETHEUS_TEXT },
	{ "application/openmetrics-text", CS_PROMETHEUS_OPEN_METRICS },
	{ "APPLICATION/OpenMetrics-Text ; Version=\"1.0.0\"", CS_PROMETHEUS_OPEN_METRICS },
	/* Prometheus 2.42, 3.x and curl */
	{ "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
	  "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
	  CS_PROMETHEUS_OPEN_METRICS },
	{ "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
	  "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
	  "text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
	  CS_PROMETHEUS_OPEN_METRICS },
	/* what is wanted more wins, whatever comes first; of two alike the newer one */
	{ "application/openmetrics-text;q=0.4,text/plain;q=0.5", CS_PROMETHEUS_TEXT },
	{ "text/plain;q=0.5,application/openmetrics-text;q=0.5", CS_PROMETHEUS_OPEN_METRICS },
	{ "text/plain;q=0.123,application/openmetrics-text;q=0.124", CS_PROMETHEUS_OPEN_METRICS },
	{ "application/openmetrics-text;q=0,text/plain;q=0.001", CS_PROMETHEUS_TEXT },
	/* protobuf, as Prometheus asks for it when it stores native histograms, and others */
	{ "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited,"
	  "application/openmetrics-text;version=1.0.0;q=0.8,application/openmetrics-text;version=0.0.1;q=0.75,"
	  "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
	  CS_PROMETHEUS_PROTOBUF },
	{ "application/vnd.google.protobuf; proto=\"io.prometheus.client.MetricFamily\"; encoding=delimited;"
	  "escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=1.0.0;q=0.5",
	  CS_PROMETHEUS_PROTOBUF },
	{ "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=text",
	  CS_PROMETHEUS_TEXT },
	{ "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=compact-text,"
	  "application/openmetrics-text;q=0.1",
	  CS_PROMETHEUS_OPEN_METRICS },
	{ "application/vnd.google.protobuf;proto=other.Message;encoding=delimited",
	  CS_PROMETHEUS_TEXT },
	{ "application/vnd.google.protobuf;q=0.1,text/plain", CS_PROMETHEUS_TEXT },
	/* versions that we do not write */
	{ "application/openmetrics-text;version=2.0.0", CS_PROMETHEUS_TEXT },
	{ "application/openmetrics-text;version=2.0.0,text/plain;version=9", CS_PROMETHEUS_TEXT },
	/* no weights */
	{ "application/openmetrics-text;q=-1,text/plain;q=0.9", CS_PROMETHEUS_OPEN_METRICS },
	{ "application/openmetrics-text;q=0x1,text/plain", CS_PROMETHEUS_OPEN_METRICS },
	{ "application/openmetrics-text;q=,text/plain", CS_PROMETHEUS_OPEN_METRICS },
	/* no list at all */
	{ ";;,,=;q", CS_PROMETHEUS_TEXT },
	{ "application/openmetrics-textual", CS_PROMETHEUS_TEXT },
	{ "application/openmetrics-tex", CS_PROMETHEUS_TEXT },
};

Test(negotiate, what_is_wanted_most_is_given)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_assert(eq(int, cs_prometheus_negotiate(rows[i].accept), rows[i].format), "%s",
			  rows[i].accept);
}

Test(negotiate, a_type_says_which_version)
{
	cr_assert(ne(ptr, strstr(cs_prometheus_content_type(CS_PROMETHEUS_TEXT), "version=0.0.4"),
		     NULL));
	cr_assert(
		ne(ptr,
		   strstr(cs_prometheus_content_type(CS_PROMETHEUS_OPEN_METRICS), "version=1.0.0"),
		   NULL));
	cr_assert(ne(ptr,
		     strstr(cs_prometheus_content_type(CS_PROMETHEUS_PROTOBUF),
			    "proto=io.prometheus.client.MetricFamily; encoding=delimited"),
		     NULL));
}
