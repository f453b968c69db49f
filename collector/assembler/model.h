/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What the assembler makes of facts: cold starts and invocations, as plain structs. Times are
 * CLOCK_MONOTONIC ns of this machine; the wall clock is attached at export, by the anchors. Whoever
 * gets one may read it during the call only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "collector/assembler/inbound.h"
#include "collector/assembler/platform.h"
#include "collector/processes/container.h"
#include "exporters/telemetry.h"
#include "preload/wire/facts.h"
#include "preload/wire/marks.h"
#include "preload/wire/records.h"

#define CS_FUNCTION_NAME_MAX 128 /* longer names are cut */

/* Why times are not exact. */
#define CS_END_UNSEEN  "the end of the response was not seen"
#define CS_RING_UNSEEN "the process uses io_uring, through which requests and answers pass unseen"
#define CS_LIBURING_UNSEEN                                                                         \
	"the process has liburing, through which requests and answers may pass unseen"
#define CS_CLOCK_CONVERTED                                                                         \
	"its clock is that of another time namespace: converted by the wall clock"
#define CS_EVENT_UNSEEN  "neither a read of the event nor output was seen"
#define CS_READ_UNSEEN   "no read of the event was seen before the output"
#define CS_CHILD_SERVED  "a child process (%s) read input or wrote output: it may be what served"
#define CS_QUEUE_TOLD    "its beginning is what the caller says, by its clock"
#define CS_SPAN_UNENDED  "its process ended before it"
#define CS_STILL_RUNNING "it was still running when the collector stopped"
#define CS_ANSWER_UNSEEN                                                                           \
	"its answer was not seen: it ends where the process asked for the next event"

enum cs_protocol {
	CS_PROTOCOL_EXEC,   /* a process per event */
	CS_PROTOCOL_HTTP,   /* an HTTP/1 server */
	CS_PROTOCOL_LAMBDA, /* a client of the Lambda Runtime API */
	CS_PROTOCOL_API,    /* it tells itself (preload/include/coldspan.h) */
	CS_PROTOCOL_STDIO,  /* a line in, a line out: OpenWhisk's action loop */
};

/* Values of coldspan.init.type; told from facts, never from a time threshold. */
enum cs_init_type {
	CS_INIT_UNKNOWN,     /* nothing tells why it was started */
	CS_INIT_ON_DEMAND,   /* for a request that waited for it */
	CS_INIT_PROACTIVE,   /* before any request came */
	CS_INIT_PER_REQUEST, /* a process per event */
	CS_INIT_PROVISIONED, /* kept ready, as somebody ordered */
	CS_INIT_RESTORE,     /* out of a snapshot */
	CS_INIT_FORK_POOL,   /* it serves by forked children, which share its booted runtime */
	CS_INIT_REINIT,      /* again, after its last process had died in mid-service */
};

/* How a process ended, for those who ask what became of an invocation. */
enum cs_cause {
	CS_CAUSE_NONE,   /* it lives, or the invocation was complete before */
	CS_CAUSE_EXIT,   /* code: exit status */
	CS_CAUSE_SIGNAL, /* code: signal */
	CS_CAUSE_TIMEOUT, /* code: signal, with which its platform killed it at the event's deadline */
	CS_CAUSE_UNKNOWN, /* it is gone: nobody told how */
};

struct cs_outcome {
	enum cs_cause cause;
	int code;
};

/* Where a process with a Lambda Runtime API runs, by its own word. NULL, 0: not known. */
struct cs_lambda_place {
	const char *runtime_api; /* never NULL */
	const char *init_type;   /* AWS_LAMBDA_INITIALIZATION_TYPE */
	bool platform;           /* it is AWS Lambda, or something that says so */
	const char *region;
	const char *log_group;
	const char *log_stream;
	uint64_t max_memory_bytes;
	const char *init_error; /* it told the platform that its init failed, of this type */
	bool restore_failed;    /* that was after a restore */
};

struct cs_span_context {
	struct cs_trace_id trace_id;
	struct cs_span_id span_id;
	struct cs_span_id parent_span_id; /* all zero: root */
	const char *trace_state;          /* NULL: none */
	uint8_t trace_flags;              /* W3C */
	bool parent_remote;
	bool caller_decided; /* trace_flags are a caller's word: whether it is sampled */
};

/* A message of a batch that is one event. */
struct cs_message {
	char *id;     /* own copy; NULL: it has none */
	char *source; /* idem, of a CloudEvent: its id is unique within that */
	char *state;  /* idem: tracestate of @context */
	unsigned
		attempt; /* of its deliveries, as its service counts, or we do: 1 is the first; 0: not known */
	bool has_context;
	struct cs_trace_context context; /* who sent it, with has_context */
	bool cloud_event;                /* it is one, in a request's body */
	bool has_previous;
	struct cs_span_context previous; /* the attempt before, with has_previous */
};

