/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Destination "otlp"; see http.h. The first request of the queue is the one under way: it leaves the
 * queue when its fate is known, and `queued` with it.
 */
#include "exporters/otlp/http.h"

#include <event2/event.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "coldspan_config.h"
#include "exporters/destination.h"
#include "exporters/net/backoff.h"
#include "exporters/net/endpoint.h"
#include "exporters/net/http_client.h"
#include "exporters/net/retry_after.h"
#include "exporters/otlp/headers.h"
#include "exporters/otlp/queue.h"
#include "exporters/otlp/reply.h"
#include "exporters/otlp/request.h"

#define KEEP_BYTES    (1u << 20) /* of arena between batches; a burst is given back */
#define QUOTE_MAX     200        /* bytes of a server's text in an error line */
#define OWN_HEADERS   2
#define HEADERS_TOTAL (OWN_HEADERS + CS_OTLP_HEADERS_MAX)

struct otlp_http {
	struct cs_exporter base; /* first */
	enum cs_signal signal;
	struct cs_endpoint endpoint;
	size_t request_bytes;
	uint32_t give_up_ms;
	struct cs_http_client *client;
	struct cs_http_header headers[HEADERS_TOTAL];
	size_t headers_count;
	struct cs_arena header_texts;
	struct cs_arena arena; /* trees; reset after each batch */
	struct cs_otlp_queue queue;
	struct cs_backoff backoff;
	struct event *start; /* time for the first request of the queue */
	bool sending;
	uint64_t began_ns; /* when that was begun; CLOCK_MONOTONIC */
	uint64_t random;   /* state of the jitter */
};

static struct cs_exporter_stats *stats_of(struct otlp_http *otlp)
{
	return &otlp->base.stats[otlp->signal];
}

static uint64_t now_ms(void)
{
	return cs_clock_monotonic_ns() / 1000000;
}

/* xorshift64: jitter needs no better. */
static uint64_t next_random(struct otlp_http *otlp)
{
	otlp->random ^= otlp->random << 13;
	otlp->random ^= otlp->random >> 7;
	otlp->random ^= otlp->random << 17;
	return otlp->random;
}

static void schedule(struct otlp_http *otlp, uint32_t wait_ms)
{
	struct timeval wait = { .tv_sec = wait_ms / 1000, .tv_usec = wait_ms % 1000 * 1000 };

	event_add(otlp->start, &wait);
}

/* The first request is settled: @rejected of its items by the server, the rest as @count says. */
static void settle(struct otlp_http *otlp, uint64_t rejected, uint64_t *count)
{
	struct cs_exporter_stats *stats = stats_of(otlp);
	size_t items = otlp->queue.first->items;

	stats->queued -= items;
	stats->rejected += rejected;
	*count += items - rejected;
	cs_otlp_queue_drop(&otlp->queue);
	if (otlp->queue.first)
		schedule(otlp, 0);
	cs_exporter_settle(&otlp->base);
}

static void drop(struct otlp_http *otlp, enum cs_drop_reason reason)
{
	settle(otlp, 0, &stats_of(otlp)->dropped[reason]);
}

/* What the server says in its body, as printf("%.*s"): a Status, or the first line of a text. */
static int quote(const struct cs_http_reply *reply, const char **ret)
{
	struct cs_otlp_reply status;
	const char *text = (const char *)reply->body;
	size_t len = reply->body_len;

	if (reply->protobuf) {
		if (cs_otlp_reply_scan_status(reply->body, len, &status) < 0)
			len = 0;
		else
			text = status.message, len = status.message_len;
	} else if (len) {
		const char *end = memchr(text, '\n', len);

		len = end ? (size_t)(end - text) : len;
	}
	*ret = len ? text : "";
	return (int)(len > QUOTE_MAX ? QUOTE_MAX : len);
}

