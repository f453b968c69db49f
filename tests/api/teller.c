/* SPDX-License-Identifier: Apache-2.0 */

/* Programs that call coldspan.h, one by the name of the first argument; see api.py. No flag of ours. */
#include <coldspan.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define TRACE "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

static coldspan_span begin(const char *id)
{
	struct coldspan_invocation what = { .bytes = sizeof(what), .id = id };

	return coldspan_invocation_begin(&what);
}

/* All of it once. */
static int everything(void)
{
	static const struct coldspan_header headers[] = {
		{ "X-Request-Id", "r-1" },
		{ "Authorization", "secret" },
		{ "X-Call-Id", "two\nlines: secret" },
	};
	struct coldspan_invocation what = {
		.bytes = sizeof(what),
		.name = "nightly",
		.id = "i-1",
		.trigger = COLDSPAN_TRIGGER_TIMER,
		.headers_count = 3,
		.traceparent = TRACE,
		.tracestate = "a=b",
		.headers = headers,
	};
	struct coldspan_attribute more[] = {
		{ .key = "n", .type = COLDSPAN_INT, .value.integer = -7 },
		{ .key = "s", .type = COLDSPAN_STRING, .value.string = "gr\xc3\xbc\xc3\x9f" },
		{ .key = "none", .type = COLDSPAN_STRING },
		{ .key = NULL, .type = COLDSPAN_INT },
		{ .key = "later", .type = 99 },
	};
	char parent[COLDSPAN_TRACEPARENT_BYTES];
	coldspan_span invocation, outer, inner;

	errno = 77;
	invocation = coldspan_invocation_begin(&what);
	outer = coldspan_span_begin(invocation, "outer");
	inner = coldspan_span_begin(outer, "inner");
	coldspan_set_double(inner, "d", 0.5);
	coldspan_set_bool(inner, "b", 2);
	coldspan_set_int(inner, "twice", 1);
	coldspan_set_string(inner, "twice", "last");
	coldspan_event(outer, "cache miss", more, 5);
	coldspan_set(invocation, more, 5);
	coldspan_set_string(invocation, "faas.trigger", "not mine to say");
	coldspan_set_status(inner, COLDSPAN_STATUS_ERROR, "went wrong");
	coldspan_set_status(invocation, COLDSPAN_STATUS_OK, NULL);
	coldspan_span_end(inner);
	coldspan_span_end(outer);
	coldspan_span_end(outer);
	coldspan_set_int(outer, "late", 1);
	printf("%d %s\n", coldspan_traceparent(invocation, parent), parent);
	printf("%d %s.\n", coldspan_traceparent(outer, parent), parent);
	coldspan_invocation_end(invocation);
	coldspan_span_end(coldspan_span_begin(invocation, "after its end"));
	printf("%d %d\n", coldspan_watching(), errno);
	return 0;
}

/* Nothing of this may do anything, nor crash. */
static int nothing(void)
{
	struct coldspan_invocation older = { .bytes = offsetof(struct coldspan_invocation, trigger),
					     .id = "short",
					     .headers_count = 1000 };
	struct coldspan_attribute wrong = { .key = "", .type = COLDSPAN_INT };

	coldspan_invocation_end(COLDSPAN_NONE);
	coldspan_span_end(12345);
	coldspan_set(12345, NULL, 7);
	coldspan_set(COLDSPAN_NONE, &wrong, 1);
	coldspan_event(12345, NULL, &wrong, 1);
	coldspan_set_status(12345, 99, NULL);
	coldspan_span_end(coldspan_span_begin(coldspan_invocation_begin(NULL), NULL));
	coldspan_invocation_end(coldspan_invocation_begin(&older));
	return 0;
}

static int many(void)
{
	coldspan_span invocation = begin("many");
	char key[32], text[2000];
	struct coldspan_attribute all[40];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	memcpy(text + 511, "\xe2\x82\xac", 3); /* across the limit */
	coldspan_set_string(invocation, "long", text);
	for (int i = 0; i < 40; i++)
		all[i] = (struct coldspan_attribute){ .key = "same",
						      .type = COLDSPAN_INT,
						      .value.integer = i };
	coldspan_event(invocation, "forty", all, 40);
	for (int i = 0; i < 100; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		coldspan_set_int(invocation, key, i);
		coldspan_event(invocation, key, NULL, 0);
	}
	for (int i = 0; i < 1100; i++)
		coldspan_span_end(coldspan_span_begin(invocation, "one of many"));
	coldspan_invocation_end(invocation);
	return 0;
}

