/* SPDX-License-Identifier: Apache-2.0 */

/* Options of the destination "otlp" and their variables; see http.h. */
#include <stdio.h>
#include <string.h>

#include "exporters/otlp/http.h"
#include "exporters/otlp/traces.h"

#define QUEUE_BYTES (16u << 20)
#define REPLY_BYTES (4u << 20) /* OTLP: a client must not take more */

void cs_otlp_http_options_init(struct cs_otlp_http_options *options)
{
	*options = (struct cs_otlp_http_options){
		.timeout_ms = 10000,
		.queue_bytes = QUEUE_BYTES,
		.request_bytes = CS_OTLP_REQUEST_BYTES_MAX,
		.reply_bytes = REPLY_BYTES,
		.backoff_first_ms = 1000,
		.backoff_max_ms = 30000,
		.give_up_ms = 300000,
	};
}

/* OTEL_EXPORTER_OTLP_<signal><name>; an empty variable is an unset one. */
static const char *get(const char *signal, const char *name)
{
	char variable[64];
	const char *value;

	snprintf(variable, sizeof(variable), "OTEL_EXPORTER_OTLP_%s%s", signal, name);
	value = getenv(variable);
	return value && *value ? value : NULL;
}

static const char *get_either(const char *name)
{
	const char *value = get("TRACES_", name);

	return value ? value : get("", name);
}

static void set_timeout(struct cs_otlp_http_options *options)
{
	const char *value = get_either("TIMEOUT");
	unsigned long long ms;
	char *end;

	if (!value || *value < '0' || *value > '9')
		return;
	errno = 0;
	ms = strtoull(value, &end, 10);
	if (*end == '\0' && errno == 0 && ms <= UINT32_MAX)
		options->timeout_ms = (uint32_t)ms;
}

int cs_otlp_http_options_from_env(struct cs_otlp_http_options *options, struct cs_diag *diag)
{
	const char *protocol = get_either("PROTOCOL");

	if (!options->headers)
		options->headers = get_either("HEADERS");
	set_timeout(options);
	if (options->url || options->traces_url)
		return 0;
	options->url = get("", "ENDPOINT");
	options->traces_url = get("TRACES_", "ENDPOINT");
	if (protocol && strcmp(protocol, "http/protobuf") != 0)
		return cs_diag_set(diag, -EPROTONOSUPPORT,
				   "OTEL_EXPORTER_OTLP_PROTOCOL=%.40s is not built in yet; "
				   "use http/protobuf (port 4318)",
				   protocol);
	return 0;
}
