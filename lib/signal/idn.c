/* SPDX-License-Identifier: MIT */
/* International domain names to ASCII (UTS 46, IDNA 2008). The only user of libidn2. */
#include "words.h"

#include <idn2.h>

bool wn_idn_to_ascii(struct wn_str host, struct wn_arena *a, struct wn_str *out)
{
	char *ascii = NULL;
	int rc = idn2_to_ascii_8z(wn_arena_strdup(a, host), &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);

	if (rc != IDN2_OK)
		return false;
	*out = wn_text_lower_ascii(wn_str_of(ascii), a);
	idn2_free(ascii);
	return true;
}
