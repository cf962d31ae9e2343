/* SPDX-License-Identifier: MIT */
/* The small environment in which the fuzz targets of CEL compile and evaluate. */
#ifndef FUZZ_CEL_WORLD_H
#define FUZZ_CEL_WORLD_H

#include <whynow/cel.h>
#include <whynow/limits.h>

#define FUZZ_NOW_US 1700000000000000ll

enum { FUZZ_KIND, FUZZ_AGE, FUZZ_FRESH, FUZZ_TAGS };
static const char *const fuzz_kinds[] = {"a", "b", NULL};
static const uint64_t fuzz_only_a[4] = {1};
static struct cel_type fuzz_strings = {.kind = CEL_LIST, .elem = &cel_string};
static const struct cel_field fuzz_fields[] = {
	{.name = "k", .type = &cel_string, .number = FUZZ_KIND},
	{.name = "age", .type = &cel_duration, .number = FUZZ_AGE, .moving = true},
	{.name = "f", .type = &cel_double, .number = FUZZ_FRESH, .moving = true},
	{.name = "t", .type = &fuzz_strings, .number = FUZZ_TAGS, .variants = fuzz_only_a},
};
static const struct cel_record fuzz_record = {.name = "r", .fields = fuzz_fields, .n_fields = 4, .discriminator = "k",
					      .variant_names = fuzz_kinds, .collectable = true};
static struct cel_type fuzz_list = {.kind = CEL_LIST};

static bool fuzz_get_field(const struct wn_object *self, uint32_t field, struct wn_value *out)
{
	static const struct wn_value tags[] = {{.kind = WN_STRING, .n = 1, .s = "x"}, {.kind = WN_STRING, .n = 2, .s = "\xc3\xa4"}};

	(void)self;
	switch (field) {
	case FUZZ_KIND: *out = wn_cstring("a"); return true;
	case FUZZ_AGE: *out = wn_duration_us(86400ll * 1000000); return true;
	case FUZZ_FRESH: *out = cel_decaying(NULL, 0.7, 86400ll * 1000000, FUZZ_NOW_US + 864000ll * 1000000); return true;
	case FUZZ_TAGS: *out = wn_list(tags, 2); return true;
	default: return false;
	}
}

/* Made once: building it costs more than most inputs. */
static inline struct cel_env *fuzz_env(void)
{
	static struct cel_env *env;
	const struct cel_type *rec;

	if (env)
		return env;
	env = cel_env_new();
	rec = cel_env_record(env, &fuzz_record);
	fuzz_list.elem = rec;
	cel_env_variable(env, "r", rec);
	cel_env_variable(env, "l", &fuzz_list);
	cel_env_moving_variable(env, "now", &cel_timestamp);
	cel_env_variable(env, "d", &cel_dyn);
	(void)!cel_env_extension(env, "all", NULL);
	return env;
}

static inline bool fuzz_get(void *ctx, int var, struct wn_value *out)
{
	static const struct wn_class cls = {.name = "r", .get = fuzz_get_field};
	static const struct wn_object object = {&cls};
	static const struct wn_value items[] = {{.kind = WN_OBJECT, .object = &object}, {.kind = WN_OBJECT, .object = &object}};
	static const struct wn_entry entries[] = {{{.kind = WN_STRING, .n = 1, .s = "k"}, {.kind = WN_INT, .i = 7}}};

	(void)ctx;
	switch (var) {
	case 0: *out = items[0]; return true;
	case 1: *out = wn_list(items, 2); return true;
	case 2: *out = wn_time_us(FUZZ_NOW_US); return true;
	default: *out = wn_map(entries, 1); return true;
	}
}

#endif
