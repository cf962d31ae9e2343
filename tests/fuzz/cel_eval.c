/* SPDX-License-Identifier: MIT */
/* Any bytes as an expression, compiled checked and unchecked, evaluated plainly, in the moving and collecting passes. */
#include "cel_world.h"

static void ignore(void *ctx, const struct wn_object *element, struct cel_span clause)
{
	(void)ctx;
	(void)element;
	(void)clause;
}

static void evaluate(const struct cel_program *p)
{
	struct cel_activation act = {.get = fuzz_get, .now_us = FUZZ_NOW_US};
	struct wn_arena *a = wn_arena_new(16u << 20);
	struct cel_result r;
	struct wn_buf out;

	if (cel_eval(p, &act, a, &r, NULL) != WN_OK)
		__builtin_trap();
	if (!r.unknown) {
		wn_buf_init(&out, 1 << 20);
		wn_json_write(&out, r.value);
		wn_buf_done(&out);
	}
	wn_arena_reset(a);
	if (cel_eval_moving(p, &act, a, &r, NULL) != WN_OK || r.next_change_us <= FUZZ_NOW_US)
		__builtin_trap();
	wn_arena_reset(a);
	(void)!cel_eval_collect(p, &act, a, ignore, NULL, NULL);
	wn_arena_free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cel_env *env = fuzz_env();
	struct cel_program *p;

	for (int unchecked = 0; unchecked < 2; unchecked++) {
		struct cel_options opt = {.unchecked = unchecked};

		if (cel_compile(env, (struct wn_str){(const char *)data, size}, &opt, &p, NULL) != WN_OK)
			continue;
		evaluate(p);
		cel_program_free(p);
	}
	return 0;
}
