/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The table of record types and their payloads. A record in the ring is struct cs_record followed
 * by its payload, in a run of 1 to 64 slots whose length stands in the commit word. Payloads grow
 * at their end only: a reader takes missing bytes as zero and ignores bytes it does not know; it
 * counts and skips types it does not know. Texts are bytes as the process had them.
 */
#pragma once

#include <stdint.h>

struct cs_record {
	uint16_t type;        /* enum cs_record_type */
	uint16_t payload_len; /* bytes that follow */
	uint32_t reserved;
	uint64_t time_ns; /* CLOCK_MONOTONIC; when it happened, not when it was written */
	uint64_t thread;  /* thread pointer of the caller: an opaque id within the process */
};

_Static_assert(sizeof(struct cs_record) == 24, "layout");

#define CS_RECORD_PAYLOAD_MAX (64u * 64u - sizeof(struct cs_record))

/* Whether a record may use the slice of the ring that is kept free (CS_RESERVED_SLOTS). */
enum cs_priority {
	CS_PRIORITY_LOW,
	CS_PRIORITY_HIGH,
};

/* X(id, number, payload struct, priority, meaning). Numbers are for ever, below 31. */
#define CS_RECORDS(X)                                                                              \
	X(PROCESS, 1, cs_rec_process, HIGH, "a fork child began to write into this ring")          \
	X(SPAWN, 2, cs_rec_spawn, HIGH,                                                            \
	  "fork, vfork, clone or posix_spawn came back in the parent, or is to put it to sleep")   \
	X(EXEC, 3, cs_rec_exec, HIGH, "exec is about to be called")                                \
	X(WAIT, 4, cs_rec_wait, HIGH, "a wait call told how a child ended")                        \
	X(KILL, 5, cs_rec_kill, HIGH, "a signal was sent")                                         \
	X(FILE, 6, cs_rec_file, LOW, "a file was opened during the init")                          \
	X(LISTEN, 7, cs_rec_listen, HIGH, "a stream socket listens")                               \
	X(REQUEST, 8, cs_rec_request, LOW, "an HTTP/1 request head is complete")                   \
	X(RESPONSE, 9, cs_rec_response, HIGH, "first byte of the response went out")               \
	X(RESPONSE_END, 10, cs_rec_response_end, HIGH, "the response, or its connection, ended")   \
	X(INVOCATION, 11, cs_rec_invocation, LOW,                                                  \
	  "an event was handed out, with an id of its own")                                        \
	X(INVOCATION_END, 12, cs_rec_invocation_end, HIGH, "the answer to such an event went out") \
	X(READY, 13, cs_rec_ready, HIGH, "a fork child reached a mark")                            \
	X(CONNECT, 14, cs_rec_connect, LOW, "a connection of the process's own making")            \
	X(CALL, 15, cs_rec_call, LOW, "it begins to ask something on it")                          \
	X(CALL_END, 16, cs_rec_call_end, HIGH, "the answer came so far, or there is none")         \
	X(LOOKUP, 17, cs_rec_lookup, LOW, "a name is looked up")                                   \
	X(LOG, 18, cs_rec_log, LOW, "something was written to a log")                              \
	X(EVENT, 24, cs_rec_event, LOW,                                                            \
	  "ids, counts and trace contexts in the body of such an event")                           \
	X(API_BEGIN, 20, cs_rec_api_begin, LOW, "the program began an invocation or a span")       \
	X(API_END, 21, cs_rec_api_end, HIGH, "it ended one")                                       \
	X(API_NOTE, 22, cs_rec_api_note, LOW, "it said something of one")                          \
	X(ASIDE, 30, cs_rec_aside, LOW, "it serves what is told of no further, or no longer")

enum cs_record_type {
	CS_RECORD_NONE = 0,
#define X(id, number, type, priority, meaning) CS_RECORD_##id = number,
	CS_RECORDS(X)
#undef X
};

