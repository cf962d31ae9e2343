/* SPDX-License-Identifier: MIT */
/* The rhythm of a feed as it is stored: what is read is possible, plans within its bounds, and is written and read back as the same. */
#include <whynow/buf.h>
#include <whynow/clock.h>
#include <whynow/rhythm.h>

#include <math.h>
#include <stdlib.h>

static void write_down(const struct wn_rhythm *r, struct wn_buf *out)
{
	wn_buf_init(out, 4096);
	wn_rhythm_write(r, out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const int64_t floor_us = WN_MINUTE, ceiling_us = 24 * WN_HOUR;
	struct wn_rhythm r, again;
	struct wn_buf first, second;

	if (!wn_rhythm_read((struct wn_str){(const char *)data, size}, &r))
		return 0;
	const int64_t now_us = r.seen_us + WN_HOUR; /* what was stored was stored before now, unless the clock was set back */
	const int64_t clocks[] = {now_us, now_us - 10 * WN_DAY, WN_DAY, 14000 * 365 * WN_DAY};
	for (size_t i = 0; i < WN_COUNT(clocks); i++) {
		struct wn_rhythm_plan plan = wn_rhythm_plan(&r, clocks[i], floor_us, ceiling_us, 1, 1, 0.1);
		if (plan.us < floor_us || plan.us > ceiling_us || !isfinite(plan.a_day) || !isfinite(plan.expected) || !isfinite(plan.batches))
			abort();
	}
	write_down(&r, &first);
	if (!wn_rhythm_read(wn_buf_slice(&first), &again))
		abort();
	write_down(&again, &second);
	if (!wn_str_eq(wn_buf_slice(&first), wn_buf_slice(&second)))
		abort();
	wn_rhythm_learn(&r, (const int64_t[]){now_us - 1}, 1, 1, now_us);
	wn_buf_done(&first);
	wn_buf_done(&second);
	return 0;
}