static void accepted(struct otlp_http *otlp, const struct cs_http_reply *reply)
{
	size_t items = otlp->queue.first->items;
	struct cs_otlp_reply said = { 0 };
	uint64_t rejected = 0;

	cs_backoff_reset(&otlp->backoff);
	/* A body that cannot be read is no failure: real servers answer with texts or nothing. */
	if (!reply->protobuf || cs_otlp_reply_scan(reply->body, reply->body_len, &said) < 0)
		said = (struct cs_otlp_reply){ 0 };
	if (said.rejected > 0)
		rejected = (uint64_t)said.rejected < items ? (uint64_t)said.rejected : items;
	if (rejected || said.message) {
		const char *signal = cs_signal_items(otlp->signal);
		const char *words = said.message ? said.message : "";
		int len = (int)(said.message_len > QUOTE_MAX ? QUOTE_MAX : said.message_len);

		if (rejected)
			cs_exporter_fail(&otlp->base, "the server rejected %llu of %zu %s: %.*s",
					 (unsigned long long)rejected, items, signal, len, words);
		else
			cs_exporter_fail(&otlp->base, "the server took all %zu %s and warns: %.*s",
					 items, signal, len, words);
	} else {
		cs_exporter_recover(&otlp->base);
	}
	settle(otlp, rejected, &stats_of(otlp)->sent);
}

/* OTLP/HTTP: these statuses and failures of the transport, nothing else. */
static bool is_retryable(const struct cs_http_reply *reply)
{
	switch (reply->failure) {
	case CS_HTTP_ANSWERED:
		return reply->status == 429 || (reply->status >= 502 && reply->status <= 504);
	case CS_HTTP_UNREACHABLE:
	case CS_HTTP_NO_REPLY:
	case CS_HTTP_TIMEOUT:
		return true;
	case CS_HTTP_REPLY_TOO_LARGE:
		return false;
	}
	return false;
}

/* What went wrong, and what follows from it. @lost: said before the loss; NULL: it is sent again. */
static void say(struct otlp_http *otlp, const struct cs_http_reply *reply, const char *lost)
{
	char consequence[64] = "retrying";
	const char *text;
	int len;

	if (lost)
		snprintf(consequence, sizeof(consequence), "%s%s are dropped", lost,
			 cs_signal_items(otlp->signal));

	if (reply->failure != CS_HTTP_ANSWERED) {
		cs_exporter_fail(&otlp->base, "%s; %s", reply->error, consequence);
		return;
	}
	len = quote(reply, &text);
	cs_exporter_fail(&otlp->base, "the server answered %d%s%.*s; %s", reply->status,
			 len ? ": " : "", len, text, consequence);
}

static void retry(struct otlp_http *otlp, const struct cs_http_reply *reply)
{
	struct cs_otlp_request *request = otlp->queue.first;
	uint32_t wait_ms, server_s;

	wait_ms = cs_backoff_next(&otlp->backoff, next_random(otlp));
	if (now_ms() - request->queued_ms >= otlp->give_up_ms) {
		say(otlp, reply, "gave up, ");
		drop(otlp, CS_DROP_RETRY_EXHAUSTED);
	} else {
		say(otlp, reply, NULL);
		stats_of(otlp)->retries++;
	}
	if (reply->retry_after &&
	    cs_retry_after_parse(reply->retry_after, (int64_t)time(NULL), &server_s) == 0 &&
	    server_s > wait_ms / 1000)
		wait_ms = server_s * 1000 + (wait_ms - wait_ms / 2); /* jitter on top */
	if (otlp->queue.first)
		schedule(otlp, wait_ms);
}

static void refused(struct otlp_http *otlp, const struct cs_http_reply *reply)
{
	struct cs_otlp_request *request = otlp->queue.first;

	cs_backoff_reset(&otlp->backoff);
	if (reply->status != 413) {
		say(otlp, reply, "");
		drop(otlp, CS_DROP_REFUSED);
	} else if (!request->half && cs_otlp_queue_split(&otlp->queue) == 0) {
		stats_of(otlp)->retries++;
		schedule(otlp, 0);
	} else {
		say(otlp, reply, "");
		drop(otlp, CS_DROP_TOO_LARGE);
	}
}

static void tell_operation(struct otlp_http *otlp, const struct cs_http_reply *reply)
{
	static const char *const failures[] = {
		[CS_HTTP_UNREACHABLE] = "unreachable",
		[CS_HTTP_NO_REPLY] = "no_reply",
		[CS_HTTP_TIMEOUT] = "timeout",
		[CS_HTTP_REPLY_TOO_LARGE] = "reply_too_large",
	};
	char status[16];

	snprintf(status, sizeof(status), "%d", reply->status);
	cs_exporter_operated(&otlp->base, otlp->began_ns,
			     reply->failure != CS_HTTP_ANSWERED ? failures[reply->failure]
			     : reply->status / 100 == 2         ? NULL
								: status);
}

