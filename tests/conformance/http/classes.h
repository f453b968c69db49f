/* SPDX-License-Identifier: Apache-2.0 */

/*
 * In what the two parsers may differ, and why that is right. A difference that fits none of these is a
 * defect of one of them; a class that is never met is no longer true. Sections are RFC 9112's, unless
 * another is named. Ours stops where two parsers could disagree: what it does not follow is not told, and
 * what it follows has to be what a server makes of it.
 */
#pragma once

/* X(id, who stops, what it is) */
#define CLASSES(X)                                                                                 \
	X(SAME, "nobody", "the same story, to the byte")                                           \
	X(BOTH, "both", "neither understands the message")                                         \
	X(TUNNEL, "nobody", "another protocol follows: theirs stops there, and so does conn.c")    \
	X(BARE_LF, "ours", "a line feed without a carriage return: a line's end to some (2.2)")    \
	X(BARE_CR, "ours", "a carriage return without a line feed (2.2)")                          \
	X(FOLDED, "ours", "a line that begins with a blank: the one before goes on to some (5.2)") \
	X(NAME, "ours",                                                                            \
	  "a name with a blank or what is no token, or a line without a colon (5.1)")              \
	X(VALUE, "ours", "control characters in a value (RFC 9110 section 5.5)")                   \
	X(LENGTH, "ours", "a Content-Length that is no plain number, or a second one (6.3)")       \
	X(CODING, "ours",                                                                          \
	  "a Transfer-Encoding that is no plain list with chunked at its end (6.1)")               \
	X(FRAMING, "ours", "a length beside a coding, or a coding in HTTP/1.0 (6.1, 6.3)")         \
	X(FIRST_LINE, "ours",                                                                      \
	  "a first line that is not exactly as it should be; HTTP/0.9, 2.0 (3, 4)")                \
	X(BETWEEN, "ours", "line ends before a response, or bare ones before a request (2.2)")     \
	X(CHUNK, "ours", "a chunk or trailer that is not exactly as it should be (7.1)")           \
	X(METHOD, "theirs",                                                                        \
	  "a method that it does not know: any token is one (RFC 9110 section 9.1)")               \
	X(URL, "theirs", "a target whose characters or authority it does not like: a server may")  \
	X(TRAILER, "theirs",                                                                       \
	  "a trailer that is no header: only the section's end matters (7.1.2)")                   \
	X(BODILESS, "theirs",                                                                      \
	  "framing that it would refuse, of a response that has no body (6.3)")                    \
	X(PREFIX, "theirs", "Transfer-EncodingX, which it takes for Transfer-Encoding")            \
	X(EARLY, "theirs", "a line that ours judges when it is complete, which it never is here")

enum difference {
#define X(id, who, what) DIFFERENCE_##id,
	CLASSES(X)
#undef X
	DIFFERENCE_COUNT, /* none of these */
};
