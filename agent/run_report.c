/* SPDX-License-Identifier: Apache-2.0 */

/* The report of `coldspan run`; see run_report.h. */
#include "agent/run_report.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "agent/document.h"
#include "agent/outside_report.h"
#include "agent/recording/start_drawing.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "coldspan_config.h"
#include "collector/spans/spans.h"
#include "preload/wire/clock.h"

void cs_run_report_init(struct cs_run_report *report, const struct cs_terminal *terminal)
{
	*report = (struct cs_run_report){ .terminal = *terminal };
	report->cold_starts = json_array();
	report->invocations = json_array();
	report->failed = !report->cold_starts || !report->invocations;
}

void cs_run_report_deinit(struct cs_run_report *report)
{
	cs_buffer_deinit(&report->text);
	cs_warmth_deinit(&report->warmth);
	json_decref(report->cold_starts);
	json_decref(report->invocations);
	json_decref(report->outside);
}

/* --- JSON --- */

static json_t *hex(const uint8_t *bytes, size_t len)
{
	char text[2 * 16 + 1] = { 0 };

	for (size_t i = 0; i < len; i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
	return json_string(text);
}

static uint64_t wall(const struct cs_identity *identity, uint64_t stamp_ns)
{
	return cs_clock_to_realtime(stamp_ns, identity->anchor_monotonic_ns,
				    identity->anchor_realtime_ns);
}

static json_t *phase_json(const char *name, uint64_t start_ns, uint64_t duration_ns,
			  const char *approximate)
{
	return json_pack("{s:s, s:o, s:o, s:o}", "name", name, "start_ns",
			 cs_document_number(start_ns), "duration_ns",
			 cs_document_number(duration_ns), "approximate",
			 cs_document_text(approximate));
}

static json_t *phases_json(const struct cs_cold_start *cold)
{
	uint64_t total_ns = cold->end_ns - cold->start_ns, sum_ns = 0;
	json_t *phases = json_array();

	for (unsigned i = 0; i < cold->phases_count; i++) {
		const struct cs_phase_part *part = &cold->phases[i];
		uint64_t duration_ns = part->end_ns - part->start_ns;

		sum_ns += duration_ns;
		json_array_append_new(phases, phase_json(cs_phase_name(part->phase),
							 part->start_ns - cold->start_ns,
							 duration_ns, part->approximate));
	}
	json_array_append_new(phases,
			      phase_json(CS_START_UNATTRIBUTED, sum_ns, total_ns - sum_ns, NULL));
	return phases;
}

static json_t *facts_json(const struct cs_cold_start *cold)
{
	json_t *facts = json_object();

	for (unsigned i = 0; i < CS_FACT_COUNT; i++)
		json_object_set_new(facts, cs_fact_name(i), cs_document_number(cold->facts[i]));
	json_object_set_new(facts, "exec.cpu_ns", cs_document_number(cold->attach_cpu_ns));
	if (cold->usage_known) {
		json_object_set_new(facts, "cpu_ns", cs_document_number(cold->cpu_ns));
		json_object_set_new(facts, "max_rss_bytes",
				    cs_document_number(cold->max_rss_bytes));
		json_object_set_new(facts, "faults.minor", cs_document_number(cold->faults_minor));
		json_object_set_new(facts, "faults.major", cs_document_number(cold->faults_major));
	}
	return facts;
}

static json_t *cold_start_json(const struct cs_cold_start *cold)
{
	const struct cs_identity *id = cold->identity;
	char reasons[256];

	return json_pack(
		"{s:o, s:i, s:o, s:o, s:s, s:s, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
		"function", cs_document_text(id->name), "pid", (int)id->pid, "executable",
		cs_document_text(id->exe ? id->exe : ""), "script", cs_document_text(id->script),
		"init_type", cs_init_type_name(cold->init_type), "protocol",
		cs_protocol_name(cold->protocol), "ready", (int)cold->ready, "approximate",
		cs_document_text(cold->approximate), "programs_before",
		cs_document_text(cold->programs), "stand_down",
		cs_document_text(cs_stand_down_text(cold->stand_down, reasons, sizeof(reasons))),
		"start_unix_ns", cs_document_number(wall(id, cold->start_ns)), "total_ns",
		cs_document_number(cold->end_ns - cold->start_ns), "phases", phases_json(cold),
		"facts", facts_json(cold), "trace_id", hex(cold->context.trace_id.bytes, 16),
		"span_id", hex(cold->context.span_id.bytes, 8));
}

static const char *error_type_of(const struct cs_invocation *invocation)
{
	if (invocation->lambda)
		return invocation->lambda->error_type;
	return invocation->whisk && invocation->whisk->failed ? CS_WHISK_FAILED : NULL;
}

static json_t *invocation_json(const struct cs_invocation *inv)
{
	char outcome[64];

	return json_pack(
		"{s:o, s:i, s:s, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:o, s:o, s:o}",
		"function", cs_document_text(inv->identity->name), "pid", (int)inv->pid, "protocol",
		cs_protocol_name(inv->protocol), "cold", (int)inv->cold, "first_byte_ns",
		inv->first_byte_ns >= inv->start_ns
			? cs_document_number(inv->first_byte_ns - inv->start_ns)
			: json_null(),
		"approximate", cs_document_text(inv->approximate), "start_unix_ns",
		cs_document_number(wall(inv->identity, inv->start_ns)), "duration_ns",
		cs_document_number(inv->end_ns - inv->start_ns), "method",
		cs_document_text(inv->method), "target", cs_document_text(inv->target), "status",
		inv->status ? cs_document_number(inv->status) : json_null(), "request_id",
		cs_document_text(cs_invocation_id(inv)), "outcome",
		cs_invocation_text(inv, outcome, sizeof(outcome)), "error_type",
		cs_document_text(error_type_of(inv)), "trace_id",
		hex(inv->context.trace_id.bytes, 16), "span_id",
		hex(inv->context.span_id.bytes, 8));
}

static void append(struct cs_run_report *report, json_t *array, json_t *value)
{
	if (!value || json_array_append_new(array, value) < 0)
		report->failed = true;
}

/* --- text --- */

static void counts_line(const struct cs_cold_start *cold, char *line, size_t size)
{
	const uint64_t *facts = cold->facts;
	int n = snprintf(line, size,
			 "%llu shared objects, files: %llu user, %llu dependency, %llu runtime; "
			 "%llu failed look-ups",
			 (unsigned long long)facts[CS_FACT_SHARED_OBJECTS],
			 (unsigned long long)facts[CS_FACT_OPENS_USER],
			 (unsigned long long)facts[CS_FACT_OPENS_DEPENDENCY],
			 (unsigned long long)facts[CS_FACT_OPENS_RUNTIME],
			 (unsigned long long)facts[CS_FACT_LOOKUPS_FAILED]);

	if (cold->usage_known && n > 0 && (size_t)n < size)
		snprintf(line + n, size - (size_t)n, "; cpu %.1f ms, %llu faults",
			 (double)cold->cpu_ns / 1e6,
			 (unsigned long long)cold->faults_minor + cold->faults_major);
}

/* The executable is named where the function is called otherwise. */
static void detail_line(const struct cs_cold_start *cold, bool utf8, char *line, size_t size)
{
	const struct cs_identity *id = cold->identity;
	const uint8_t *trace = cold->context.trace_id.bytes;
	const char *exe = id->exe && strrchr(id->exe, '/') ? strrchr(id->exe, '/') + 1 : "?";
	bool named = strcmp(exe, id->name) != 0;

	snprintf(line, size, "%s%spid %d  trace %02x%02x%02x%02x%s", named ? exe : "",
		 named ? "  " : "", id->pid, trace[0], trace[1], trace[2], trace[3],
		 utf8 ? "\xe2\x80\xa6" : "...");
}

static void draw(struct cs_run_report *report, const struct cs_cold_start *cold)
{
	struct cs_outcome outcome = cold->outcome;
	bool well = cs_cold_start_shut_down(cold) ||
		    (outcome.cause == CS_CAUSE_EXIT && outcome.code == 0);
	char detail[256], counts[256], request[256], ended[64];
	struct cs_start_drawing drawing;

	cs_start_drawing_init(&drawing, cold->identity->name, cold);
	detail_line(cold, report->terminal.utf8, detail, sizeof(detail));
	drawing.waterfall.detail = detail;
	counts_line(cold, counts, sizeof(counts));
	cs_start_drawing_say(&drawing, counts);
	if (cold->request_id) {
		snprintf(request, sizeof(request), "ended with request %s", cold->request_id);
		cs_start_drawing_say(&drawing, request);
	}
	cs_start_drawing_explain(&drawing, cold,
				 well ? NULL : cs_outcome_text(outcome, ended, sizeof(ended)));
	if (report->cold_starts_count)
		cs_buffer_putc(&report->text, '\n');
	cs_waterfall_draw(&drawing.waterfall, &report->terminal, &report->text);
	cs_start_drawing_deinit(&drawing);
}

void cs_run_report_cold_start(struct cs_run_report *report, const struct cs_cold_start *cold)
{
	draw(report, cold);
	append(report, report->cold_starts, cold_start_json(cold));
	report->cold_starts_count++;
}

/* An event that was not answered well, though its process may have ended so. */
static void tell_failed(struct cs_run_report *report, const struct cs_invocation *invocation)
{
	const struct cs_lambda_event *event = invocation->lambda;
	const char *id = cs_invocation_id(invocation), *type = error_type_of(invocation);
	char outcome[64];
	const char *text = cs_invocation_text(invocation, outcome, sizeof(outcome));

	if ((!event && !invocation->whisk) || !strcmp(text, "complete") || !strcmp(text, "running"))
		return;
	cs_buffer_printf(&report->text, "request %s: %s", id ? id : "?", text);
	if (event && event->refused_status)
		cs_buffer_printf(&report->text, " (status %u)", event->refused_status);
	else if (type && !strcmp(text, "failed"))
		cs_buffer_printf(&report->text, " (%s)", type);
	cs_buffer_printf(&report->text, ", after %.1f ms\n",
			 (double)(invocation->end_ns - invocation->start_ns) / 1e6);
}

void cs_run_report_invocation(struct cs_run_report *report, const struct cs_invocation *invocation)
{
	tell_failed(report, invocation);
	cs_warmth_add(&report->warmth, invocation);
	append(report, report->invocations, invocation_json(invocation));
}

void cs_run_report_outside(struct cs_run_report *report, const struct cs_outside *outside,
			   const char *reason)
{
	const struct cs_outside_moment now = { cs_clock_monotonic_ns(),
					       cs_clock_ns(CLOCK_REALTIME) };

	cs_warmth_draw(&report->warmth, &report->text);
	report->outside = cs_outside_json(outside, reason, &now);
	report->failed |= !report->outside;
	if (outside)
		report->outside_seen = cs_outside_draw(outside, now.monotonic_ns, &report->terminal,
						       &report->text);
}

/* --- the file --- */

/* The command's words may be any bytes. */
static json_t *command_json(char *const *command)
{
	json_t *words = json_array();

	for (; *command; command++) {
		char clean[CS_TELEMETRY_STRING_MAX];

		cs_utf8_repair(clean, sizeof(clean), *command, strlen(*command), NULL);
		json_array_append_new(words, json_string(clean));
	}
	return words;
}

int cs_run_report_write(const struct cs_run_report *report, FILE *out, char *const *command,
			int status, const struct cs_run_accounting *accounting,
			struct cs_diag *diag)
{
	json_t *document;
	int r = 0;

	document = json_pack(
		"{s:s, s:s, s:o, s:{s:o, s:o}, s:O, s:O, s:O*, s:{s:o, s:o, s:o, s:o}}", "schema",
		"coldspan.run/v1", "coldspan_version", CS_VERSION, "command", command_json(command),
		"exit", "status",
		WIFEXITED(status) ? cs_document_number((uint64_t)WEXITSTATUS(status)) : json_null(),
		"signal",
		WIFSIGNALED(status) ? cs_document_number((uint64_t)WTERMSIG(status)) : json_null(),
		"cold_starts", report->cold_starts, "invocations", report->invocations, "outside",
		report->outside, "accounting", "instances",
		cs_document_number(accounting->instances), "records",
		cs_document_number(accounting->records), "dropped",
		cs_document_number(accounting->dropped), "torn",
		cs_document_number(accounting->torn));
	if (!document || report->failed)
		r = cs_diag_set(diag, -ENOMEM, "cannot write the result: out of memory");
	else if (json_dumpf(document, out, JSON_INDENT(2)) < 0 && !ferror(out))
		r = cs_diag_set(diag, -EINVAL, "cannot write the result: it is no JSON");
	else
		fputc('\n', out);
	json_decref(document);
	return r;
}
