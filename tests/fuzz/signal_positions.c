/* SPDX-License-Identifier: MIT */
/* The table of positions, and positions looked up in the one that ships. Input: table, NUL, position. */
#include <whynow/signal.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct wn_positions *shipped;
	struct wn_positions *p = NULL;
	struct wn_arena *a = wn_arena_new(0);
	struct wn_err err;
	const uint8_t *nul = size ? memchr(data, 0, size) : NULL;
	size_t n = nul ? (size_t)(nul - data) : size;
	struct wn_str position =
	    nul ? (struct wn_str){(const char *)nul + 1, size - n - 1} : WN_STR("VP People");

	if (!shipped && wn_positions_parse(wn_positions_builtin(), "positions", &shipped, &err))
		abort();
	if (wn_positions_parse((struct wn_str){(const char *)data, n}, "fuzz", &p, &err) == WN_OK)
		(void)wn_positions_look(p, position, a);
	else if (p || !err.text[0])
		abort();
	struct wn_position look = wn_positions_look(shipped, position, a);
	if (look.level < 0 || look.level > 7)
		abort();
	wn_positions_free(p);
	wn_arena_free(a);
	return 0;
}
