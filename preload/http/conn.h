/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One accepted connection: pairs the requests that come in with the responses that go out, from the
 * results of reads and writes in any thread. Pure but for atomics: what it finds goes to a callback.
 * A connection of the process's own making is the same the other way round: what it writes is told as
 * received, what it reads as sent (cs_conn_env.caller).
 *
 * Each direction has a busy bit instead of a lock: two threads in the same direction at once (a
 * server that does so cannot know its own order) end the following of the connection; a reader
 * beside a writer is normal. A close that finds a direction busy leaves its work to that thread.
 * Whatever began has exactly one end, unless the process ends first.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "preload/calls/call_state.h"
#include "preload/http/http_memo.h"
#include "preload/http/http_request.h"
#include "preload/http/http_request_memo.h"
#include "preload/http/http_response.h"
#include "preload/pool.h"

#define CS_CONN_RECEIVED_BITS 4  /* flags below the bytes in cs_conn.received */
#define CS_CONN_PIPELINE      8u /* requests without response; more are not followed */

/* Partial heads: one is in use from a head's first byte to its last. */
struct cs_conn_text {
	_Atomic uint32_t link; /* the pool's */
	union {
		struct cs_http_text text;
		uint32_t scratch[sizeof(struct cs_http_text) / 4]; /* see cs_conn_scratch() */
	};
};

/* Heads of requests that came on connections which are kept open. */
struct cs_conn_memo {
	_Atomic uint32_t link; /* the pool's */
	struct cs_http_request_memo memo;
};

/* Begin of a call that begins no response: nobody has looked at the clock. */
#define CS_CONN_UNTIMED 1u

/* Bit of cs_conn.state: a response has begun, and there is no request behind the one that it answers. */
#define CS_CONN_ANSWERING 0x1000u

struct cs_conn {
	_Atomic uint32_t link; /* the pool's */
	uint32_t forks;        /* the process's forks when it was accepted */
	union {
		uint32_t owner; /* the callback's own: who accepted it, or read the last request */
		uint32_t response_text; /* of a caller: as text, of the response's head */
		uint32_t outbound;      /* with @raw: of outbound.c; CS_POOL_NONE: nothing */
	};
	uint32_t text; /* of the head being received: index in the pool of texts, or none */
	/* generation << 32 | references << 16 | flag bits; 0 while not in use */
	_Atomic uint64_t state;
	uint64_t connection; /* as in the records: descriptor | generation << 32 */
	union {
		uint64_t socket;          /* idem, of the listening socket */
		_Atomic uint64_t calling; /* of a connection with @raw: its own bits */
	};
	_Atomic uint64_t closed_ns;

	/* Written by the receiving direction, read by the sending one. */
	_Atomic uint32_t requests;
	/* Written by the sending direction, read by the receiving one: responses complete. */
	_Atomic uint32_t responses;
	/* By request modulo CS_CONN_PIPELINE: bytes received << 4 | bits of CS_CONN_TO_*. */
	_Atomic uint64_t received[CS_CONN_PIPELINE];

	/* The receiving direction's own. */
	union {
		struct cs_http_request request;
		struct cs_call_out out; /* of a connection with @raw, once it is not HTTP/1 */
	};
	uint64_t first_byte_ns; /* of the head being received */
	uint32_t head_bytes;    /* idem, so far */
	uint32_t request_memo;  /* index in the pool of memos, or none */
	bool came_again;        /* the head in it, since it was kept */
	uint8_t memo_missed;    /* heads since then that were others, or may not be kept */
	uint8_t memo_patience;  /* how many there may be */

	/* The sending direction's own. */
	uint16_t response_forks; /* the process's forks when a response began, modulo 2^16 */
	uint8_t sending : 3;     /* whether a response has begun, and whether its head was told */
	uint8_t wants_more : 1;  /* the callback's answer to a response; see cs_conn_env.more */
	uint8_t behind : 4;      /* requests that had come before the last response was over */
	uint8_t wants_body;      /* the callback's answer to a head; see cs_conn_env.content */
	union {
		struct cs_http_response response;
		struct cs_call_in in; /* as @out */
	};
	struct cs_http_memo memo; /* not of a caller's */
	uint64_t response_ns;     /* when the call with its first byte began */
	uint64_t response_bytes;
};

