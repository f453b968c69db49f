/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The reader: cs_reader_next(), _give_up(), _lift(), _release() and _trim(), in any order and at any
 * time, which includes every rule of the collector about time and CPU. It may be killed at any step;
 * another one takes over at the release word.
 */

/* --- position ------------------------------------------------------------------------------------ */

/* Step on to @to: nothing owed may be left behind. Forget what was lifted and is passed. */
inline step_to(to)
{
	i = at;
	do
	:: i < to ->
		MUST_HOLD(committed_is_read, ((owed >> i) & 1) == 0);
		i++
	:: else -> break
	od;
	k = 0;
	do
	:: k < QUARANTINE ->
		if
		:: until[k] <= to -> until[k] = 0; lifted[k].pos = 0; lifted[k].size = 0
		:: else
		fi;
		k++
	:: else -> break
	od;
	at = to
}

/* --- trimming ------------------------------------------------------------------------------------ */

inline reserve_trim()
{
	i = 0;
	do
	:: i < TRIM_SLOTS ->
		AT(at + i).left = AROUND(at + i);
		AT(at + i).owner = (AROUND(at + i) -> AT(at + i).owner : TRIMMER);
		i++
	:: else -> break
	od;
	head = at + TRIM_SLOTS;
#ifndef TRIM_FORGOTTEN
	open_trim = at + 1;
#endif
	printf("reader reserves %d..%d\n", at, head - 1);
	assert(head < 16)
}

/* punch_reserved(): all but the first commit word */
inline punch()
{
	i = 0;
	do
	:: i < TRIM_SLOTS ->
		MUST_HOLD(trim_owns, ((owed >> (at + i)) & 1) == 0);
		if
		:: !AROUND(at + i) ->
			MUST_HOLD(trim_owns, AT(at + i).owner == TRIMMER);
			AT(at + i).data = 0;
			AT(at + i).lap = (i == 0 -> AT(at).lap : 0);
			AT(at + i).state = (i == 0 -> AT(at).state : 0);
			AT(at + i).size = (i == 0 -> AT(at).size : 0);
			AT(at + i).who = 0
		:: else
		fi;
		i++
	:: else -> break
	od;
	printf("reader punches %d..%d\n", at, at + TRIM_SLOTS - 1)
}

/* --- one reader after another -------------------------------------------------------------------- */

inline take_over()
{
	takeovers++;
	at = release;
	owed = owed | taken;
	taken = 0;
	open_trim = trim_note;
	k = 0;
	do
	:: k < QUARANTINE ->
		list[k].pos = INDEX(list[k].pos);
		list[k].who = (list[k].size > 0 -> UNKNOWN : 0);
		list[k].inherited = list[k].size > 0;
		until[k] = 0;
		lifted[k].pos = 0;
		lifted[k].size = 0;
		k++
	:: else -> break
	od;
	forget_hole();
	printf("reader dies, another begins at %d\n", at)
}

#define OR_TAKEN_OVER \
	:: takeovers < TAKEOVERS -> goto another

/* In the end: all that is owed was read, and nothing stays in quarantine but for a reason. */
inline take_stock()
{
	MUST_HOLD(committed_is_read, owed == 0);
	k = 0;
	do
	:: k < QUARANTINE ->
		yes = list[k].size == 0 || OVER(list[k]) || list[k].inherited;
		i = 0;
		do
		:: i < SLOTS ->
			yes = yes || ring[i].left && WITHIN(i, list[k]);
			i++
		:: else -> break
		od;
		MUST_HOLD(nobody_waits, yes);
		k++
	:: else -> break
	od;
	k = 0
}

