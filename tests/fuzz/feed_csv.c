/* SPDX-License-Identifier: MIT */
/* CSV: the cutting of records and libcsv. */
#include "feed_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_format(WN_FORMAT_CSV, data, size);
}
