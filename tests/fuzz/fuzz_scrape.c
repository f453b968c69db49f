/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Accept and Host headers of whoever can reach the port for Prometheus, the first line each, and an address of a
 * command line. Whatever is allowed without brackets and is no address is "localhost" or the name of our own.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "exporters/prometheus/host.h"
#include "exporters/prometheus/negotiate.h"
#include "tests/fuzz/fuzz.h"

#define OWN "metrics.example"

static void check_host(const char *header)
{
	size_t len = strcspn(header, ":");
	char name[64] = "";
	struct in_addr address;

	if (!cs_host_allowed(header, OWN) || *header == '[')
		return;
	CS_FUZZ_CHECK(len && len < sizeof(name));
	memcpy(name, header, len);
	CS_FUZZ_CHECK(inet_pton(AF_INET, name, &address) == 1 || !strcasecmp(name, "localhost") ||
		      !strcasecmp(name, OWN));
}

static void check_address(const char *text)
{
	char host[32];
	uint16_t port;

	if (cs_host_split(text, host, sizeof(host), &port) == 0)
		CS_FUZZ_CHECK(strlen(host) < sizeof(host) && strlen(host) <= strlen(text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), *rest;
	enum cs_prometheus_format format;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	rest = text + strcspn(text, "\n");
	if (*rest)
		*rest++ = '\0';
	format = cs_prometheus_negotiate(text);
	CS_FUZZ_CHECK(format < CS_PROMETHEUS_FORMAT_COUNT);
	CS_FUZZ_CHECK(format != CS_PROMETHEUS_OPEN_METRICS ||
		      strlen(text) >= strlen("application/openmetrics-text"));
	CS_FUZZ_CHECK(format != CS_PROMETHEUS_PROTOBUF ||
		      strlen(text) >= strlen("application/vnd.google.protobuf"));
	check_host(rest);
	check_address(rest);
	free(text);
	return 0;
}
