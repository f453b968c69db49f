/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Where an instance's connections lead, and the names that it looked up: the latest of each, in
 * bounded memory. A connection is joined with the last look-up that gave its address. Pure.
 *
 * Context of all: loop.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "collector/assembler/attribution.h"
#include "preload/wire/records.h"

#define CS_PEER_TEXT_MAX 256u

struct cs_call_peer {
	TAILQ_ENTRY(cs_call_peer) of_peers; /* the latest first */
	uint32_t tag;
	uint64_t connection;
	uint32_t number; /* of the connections that the instance made, from 1 */
	uint16_t family; /* 0 unknown */
	uint16_t port;
	uint16_t server_port; /* behind a proxy, to which it is a tunnel; 0: it is none */
	uint8_t address[16];
	uint16_t tls_version;     /* 0 none, or not known */
	bool tls_told;            /* so was that of its TLS handshake */
	bool timed;               /* its times were told with a call */
	bool opened;              /* it is, or was, there */
	enum cs_attribution how;  /* of @owner */
	uint64_t owner;           /* position of the request that it was made for; 0 none */
	uint64_t begin_ns;        /* of its connect; 0: not seen */
	uint64_t done_ns;         /* 0: it goes on */
	uint64_t lookup_begin_ns; /* of its name, if it was looked up for it; 0: it was not */
	uint64_t lookup_end_ns;
	uint64_t hello_ns; /* of its TLS handshake; 0: none */
	uint64_t secured_ns;
	bool changes;   /* another database was asked for, and no call has begun since */
	bool refused;   /* and one has failed since */
	bool elsewhere; /* which one is used is not known */
	char database[CS_DATABASE_MAX + 1]; /* that is used; "": it was not named */
	char next[CS_DATABASE_MAX + 1];     /* that was asked for; "": it is not known which */
	char path[CS_PEER_TEXT_MAX];        /* of a unix socket */
	char name
		[CS_PEER_TEXT_MAX]; /* that the address was looked up by, or TLS asked for; "" none */
};

struct cs_call_name {
	uint32_t tag;
	bool used; /* a connection has its times */
	uint64_t begin_ns;
	uint64_t end_ns; /* 0: this place is free */
	unsigned addresses_count;
	uint8_t addresses[CS_LOOKUP_ADDRESSES_MAX][16];
	char name[CS_PEER_TEXT_MAX];
};

struct cs_call_peers;

/** cs_call_peers_new() - Return: NULL when out of memory. */
struct cs_call_peers *cs_call_peers_new(void);

/** cs_call_peers_free() - Accepts NULL. */
struct cs_call_peers *cs_call_peers_free(struct cs_call_peers *peers);

/** cs_call_peers_find() - NULL: it is not known, or not any more. */
struct cs_call_peer *cs_call_peers_find(struct cs_call_peers *peers, uint32_t tag,
					uint64_t connection);

/**
 * cs_call_peers_add() - one that is new; the one that was used longest ago makes room
 * @ret_gone: a copy of that, without links; all zero: there was room
 *
 * Return: NULL: out of memory; @ret_gone is untouched.
 */
struct cs_call_peer *cs_call_peers_add(struct cs_call_peers *peers, uint32_t tag,
				       uint64_t connection, struct cs_call_peer *ret_gone);

/** cs_call_peers_name() - a name was found; @text as in struct cs_rec_lookup, whose lengths are good. */
void cs_call_peers_name(struct cs_call_peers *peers, uint32_t tag,
			const struct cs_rec_lookup *lookup, const char *text, uint64_t begin_ns,
			uint64_t end_ns);

/** cs_call_peers_join() - give a connection that begins now the name of its address. */
void cs_call_peers_join(struct cs_call_peers *peers, struct cs_call_peer *peer);

/** cs_call_peers_next() - the one before @peer, of those that are known; NULL: the latest, or none is left. */
struct cs_call_peer *cs_call_peers_next(struct cs_call_peers *peers, struct cs_call_peer *peer);

/** cs_call_peers_refuse() - something that was asked on a connection failed. */
void cs_call_peers_refuse(struct cs_call_peers *peers, uint32_t tag, uint64_t connection);

/**
 * cs_call_peer_settle() - a call begins: is it of the database that was asked for before?
 *
 * Where anything has failed since that was, which one it is is not known.
 */
void cs_call_peer_settle(struct cs_call_peer *peer);

/** cs_call_peer_database() - which is used by now; NULL: it is not known. @protocol: enum cs_call_protocol */
const char *cs_call_peer_database(const struct cs_call_peer *peer, unsigned protocol);

/** cs_peer_text() - a cleaned copy of at most what fits; "" of none. */
void cs_peer_text(char ret[CS_PEER_TEXT_MAX], const char *text, size_t len);
