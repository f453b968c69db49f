/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The reader: cs_reader_next(), _give_up(), _lift(), _release() and _trim(), in any order and at any
 * time, which includes every rule of the collector about time and CPU. It may be killed at any step;
 * another one takes over at the release word.
 */

/* --- what it sees -------------------------------------------------------------------------------- */

#define NOTED(p, e) ((p) < until[e] && WITHIN(p, lifted[e]))
#define REUSED(p, e) (list[e].size == AT(p).size && INDEX(list[e].pos) == INDEX(p))
#if QUARANTINE > 1
#define AROUND(p)                                                                                  \
	(WITHIN(p, list[0]) || WITHIN(p, list[1]) || NOTED(p, 0) || NOTED(p, 1))
#define FREE_ENTRIES ((list[0].size == 0 -> 1 : 0) + (list[1].size == 0 -> 1 : 0))
#define REUSES(p)    (REUSED(p, 0) || REUSED(p, 1))
#else
#define AROUND(p)    (WITHIN(p, list[0]) || NOTED(p, 0))
#define FREE_ENTRIES (list[0].size == 0 -> 1 : 0)
#define REUSES(p)    REUSED(p, 0)
#endif

/* Reserved, and nobody speaks for it; the second, nor is it in quarantine. */
#define UNSPOKEN(p)  ((p) < head && !SPEAKS(p))
#define UNCLAIMED(p) (UNSPOKEN(p) && !AROUND(p))

/* cs_reader_finish_trim() */
#ifdef TRIM_STOPS
#define OF_TRIM(p) UNCLAIMED(p)
#else
#define OF_TRIM(p) UNSPOKEN(p)
#endif
#define TRIM_LEFT                                                                                  \
	(inherited_note == at + 1 && UNCLAIMED(at) && (TRIM_SLOTS < 2 || OF_TRIM(at + 1)) &&       \
	 (TRIM_SLOTS < 3 || OF_TRIM(at + 2)))

#define HOLE	(IS(at, CLAIMED) || UNCLAIMED(at) && !TRIM_LEFT)
#define TO_END	(SLOTS - INDEX(at))
#define CROSSES                                                                                    \
	(UNCLAIMED(at) && UNCLAIMED(at + 1) && (TO_END < 2 || UNCLAIMED(at + 2)) &&                \
	 (TO_END < 3 || UNCLAIMED(at + 3)) && TO_END < 4)

/* Must the writers of the hole be dead? Of an unclaimed one nobody knows them. */
#ifdef NO_QUARANTINE
#define WRITER_DEAD true
#elif defined(ONE_IS_ENOUGH)
#define WRITER_DEAD (IS(at, CLAIMED) -> dead[AT(at).who] : dead[0] || dead[1])
#else
#define WRITER_DEAD (IS(at, CLAIMED) -> dead[AT(at).who] : ALL_DEAD)
#endif

/* Entries enough for the hole: one, two if it crosses the ring's end. Else -ENOSPC, and it waits. */
#ifdef ONLY_THE_DEAD
#define ROOM WRITER_DEAD
#else
#define ROOM                                                                                       \
	(WRITER_DEAD || FREE_ENTRIES > (IS(at, CLAIMED) || !CROSSES -> 0 : 1) ||                   \
	 IS(at, CLAIMED) && REUSES(at))
#endif

/* is_finished(): n slots from p on that are committed or padding, and end where a run does */
#define WHOLE(p)    (SPEAKS(p) && AT(p).state != CLAIMED)
#define WHOLE_1(p)  (WHOLE(p) && AT(p).size == 1)
#define WHOLE_2(p)  (WHOLE(p) && (AT(p).size == 2 || AT(p).size == 1 && WHOLE_1(p + 1)))
#define WHOLE_3(p)                                                                                 \
	(WHOLE(p) && (AT(p).size == 3 || AT(p).size == 2 && WHOLE_1(p + 2) ||                      \
		      AT(p).size == 1 && WHOLE_2(p + 1)))
#define WHOLE_4(p)                                                                                 \
	(WHOLE(p) && (AT(p).size == 2 && WHOLE_2(p + 2) || AT(p).size == 1 && WHOLE_3(p + 1)))
#define FINISHED(e)                                                                                \
	(!e.inherited && (e.size == 1 && WHOLE_1(e.pos) || e.size == 2 && WHOLE_2(e.pos) ||        \
			  e.size == 3 && WHOLE_3(e.pos) || e.size == 4 && WHOLE_4(e.pos)))