enum cs_conn_event_type {
	CS_CONN_REQUEST,
	CS_CONN_REQUEST_END, /* its last byte has passed: of a caller's, and of one that was wanted */
	CS_CONN_RESPONSE,
	CS_CONN_RESPONSE_END,
	CS_CONN_HEAD_UNFOLLOWED, /* only this field is set */
	/* Not of a caller's, with their time: what passes is told no longer; and the connection's end. */
	CS_CONN_ASIDE,
	CS_CONN_ASIDE_OVER,
};

/* Fields as in the record of the same name in preload/wire/records.h. */
struct cs_conn_event {
	enum cs_conn_event_type type;
	uint32_t sequence;
	uint64_t time_ns;
	uint64_t request_bytes;
	uint64_t response_bytes;
	uint16_t status;
	uint16_t flags;
	uint8_t version;
	bool probe;  /* it is about a health probe: no invocation */
	bool load;   /* it is about code that is brought; see cs_conn_env.loads */
	bool failed; /* of a request that is whole: its trailers say so */
	/* Of a request, but see @remembers; of a caller's response, if there was room. Valid during the call. */
	const struct cs_http_text *text;
	/* Of a request: what is kept of its head, also where it is no text. Idem. */
	struct cs_http_kept kept;
	/* Of a request: the head in the caller's buffer; NULL: it did not come in one piece. Idem. */
	unsigned char *head;
	uint32_t head_bytes;
};

typedef void (*cs_conn_emit_fn)(struct cs_conn *conn, const struct cs_conn_event *event);

/* @data: NULL: only the number of bytes is known */
typedef void (*cs_conn_content_fn)(struct cs_conn *conn, const unsigned char *data, size_t len);

struct cs_conn_env;

/* What looks at the bytes of a connection of the process's own before the scanners do. */
enum cs_conn_raw_verdict {
	CS_CONN_RAW_HTTP,  /* it is the scanners' */
	CS_CONN_RAW_TAKEN, /* it is not */
	CS_CONN_RAW_LOST,  /* nothing more is understood of it */
};

typedef enum cs_conn_raw_verdict (*cs_conn_raw_fn)(const struct cs_conn_env *env,
						   struct cs_conn *conn, const unsigned char *data,
						   size_t len, uint64_t now_ns);

/* What the functions below need of the process. */
struct cs_conn_env {
	/* The same one, if this is but what the compiler is to know of it; see conn_ways.h. NULL: this is it. */
	const struct cs_conn_env *general;
	struct cs_pool *conns;
	struct cs_pool *texts;
	cs_conn_emit_fn emit;    /* called while the thread is busy with the connection */
	uint64_t (*now)(void);   /* the clock, for cs_conn_sent(); NULL: it is given both stamps */
	_Atomic uint32_t *forks; /* counts children that this process may have given it to */
	/*
	 * Not of a caller: may a head that comes again on a connection be told without a text, as cs_conn_event.kept
	 * alone? Then none of it is looked at: neither its body, nor what it says. NULL: no; else @memos is a pool of
	 * struct cs_conn_memo.
	 */
	bool (*remembers)(void);
	struct cs_pool *memos;
	/*
	 * The process is the client. The text of its last request stays until the next one; one that
	 * does not wait for the response to the last is not followed.
	 */
	bool caller;
	/* Not of a caller: is the process brought its code by a request, as OpenWhisk does? NULL: no. */
	const bool *loads;
	/*
	 * The body of a response of a caller, else of a request, in pieces, if the callback has set
	 * cs_conn.wants_body, to whatever but 0, while its head was told. May be NULL if it never does.
	 */
	cs_conn_content_fn content;
	/* A response that was told goes on behind this call, and cs_conn.wants_more is set; as @content. */
	void (*more)(struct cs_conn *conn);
	/*
	 * Both or none. What the process writes is told as received here, too: @raw_out, while the thread is
	 * busy with that direction; the same of @raw_in. @raw_over: nothing more will come.
	 */
	cs_conn_raw_fn raw_out;
	cs_conn_raw_fn raw_in;
	void (*raw_over)(const struct cs_conn_env *env, struct cs_conn *conn);
	/* A response has made it a tunnel: what passes next is for these two. May be NULL. */
	void (*raw_tunnel)(struct cs_conn *conn);
};

/**
 * cs_conn_open() - a connection was accepted
 * @generation: not 0, unique in the process
 * @fd:         its descriptor
 * @socket:     id of the listening socket, 0 unknown
 *
 * Context: signal.
 * Return:  its index in @env->conns, CS_POOL_NONE if too many are open.
 */
uint32_t cs_conn_open(const struct cs_conn_env *env, uint32_t generation, int fd, uint64_t socket);

