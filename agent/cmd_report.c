/* SPDX-License-Identifier: Apache-2.0 */

/* `coldspan report`: the cold starts of a recording as waterfalls, cold against warm; of many of one function
 * what they come to. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/document.h"
#include "agent/exit_codes.h"
#include "agent/option_error.h"
#include "agent/prose.h"
#include "agent/recording/recording_json.h"
#include "agent/recording/start_drawing.h"
#include "agent/recording/start_summary.h"
#include "agent/recording/trace_file.h"
#include "agent/recording/trace_index.h"
#include "agent/recording/waterfall.h"
#include "agent/terminal.h"
#include "agent/verbs.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "preload/wire/facts.h"
#include "preload/wire/marks.h"

static const char help_text[] =
	"Show the cold starts of a recording as waterfalls, and cold against warm.\n"
	"\n"
	"  coldspan report traces.jsonl            as coldspan-collector --file wrote it\n"
	"  coldspan report --function hello-py traces.jsonl\n"
	"  coldspan report --json traces.jsonl\n"
	"\n"
	"Of a function with more than 3 cold starts their times are summed up in a table,\n"
	"and the median one and the slowest are drawn.\n"
	"\n"
	"Options:\n"
	"      --function NAME   this function only\n"
	"      --all             draw every cold start\n"
	"      --json            schema coldspan.report/v1, in place of the drawing\n"
	"      --ascii           no characters beyond ASCII\n"
	"      --color WHEN      auto, always or never\n"
	"  -h, --help\n"
	"\n"
	"What called the others, a runtime that is watched itself, comes last.\n"
	"\n"
	"Exit status: 0 done, also if the last line is cut off, as in a file that is\n"
	"still written; 4 no cold start, or none of that function; 2 bad command line, a\n"
	"file that cannot be read or that has lines of something else (the rest is\n"
	"shown); 1 coldspan itself failed.\n";

#define DRAWN_MAX 3 /* of one function, where not all are asked for */

struct options {
	const char *function;
	bool all;
	bool json;
	struct cs_look look;
};

