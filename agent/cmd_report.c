/* SPDX-License-Identifier: Apache-2.0 */

/* `coldspan report`: the cold starts of a recording as waterfalls, cold against warm. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "agent/exit_codes.h"
#include "agent/option_error.h"
#include "agent/start_drawing.h"
#include "agent/terminal.h"
#include "agent/trace_file.h"
#include "agent/verbs.h"
#include "agent/waterfall.h"
#include "base/log.h"
#include "preload/wire/facts.h"
#include "preload/wire/marks.h"

#define KIND_SERVER 2
#define WARM_MAX    65536u /* invocations of one function that are compared */

static const char help_text[] =
	"Show the cold starts of a recording as waterfalls, and cold against warm.\n"
	"\n"
	"  coldspan report traces.jsonl            as coldspan-collector --file wrote it\n"
	"  coldspan report --function hello-py traces.jsonl\n"
	"\n"
	"Options:\n"
	"      --function NAME   this function only\n"
	"      --ascii           no characters beyond ASCII\n"
	"      --color WHEN      auto, always or never\n"
	"  -h, --help\n"
	"\n"
	"What called the others, a runtime that is watched itself, comes last.\n"
	"\n"
	"Exit status: 0 done, also if the last line is cut off, as in a file that is still written;\n"
	"4 no cold start, or none of that function; 2 bad command line, a file that cannot be read or\n"
	"that has lines of something else (the rest is shown); 1 coldspan itself failed.\n";

struct options {
	const char *function;
	struct cs_look look;
};