/* What is known of an event of the Lambda Runtime API. Strings are own copies; NULL: not known. */
struct cs_lambda_event {
	char *id;
	char *arn; /* as it was invoked: it may name an alias */
	char *tenant;
	char *error_type;
	uint64_t deadline_unix_ms; /* 0 unknown */
	bool deadline_passed;      /* when its process ended, before it was answered */
	bool failed;               /* the runtime said so */
	bool streamed;
	unsigned refused_status; /* the API did not take the answer; 0: it did */
	bool xray;               /* xray_context is known */
	struct cs_trace_context xray_context;
	unsigned service;            /* enum cs_event_service: who made it, by its form */
	char *event_id;              /* as that service calls it, where it is no batch */
	struct cs_message *messages; /* own; of a batch */
	unsigned messages_count;     /* of those */
	unsigned messages_found;     /* in the batch, as far as it was looked at */
	bool messages_cut;           /* something is missing in what is known of the body */
};

#define CS_WHISK_FAILED                                                                            \
	"application error" /* what OpenWhisk calls an answer with the key "error" */

/* What is known of an event of OpenWhisk, besides its ids. Strings as above. */
struct cs_whisk_event {
	char *action;
	char *version;
	char *space;               /* the namespace that it runs in */
	uint64_t deadline_unix_ms; /* 0 unknown */
	bool deadline_passed;      /* when its process ended, before it was answered */
	bool failed;               /* the answer says so */
	bool unseen;               /* no answer was seen */
	bool web;                  /* a request of the web */
	bool posted;               /* it came over HTTP, not as a line of an action loop */
};

/* Who a process is. Strings are repaired UTF-8, NULL if unknown, and live with the instance. */
struct cs_identity {
	char name[CS_FUNCTION_NAME_MAX]; /* the function's */
	const char *exe;
	const char *argv0;
	const char *script;
	const struct cs_platform *platform;   /* what names the function; NULL: nothing is known */
	struct cs_lambda_place *lambda;       /* NULL: it has no Lambda Runtime API */
	const struct cs_container *container; /* NULL: nothing is known of what holds it */
	bool interpreted; /* it runs code that it is given: its main is not the user's */
	bool on_platform; /* a FaaS platform's variables name the function */
	bool named : 1;   /* @name is its environment's word, not that of its program */
	bool loop : 1;    /* it began as an action loop: CS_HEADER_LOOP */
	uint8_t cut; /* of its environment's event: CS_REQUEST_HEADERS_CUT, CS_REQUEST_TARGET_CUT */
	int32_t pid;
	int32_t ppid;
	uint32_t uid;
	uint64_t segment; /* number of its segment, unique in a collector's life */
	uint64_t anchor_monotonic_ns;
	uint64_t anchor_realtime_ns;
	uint64_t clock_shift_ns; /* what its stamps were moved by, modulo 2^64; 0: our own clock */
};

/* What a program said of an invocation or a span. Strings are repaired UTF-8; NULL: nothing. */
struct cs_api_said {
	const char *name;
	const char *id;
	unsigned trigger; /* enum cs_api_trigger */
	struct cs_attrs attrs;
	const struct cs_span_event *events; /* their times are CLOCK_MONOTONIC ns here */
	size_t events_count;
	uint32_t events_dropped;
	enum cs_status_code status;
	const char *status_message;
};

struct cs_phase_part {
	enum cs_phase phase;
	uint64_t start_ns;
	uint64_t end_ns;
	const char
		*approximate; /* why a boundary is not exact, parted by "; "; NULL: it was seen */
};

/* A span in an invocation, of its program's making. */
struct cs_inner_span {
	const struct cs_identity *identity;
	struct cs_span_context context;
	const char *name;
	uint64_t start_ns;
	uint64_t end_ns;
	const char *approximate; /* why its times are not exact; NULL: they are */
	struct cs_outcome outcome;
	struct cs_api_said said; /* but for name, id and trigger */
};

