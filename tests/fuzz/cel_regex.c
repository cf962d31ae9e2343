/* SPDX-License-Identifier: MIT */
/* Up to the first NUL a pattern, behind it the text: compiling and searching stay within their bounds. */
#include <whynow/regex.h>

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *nul = size ? memchr(data, 0, size) : NULL;
	size_t n = nul ? (size_t)(nul - data) : size, rest = nul ? size - n - 1 : 0;
	char why[100];
	struct cel_regex *re = cel_regex_new((const char *)data, n, why, sizeof(why));

	if (re)
		(void)cel_regex_search(re, nul ? (const char *)nul + 1 : "", rest);
	cel_regex_free(re);
	return 0;
}