#define THREADS     8
#define INVOCATIONS 60 /* what they record fits the ring */

/* Each thread has three invocations open at any time; what it says of one names that one. */
static void *concurrent(void *context)
{
	int thread = (int)(intptr_t)context;
	coldspan_span open[3] = { 0 };
	char ids[3][32];

	for (int i = 0; i < INVOCATIONS + 3; i++) {
		int at = i % 3;
		coldspan_span span;

		if (open[at]) {
			span = coldspan_span_begin(open[at], ids[at]);
			coldspan_set_string(span, "of", ids[at]);
			coldspan_span_end(span);
			coldspan_set_string(open[at], "of", ids[at]);
			coldspan_invocation_end(open[at]);
		}
		if (i < INVOCATIONS) {
			snprintf(ids[at], sizeof(ids[at]), "t%d-%d", thread, i);
			open[at] = begin(ids[at]);
			coldspan_event(open[at], ids[at], NULL, 0);
		} else {
			open[at] = COLDSPAN_NONE;
		}
	}
	return NULL;
}

static int threads(void)
{
	pthread_t all[THREADS];

	for (intptr_t i = 0; i < THREADS; i++)
		pthread_create(&all[i], NULL, concurrent, (void *)i);
	for (int i = 0; i < THREADS; i++)
		pthread_join(all[i], NULL);
	return 0;
}

/* A child has its parent's handles, and makes some of its own. */
static int forks(void)
{
	coldspan_span invocation = begin("parent"),
		      span = coldspan_span_begin(invocation, "shared");
	int status;

	if (fork() == 0) {
		coldspan_span own = begin("child");

		coldspan_span_end(span);
		coldspan_span_end(coldspan_span_begin(invocation, "of the child"));
		coldspan_span_end(coldspan_span_begin(own, "its own"));
		coldspan_invocation_end(own);
		_exit(0);
	}
	wait(&status);
	coldspan_invocation_end(invocation);
	return status;
}

static int killed(void)
{
	coldspan_span invocation = begin("killed");

	coldspan_span_begin(coldspan_span_begin(invocation, "outer"), "inner");
	fflush(NULL);
	raise(SIGKILL);
	return 0;
}

/* It answers, and goes on with what it began. */
static int later(void)
{
	coldspan_span invocation = begin("later"),
		      span = coldspan_span_begin(invocation, "goes on");

	coldspan_invocation_end(invocation);
	puts("answered");
	fflush(stdout);
	getchar(); /* the test has seen the invocation */
	coldspan_set_int(span, "after", 1);
	coldspan_span_end(span);
	return 0;
}

static coldspan_span interrupted;
static volatile sig_atomic_t signals;

static void on_signal(int signal)
{
	coldspan_span span = coldspan_span_begin(interrupted, "in a handler");

	coldspan_event(span, "signal", NULL, 0);
	coldspan_span_end(span);
	signals++;
}

static int handlers(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	interrupted = begin("handlers");
	sigaction(SIGUSR1, &action, NULL);
	for (int i = 0; i < 100; i++) {
		coldspan_span span = coldspan_span_begin(interrupted, "outside");

		kill(getpid(), SIGUSR1);
		coldspan_span_end(span);
	}
	coldspan_invocation_end(interrupted);
	printf("%d\n", (int)signals);
	return 0;
}

/* More than a ring holds, and nobody reads it: of the last there is no record. */
static int flooded(void)
{
	char name[COLDSPAN_TEXT_MAX], parent[COLDSPAN_TRACEPARENT_BYTES];
	struct coldspan_invocation what = { .bytes = sizeof(what),
					    .name = name,
					    .traceparent = TRACE };
	coldspan_span last = COLDSPAN_NONE;

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	for (int i = 0; i < 20000; i++)
		last = coldspan_invocation_begin(&what);
	printf("%d %s\n", coldspan_traceparent(last, parent), parent);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(void);
	} programs[] = {
		{ "everything", everything }, { "nothing", nothing },   { "many", many },
		{ "threads", threads },       { "forks", forks },       { "killed", killed },
		{ "later", later },           { "handlers", handlers }, { "flooded", flooded },
	};

	for (size_t i = 0; argc > 1 && i < sizeof(programs) / sizeof(programs[0]); i++) {
		if (!strcmp(argv[1], programs[i].name))
			return programs[i].run();
	}
	return 2;
}
