/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of collector/lambda_frame: frames in any pieces, and what is none. */
#include "collector/logs/lambda_frame.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

static struct cs_lambda_frames frames;
static struct cs_buffer told; /* "text(level,time)cut|" for each */

static void tell(void *context, const struct cs_lambda_frame *frame)
{
	cs_buffer_append(&told, frame->text, frame->len > 20 ? 20 : frame->len);
	cs_buffer_printf(&told, "(%d,%llu)", (int)frame->severity,
			 (unsigned long long)frame->time_unix_ns);
	if (frame->cut)
		cs_buffer_printf(&told, "-%llu", (unsigned long long)frame->cut);
	cs_buffer_putc(&told, '|');
}

static void stop(void)
{
	cs_lambda_frames_deinit(&frames);
	cs_buffer_deinit(&told);
}

TestSuite(lambda_frame, .fini = stop);

static void put(struct cs_buffer *out, uint32_t type, uint32_t len, const char *text)
{
	const unsigned char head[CS_LAMBDA_FRAME_HEAD] = { (unsigned char)(type >> 24),
							   (unsigned char)(type >> 16),
							   (unsigned char)(type >> 8),
							   (unsigned char)type,
							   (unsigned char)(len >> 24),
							   (unsigned char)(len >> 16),
							   (unsigned char)(len >> 8),
							   (unsigned char)len,
							   0,
							   0,
							   0,
							   0,
							   0,
							   0,
							   0,
							   7 };

	cs_buffer_append(out, head, sizeof(head));
	cs_buffer_puts(out, text);
}

static void feed(const struct cs_buffer *bytes, uint64_t lost)
{
	cs_lambda_frames_feed(&frames, bytes->data, bytes->len, lost, tell, NULL);
}

Test(lambda_frame, frames_come_in_any_pieces)
{
	cs_cleanup(cs_buffer_deinit) struct cs_buffer bytes = { 0 };

	put(&bytes, 0xa55a0003, 5, "plain");
	put(&bytes, 0xa55a000f, 5, "an\nin");
	put(&bytes, 0xa55a0016, 2, "{}");
	put(&bytes, 0xa55a0003, 0, "");
	feed(&bytes, 0);
	for (size_t i = 0; i < bytes.len; i++)
		cs_lambda_frames_feed(&frames, bytes.data + i, 1, 0, tell, NULL);
	cr_assert(eq(str, told.data,
		     (char *)"plain(0,7000)|an\nin(9,7000)|{}(17,7000)|(0,7000)|"
			     "plain(0,7000)|an\nin(9,7000)|{}(17,7000)|(0,7000)|"));
	cr_assert(eq(u64, frames.skipped, 0));
}

Test(lambda_frame, what_is_no_frame_is_passed_over)
{
	cs_cleanup(cs_buffer_deinit) struct cs_buffer bytes = { 0 };

	cs_buffer_puts(&bytes, "text that is none\xa5\x5a");
	put(&bytes, 0xa55a0003, 3, "one");
	put(&bytes, 0xa55a0003, CS_LAMBDA_FRAME_MAX + 1, "");
	put(&bytes, 0xa55b0003, 1, "x");
	put(&bytes, 0xa55a0103, 1, "x");
	put(&bytes, 0xa55a0001, 1, "x");
	put(&bytes, 0xa55a0023, 1, "x");
	put(&bytes, 0xa55a0003, 3, "two");
	feed(&bytes, 0);
	cr_assert(eq(str, told.data, (char *)"one(0,7000)|two(0,7000)|"));
	cr_assert(eq(u64, frames.skipped, 19 + 16 + 4 * 17));
}

Test(lambda_frame, lost_bytes_are_cut_off_their_frame)
{
	cs_cleanup(cs_buffer_deinit) struct cs_buffer bytes = { 0 };

	put(&bytes, 0xa55a0003, 1000, "begin");
	feed(&bytes, 990);
	cs_lambda_frames_feed(&frames, "ended", 5, 0, tell, NULL);
	cs_buffer_clear(&bytes);
	put(&bytes, 0xa55a0003, 100, "half");
	feed(&bytes, 500);
	cs_buffer_clear(&bytes);
	put(&bytes, 0xa55a0003, 100, "never");
	feed(&bytes, 0);
	cs_lambda_frames_end(&frames, tell, NULL);
	cr_assert(eq(str, told.data,
		     (char *)"beginended(0,7000)-990|half(0,7000)-96|never(0,7000)-95|"));
}

Test(lambda_frame, one_whose_rest_is_lost_is_over)
{
	cs_cleanup(cs_buffer_deinit) struct cs_buffer bytes = { 0 };

	put(&bytes, 0xa55a0003, 10, "begin");
	feed(&bytes, 5);
	cr_assert(eq(str, told.data, (char *)"begin(0,7000)-5|"));
}

Test(lambda_frame, half_a_head_at_the_end_was_of_no_frame)
{
	cs_lambda_frames_feed(&frames, "\xa5\x5a\0\3", 4, 0, tell, NULL);
	cr_assert(eq(u64, frames.skipped, 0));
	cs_lambda_frames_end(&frames, tell, NULL);
	cr_assert(eq(u64, frames.skipped, 4));
	cr_assert(eq(sz, told.len, 0));
}

Test(lambda_frame, a_time_that_no_clock_has_is_none)
{
	cs_cleanup(cs_buffer_deinit) struct cs_buffer bytes = { 0 };

	put(&bytes, 0xa55a0003, 1, "x");
	memset(bytes.data + 8, 0xff, 8);
	feed(&bytes, 0);
	cr_assert(eq(str, told.data, (char *)"x(0,0)|"));
}

Test(lambda_frame, a_long_text_is_cut_and_says_so)
{
	cs_cleanup(cs_buffer_deinit) struct cs_buffer bytes = { 0 };

	put(&bytes, 0xa55a0003, 10000, "");
	for (unsigned i = 0; i < 10000; i++)
		cs_buffer_putc(&bytes, 'y');
	put(&bytes, 0xa55a0003, 1, "z");
	feed(&bytes, 0);
	cr_assert(eq(str, told.data, (char *)"yyyyyyyyyyyyyyyyyyyy(0,7000)-1808|z(0,7000)|"));
}