enum cs_spawn_kind {
	CS_SPAWN_FORK = 1,
	CS_SPAWN_VFORK = 2,
	CS_SPAWN_CLONE = 3,
	CS_SPAWN_POSIX_SPAWN = 4,
};

/* The tag of the commit word is the child's pid. */
struct cs_rec_process {
	int32_t ppid;            /* 0 unknown */
	uint32_t kind;           /* enum cs_spawn_kind, 0 unknown (fork bypassed our hooks) */
	uint64_t spawn_begin_ns; /* when the parent called, 0 unknown */
};

struct cs_rec_spawn {      /* time_ns: when the call began */
	int32_t child_pid; /* negative errno when it failed; 0: it begins, and its caller will sleep */
	uint32_t kind;     /* enum cs_spawn_kind */
	uint64_t end_ns; /* when it came back in the parent; 0 it begins */
};

struct cs_rec_exec { /* time_ns: just before the call; several for one pid when a PATH is tried */
	int32_t pid; /* who calls: differs from the tag for a vfork child, told by its parent; 0: by itself */
	int32_t ppid; /* 0 unknown */
	uint64_t
		spawn_begin_ns; /* when the spawn that made this process began, 0 unknown or none */
	uint32_t kind;          /* enum cs_spawn_kind of that spawn, 0 unknown */
	uint16_t path_len;      /* bytes of the path that follows this struct; 0 not recorded */
	uint16_t flags;         /* CS_EXEC_* */
				/* char path[path_len] */
};

/*
 * Its standard input, or output, is what the program began with that is, or made, the caller; and that
 * has not read, or written, any of it.
 */
#define CS_EXEC_STDIN  0x1u
#define CS_EXEC_STDOUT 0x2u

struct cs_rec_wait { /* time_ns: when the call came back */
	int32_t pid;
	int32_t status;         /* as wait(2) encodes it */
	uint64_t cpu_ns;        /* user and system, from rusage; 0 if the caller asked for none */
	uint64_t max_rss_bytes; /* idem */
	uint32_t faults_minor;  /* idem */
	uint32_t faults_major;  /* idem */
	uint32_t switches_voluntary;   /* of context; idem */
	uint32_t switches_involuntary; /* idem */
};

struct cs_rec_kill { /* time_ns: before the call */
	int32_t pid; /* as kill(2): negative for a process group */
	int32_t signal;
	int32_t error; /* 0, or errno of the call */
	uint32_t reserved;
};

enum cs_file_class {
	CS_FILE_OTHER = 0,
	CS_FILE_USER = 1,
	CS_FILE_DEPENDENCY = 2,
	CS_FILE_RUNTIME = 3,
	CS_FILE_NATIVE = 4,
};

struct cs_rec_file {         /* time_ns: when the open began */
	uint32_t file_class; /* enum cs_file_class */
	uint32_t flags;      /* CS_FILE_FLAG_* */
	uint64_t end_ns;     /* when it came back; 0 unknown (dlopen is seen at its entry only) */
	uint16_t path_len;   /* bytes of the path that follows this struct, without NUL */
	uint16_t reserved[3];
	/* char path[path_len] */
};

#define CS_FILE_FLAG_DLOPEN 0x1u

/*
 * A health probe; or a connection that is not followed any longer, until it is closed (TLS, HTTP/2, a tunnel, a
 * head that is not understood). Whoever is in flight meanwhile is not the only one.
 */
struct cs_rec_aside {
	uint64_t connection; /* as in cs_rec_request */
	uint32_t sequence;   /* of the probe; CS_ASIDE_CONNECTION: the whole connection */
	uint16_t flags;      /* CS_ASIDE_* */
	uint16_t reserved;
};

#define CS_ASIDE_CONNECTION UINT32_MAX
#define CS_ASIDE_OVER       0x1u /* it is over; else it begins */

struct cs_rec_listen {
	uint64_t socket; /* descriptor in the low half, its generation in the high one */
	uint16_t family; /* AF_* */
	uint16_t port;   /* host order, 0 unknown */
	uint32_t reserved;
};

