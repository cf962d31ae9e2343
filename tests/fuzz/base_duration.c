/* SPDX-License-Identifier: MIT */
/* What is a duration is written and read back as the same. */
#include <whynow/date.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int64_t us, again;
	char text[40];
	if (!wn_duration_parse((struct wn_str){(const char *)data, size}, &us))
		return 0;
	wn_duration_to_text(us, text);
	if (!wn_duration_parse(wn_str_of(text), &again) || again != us)
		abort();
	wn_relative_to_text(us, text);
	return 0;
}
