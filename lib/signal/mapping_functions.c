/* SPDX-License-Identifier: MIT */
/*
 * The environment of mappings, one for all of them: what a mapping may call beyond CEL and its extensions: wild
 * dates, domains, markup, the table of positions. A helper without an answer fails with "no such value", which
 * reads as a missing value.
 */
#include "mapping.h"
#include "registry.h"
#include <whynow/date.h>

static bool fn_date(struct cel_call *call, const struct wn_value *args, size_t n WN_UNUSED,
		    struct wn_value *out)
{
	struct wn_err err = {0};

	if (wn_attr_coerce(WN_ATTR_TIMESTAMP, NULL, args[0], cel_call_arena(call), out, &err))
		return cel_call_error(call, "%.150s", err.text);
	return out->kind != WN_ABSENT || cel_call_error(call, "no such value: a date of nothing");
}

static bool fn_domain(struct cel_call *call, const struct wn_value *args, size_t n WN_UNUSED,
		      struct wn_value *out)
{
	struct wn_str domain;

	if (args[0].kind != WN_STRING ||
	    !wn_domain_registrable(wn_value_str(args[0]), cel_call_arena(call), &domain))
		return cel_call_error(call, "no such value: no registrable domain");
	*out = wn_string(domain);
	return true;
}

static bool fn_text(struct cel_call *call, const struct wn_value *args, size_t n WN_UNUSED,
		    struct wn_value *out)
{
	const struct wn_mapping *m = cel_call_host(call);

	if (args[0].kind != WN_STRING || !m->html_to_text)
		return cel_call_error(call, "no such value: no text to read");
	*out = wn_string(m->html_to_text(wn_value_str(args[0]), cel_call_arena(call)));
	return true;
}

static struct wn_position look(struct cel_call *call, struct wn_value position)
{
	const struct wn_mapping *m = cel_call_host(call);

	return wn_positions_look(m->positions, wn_value_str(position), cel_call_arena(call));
}

static bool fn_department(struct cel_call *call, const struct wn_value *args, size_t n WN_UNUSED,
			  struct wn_value *out)
{
	struct wn_position p = look(call, args[0]);

	if (!p.department)
		return cel_call_error(call, "no such value: no department is known for this position");
	*out = wn_cstring(p.department);
	return true;
}

static bool fn_level(struct cel_call *call, const struct wn_value *args, size_t n WN_UNUSED,
		     struct wn_value *out)
{
	struct wn_position p = look(call, args[0]);

	if (!p.level)
		return cel_call_error(call, "no such value: no level is known for this position");
	*out = wn_int(p.level);
	return true;
}

static const struct cel_type *const one_dyn[] = {&cel_dyn};
static const struct cel_overload functions[] = {
    {.name = "date",
     .args = one_dyn,
     .n_args = 1,
     .result = &cel_timestamp,
     .fn = fn_date,
     .pure = true,
     .variant_arg = -1},
    {.name = "domain",
     .args = one_dyn,
     .n_args = 1,
     .result = &cel_string,
     .fn = fn_domain,
     .pure = true,
     .variant_arg = -1},
    {.name = "text", .args = one_dyn, .n_args = 1, .result = &cel_string, .fn = fn_text, .variant_arg = -1},
    {.name = "department",
     .args = one_dyn,
     .n_args = 1,
     .result = &cel_string,
     .fn = fn_department,
     .variant_arg = -1},
    {.name = "level", .args = one_dyn, .n_args = 1, .result = &cel_int, .fn = fn_level, .variant_arg = -1},
};

/* Variables in the order of enum wn_mapping_variable. */
enum wn_rc wn_mapping_env_new(struct cel_env **out, struct wn_err *err)
{
	struct cel_env *env = cel_env_new();

	cel_env_variable(env, "item", &cel_dyn);
	cel_env_variable(env, "doc", &cel_dyn);
	cel_env_variable(env, "feed", cel_env_map(env, &cel_string, &cel_string));
	cel_env_variable(env, "now", &cel_timestamp);
	for (size_t i = 0; i < WN_COUNT(functions); i++)
		cel_env_function(env, &functions[i]);
	enum wn_rc rc = cel_env_extension(env, "all", err);
	if (rc) {
		cel_env_free(env);
		return rc;
	}
	*out = env;
	return WN_OK;
}
