/* SPDX-License-Identifier: MIT */
/* RSS, RDF, Atom through the repairing filter and libxml2; what comes out must be valid UTF-8 under the
 * ceilings. */
#include "feed_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_format(WN_FORMAT_RSS, data, size);
}