proctype reader()
{
	byte until[QUARANTINE];
	entry lifted[QUARANTINE]; /* to be skipped below until */
	byte open_trim; /* position + 1 of a trim that may have been cut short */
	unsigned size : 3; /* of the record that is being copied */
	unsigned done : 3;
	unsigned hole : 3;   /* size of the one that is being given up */
	unsigned first : 2;  /* its entry; QUARANTINE: none */
	unsigned second : 2; /* likewise, beyond the ring's end */
	bit claimed;
	unsigned lifting : 2;
	unsigned trims : 2;
	unsigned fails : 1;
	unsigned takeovers : 2;

look:
	skip;
	/*
	 * The C code loads the head at the beginning of a call and words some at a time. Both only
	 * grow: what it sees late it could have seen at a later call, all at once.
	 */
	do
	/* Pass what is no record. */
	:: d_step {
		at != head && IS(at, PADDING) ->
		printf("reader skips padding %d..%d\n", at, at + AT(at).size - 1);
		step_to(at + AT(at).size)
	   }
	:: d_step {
		at != head && UNSPOKEN(at) && AROUND(at) ->
		n = at + 1;
#ifdef LEAP
		do
		:: n < head && AROUND(n) -> n++
		:: else -> break
		od;
#endif
		printf("reader goes around %d..%d\n", at, n - 1);
		step_to(n)
	   }
	:: d_step {
		at != head && TRIM_LEFT ->
		printf("reader skips a trim %d..%d\n", at, at + TRIM_SLOTS - 1);
		step_to(at + TRIM_SLOTS)
	   }
	/* Looked into once: not a trim, and never to become one. */
	:: d_step {
		open_trim == at + 1 && head >= at + TRIM_SLOTS && UNCLAIMED(at) && !TRIM_LEFT ->
		open_trim = 0
	   }

	/* Read a record: its word, then slot by slot. */
	:: d_step {
		at != head && IS(at, COMMITTED) ->
		MUST_HOLD(no_duplicates, AT(at).lap == LAP(at) && ((taken >> at) & 1) == 0);
		size = AT(at).size;
		printf("reader finds a record at %d\n", at)
	   }
#ifdef EARLY_RELEASE
		release = at + size;
#endif
		do
		:: d_step {
			done < size ->
			MUST_HOLD(never_torn, AT(at + done).data == LAP(at));
			done++
		   }
		:: d_step {
			done == size ->
			printf("reader has read %d..%d\n", at, at + size - 1);
			owed = owed & ~(1 << at);
			taken = taken | ((TAKEOVERS > 0 -> 1 : 0) << at);
			step_to(at + size);
			size = 0;
			done = 0
		   }
			break
		od

	/*
	 * Give a hole up: list it, look at it again. What is unclaimed in the second look was so all
	 * the time, so each look is as if at all words at once; and the list is nobody's business
	 * before the release word moves, so that two entries are as if stored at once.
	 */
	:: d_step {
		at != head && HOLE && ROOM ->
		yes = WRITER_DEAD;
		measure_hole();
		first = QUARANTINE;
		second = QUARANTINE;
		if
		:: !yes -> quarantine_hole()
		:: else
		fi;
		printf("reader finds a hole %d..%d, claimed %d, entry %d\n", at, at + hole - 1, claimed,
		       first)
	   }
		if
		:: d_step { true -> look_again(); move_on_or_undo() }
		OR_TAKEN_OVER
		fi

	/* Let the writers have what was read. */
	:: d_step {
		release != at ->
		release = at;
		taken = 0;
		printf("reader releases up to %d\n", at)
	   }

	/* Lift what is over. What is finished stays so: its words are as if looked at at once. */
	:: d_step { OVER(list[0]) -> begin_lift(0) }
progress_0:
		if
		:: lifting > 0 -> d_step { end_lift() }
		:: else
		fi
#if QUARANTINE > 1
	:: d_step { OVER(list[1]) -> begin_lift(1) }
progress_1:
		if
		:: lifting > 0 -> d_step { end_lift() }
		:: else
		fi
#endif

	/* Give pages back: a note, the writers' own CAS, the skip word, the pages, the release. */
	:: d_step {
		trims < TRIMS && release == at && !AROUND(at) ->
		trims++;
		trim_note = at + 1;
		printf("reader wants to trim from %d\n", at)
	   }
		if
#ifdef BLIND_TRIM
		:: d_step { true -> reserve_trim() }
#else
		:: d_step { head == at -> reserve_trim() }
#ifdef NOTE_WIPED
		:: head != at -> trim_note = 0; goto look
#else
		:: head != at -> trim_note = (open_trim == at + 1 -> trim_note : 0); goto look
#endif
#endif
		OR_TAKEN_OVER
		fi;
		if
		:: d_step { true -> store_word(at, PADDING, TRIM_SLOTS, 0) }
		:: fails < FAILS -> fails++; goto look
		OR_TAKEN_OVER
		fi;
		if
		:: d_step { true -> punch() }
		OR_TAKEN_OVER
		fi;
		if
		:: d_step { true -> step_to(at + TRIM_SLOTS); release = at; taken = 0 }
		OR_TAKEN_OVER
		fi;
		if
		:: d_step { true -> trim_note = 0 }
		OR_TAKEN_OVER
		fi

	OR_TAKEN_OVER
	:: at == head && release == at && ALL_ENDED -> break
	od;
	goto stop;

another:
	skip;
	d_step { take_over() }
	goto look;

stop:
	skip;
	d_step { take_stock() }
}