/*
 * One request on one connection. `connection` is descriptor | generation << 32: unique in the
 * process; `sequence` counts the requests on it from 0. Together they name the invocation.
 */
struct cs_rec_request { /* time_ns: first byte of the head was read */
	uint64_t connection;
	uint32_t sequence;
	uint32_t flags;      /* CS_REQUEST_* */
	uint64_t socket;     /* the listening socket it was accepted from, 0 unknown */
	uint16_t method_len; /* the texts follow this struct: method, target without query, ... */
	uint16_t target_len;
	uint16_t headers_len; /* ... then allow-listed lines "name: value\n", names in lower case */
	uint8_t version;      /* 10 or 11: HTTP/1.0, HTTP/1.1 */
	uint8_t reserved;
	/* char text[method_len + target_len + headers_len] */
};

#define CS_REQUEST_HEADERS_CUT 0x1u  /* an allow-listed header did not fit */
#define CS_REQUEST_TARGET_CUT  0x2u  /* the target is longer than what is kept of it */
#define CS_REQUEST_OF_FIRST    0x4u  /* the process of the header accepted its connection */
#define CS_REQUEST_BLOCKING    0x8u  /* a read of its connection blocks, as far as was seen */
#define CS_INVOCATION_WEB      0x10u /* of an action loop: the event is a request of the web */

struct cs_rec_response { /* time_ns: before the call that sent it */
	uint64_t connection;
	uint32_t sequence;
	uint16_t status; /* 0: the first bytes were no status line */
	uint16_t reserved;
};

struct cs_rec_response_end { /* time_ns: after the call that sent the last byte */
	uint64_t connection;
	uint32_t sequence;
	uint16_t status;
	uint16_t flags;          /* CS_RESPONSE_* */
	uint64_t request_bytes;  /* head and body received */
	uint64_t response_bytes; /* head and body sent */
};

/* Behind it, where the response began in the same call: its RESPONSE, which is no record of its own then. */
struct cs_rec_response_begin {
	uint64_t begin_ns; /* before the call */
};

#define CS_RESPONSE_CLOSED     0x1u /* ended by the close of the connection, as its framing says */
#define CS_RESPONSE_ABORTED    0x2u /* the connection closed before the response was complete */
#define CS_RESPONSE_UNFOLLOWED 0x4u /* its framing is not understood: it ends later, unseen */

/* How events come that have an id of their own. */
enum cs_invocation_source {
	CS_INVOCATION_LAMBDA = 1, /* Lambda Runtime API */
	CS_INVOCATION_HTTP = 2,   /* a request: of EVENT records, and of code that failed to load */
	CS_INVOCATION_STDIO =
		3, /* a line of OpenWhisk's action loop; the id is a uint32_t that counts them */
};

/*
 * An event that the process asked for. Its id names it, in whatever process, thread and connection it
 * is answered.
 */
struct cs_rec_invocation {  /* time_ns: first byte of the event was read */
	uint64_t asked_ns;  /* when the process began to ask for it, 0 unknown */
	uint16_t source;    /* enum cs_invocation_source */
	uint16_t flags;     /* CS_REQUEST_* */
	uint16_t text_len;  /* bytes that follow this struct: allow-listed lines as in REQUEST */
	uint16_t id_offset; /* the id in these bytes */
	uint16_t id_len;
	uint16_t reserved[3];
	/* char text[text_len] */
};

enum cs_invocation_outcome {
	CS_INVOCATION_RESPONSE = 1,
	CS_INVOCATION_ERROR = 2,
	CS_INVOCATION_INIT_ERROR = 3,    /* without an id: there will be no event */
	CS_INVOCATION_RESTORE_ERROR = 4, /* idem, after a restore */
	CS_INVOCATION_ACK = 5,           /* without an id: an action loop is ready */
};

/*
 * The answer to an event, or to the start. A second one for the same id adds what became of the first
 * (CS_INVOCATION_REFUSED).
 */
