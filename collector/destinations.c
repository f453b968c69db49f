/* SPDX-License-Identifier: Apache-2.0 */

/* Making destinations; see destinations.h. */
#include "collector/destinations.h"

#include <stdlib.h>

#include "base/log.h"
#include "exporters/file.h"
#include "exporters/otlp/http.h"

/* Once when it begins to fail, once when it works again. */
static void on_report(void *user, const struct cs_exporter *exporter, bool failing,
		      const char *text)
{
	cs_log(failing ? CS_LOG_WARN : CS_LOG_INFO, "%s: %s", cs_exporter_get_name(exporter), text);
}

static int add(struct cs_collector *collector, struct cs_exporter *exporter, struct cs_diag *diag)
{
	int r;

	cs_exporter_set_report(exporter, on_report, NULL);
	r = cs_collector_add_exporter(collector, exporter);
	return r < 0 ? cs_diag_set(diag, r, "too many destinations") : 0;
}

int cs_destinations_add_file(struct cs_collector *collector, struct event_base *base,
			     const char *path, struct cs_diag *diag)
{
	struct cs_exporter *exporter = NULL;
	int r = cs_file_exporter_new(base, path, &exporter, diag);

	return r < 0 ? r : add(collector, exporter, diag);
}

static void warn_of_variable(const char *text)
{
	cs_log(CS_LOG_WARN, "%s", text);
}

int cs_destinations_add_otlp(struct cs_collector *collector, struct event_base *base,
			     const char *url, struct cs_diag *diag)
{
	static bool warned; /* the environment is the same for every destination */
	struct cs_otlp_http_options options;
	struct cs_exporter *exporter = NULL;
	int r;

	cs_otlp_http_options_init(&options);
	options.url = url;
	cs_otlp_http_options_from_env(&options, warned ? NULL : warn_of_variable);
	warned = true;
	r = cs_otlp_http_new(base, &options, &exporter, diag);
	return r < 0 ? r : add(collector, exporter, diag);
}

bool cs_destinations_otlp_wanted(void)
{
	const char *all = getenv("OTEL_EXPORTER_OTLP_ENDPOINT");
	const char *traces = getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");

	return (all && *all) || (traces && *traces);
}
