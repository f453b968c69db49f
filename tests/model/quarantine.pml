/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What the reader sees in the words and in the list, and how it gives up and lifts: reader.c's and
 * quarantine.c's parts of the same names. The variables are the reader's.
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
	(open_trim == at + 1 && UNCLAIMED(at) && (TRIM_SLOTS < 2 || OF_TRIM(at + 1)) &&            \
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

/* --- giving up and lifting ----------------------------------------------------------------------- */

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