struct cs_rec_invocation_end { /* time_ns: after the call that sent the last byte */
	uint64_t first_ns;     /* before the call that sent the first one */
	uint64_t bytes;        /* head and body sent */
	uint16_t source;       /* enum cs_invocation_source */
	uint16_t outcome;      /* enum cs_invocation_outcome */
	uint16_t flags;        /* CS_INVOCATION_* */
	uint16_t status;       /* of the reply to the answer; 0: not there yet */
	uint16_t text_len;     /* bytes that follow this struct */
	uint16_t id_offset;    /* the id in these bytes */
	uint16_t id_len;
	uint16_t headers_offset; /* from here to the end: allow-listed lines as in REQUEST */
				 /* char text[text_len] */
};

/* Which service made an event, by its form. */
enum cs_event_service {
	CS_EVENT_UNKNOWN = 0,
	CS_EVENT_HTTP = 1, /* API Gateway, load balancer, function URL */
	CS_EVENT_SQS = 2,
	CS_EVENT_SNS = 3,
	CS_EVENT_KINESIS = 4,
	CS_EVENT_DYNAMODB = 5,
	CS_EVENT_S3 = 6,
	CS_EVENT_EVENTBRIDGE = 7,
	CS_EVENT_SCHEDULE = 8,    /* EventBridge's */
	CS_EVENT_CLOUDEVENTS = 9, /* anybody's, in a request's body */
	CS_EVENT_AZURE = 10,      /* Azure's Functions host, idem */
	CS_EVENT_OPENWHISK =
		11, /* OpenWhisk's invoker, of a runtime that is asked over HTTP, idem */
};

/* What stands in an event, of a batch in each of its messages: some records of one event, in order. */
struct cs_rec_event {      /* time_ns: when the last of it was read */
	uint32_t messages; /* found up to here, also those of which nothing is told */
	uint16_t source;   /* enum cs_invocation_source */
	uint16_t service;  /* enum cs_event_service */
	uint16_t flags;    /* CS_EVENT_* */
	uint16_t id_len;   /* the text begins with the event's id */
	uint16_t text_len; /* bytes that follow this struct */
	uint16_t reserved;
	/* char text[text_len]: behind the id, for each message lines "name: value\n" and an empty one */
};

/* The id of an event in a request (CS_INVOCATION_HTTP): these bytes of its record. */
struct cs_event_of {
	uint64_t connection;
	uint32_t sequence;
};

#define CS_EVENT_OF_BYTES     12u
#define CS_EVENT_BATCH        0x1u /* of any number of messages */
#define CS_EVENT_WEB          0x4u /* of OpenWhisk: a request of the web */
#define CS_EVENT_CUT          0x2u /* there is more than was looked at, or something did not fit */

#define CS_INVOCATION_REFUSED 0x1u /* the reply, of @status, says that it was not taken */
#define CS_INVOCATION_BROKEN  0x2u /* its trailers say that it failed on the way */
#define CS_INVOCATION_UNSEEN  0x4u /* no answer was seen: it asked for the next event, or got it */

/*
 * Marks stand in the header, which is the first process's. What a fork child reaches of them is told
 * once: ACCEPT_WAIT, USER_CODE, STDIN_READ and STDOUT_WRITE, but for the first if its parent had not by then.
 */
struct cs_rec_ready {  /* time_ns: the mark's */
	uint32_t mark; /* enum cs_mark */
	uint32_t reserved;
};

/* Which of its logs a process wrote to. */
enum cs_log_stream {
	CS_LOG_NONE = 0,
	CS_LOG_STDOUT = 1, /* these two by the numbers of their descriptors */
	CS_LOG_STDERR = 2,
	CS_LOG_FRAMED = 3, /* frames for AWS Lambda: _LAMBDA_TELEMETRY_LOG_FD */
};

/* One write to a log: any part of a line, or many lines. */
struct cs_rec_log {     /* time_ns: before the call */
	uint8_t stream; /* enum cs_log_stream */
	uint8_t flags;  /* CS_LOG_* */
	uint16_t text_len;
	uint32_t lost; /* bytes of the same write behind this text that were not taken */
		       /* char text[text_len] */
};

