/* SPDX-License-Identifier: MIT */
/* What is a date is in range, and its RFC 3339 form is the same date to both parsers. */
#include <whynow/clock.h>
#include <whynow/date.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int64_t us, again, s;
	int32_t ns;
	char text[40];
	if (!wn_date_parse((struct wn_str){(const char *)data, size}, &us))
		return 0;
	if (us < WN_YEAR_1_S * WN_SECOND || us >= (WN_YEAR_9999_S + 1) * WN_SECOND)
		abort();
	wn_rfc3339_from_us(us, text);
	if (!wn_date_parse(wn_str_of(text), &again) || again != us)
		abort();
	if (!wn_rfc3339_parse(wn_str_of(text), &s, &ns) || s * WN_SECOND + ns / 1000 != us)
		abort();
	wn_imf_fixdate(us, text);
	if (!wn_date_parse(wn_str_of(text), &again) || (us - again) / WN_SECOND != 0)
		abort();
	return 0;
}
