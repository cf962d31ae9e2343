/* SPDX-License-Identifier: MIT */
/* Any bytes as an expression: lexer, parser, checker, canonical text (which must compile again). */
#include "cel_world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cel_env *env = fuzz_env();
	struct cel_options opt = {.strict_time = size % 2, .unchecked = size % 5 == 0};
	struct cel_program *p, *again;
	struct wn_err err;
	struct wn_buf text;

	wn_buf_init(&text, WN_CEL_TEXT_MAX);
	if (cel_compile(env, (struct wn_str){(const char *)data, size}, &opt, &p, &err) == WN_OK) {
		cel_program_canonical(p, &text);
		if (!wn_buf_overflowed(&text) && cel_compile(env, wn_buf_slice(&text), &opt, &again, &err) == WN_OK)
			cel_program_free(again);
		else if (!wn_buf_overflowed(&text) && err.rc != WN_LIMIT)
			__builtin_trap();
		cel_program_free(p);
	}
	wn_buf_done(&text);
	return 0;
}
