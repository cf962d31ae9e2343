/* SPDX-License-Identifier: MIT */
/* Encodings: the bytes before the first newline are the Content-Type, the rest is the answer. */
#include "feed_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *newline = memchr(data, '\n', size);
	size_t n = newline ? (size_t)(newline - data) : 0;

	fuzz_content_type = (struct wn_str){(const char *)data, n};
	return fuzz_format(WN_FORMAT_AUTO, data + n + (newline != NULL), size - n - (newline != NULL));
}