#define CS_LOG_CONTINUES 0x1u /* the next such record of this thread has more of the same write */

/*
 * Of what the program tells itself (preload/include/coldspan.h). `span` is a handle: a pid, and a number
 * that is unique in the process image; it names an invocation, or a span in one, whoever writes of it.
 */
struct cs_rec_api_begin { /* time_ns: when the program called */
	uint64_t span;
	uint64_t parent;   /* 0: it is an invocation */
	uint16_t trigger;  /* enum cs_api_trigger */
	uint16_t flags;    /* CS_REQUEST_HEADERS_CUT */
	uint16_t name_len; /* the texts follow this struct */
	uint16_t id_len;
	uint16_t headers_len; /* allow-listed lines as in REQUEST */
	uint16_t reserved[3];
	/* char text[name_len + id_len + headers_len] */
};

struct cs_rec_api_end { /* time_ns: idem */
	uint64_t span;
};

enum cs_api_trigger {
	CS_API_TRIGGER_OTHER = 0,
	CS_API_TRIGGER_HTTP = 1,
	CS_API_TRIGGER_PUBSUB = 2,
	CS_API_TRIGGER_DATASOURCE = 3,
	CS_API_TRIGGER_TIMER = 4,
};

enum cs_api_note {
	CS_API_NOTE_ATTRIBUTES = 1,
	CS_API_NOTE_EVENT = 2,
	CS_API_NOTE_STATUS = 3,
};

struct cs_rec_api_note { /* time_ns: idem */
	uint64_t span;
	uint16_t kind;     /* enum cs_api_note */
	uint16_t status;   /* 0 unset, 1 ok, 2 error: as OTLP has it */
	uint16_t text_len; /* name of an event, description of a status */
	uint16_t count;    /* attributes that follow the text */
	uint16_t attributes_len;
	uint16_t left_out; /* attributes that did not fit */
	uint16_t reserved[2];
	/* char text[text_len]; then struct cs_rec_api_attribute, unaligned, each with its bytes */
};

enum cs_api_type {
	CS_API_STRING = 1,
	CS_API_INT = 2,
	CS_API_DOUBLE = 3,
	CS_API_BOOL = 4,
};

struct cs_rec_api_attribute {
	uint8_t type; /* enum cs_api_type */
	uint8_t reserved;
	uint16_t key_len;
	uint16_t value_len; /* of INT, DOUBLE and BOOL 8: int64_t, double */
			    /* char key[key_len]; unsigned char value[value_len] */
};

_Static_assert(sizeof(struct cs_rec_api_attribute) == 6, "layout");

/* How far a connection has come. */
enum cs_connect_stage {
	CS_CONNECT_BEGUN = 1,   /* the call has come back, and goes on by itself */
	CS_CONNECT_DONE = 2,    /* it is there, or failed */
	CS_CONNECT_HELLO = 3,   /* a TLS handshake begins; the name that it asks for follows */
	CS_CONNECT_SECURED = 4, /* the handshake is over */
	CS_CONNECT_LEFT = 5,    /* it is closed, and was not seen to be there */
	CS_CONNECT_DATABASE =
		6, /* which of a server's the next call is of, if none fails until then; its name follows: of no length, it is not known */
};

/*
 * A connection that the process makes: `connection` as in REQUEST. Of a unix socket the path follows, of
 * CS_CONNECT_HELLO the server's name.
 */
struct cs_rec_connect { /* time_ns: of the stage */
	uint64_t connection;
	uint64_t begin_ns; /* of BEGUN and DONE: before connect was called */
	int32_t error;     /* of DONE: 0, or errno */
	uint16_t stage;    /* enum cs_connect_stage */
	uint16_t family;   /* AF_*; 0: as it was told before */
	uint16_t port;     /* host order */
	uint16_t version;  /* of SECURED: of the protocol, 0x0303 is TLS 1.2; 0 unknown */
	uint16_t text_len; /* bytes that follow this struct */
	uint16_t reserved;
	uint8_t address[16]; /* IPv4 as mapped into IPv6; then char text[text_len] */
};

