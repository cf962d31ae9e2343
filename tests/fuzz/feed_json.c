/* SPDX-License-Identifier: MIT */
/* JSON Feed, JSON by path, JSON Lines: the first byte chooses. */
#include "feed_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum wn_format formats[] = {WN_FORMAT_JSONFEED, WN_FORMAT_JSON, WN_FORMAT_JSONL,
						 WN_FORMAT_AUTO};

	return size ? fuzz_format(formats[data[0] & 3], data + 1, size - 1) : 0;
}