/** cs_conn_asked() - of a caller, while a response is told: what it answers; NULL: not known. */
const struct cs_http_text *cs_conn_asked(const struct cs_conn_env *env, const struct cs_conn *conn);

/**
 * cs_conn_scratch() - from where a body is wanted on, until its message has ended: memory of the callback's own,
 * sizeof(struct cs_http_text) bytes, aligned to 4. It is where the head's text was.
 */
void *cs_conn_scratch(const struct cs_conn_env *env, const struct cs_conn *conn);

/** cs_conn_ref() - one more descriptor for it; false if it is gone. Context: signal. */
bool cs_conn_ref(struct cs_conn *conn, uint32_t generation);

/**
 * cs_conn_set_blocking() - whether a read of it waits, as far as was seen; at first it is not known
 *
 * Context: signal.
 */
void cs_conn_set_blocking(struct cs_conn *conn, uint32_t generation, bool blocking);

/** cs_conn_set_waited() - a thread has waited for bytes of it alone, and reads them now. Context: signal. */
void cs_conn_set_waited(struct cs_conn *conn, uint32_t generation);

/**
 * cs_conn_was_waited_for() - did the thread that has read a head now do nothing else until it came?
 *
 * Context: signal. Each wait is told once.
 * Return:  false: it did not, or that is not known.
 */
bool cs_conn_was_waited_for(struct cs_conn *conn);

/**
 * cs_conn_may_begin() - of what the process writes: is the next byte the first of a request?
 *
 * Context: signal. False: it is not, or that is not known.
 */
bool cs_conn_may_begin(const struct cs_conn *conn, uint32_t generation);

/**
 * cs_conn_share() - another process was given a descriptor of it
 *
 * Context: signal. What ends here without a whole response ends unfollowed: the other may answer. The
 * same holds once the process has forked.
 */
void cs_conn_share(struct cs_conn *conn, uint32_t generation);

/**
 * cs_conn_received() - the process has read @bytes bytes
 * @iov:    where they are, in order; NULL if only their number is known
 * @now_ns: after the call
 *
 * Context: signal. Nothing happens if @generation is no longer the connection's.
 */
void cs_conn_received(const struct cs_conn_env *env, struct cs_conn *conn, uint32_t generation,
		      const struct iovec *iov, uint64_t bytes, uint64_t now_ns);

/**
 * cs_conn_sent() - it has written @bytes bytes, between the two stamps
 * @begin_ns: CS_CONN_UNTIMED: as cs_conn_answering() allowed
 * @end_ns:   0: @env->now tells it, where something ends
 *
 * Context: signal.
 */
void cs_conn_sent(const struct cs_conn_env *env, struct cs_conn *conn, uint32_t generation,
		  const struct iovec *iov, uint64_t bytes, uint64_t begin_ns, uint64_t end_ns);

/**
 * cs_conn_answering() - before a write: does it only go on with a response?
 *
 * Context: signal. True: cs_conn_sent() may be told CS_CONN_UNTIMED.
 */
static inline bool cs_conn_answering(const struct cs_conn *conn, uint32_t generation)
{
	uint64_t state = atomic_load_explicit(&conn->state, memory_order_relaxed);

	return state & CS_CONN_ANSWERING && (uint32_t)(state >> 32) == generation;
}

/** cs_conn_shutdown() - it will send no more. Context: signal. */
void cs_conn_shutdown(const struct cs_conn_env *env, struct cs_conn *conn, uint32_t generation,
		      uint64_t now_ns);

/**
 * cs_conn_lose() - bytes of it went by unseen: follow it no longer
 *
 * Context: signal. What is outstanding ends, marked as unfollowed.
 */
void cs_conn_lose(const struct cs_conn_env *env, struct cs_conn *conn, uint32_t generation,
		  uint64_t now_ns);

/** cs_conn_skip() - what is outstanding ends unfollowed; what is asked next is followed. Context: signal. */
void cs_conn_skip(const struct cs_conn_env *env, struct cs_conn *conn, uint32_t generation,
		  uint64_t now_ns);

/**
 * cs_conn_unref() - a descriptor of it is about to be closed
 * @seen: false if the close itself went by unseen, some time before
 *
 * Context: signal. With the last one the connection ends and goes back to its pool.
 */
void cs_conn_unref(const struct cs_conn_env *env, struct cs_conn *conn, uint32_t generation,
		   bool seen, uint64_t now_ns);