static int parse(int argc, char **argv, struct options *ret)
{
	static const struct option options[] = {
		{ "function", required_argument, NULL, 'f' },
		{ "ascii", no_argument, NULL, 'a' },
		{ "color", required_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option, taken;

	*ret = (struct options){ 0 };
	optind = 1;
	opterr = 0;
	while ((option = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		switch (option) {
		case 'f':
			ret->function = optarg;
			break;
		case 'h':
			fputs(help_text, stdout);
			return CS_EXIT_DONE;
		default:
			taken = cs_look_option(&ret->look, option, optarg);
			if (taken == 0)
				cs_option_complain("report", argv, option, options);
			if (taken <= 0)
				return CS_EXIT_USAGE;
		}
	}
	if (optind == argc) {
		cs_log(CS_LOG_ERROR, "report needs a recording: coldspan report FILE…");
		return CS_EXIT_USAGE;
	}
	return -1;
}

static bool is_cold_start(const struct cs_trace_span *span)
{
	return !span->phase && !strcmp(span->name, "cold start");
}

static uint64_t duration_of(const struct cs_trace_span *span)
{
	return span->end_unix_ns > span->start_unix_ns ? span->end_unix_ns - span->start_unix_ns
						       : 0;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* "cold 38.4 ms, warm 1.45 ms (median of 3)": invocations of the same function, of all files. */
static const char *cold_and_warm(const struct cs_trace_file *file, const char *service,
				 struct cs_arena *arena)
{
	uint64_t *warm = cs_arena_alloc(arena, sizeof(*warm) * (file->count + 1));
	uint64_t cold_ns = 0, middle_ns;
	size_t warm_count = 0, cold_count = 0;
	char cold_text[32], warm_text[32];

	for (const struct cs_trace_span *s = file->first; s && warm; s = s->next) {
		if (s->kind != KIND_SERVER || strcmp(s->service, service) != 0)
			continue;
		if (s->cold) {
			cold_ns += duration_of(s);
			cold_count++;
		} else if (warm_count < WARM_MAX) {
			warm[warm_count++] = duration_of(s);
		}
	}
	if (!cold_count)
		return NULL;
	cold_ns /= cold_count;
	cs_waterfall_duration(cold_ns, cold_ns, cold_text, sizeof(cold_text));
	if (!warm_count)
		return cs_arena_printf(arena, "first invocation %s; no warm one in this recording",
				       cold_text);
	qsort(warm, warm_count, sizeof(*warm), compare);
	middle_ns = warm[warm_count / 2];
	cs_waterfall_duration(middle_ns, middle_ns, warm_text, sizeof(warm_text));
	return cs_arena_printf(arena, "first invocation %s; warm ones %s (median of %zu)",
			       cold_text, warm_text, warm_count);
}

/* The phases of @cold, in their order, on a clock that begins with it. */
static void collect_phases(const struct cs_trace_file *file, const struct cs_trace_span *cold,
			   struct cs_cold_start *ret)
{
	for (unsigned phase = 0; phase < CS_PHASE_COUNT; phase++) {
		for (const struct cs_trace_span *s = file->first; s; s = s->next) {
			uint64_t start_ns;

			if (!s->phase || strcmp(s->parent_id, cold->span_id) != 0 ||
			    strcmp(s->phase, cs_phase_name(phase)) != 0)
				continue;
			start_ns = s->start_unix_ns > cold->start_unix_ns
					   ? s->start_unix_ns - cold->start_unix_ns
					   : 0;
			ret->phases[ret->phases_count++] =
				(struct cs_phase_part){ .phase = (enum cs_phase)phase,
							.start_ns = start_ns,
							.end_ns = start_ns + duration_of(s),
							.approximate = s->approximate };
			break;
		}
	}
}

/* Bits of the reasons that a text like "no_clock, filtered" names. */
static uint64_t stand_down_of(const char *names)
{
	uint64_t bits = 0;

	while (names && *names) {
		size_t len = strcspn(names, ", ");

		for (unsigned i = 0; i < CS_STAND_DOWN_COUNT && len; i++) {
			if (strlen(cs_stand_down_name(i)) == len &&
			    !memcmp(cs_stand_down_name(i), names, len))
				bits |= 1ull << i;
		}
		names += len + strspn(names + len, ", ");
	}
	return bits;
}

static void draw(struct cs_trace_file *file, const struct cs_trace_span *span,
		 const struct cs_terminal *terminal, struct cs_buffer *out)
{
	struct cs_cold_start cold = { .end_ns = duration_of(span),
				      .approximate = span->approximate,
				      .stand_down = stand_down_of(span->stand_down),
				      .ready = !span->unready };
	struct cs_start_drawing drawing;
	char detail[32];

	collect_phases(file, span, &cold);
	cs_start_drawing_init(&drawing, span->service, &cold);
	snprintf(detail, sizeof(detail), "trace %.8s%s", span->trace_id,
		 terminal->utf8 ? "\xe2\x80\xa6" : "...");
	drawing.waterfall.detail = detail;
	cs_start_drawing_say(&drawing, cold_and_warm(file, span->service, &file->arena));
	cs_start_drawing_explain(&drawing, &cold,
				 !span->failed    ? NULL
				 : *span->message ? span->message
						  : "it failed");
	if (out->len)
		cs_buffer_putc(out, '\n');
	cs_waterfall_draw(&drawing.waterfall, terminal, out);
	cs_start_drawing_deinit(&drawing);
}

/* All spans, by span id: to find parents. */
struct index {
	const struct cs_trace_span **spans;
	size_t count;
};

static int compare_ids(const void *a, const void *b)
{
	const struct cs_trace_span *x = *(const struct cs_trace_span *const *)a;
	const struct cs_trace_span *y = *(const struct cs_trace_span *const *)b;

	return strcmp(x->span_id, y->span_id);
}

static int index_make(struct cs_trace_file *file, struct index *ret)
{
	const struct cs_trace_span **spans =
		cs_arena_alloc(&file->arena, (file->count + 1) * sizeof(*spans));
	size_t n = 0;

	if (!spans)
		return -ENOMEM;
	for (const struct cs_trace_span *s = file->first; s; s = s->next)
		spans[n++] = s;
	qsort(spans, n, sizeof(*spans), compare_ids);
	*ret = (struct index){ spans, n };
	return 0;
}

/* The service that caused @cold by a call; NULL if it is not here, or the function's own. */
static const char *caller_of(const struct index *index, const struct cs_trace_span *cold)
{
	const struct cs_trace_span key = { .span_id = cold->parent_id }, *wanted = &key, **found;

	found = bsearch(&wanted, index->spans, index->count, sizeof(wanted), compare_ids);
	return found && strcmp((*found)->service, cold->service) != 0 ? (*found)->service : NULL;
}

static bool calls_others(const struct cs_trace_file *file, const struct index *index,
			 const char *service)
{
	for (const struct cs_trace_span *s = file->first; s; s = s->next) {
		const char *caller = is_cold_start(s) ? caller_of(index, s) : NULL;

		if (caller && !strcmp(caller, service))
			return true;
	}
	return false;
}

/* Functions first, then what called them: a runtime under watch has a cold start as well. */
static int draw_all(struct cs_trace_file *file, const struct options *options,
		    const struct cs_terminal *terminal, struct cs_buffer *out)
{
	struct index index;

	if (index_make(file, &index) < 0)
		return -ENOMEM;
	for (int callers = 0; callers < 2; callers++) {
		for (const struct cs_trace_span *s = file->first; s; s = s->next) {
			if (is_cold_start(s) &&
			    (!options->function || !strcmp(options->function, s->service)) &&
			    calls_others(file, &index, s->service) == callers)
				draw(file, s, terminal, out);
		}
	}
	return out->failed ? -ENOMEM : 0;
}

static int report(struct cs_trace_file *file, const struct options *options)
{
	struct cs_terminal terminal;
	struct cs_buffer out = { 0 };
	int code = CS_EXIT_DONE;

	cs_terminal_init(&terminal, STDOUT_FILENO, &options->look);
	if (draw_all(file, options, &terminal, &out) < 0) {
		cs_log(CS_LOG_ERROR, "out of memory");
		code = CS_EXIT_FAILED;
	} else if (!out.len) {
		cs_log(CS_LOG_WARN, "no cold start%s%s in %zu spans",
		       options->function ? " of " : "", options->function ? options->function : "",
		       file->count);
		code = CS_EXIT_NO_DATA;
	} else if (fputs(out.data, stdout) == EOF || fflush(stdout) == EOF) {
		cs_log(CS_LOG_ERROR, "cannot write to standard output: %s", strerror(errno));
		code = CS_EXIT_FAILED;
	}
	cs_buffer_deinit(&out);
	return code;
}

/* Return: whether all of the file was a recording. */
static bool check(const char *path, const struct cs_trace_reading *reading)
{
	char line[1024];

	if (reading->torn)
		cs_log(CS_LOG_WARN, "%s:%u: the last line is cut off (still being written?)", path,
		       reading->torn);
	if (reading->broken) {
		cs_log(CS_LOG_ERROR, "%s%s", cs_diag_format(&reading->first, line, sizeof(line)),
		       reading->broken > 1 ? "; more such lines follow" : "");
		return false;
	}
	if (reading->traces || reading->lines == (reading->torn != 0))
		return true;
	cs_log(CS_LOG_ERROR, "%s holds no OTLP traces: no line has resourceSpans", path);
	return false;
}

int cs_cmd_report(int argc, char **argv)
{
	struct cs_trace_reading reading;
	struct cs_diag diag = { 0 };
	struct cs_trace_file file;
	struct options options;
	int code = parse(argc, argv, &options), shown;
	bool whole = true;

	if (code >= 0)
		return code;
	cs_trace_file_init(&file);
	for (; optind < argc; optind++) {
		if (cs_trace_file_read(&file, argv[optind], &reading, &diag) < 0) {
			cs_log(CS_LOG_ERROR, "%s", diag.text);
			cs_trace_file_deinit(&file);
			return CS_EXIT_USAGE;
		}
		whole &= check(argv[optind], &reading);
	}
	shown = !whole && !file.count ? CS_EXIT_DONE : report(&file, &options);
	cs_trace_file_deinit(&file);
	return shown == CS_EXIT_FAILED || whole ? shown : CS_EXIT_USAGE;
}