static void on_reply(void *user, const struct cs_http_reply *reply)
{
	struct otlp_http *otlp = user;
	struct cs_otlp_request *request = otlp->queue.first;

	otlp->sending = false;
	if (reply->stale && !request->resent) {
		request->resent = true; /* the server had closed an idle connection: no fault */
		stats_of(otlp)->retries++;
		schedule(otlp, 0);
		return;
	}
	tell_operation(otlp, reply);
	if (reply->failure == CS_HTTP_ANSWERED && reply->status / 100 == 2) {
		accepted(otlp, reply);
	} else if (is_retryable(reply)) {
		retry(otlp, reply);
	} else {
		refused(otlp, reply);
	}
}

static void on_start(evutil_socket_t fd, short what, void *arg)
{
	struct otlp_http *otlp = arg;
	struct cs_otlp_request *request = otlp->queue.first;
	struct cs_http_call call = {
		.path = otlp->endpoint.path,
		.headers = otlp->headers,
		.headers_count = otlp->headers_count,
	};

	if (otlp->sending || !request)
		return;
	call.body = request->data;
	call.body_len = request->len;
	otlp->sending = true;
	otlp->began_ns = cs_clock_monotonic_ns();
	stats_of(otlp)->requests++;
	cs_http_client_post(otlp->client, &call);
}

/* Queues one range; the counters tell what became of it. */
static void enqueue(struct otlp_http *otlp, struct cs_batch batch, struct cs_otlp_range *range)
{
	cs_cleanup(cs_buffer_deinit) struct cs_buffer bytes = { 0 };
	ProtobufCAllocator alloc = cs_otlp_arena_allocator(&otlp->arena);
	struct cs_exporter_stats *stats = stats_of(otlp);
	int r = cs_otlp_pack(&alloc, batch, range, otlp->request_bytes, &bytes);

	if (r < 0) {
		stats->dropped[CS_DROP_ENCODE] += range->count;
		cs_exporter_fail(&otlp->base, "out of memory; %s are dropped",
				 cs_signal_items(otlp->signal));
		return;
	}
	stats->dropped[CS_DROP_ENCODE] += range->count - range->items;
	if (r == CS_OTLP_TOO_LARGE) {
		stats->dropped[CS_DROP_TOO_LARGE] += range->items;
		return;
	}
	if (r == CS_OTLP_NOTHING)
		return;
	r = cs_otlp_queue_push(&otlp->queue, &bytes, otlp->signal, range->items, now_ms());
	if (r < 0) {
		stats->dropped[r == -ENOBUFS ? CS_DROP_QUEUE_FULL : CS_DROP_ENCODE] += range->items;
		cs_exporter_fail(&otlp->base, "%zu bytes wait already; %s are dropped",
				 otlp->queue.bytes, cs_signal_items(otlp->signal));
		return;
	}
	stats->queued += range->items;
}

static void submit(struct cs_exporter *exporter, struct cs_batch batch)
{
	struct otlp_http *otlp = (struct otlp_http *)exporter;
	size_t total = cs_batch_count(batch), first = 0;
	bool was_idle = !otlp->queue.first;

	while (first < total) {
		struct cs_otlp_range range = { .first = first, .count = total - first };

		enqueue(otlp, batch, &range);
		cs_arena_reset(&otlp->arena);
		first += range.count;
	}
	if (otlp->arena.held_bytes > KEEP_BYTES)
		cs_arena_deinit(&otlp->arena);
	if (was_idle && otlp->queue.first)
		schedule(otlp, 0); /* otherwise it is under way, or waits for its turn */
}

static void otlp_abandon(struct cs_exporter *exporter)
{
	struct otlp_http *otlp = (struct otlp_http *)exporter;

	cs_http_client_cancel(otlp->client);
	event_del(otlp->start);
	otlp->sending = false;
	while (otlp->queue.first) {
		stats_of(otlp)->queued -= otlp->queue.first->items;
		stats_of(otlp)->dropped[CS_DROP_SHUTDOWN] += otlp->queue.first->items;
		cs_otlp_queue_drop(&otlp->queue);
	}
}