#ifdef NEVER_LATE
#define OVER(e) (e.size > 0)
#else
#define OVER(e)                                                                                    \
	(e.size > 0 && (ALL_DEAD || e.who < UNKNOWN && dead[e.who] || FINISHED(e)))
#endif

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

/* --- quarantine ---------------------------------------------------------------------------------- */

inline measure_hole()
{
	claimed = IS(at, CLAIMED);
	hole = (claimed -> AT(at).size : 1);
	do
	:: !claimed && hole < SLOTS && UNCLAIMED(at + hole) -> hole++
	:: else -> break
	od
}

/* quarantine_run(): the entry into k */
inline quarantine_run(p, size_)
{
	i = QUARANTINE;
	k = QUARANTINE;
	do
	:: i > 0 ->
		i--;
		if
		:: list[i].size == 0 -> k = i
		:: list[i].size == size_ && INDEX(list[i].pos) == INDEX(p) -> k = i; break
		:: else
		fi
	:: else -> break
	od;
	assert(k < QUARANTINE);
	list[k].pos = p;
	list[k].size = size_;
	list[k].who = (claimed -> AT(at).who : UNKNOWN);
	list[k].inherited = 0
}

inline quarantine_hole()
{
	n = (hole < TO_END -> hole : TO_END);
	quarantine_run(at, n);
	first = k;
	if
	:: n < hole ->
		quarantine_run(at + n, hole - n);
		second = k
	:: else
	fi
}

/* lift_one(). The list's first word says in the C code whether there is any entry: speed only. */
inline take_off_list(e)
{
	list[e].pos = 0;
	list[e].size = 0;
	list[e].who = 0;
	list[e].inherited = 0
}

/* is_unchanged(): into yes */
inline look_again()
{
	i = 0;
	yes = 1;
	do
	:: i < hole ->
		yes = yes && (claimed -> IS(at, CLAIMED) : !SPEAKS(at + i));
		i++
	:: else -> break
	od
#ifdef NO_SECOND_LOOK
	;
	yes = 1
#endif
}

inline forget_hole()
{
	hole = 0;
	first = 0;
	second = 0;
	claimed = 0
}

inline move_on_or_undo()
{
	if
	:: yes ->
		printf("reader gives up %d..%d\n", at, at + hole - 1);
		step_to(at + hole)
	:: else ->
		printf("reader finds %d..%d changed\n", at, at + hole - 1);
		if
		:: first < QUARANTINE -> take_off_list(first)
		:: else
		fi;
		if
		:: second < QUARANTINE -> take_off_list(second)
		:: else
		fi
	fi;
	forget_hole()
}

/* is_ahead(): would a record that is reserved now lie around entry @e? Into yes. */
inline look_ahead(e)
{
	yes = 0;
	n = 1;
	do
	:: n <= LONGEST ->
		FIND_PADDING(list, INDEX(head), n);
		yes = yes || pad > DISTANCE(list[e].pos, head) && pad + n <= SLOTS - (head - release);
		n++
	:: else -> break
	od
}

/*
 * lift(), up to its store: what is reserved up to now may lie around entry @e. By force if the entry
 * is needed for the hole at the position. Into lifting: the entry + 1, or 0: not now.
 */
inline begin_lift(e)
{
	look_ahead(e);
	last = at != head && HOLE && !ROOM;
	k = 0;
	do
	:: k < QUARANTINE && until[k] > at -> k++
	:: else -> break
	od;
	lifting = (last || !yes && k < QUARANTINE -> e + 1 : 0);
	if
	:: lifting > 0 && k < QUARANTINE && head > at ->
		lifted[k].pos = INDEX(list[e].pos);
		lifted[k].size = list[e].size;
		until[k] = head
	:: else
	fi;
	printf("reader looks whether to lift entry %d at slot %d, head %d: %d\n", e,
	       INDEX(list[e].pos), head, lifting > 0)
}

inline end_lift()
{
	printf("reader lifts entry %d at slot %d\n", lifting - 1, INDEX(list[lifting - 1].pos));
	take_off_list(lifting - 1);
	lifting = 0
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
	inherited_note = trim_note;
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
	byte inherited_note;
	unsigned size : 3; /* of the record that is being copied */
	unsigned done : 3;
	unsigned hole : 3;   /* size of the one that is being given up */
	unsigned first : 2;  /* its entry; QUARANTINE: none */
	unsigned second : 2; /* likewise, beyond the ring's end */
	bit claimed;
	unsigned lifting : 2;
	unsigned trims : 2;
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
		:: head != at -> trim_note = 0; goto look
#endif
		OR_TAKEN_OVER
		fi;
		if
		:: d_step { true -> store_word(at, PADDING, TRIM_SLOTS, 0) }
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