static int parse(int argc, char **argv, struct options *ret)
{
	static const struct option options[] = {
		{ "function", required_argument, NULL, 'f' },
		{ "all", no_argument, NULL, 'a' },
		{ "json", no_argument, NULL, 'j' },
		{ "ascii", no_argument, NULL, CS_LOOK_ASCII },
		{ "color", required_argument, NULL, CS_LOOK_COLOR },
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
		case 'a':
			ret->all = true;
			break;
		case 'j':
			ret->json = true;
			break;
		case 'h':
			cs_prose_print(stdout, help_text);
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

/* "; 2 failed", which are not among the others. */
static const char *failed(const struct cs_trace_service *service, struct cs_arena *arena)
{
	return service->failed_count ? cs_arena_printf(arena, "; %zu failed", service->failed_count)
				     : "";
}

/* "first invocation 38.4 ms; warm ones 1.45 ms (median of 3)": of all files; NULL: none was cold, nor failed. */
static const char *cold_and_warm(const struct cs_trace_service *service, struct cs_arena *arena)
{
	char cold[32], warm[32];

	if (!service->cold_count && service->failed_count)
		return cs_arena_printf(arena, "no first invocation that did not fail%s",
				       failed(service, arena));
	if (!service->cold_count)
		return NULL;
	cs_waterfall_duration(service->cold_ns, service->cold_ns, cold, sizeof(cold));
	if (!service->warm_count)
		return cs_arena_printf(arena,
				       "first invocation %s; no warm one in this recording%s", cold,
				       failed(service, arena));
	cs_waterfall_duration(service->warm_ns, service->warm_ns, warm, sizeof(warm));
	return cs_arena_printf(arena, "first invocation %s; warm ones %s (median of %zu)%s", cold,
			       warm, service->warm_count, failed(service, arena));
}

/* The first of @spans that is that phase. */
static const struct cs_trace_span *find_phase(const struct cs_trace_span *const *spans,
					      size_t count, unsigned phase)
{
	for (size_t i = 0; i < count; i++) {
		if (!strcmp(spans[i]->phase, cs_phase_name(phase)))
			return spans[i];
	}
	return NULL;
}

/* The phases of @cold, in their order, on a clock that begins with it. */
static void collect_phases(const struct cs_trace_index *index, const struct cs_trace_span *cold,
			   struct cs_cold_start *ret)
{
	size_t count;
	const struct cs_trace_span *const *spans = cs_trace_index_phases(index, cold, &count);

	for (unsigned phase = 0; phase < CS_PHASE_COUNT; phase++) {
		const struct cs_trace_span *s = find_phase(spans, count, phase);
		uint64_t start_ns;

		if (!s)
			continue;
		start_ns = s->start_unix_ns > cold->start_unix_ns
				   ? s->start_unix_ns - cold->start_unix_ns
				   : 0;
		ret->phases[ret->phases_count++] =
			(struct cs_phase_part){ .phase = (enum cs_phase)phase,
						.start_ns = start_ns,
						.end_ns = start_ns + cs_trace_span_duration(s),
						.approximate = s->approximate };
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

/* What all drawings need. */
struct page {
	struct cs_trace_file *file;
	const struct cs_trace_index *index;
	const struct options *options;
	struct cs_terminal terminal;
	struct cs_buffer out;
};

/* @which: of several; NULL: they are all drawn, and each says what there is to say of its function. */
static void draw(struct page *page, const struct cs_trace_span *span, const char *which)
{
	struct cs_cold_start cold = { .end_ns = cs_trace_span_duration(span),
				      .approximate = span->approximate,
				      .stand_down = stand_down_of(span->stand_down),
				      .ready = !span->unready };
	struct cs_start_drawing drawing;
	char detail[64];

	collect_phases(page->index, span, &cold);
	cs_start_drawing_init(&drawing, span->service, &cold);
	snprintf(detail, sizeof(detail), "%s%strace %.8s%s", which ? which : "", which ? "  " : "",
		 span->trace_id, page->terminal.utf8 ? "\xe2\x80\xa6" : "...");
	drawing.waterfall.detail = detail;
	if (!which)
		cs_start_drawing_say(&drawing,
				     cold_and_warm(cs_trace_index_service(page->index, span),
						   &page->file->arena));
	cs_start_drawing_explain(&drawing, &cold,
				 !span->failed    ? NULL
				 : *span->message ? span->message
						  : "it failed");
	if (page->out.len)
		cs_buffer_putc(&page->out, '\n');
	cs_waterfall_draw(&drawing.waterfall, &page->terminal, &page->out);
	cs_start_drawing_deinit(&drawing);
}

/* Of many: what they come to, the one in the middle, the slowest. */
static int draw_summary(struct page *page, const struct cs_trace_span **starts, size_t count)
{
	const struct cs_trace_service *service = cs_trace_index_service(page->index, starts[0]);
	struct cs_start_summary summary;
	char which[32];
	int r;

	if (page->out.len)
		cs_buffer_putc(&page->out, '\n');
	r = cs_start_summary_draw(starts, count, page->index,
				  cold_and_warm(service, &page->file->arena), &page->terminal,
				  &page->out, &summary);
	if (r < 0)
		return r;
	snprintf(which, sizeof(which), "median of %zu", summary.count);
	draw(page, summary.median, which);
	draw(page, summary.slowest, "slowest");
	return 0;
}

/* @starts: all of one function, in their order */
static int draw_function(struct page *page, const struct cs_trace_span **starts, size_t count)
{
	if (count > DRAWN_MAX && !page->options->all)
		return draw_summary(page, starts, count);
	for (size_t i = 0; i < count; i++)
		draw(page, starts[i], NULL);
	return 0;
}

static bool is_wanted(const struct cs_trace_span *span, const struct options *options)
{
	return cs_trace_span_is_cold_start(span) &&
	       (!options->function || !strcmp(options->function, span->service));
}

/* A cold start, and where it is drawn. */
struct placed {
	const struct cs_trace_span *span;
	const struct cs_trace_service *service;
};

/*
 * Functions first, in the order in which the recording has them, then what called them: a runtime under watch has
 * a cold start as well.
 */
static int compare_placed(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;

	if (x->service->calls_others != y->service->calls_others)
		return x->service->calls_others ? 1 : -1;
	if (x->service->first != y->service->first)
		return x->service->first < y->service->first ? -1 : 1;
	return x->span->number < y->span->number ? -1 : x->span->number > y->span->number;
}

static size_t place_all(const struct page *page, struct placed *ret)
{
	size_t count = 0;

	for (const struct cs_trace_span *s = page->file->first; s; s = s->next) {
		if (is_wanted(s, page->options))
			ret[count++] = (struct placed){ s, cs_trace_index_service(page->index, s) };
	}
	qsort(ret, count, sizeof(*ret), compare_placed);
	return count;
}

static int draw_all(struct page *page)
{
	cs_cleanup(cs_freep) struct placed *placed = calloc(page->file->count + 1, sizeof(*placed));
	cs_cleanup(cs_freep) const struct cs_trace_span **starts =
		calloc(page->file->count + 1, sizeof(*starts)); /* of one function */
	size_t count, taken = 0;
	int r = 0;

	if (!placed || !starts)
		return -ENOMEM;
	count = place_all(page, placed);
	for (size_t i = 0; i < count && r == 0; i++) {
		starts[taken++] = placed[i].span;
		if (i + 1 < count && placed[i + 1].service == placed[i].service)
			continue;
		r = draw_function(page, starts, taken);
		taken = 0;
	}
	return r < 0 ? r : page->out.failed ? -ENOMEM : 0;
}

/* Return: how many of those that are asked for there are. */
static size_t count_cold_starts(const struct cs_trace_file *file, const struct options *options)
{
	size_t count = 0;

	for (const struct cs_trace_span *s = file->first; s; s = s->next)
		count += is_wanted(s, options);
	if (!count)
		cs_log(CS_LOG_WARN, "no cold start%s%s in %zu spans",
		       options->function ? " of " : "", options->function ? options->function : "",
		       file->count);
	return count;
}

static int print_drawings(struct cs_trace_file *file, const struct cs_trace_index *index,
			  const struct options *options)
{
	struct page page = { .file = file, .index = index, .options = options };
	int r;

	cs_terminal_init(&page.terminal, STDOUT_FILENO, &options->look);
	r = draw_all(&page);
	if (r == 0 && page.out.len)
		fputs(page.out.data, stdout);
	cs_buffer_deinit(&page.out);
	return r;
}

static int report(struct cs_trace_file *file, const struct options *options)
{
	int code = count_cold_starts(file, options) ? CS_EXIT_DONE : CS_EXIT_NO_DATA;
	struct cs_trace_index index;
	int r = cs_trace_index_init(file, &index);

	if (r == 0 && options->json)
		return cs_document_print(cs_recording_json(file, &index, options->function), code);
	if (r == 0)
		r = print_drawings(file, &index, options);
	if (r == 0)
		return code;
	cs_log(CS_LOG_ERROR, "out of memory");
	return CS_EXIT_FAILED;
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