static void otlp_free(struct cs_exporter *exporter)
{
	struct otlp_http *otlp = (struct otlp_http *)exporter;

	cs_http_client_free(otlp->client);
	if (otlp->start)
		event_free(otlp->start);
	while (otlp->queue.first)
		cs_otlp_queue_drop(&otlp->queue);
	cs_arena_deinit(&otlp->header_texts);
	cs_arena_deinit(&otlp->arena);
	free(otlp);
}

static const struct cs_exporter_ops otlp_ops = {
	.submit = submit,
	.abandon = otlp_abandon,
	.free = otlp_free,
};

static int set_headers(struct otlp_http *otlp, const char *text, struct cs_diag *diag)
{
	static const struct cs_http_header own[OWN_HEADERS] = {
		{ "Content-Type", "application/x-protobuf" },
		{ "User-Agent", "coldspan/" CS_VERSION " OTel-OTLP-Exporter-C/" CS_VERSION },
	};
	size_t count = 0;
	int r = 0;

	memcpy(otlp->headers, own, sizeof(own));
	if (text)
		r = cs_otlp_headers_parse(text, &otlp->header_texts, otlp->headers + OWN_HEADERS,
					  CS_OTLP_HEADERS_MAX, &count, diag);
	otlp->headers_count = OWN_HEADERS + count;
	return r;
}

static int set_up(struct otlp_http *otlp, struct event_base *base,
		  const struct cs_otlp_http_options *options, struct cs_diag *diag)
{
	struct cs_http_client_options client = {
		.endpoint = &otlp->endpoint,
		.timeout_ms = options->timeout_ms,
		.reply_max_bytes = options->reply_bytes,
	};
	int r = set_headers(otlp, options->headers, diag);

	if (r < 0)
		return r;
	otlp->start = event_new(base, -1, 0, on_start, otlp);
	r = otlp->start ? cs_http_client_new(base, &client, on_reply, otlp, &otlp->client)
			: -ENOMEM;
	return r < 0 ? cs_diag_set(diag, r, "out of memory") : 0;
}

int cs_otlp_http_new(struct event_base *base, const struct cs_otlp_http_options *options,
		     struct cs_exporter **ret, struct cs_diag *diag)
{
	const char *url = options->signal_url ? options->signal_url
			  : options->url      ? options->url
					      : CS_OTLP_DEFAULT_URL;
	struct cs_endpoint endpoint;
	struct otlp_http *otlp;
	char name[CS_EXPORTER_NAME_MAX], path[16];
	size_t path_len;
	int r;

	snprintf(path, sizeof(path), "v1/%s", cs_signal_name(options->signal));
	r = cs_endpoint_parse(url, options->signal_url ? NULL : path, &endpoint, diag);
	if (r < 0)
		return r;
	otlp = calloc(1, sizeof(*otlp));
	if (!otlp)
		return cs_diag_set(diag, -ENOMEM, "out of memory");
	path_len = strcspn(endpoint.path, "?"); /* a query may hold a key */
	snprintf(name, sizeof(name), "otlp http://%.120s%.*s%s", endpoint.authority,
		 path_len > 150 ? 150 : (int)path_len, endpoint.path,
		 endpoint.path[path_len] ? "?***" : "");
	cs_exporter_init(&otlp->base, &otlp_ops, 1u << options->signal, name);
	otlp->signal = options->signal;
	otlp->endpoint = endpoint;
	otlp->request_bytes = options->request_bytes;
	otlp->give_up_ms = options->give_up_ms;
	otlp->queue.bytes_max = options->queue_bytes;
	otlp->backoff.first_ms = options->backoff_first_ms;
	otlp->backoff.max_ms = options->backoff_max_ms;
	otlp->random = (now_ms() << 20 ^ (uint64_t)getpid()) | 1;
	r = set_up(otlp, base, options, diag);
	if (r < 0) {
		otlp_free(&otlp->base);
		return r;
	}
	*ret = &otlp->base;
	return 0;
}
