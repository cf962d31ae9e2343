/* SPDX-License-Identifier: MIT */
/* libwhynow in thirty lines: cc rule.c $(pkg-config --cflags --libs libwhynow) && ./a.out */
#include <stdio.h>
#include <whynow/cel.h>

static bool get(void *ctx, int variable, struct wn_value *out) /* asked for what the rule reads, no copy is made */
{
	const char *const *request = ctx;

	*out = wn_cstring(request[variable]);
	return true;
}

int main(void)
{
	const char *request[] = {"ann@example.com", "/orders/17"};
	struct cel_activation act = {.get = get, .ctx = request};
	struct cel_env *env = cel_env_new();
	struct wn_arena *arena = wn_arena_new(0); /* what evaluations make lies here */
	struct cel_options bool_rule = {.expect = &cel_bool};
	struct cel_program *rule;
	struct cel_result verdict = {0};
	struct wn_err err;

	cel_env_variable(env, "user", &cel_string); /* number 0 */
	cel_env_variable(env, "path", &cel_string); /* number 1 */
	if (cel_compile(env, WN_STR("user == 'ann' &&\n  pth.size() > 1"), &bool_rule, &rule, &err) != WN_OK)
		printf("line %d, column %d: %s\n", err.place.line, err.place.column, err.text);
	if (cel_compile(env, WN_STR("user.endsWith('@example.com') && path.startsWith('/orders/')"), &bool_rule, &rule, &err) == WN_OK) {
		if (cel_eval(rule, &act, arena, &verdict, &err) == WN_OK)
			printf("%s\n", verdict.unknown ? verdict.error : verdict.value.b ? "true" : "false");
		cel_program_free(rule);
	}
	wn_arena_free(arena);
	cel_env_free(env);
	return verdict.value.b ? 0 : 1;
}