enum cs_call_protocol {
	CS_CALL_UNKNOWN = 0,
	CS_CALL_HTTP = 1,
	CS_CALL_HTTP2 = 2,
	CS_CALL_TLS = 3, /* and nothing is known of what is in it */
	CS_CALL_POSTGRESQL = 4,
	CS_CALL_MYSQL = 5,
	CS_CALL_REDIS = 6,
	CS_CALL_MARIADB = 7, /* MySQL's protocol, of a server that says who it is */
};

/*
 * One request and its answer on a connection. Where the protocol is not parsed, all that goes out
 * until something has come in is one request.
 */
struct cs_rec_call { /* time_ns: before the call that sent the first byte */
	uint64_t connection;
	uint32_t sequence;    /* of the calls on it, from 0 */
	uint16_t protocol;    /* enum cs_call_protocol */
	uint16_t flags;       /* CS_CALL_* */
	uint16_t method_len;  /* the texts follow: method, or name of the operation; ... */
	uint16_t target_len;  /* ... target without query; ... */
	uint16_t headers_len; /* ... the line "host: NAME\n" */
	uint8_t version;      /* of HTTP/1: 10 or 11; 0 unknown */
	uint8_t reserved;
	/* char text[method_len + target_len + headers_len] */
};

#define CS_CALL_ENCRYPTED  0x1u /* inside of TLS */
#define CS_CALL_TARGET_CUT 0x2u

struct cs_rec_call_end { /* time_ns: after the call that received the last byte */
	uint64_t connection;
	uint32_t sequence;
	uint16_t status;    /* of HTTP; 0 unknown */
	uint16_t flags;     /* CS_CALL_END_* */
	uint64_t first_ns;  /* after the call that received the first byte; 0: none came */
	uint64_t bytes_out; /* 0 unknown */
	uint64_t bytes_in;
};

#define CS_CALL_END_MORE       0x1u  /* so far: what is told last counts */
#define CS_CALL_END_CLOSED     0x2u  /* ended by the close of the connection, as its framing says */
#define CS_CALL_END_ABORTED    0x4u  /* closed before the answer was complete */
#define CS_CALL_END_UNFOLLOWED 0x8u  /* it ends later, unseen */
#define CS_CALL_END_MIXED      0x10u /* of several queries: not all are of the same operation */
#define CS_CALL_END_FAILED     0x20u /* the database says so */

#define CS_DB_CODE_MAX         12u
#define CS_DATABASE_MAX        64u /* bytes of a database's name; a longer one is not told */

/* Of a database, where there is something to be told: after struct cs_rec_call_end. */
struct cs_rec_call_db {
	uint32_t queries;          /* that were asked together; 0 unknown */
	char code[CS_DB_CODE_MAX]; /* of the first error, padded with NUL; "" unknown */
};

/* getaddrinfo, told when it is called and when it comes back. */
struct cs_rec_lookup {            /* time_ns: of either */
	uint64_t begin_ns;        /* when it was called */
	int32_t error;            /* what it returned: 0, or EAI_* */
	uint16_t done;            /* 1: it came back */
	uint16_t name_len;        /* the name follows this struct, ... */
	uint16_t addresses_count; /* ... and the first addresses, of 16 bytes each */
	uint16_t reserved[3];
	/* char name[name_len]; uint8_t addresses[addresses_count][16] */
};

#define CS_LOOKUP_ADDRESSES_MAX 8u

#define X(id, number, type, priority, meaning)                                                     \
	_Static_assert(sizeof(struct type) % 8 == 0 && (number) < 31, "layout of " #id);
CS_RECORDS(X)
#undef X

/** cs_record_name() - lower-case name of a type; "unknown" out of range. Context: signal (pure). */
const char *cs_record_name(unsigned type);

/** cs_record_payload_min() - size of a type's fixed part, 0 if unknown. Context: signal (pure). */
unsigned cs_record_payload_min(unsigned type);
