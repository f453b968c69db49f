/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The ring of preload/wire, small enough to look at every interleaving of its actors: writers of two
 * processes and one reader. README.md says what is modelled, what is left out and why; run.py says
 * which worlds (bounds and actors) are searched and which mistakes must be found out.
 *
 * A step, which nothing can interrupt, is one access to shared memory with the private work around
 * it. Where a step joins several accesses, a comment says why nobody can tell the difference. Every
 * interleaving is looked at, so every writer is late by any time at any step without further ado.
 *
 * Positions are free-running as in the C code. A slot and a lap are a position, so what is stored in
 * a slot is known by its lap: commit word, payload and owner are each of a lap, 0: of none.
 */

/* --- bounds -------------------------------------------------------------------------------------- */

#ifndef SLOTS
#define SLOTS 3 /* 2..4; the C code wants powers of two only to be fast */
#endif
#ifndef RECORDS_A
#define RECORDS_A 1 /* that the writer of process 0 tries to write */
#endif
#ifndef RECORDS_B
#define RECORDS_B 2 /* that the writer of process 1 tries to write */
#endif
#ifndef RECORDS_C
#define RECORDS_C 0 /* that another writer of process 0 does: a thread, or a signal handler */
#endif
#ifndef LONGEST
#define LONGEST 1 /* a record has 1..LONGEST slots; at most 2 */
#endif
#ifndef QUARANTINE
#define QUARANTINE 2 /* entries of the list, 1 or 2 */
#endif
#ifndef KILLS
#define KILLS 0 /* processes that may be killed, at any time */
#endif
#ifndef JUMPS
#define JUMPS 0 /* records that may be jumped out of, at any time */
#endif
#ifndef TRIMS
#define TRIMS 0 /* times the reader tries to give pages back */
#endif
#ifndef FAILS
#define FAILS 0 /* trims, 1 at most, that get no further than their reservation */
#endif
#ifndef TAKEOVERS
#define TAKEOVERS 0 /* readers that may be killed, at any time, for another to take over */
#endif

#define TRIM_SLOTS (SLOTS - 1)

/* --- properties ---------------------------------------------------------------------------------- */

/*
 * All are demanded unless ASKED lacks their bit. A violation is named in pan's message, but for the
 * other half of nobody_waits, which is that there is no invalid end state: with all writers gone, the
 * reader does not stop short of the head.
 */
#ifndef ASKED
#define ASKED 255
#endif

hidden byte committed_is_read = ASKED & 1; /* unless it came after its slots were given up */
hidden byte never_torn = ASKED & 2;        /* a record is read as it was written, every slot */
hidden byte no_duplicates = ASKED & 4;     /* and once */
hidden byte late_writer_harmless = ASKED & 8; /* nobody stores where somebody else is the owner */
hidden byte trim_owns = ASKED & 16;           /* pages are punched only where the trim is */
hidden byte nobody_waits = ASKED & 32;        /* nothing stays in quarantine without a reason */

#define MUST_HOLD(property, condition) assert(!property || (condition))

/* --- shared memory ------------------------------------------------------------------------------- */

#define CLAIMED   1
#define COMMITTED 2
#define PADDING   3

typedef slot {
	unsigned lap : 4; /* the commit word */
	unsigned state : 2;
	unsigned size : 3;
	unsigned who : 1;
	unsigned data : 4;  /* the payload: of the run of which lap */
	unsigned owner : 4; /* of which lap is the run that may be stored here, or TRIMMER */
	unsigned left : 1;  /* its writer is dead, or was jumped over; or it went around the slot */
};

#define TRIMMER 15

slot ring[SLOTS];
byte head;
byte release;
byte trim_note; /* 1 + position */

/* The header's list, and what the reader remembers of each entry, which it stores together. */
typedef entry {
	byte pos;                /* of an inherited entry only the index counts */
	unsigned size : 3;       /* 0: no entry */
	unsigned who : 2;        /* process of the claim, or UNKNOWN */
	unsigned inherited : 1;  /* from a reader before */
};

#define UNKNOWN 2

entry list[QUARANTINE];

/* --- what no program sees ------------------------------------------------------------------------ */

byte at;     /* the reader's position, by which a commit is in time or too late */
short owed;  /* bit per position: committed in time and not yet read */
short taken; /* bit per position: read and not yet released; kept for a reader to come */
bit dead[2];
unsigned ended : 2;
unsigned kills : 2;
unsigned jumps : 2;

#define ALL_ENDED (ended == 2 + (RECORDS_C > 0 -> 1 : 0))
#define ALL_DEAD  (dead[0] && dead[1])

/* Scratch of one step. */
hidden byte i, k, n, pad, beyond, last, yes;

/* --- words --------------------------------------------------------------------------------------- */

#define LAP(p)	 ((p) / SLOTS + 1)
#define INDEX(p) ((p) % SLOTS)
#define AT(p)	 ring[INDEX(p)]

#ifdef NO_LAP
#define SPEAKS(p) (AT(p).lap > 0)
#else
#define SPEAKS(p) (AT(p).lap == LAP(p))
#endif
#define IS(p, s) (SPEAKS(p) && AT(p).state == s)

inline store_word(p, new_state, new_size, new_who)
{
	AT(p).lap = LAP(p);
	AT(p).state = new_state;
	AT(p).size = new_size;
	AT(p).who = new_who
}

/* Does position @p lie in entry @e, in any lap? */
#define DISTANCE(p, from) ((INDEX(p) + SLOTS - INDEX(from)) % SLOTS)
#define WITHIN(p, e)	  (e.size > 0 && DISTANCE(p, e.pos) < e.size)

/*
 * cs_ring_padding(): slots to skip so that a run of @size_ slots from index @from on stays off the
 * ring's end and off the @entries, into pad; SLOTS: no room. (No inline: they take no arrays.)
 */
#define FIND_PADDING(entries, from, size_)                                                         \
	pad = 0;                                                                                   \
	do                                                                                         \
	:: pad < SLOTS ->                                                                          \
		i = (from + pad) % SLOTS;                                                          \
		beyond = (i + size_ > SLOTS -> SLOTS : 0);                                         \
		k = 0;                                                                             \
		do                                                                                 \
		:: k < QUARANTINE && beyond == 0 ->                                                \
			if                                                                         \
			:: entries[k].size > 0 && INDEX(entries[k].pos) < i + size_ &&             \
			   INDEX(entries[k].pos) + entries[k].size > i ->                          \
				beyond = INDEX(entries[k].pos) + entries[k].size                   \
			:: else                                                                    \
			fi;                                                                        \
			k++                                                                        \
		:: else -> break                                                                   \
		od;                                                                                \
		if                                                                                 \
		:: beyond == 0 -> break                                                            \
		:: else -> pad = pad + beyond - i                                                  \
		fi                                                                                 \
	:: else ->                                                                                 \
		pad = SLOTS;                                                                       \
		break                                                                              \
	od

#include "writer.pml"
#include "quarantine.pml"
#include "reader.pml"

init {
	atomic {
		run reader();
		run writer(0, RECORDS_A);
		run writer(1, RECORDS_B);
#if RECORDS_C > 0
		run writer(0, RECORDS_C);
#endif
#if KILLS > 0
		run killer();
#endif
	}
}
