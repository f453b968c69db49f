/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A writer: cs_ring_reserve_slow(), of which the fast path does a part, and cs_ring_commit(). At any
 * step its process may be killed, or it may be jumped out of the record and go on with its next one.
 * That it may be late by any time goes without saying.
 */

#define OWNS(p) MUST_HOLD(late_writer_harmless, AT(p).owner == LAP(p))
#define ALIVE	(!dead[who])

/* What else can happen in place of a step: before the reservation, and after. */
#define OR_KILLED \
	:: !ALIVE -> goto gone

#define OR_STOPPED \
	:: d_step { !ALIVE -> leave(); printf("writer %d is gone\n", _pid) } \
		goto gone \
	:: d_step { \
		ALIVE && jumps < JUMPS -> \
		jumps++; \
		leave(); \
		printf("writer %d is jumped out of its run at %d\n", _pid, first) \
	   } \
		goto next

/* Mistake RELIST: the list is looked up again where the copy is to be used. */
#ifdef RELIST
#define KNOWN list
#else
#define KNOWN known
#endif

inline forget_list()
{
	k = 0;
	do
	:: k < QUARANTINE ->
		known[k].pos = 0;
		known[k].size = 0;
		k++
	:: else -> break
	od;
	k = 0
}

inline forget()
{
	pos = 0;
	first = 0;
	room = 0;
	copied = 0;
	forget_list()
}

inline in_quarantine(p)
{
	yes = 0;
	k = 0;
	do
	:: k < QUARANTINE ->
		yes = yes || WITHIN(p, KNOWN[k]);
		k++
	:: else -> break
	od
}

/* Reserve, if there is room: all is ours now, but for what the run goes around. */
inline move_head()
{
	FIND_PADDING(known, INDEX(pos), size);
	first = pos + pad;
	size = (pad + size > room -> 0 : size);
	i = pos;
	do
	:: size > 0 && i < first + size ->
		in_quarantine(i);
		AT(i).left = i < first && yes;
		AT(i).owner = (i < first && yes -> AT(i).owner : LAP(i));
		i++
	:: else -> break
	od;
	if
	:: size > 0 ->
		head = first + size;
		assert(head < 16); /* or owed and taken are too narrow */
		printf("writer %d reserves %d..%d for its run at %d\n", _pid, pos, head - 1, first)
	:: else
	fi;
	room = 0;
	copied = 0
}

/* Nothing more will be stored in the reservation. */
inline leave()
{
	i = (pos < first -> pos : first);
	do
	:: i < first + size ->
		AT(i).left = AT(i).left || AT(i).owner == LAP(i);
		i++
	:: else -> break
	od
}

/* pad_out(), one word: for all up to the run, or with a quarantine for one slot that is not in it. */
inline pad_some()
{
	n = first - pos;
	n = (n < SLOTS - INDEX(pos) -> n : SLOTS - INDEX(pos));
	in_quarantine(pos);
	k = 0;
	do
	:: k < QUARANTINE ->
		n = (KNOWN[k].size > 0 -> 1 : n);
		k++
	:: else -> break
	od;
	if
	:: !yes ->
		OWNS(pos);
		store_word(pos, PADDING, n, 0);
		printf("writer %d pads %d..%d\n", _pid, pos, pos + n - 1)
	:: else
	fi;
	pos = pos + n
}

proctype writer(bit who; byte records)
{
	byte pos;            /* where the reservation begins; then, of the next store */
	byte first;          /* position of the run */
	unsigned size : 2;   /* of the run; 0: refused */
	unsigned room : 3;   /* slots that are free */
	entry known[QUARANTINE];
	unsigned copied : 2; /* of the list */

	do
	:: records > 0 ->
		d_step { records--; size = 1 }
		if
		:: LONGEST > 1 -> size = 2
		:: true
		fi;
reserve:
		if
		:: d_step { ALIVE -> pos = head }
		OR_KILLED
		fi;
		if
		:: d_step { ALIVE -> room = (release > pos -> 0 : SLOTS - (pos - release)) }
		OR_KILLED
		fi;
		do
		:: d_step {
			ALIVE && copied < QUARANTINE ->
			known[copied].pos = INDEX(list[copied].pos);
			known[copied].size = list[copied].size;
			copied++
		   }
		:: ALIVE && copied == QUARANTINE -> break
		OR_KILLED
		od;
		/* The CAS, or the last look at the head before the record is refused. */
		if
		:: d_step { ALIVE && head == pos -> move_head() }
			if
			:: size == 0 -> goto next
			:: else
			fi
		:: d_step { ALIVE && head != pos -> forget() }
			goto reserve
		OR_KILLED
		fi;
		do
		:: d_step { ALIVE && pos < first -> pad_some() }
		:: pos == first -> break
		OR_STOPPED
		od;
		if
		:: d_step {
			ALIVE ->
			forget_list();
			OWNS(first);
			store_word(first, CLAIMED, size, who);
			printf("writer %d claims its run at %d\n", _pid, first)
		   }
		OR_STOPPED
		fi;
		do
		:: d_step {
			ALIVE && pos < first + size ->
			OWNS(pos);
			AT(pos).data = LAP(pos);
			printf("writer %d fills %d\n", _pid, pos);
			pos++
		   }
		:: pos == first + size -> break
		OR_STOPPED
		od;
		if
		:: d_step {
			ALIVE ->
			OWNS(first);
			store_word(first, COMMITTED, size, who);
			owed = owed | ((first >= at -> 1 : 0) << first);
			printf("writer %d commits its run at %d\n", _pid, first)
		   }
		OR_STOPPED
		fi;
next:
		skip;
		d_step { forget(); size = 0 }
	:: records == 0 -> break
	od;
gone:
	skip;
	d_step { records = 0; forget(); size = 0; ended++ }
}

proctype killer()
{
	do
	:: d_step { kills < KILLS && !dead[0] -> kills++; dead[0] = 1; printf("process 0 dies\n") }
	:: d_step { kills < KILLS && !dead[1] -> kills++; dead[1] = 1; printf("process 1 dies\n") }
	:: kills == KILLS || ALL_DEAD || ALL_ENDED -> break
	od
}