struct cs_cold_start {
	const char *request_id; /* of the event that ended it (Lambda); NULL: it had none */
	const char
		*trigger; /* faas.trigger of the event that waited for it; NULL: none did; static */
	const struct cs_identity *identity;
	struct cs_span_context context;
	enum cs_protocol protocol;
	enum cs_init_type init_type;
	bool ready;  /* false: it ended before it was */
	bool unused; /* it was, and has ended without having had an event */
	struct cs_outcome outcome;
	unsigned
		load_status; /* HTTP: with which code that it was brought was refused; 0: it was not */
	const char *approximate; /* why its times are not exact; NULL: they are */
	struct cs_phase_part phases[CS_PHASE_COUNT]; /* contiguous, in order */
	unsigned phases_count;
	unsigned programs_count; /* that ran before the one that served, in the same process */
	const char *programs;    /* "bash, pyenv": the first of them, in their order; NULL none */
	uint64_t start_ns;
	uint64_t end_ns; /* the phases' durations sum to end_ns - start_ns */
	uint64_t facts[CS_FACT_COUNT];
	uint64_t stand_down; /* bit per enum cs_stand_down: why the shim tells less than it could */
	unsigned connections_opened; /* by it, until it was ready */
	uint64_t attach_cpu_ns;      /* CPU time used before our constructor */
	uint64_t cpu_ns; /* with usage_known: until it was ready; of one event, until its end */
	uint64_t max_rss_bytes; /* of the process's whole life; 0 unknown */
	uint64_t faults_minor;  /* as cpu_ns */
	uint64_t faults_major;
	uint64_t read_bytes; /* by system calls; 0: not known, or other programs' in it */
	bool usage_known;
};

enum cs_used_of {
	CS_USED_UNKNOWN,
	CS_USED_INVOCATION, /* from before it began to after its end */
	CS_USED_PROCESS,    /* of the process that was there for it alone, from begin to end */
};

/* What was used. Sizes are as they were at the end. */
struct cs_used {
	enum cs_used_of of;
	uint64_t window_ns; /* of an invocation: between the two readings */
	uint64_t cpu_ns;
	uint64_t faults_minor;
	uint64_t faults_major;
	uint64_t rss_bytes;     /* 0: not known */
	uint64_t max_rss_bytes; /* idem; of the process's life */
	uint64_t switches_voluntary;
	uint64_t switches_involuntary;
	bool switches_known;
};

/* A file that was opened in an init, so that code could be read. */
struct cs_opened_file {
	const struct cs_identity *identity;
	const char *path; /* any bytes but NUL, as it was named; of a long one the end */
	bool by_loader;   /* handed to dlopen, which opens what it finds */
};

#define CS_LOG_TIME_FAR_NS 86400000000000ull /* a day: a frame's own time is believed within that */

/* A line of a log. Its stream is enum cs_log_stream of preload/wire/records.h. */
struct cs_log_entry {
	const struct cs_identity *identity;
	const struct cs_span_context *context; /* NULL: of no invocation, and of no start */
	const struct cs_inbound *inbound;      /* of that invocation; NULL: of none */
	const char *invocation_id;             /* idem, that its protocol gave it; NULL: none */
	int32_t pid;
	unsigned stream;
	uint64_t time_ns;     /* when it was begun to be written */
	uint64_t observed_ns; /* when we had all of it */
	uint64_t unix_ns;     /* by its own word, wall time; 0 unknown */
	enum cs_severity severity;
	char severity_text[16]; /* as it says so; "" it does not */
	const char *text;       /* repaired UTF-8 without control characters */
	size_t len;
	uint64_t cut; /* bytes that were left out at its end */
};

enum cs_call_kind {
	CS_CALL_LOOKUP,   /* of a name; it failed, or did not come back */
	CS_CALL_CONNECT,  /* a connection that did not come about */
	CS_CALL_EXCHANGE, /* a request on a connection */
};

/* Something that a process asked for itself. Strings: NULL is not known. */
struct cs_call {
	const struct cs_identity *identity;
	struct cs_span_context context;
	enum cs_call_kind kind;
	unsigned protocol; /* enum cs_call_protocol of preload/wire/records.h */
	bool encrypted;
	int32_t pid;
	uint64_t start_ns; /* of the look-up or connect that were made for it, if there were any */
	uint64_t first_ns; /* of the answer; 0: none came, or it is not known */
	uint64_t end_ns;
	uint64_t lookup_ns; /* how long these took; 0: there were none, or it is not known */
	uint64_t connect_ns;
	uint64_t tls_ns;
	char *operation; /* method of HTTP; name of a command, first word of a statement */
	char *target;    /* without query */
	char *host;      /* as HTTP's client calls the other side */
	char *name;      /* by which the address was found, or that TLS asked for */
	char *database;  /* as it was named when the connection was made, or since */
	char *path;      /* of a unix socket */
	uint16_t family; /* 0: where it leads is not known */
	uint16_t port;
	uint16_t server_port; /* behind a proxy, to which it is a tunnel; 0: it is none */
	uint8_t address[16];
	uint16_t tls_version;       /* 0 unknown */
	unsigned version;           /* of HTTP: 10, 11; 0 unknown */
	unsigned status;            /* of HTTP; 0: none was seen */
	int error;                  /* of a look-up EAI_*, of a connect errno; 0 none */
	bool cut;                   /* the target is longer than what is kept of it */
	bool reused;                /* the connection was there before */
	bool aborted;               /* it was closed before the answer was complete */
	bool unfinished;            /* nothing came of it before its invocation ended */
	bool failed;                /* a database answered with an error */
	bool mixed;                 /* of several queries: not all are of the same operation */
	uint32_t queries;           /* that were asked together; 0 or 1: that is not told */
	char code[CS_DB_CODE_MAX];  /* of that error; "": not known, or not to be told */
	uint32_t connection_number; /* of those that the instance made; 0 unknown */
	const char *approximate;    /* why its times are not exact; NULL: they are */
	struct cs_outcome outcome;  /* of the process, if it ended before */
	uint64_t bytes_out;
	uint64_t bytes_in;
};

/* What went over connections on behalf of an invocation: as it came, and as calls that it made. */
struct cs_network {
	uint64_t sent_bytes;
	uint64_t received_bytes;
	unsigned connections_opened; /* that it made itself */
};

struct cs_invocation {
	const struct cs_identity *identity;
	struct cs_span_context context;
	enum cs_protocol protocol;
	bool cold;            /* the first one of its instance */
	bool first_of_worker; /* and the first of the fork child that served it */
	int32_t pid;
	uint64_t start_ns;
	uint64_t first_byte_ns; /* 0: none was seen */
	uint64_t end_ns;
	const char *method;      /* NULL: unknown */
	const char *target;      /* without query; NULL: unknown */
	unsigned version;        /* of HTTP: 10, 11; 0 unknown */
	unsigned status;         /* HTTP; 0: none was seen */
	uint32_t cut;            /* CS_REQUEST_*_CUT: what of the request was too long to be kept */
	bool aborted;            /* the connection closed before the response was complete */
	const char *approximate; /* why its times are not exact; NULL: they are */
	uint64_t request_bytes;
	uint64_t response_bytes;
	bool running;                           /* it had not ended when the collector stopped */
	const struct cs_inbound *inbound;       /* what came with it */
	const struct cs_lambda_event *lambda;   /* of that protocol; NULL: of another */
	const struct cs_whisk_event *whisk;     /* of OpenWhisk; idem */
	const struct cs_api_said *api;          /* of that protocol; idem */
	const struct cs_lambda_event *batch;    /* events in its body, their messages; NULL: none */
	unsigned attempt;                       /* of its event: 1 is the first; 0: not known */
	const struct cs_span_context *previous; /* the attempt before; NULL: not known */
	const struct cs_span_context *started;  /* a start in a trace of its own; NULL: none */
	struct cs_network network;
	struct cs_used used;
	struct cs_outcome outcome;
};

/** cs_init_type_name() - value of coldspan.init.type. */
const char *cs_init_type_name(enum cs_init_type type);

/** cs_protocol_name() - value of coldspan.protocol. */
const char *cs_protocol_name(enum cs_protocol protocol);

/** cs_stand_down_text() - names of the reasons in @bits, by commas; NULL: there are none. */
const char *cs_stand_down_text(uint64_t bits, char *buf, size_t size);

/**
 * cs_invocation_text() - how it ended: "complete", "failed", "refused", "aborted", "running", or as the next
 * @buf: may receive it
 */
const char *cs_invocation_text(const struct cs_invocation *invocation, char *buf, size_t size);

/** cs_invocation_timed_out() - did it run into its deadline? */
bool cs_invocation_timed_out(const struct cs_invocation *invocation);

/** cs_invocation_id() - value of faas.invocation_id; NULL: it has none. */
const char *cs_invocation_id(const struct cs_invocation *invocation);

/**
 * cs_cold_start_shut_down() - was it idle, and asked to end?
 *
 * A server that was ready, had no event, and ended by SIGHUP, SIGINT or SIGTERM, or with 128 and such a
 * signal as its status (as the JVM does): an operator's or a platform's word, and no failure. SIGKILL asks
 * nobody.
 */
bool cs_cold_start_shut_down(const struct cs_cold_start *cold);

/** cs_outcome_text() - "exit status 1", "killed by signal 9 (SIGKILL)", …; NULL for none. */
const char *cs_outcome_text(struct cs_outcome outcome, char *buf, size_t size);
